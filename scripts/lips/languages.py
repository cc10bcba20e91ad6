"""The same openness in every language? Sentences of program messages, said by espeak-ng."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scripts.train import espeak, speech, texts
from scripts.train.clips import Clip, pad

CATALOGUES = Path("/usr/share/locale")
PACKAGES = ("coreutils", "dpkg", "bash", "apt", "tar", "grep", "sed", "findutils", "diffutils")
LANGUAGES = {
    "en-us": "en",
    "de": "de",
    "fr": "fr",
    "es": "es",
    "it": "it",
    "pt-br": "pt_BR",
    "nl": "nl",
    "sv": "sv",
    "pl": "pl",
    "cs": "cs",
    "ru": "ru",
    "hu": "hu",
    "tr": "tr",
    "fi": "fi",
    "el": "el",
    "ro": "ro",
    "da": "da",
}
"""Voice of espeak-ng to catalogue; programs say English anyway, so its texts are fortunes."""

SENTENCES = 16
TIMBRES = ("", "+f3")
SHORTEST, LONGEST = 4, 14
_PLAIN = re.compile(r"^[^\W\d_]+( [^\W\d_]+,?)+[.!?]?$")


def _messages(language: str) -> Iterator[str]:
    for package in PACKAGES:
        path = CATALOGUES / language / "LC_MESSAGES" / f"{package}.mo"
        if path.exists():
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)
            for text in catalogue._catalog.values():  # type: ignore[attr-defined]
                yield " ".join(str(text).split())


def sentences(language: str) -> list[str]:
    """Plain sentences of a language, in a fixed order. FileNotFoundError if there are few."""
    found = {
        text
        for text in (texts.evaluation("en") if language == "en" else _messages(language))
        if SHORTEST <= text.count(" ") + 1 <= LONGEST and _PLAIN.match(text)
    }
    if len(found) < SENTENCES:
        raise FileNotFoundError(
            f"{len(found)} sentences in {CATALOGUES / language}: are its catalogues installed?"
        )
    ordered = sorted(found)
    np.random.default_rng(7).shuffle(ordered)
    return ordered[:SENTENCES]


def was_trained(voice: str) -> bool:
    """Whether espeak-ng spoke this language in training."""
    return any(
        name.partition("-")[0] == voice.partition("-")[0] for name in speech.ESPEAK_LANGUAGES
    )


def clips(voice: str) -> list[Clip]:
    """Labelled sentences of one language, half by a man's timbre and half by a woman's."""
    jobs = [
        (text, espeak.Manner(voice + TIMBRES[i % len(TIMBRES)], 150, 50, 50))
        for i, text in enumerate(sentences(LANGUAGES[voice]))
    ]
    return [pad(spoken, i) for i, spoken in enumerate(espeak.synthesise(jobs, f"espeak-{voice}"))]
