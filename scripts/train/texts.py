"""Sentences to be said, from the fortune collections that Debian packages."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np

ROOT = Path("/usr/share/games/fortunes")
LANGUAGES = ("en", "de", "es", "it", "pl", "cs", "ru")
ENGLISH = ("wisdom", "science", "people", "work", "education", "food", "pets", "love", "computers")
"""The English collections stand in the root folder among other things; these are plain prose."""

SHORTEST_WORDS, LONGEST_WORDS = 4, 16
EVALUATION_SHARE = 10
"""Every tenth sentence is kept for evaluation."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_SPEAKABLE = re.compile(r"^[^\W\d_][\w\s,.;:!?'-]*[.!?]$")
_SHOUTED = re.compile(r"[^\W\d_]\.[^\W\d_]\.|[A-ZÄÖÜ]{3,}|\d|_|--")


def _files(language: str) -> list[Path]:
    if language == "en":
        return [ROOT / name for name in ENGLISH if (ROOT / name).exists()]
    candidates = sorted((ROOT / language).glob("*"))
    return [path for path in candidates if path.is_file() and path.suffix not in (".dat", ".u8")]


def _sentences(text: str) -> list[str]:
    found = []
    for fortune in re.split(r"^%.*$", text, flags=re.MULTILINE):
        prose = re.split(r"^\s*--", fortune, maxsplit=1, flags=re.MULTILINE)[0]
        for sentence in _SENTENCE_END.split(" ".join(prose.split())):
            words = len(sentence.split())
            fits = SHORTEST_WORDS <= words <= LONGEST_WORDS
            if fits and _SPEAKABLE.match(sentence) and not _SHOUTED.search(sentence):
                found.append(sentence)
    return found


@cache
def collection(language: str) -> tuple[str, ...]:
    """All distinct usable sentences of a language, in a fixed random order."""
    found: set[str] = set()
    for path in _files(language):
        found.update(_sentences(path.read_text(encoding="utf-8", errors="ignore")))
    ordered = sorted(found)
    if not ordered:
        raise FileNotFoundError(f"no {language} sentences under {ROOT}; see scripts/train/apt.txt")
    np.random.default_rng(len(ordered)).shuffle(ordered)
    return tuple(ordered)


def training(language: str) -> list[str]:
    """Sentences that may be trained on."""
    return [text for i, text in enumerate(collection(language)) if i % EVALUATION_SHARE]


def evaluation(language: str) -> list[str]:
    """Sentences that are only evaluated."""
    return list(collection(language)[::EVALUATION_SHARE])
