"""The speech corpus: which voice says how many minutes, and the files that keep it."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import espeak, festival, festvox_ru, flite, texts
from .utterance import Reading, Segment, Utterance

LOG = logging.getLogger(__name__)


class Part(NamedTuple):
    """One source of the corpus; `minutes` is an upper limit, `split` is "train", "tune" or
    "test".
    """

    name: str
    minutes: float
    split: str


PARTS = (
    Part("festvox-ru", 100.0, "train"),
    Part("festival-kal", 45.0, "train"),
    Part("festival-ked", 45.0, "train"),
    Part("festival-slt", 16.0, "train"),
    Part("flite-slt", 40.0, "train"),
    Part("flite-awb", 45.0, "train"),
    Part("espeak", 60.0, "train"),
    Part("tune-pc", 4.0, "tune"),
    Part("test-ru", 10.0, "test"),
    Part("test-rms", 6.0, "test"),
    Part("test-lp", 5.0, "test"),
    Part("test-espeak-it", 4.0, "test"),
)
"""rms (a man, English), lp (a woman, Italian) and everything Italian are kept out of training
entirely. Choices are made on pc, an Italian man, who is kept out of it too, and of the tests.
"""

FLITE = frozenset({"flite-slt", "flite-awb", "test-rms"})
"""Parts that Flite says; of the other English and Italian ones Festival."""

PITCHES = {
    "kal": 105.0,
    "ked": 105.0,
    "slt": 170.0,
    "awb": 135.0,
    "rms": 100.0,
    "lp": 170.0,
    "pc": 115.0,
}
"""Mean pitch of the voices in Hz."""

ESPEAK_LANGUAGES = {
    "en-us": "en",
    "en": "en",
    "en-029": "en",
    "de": "de",
    "es": "es",
    "es-419": "es",
    "pl": "pl",
    "cs": "cs",
    "ru": "ru",
    "fr": "es",
    "pt-br": "es",
    "nl": "de",
    "sv": "de",
    "hu": "de",
    "tr": "es",
}
"""Voice to language of its text. Where no text of its own is packaged, a foreign one gives its
sounds as well.
"""

ESPEAK_TIMBRES = (
    *("", "+f1", "+f2", "+f3", "+f4", "+f5", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7"),
    *("+max", "+quincy", "+rob", "+steph", "+john", "+linda", "+Annie", "+Lee", "+belinda"),
    *("+klatt2", "+klatt3", "+croak"),
)

SENTENCE_S = 2.4
"""A cautious guess of the length of a sentence, from which the number of texts is planned."""


def _readings(sentences: list[str], minutes: float, pitch: float, seed: int) -> list[Reading]:
    """Enough different sentences for `minutes`, at speeds and pitches around the voice's own."""
    generator = np.random.default_rng(seed)
    count = min(len(sentences), int(minutes * 60.0 / SENTENCE_S))
    chosen = generator.choice(len(sentences), size=count, replace=False)
    return [
        Reading(
            sentences[i],
            float(generator.uniform(0.8, 1.25)),
            pitch * 2.0 ** float(generator.uniform(-0.35, 0.5)),
        )
        for i in chosen
    ]


def _manners(
    sentences: dict[str, list[str]], minutes: float, seed: int
) -> list[tuple[str, espeak.Manner]]:
    generator = np.random.default_rng(seed)
    jobs = []
    voices = list(ESPEAK_LANGUAGES)
    for number in range(int(minutes * 60.0 / SENTENCE_S)):
        voice = voices[number % len(voices)]
        pool = sentences[ESPEAK_LANGUAGES[voice]]
        timbre = ESPEAK_TIMBRES[generator.integers(len(ESPEAK_TIMBRES))]
        rate, pitch, spread = (
            int(generator.integers(*pair)) for pair in ((120, 211), (25, 76), (20, 81))
        )
        text = pool[generator.integers(len(pool))]
        jobs.append((text, espeak.Manner(voice + timbre, rate, pitch, spread)))
    return jobs


def _say(part: Part, seed: int, folder: Path) -> Iterator[Utterance]:
    """Utterances of one part, more than enough of them."""
    if part.name == "festvox-ru":
        return festvox_ru.training()
    if part.name == "test-ru":
        return festvox_ru.held_out()
    if part.name == "test-espeak-it":
        spoken = texts.evaluation("it")[: int(part.minutes * 60.0 / SENTENCE_S)]
        manner = espeak.Manner("it", 150, 50, 50)
        return espeak.synthesise([(text, manner) for text in spoken], part.name)
    if part.name == "espeak":
        pools = {language: texts.training(language) for language in set(ESPEAK_LANGUAGES.values())}
        return espeak.synthesise(_manners(pools, part.minutes, seed), part.name)
    kind, _, voice = part.name.partition("-")
    language = "it" if voice in festival.ITALIANS else "en"
    if part.split != "train":
        pool = texts.evaluation if kind == "test" else texts.training
        spoken = pool(language)[: int(part.minutes * 60.0 / SENTENCE_S)]
        readings = [Reading(text, 1.0, PITCHES[voice]) for text in spoken]
    else:
        readings = _readings(texts.training(language), part.minutes, PITCHES[voice], seed)
    synthesise = flite.synthesise if part.name in FLITE else festival.synthesise
    return synthesise(voice, readings, folder)


def _limited(utterances: Iterable[Utterance], minutes: float) -> Iterator[Utterance]:
    seconds = 0.0
    for utterance in utterances:
        if seconds >= minutes * 60.0:
            return
        seconds += utterance.seconds
        yield utterance


def save(path: Path, utterances: list[Utterance]) -> None:
    """Keep utterances in one .npz file: samples as 16-bit integers, the rest as JSON."""
    signals = [
        np.clip(np.round(u.signal * 32767.0), -32768, 32767).astype(np.int16) for u in utterances
    ]
    rows = [{"name": u.name, "voice": u.voice, "segments": u.segments} for u in utterances]
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        signal=np.concatenate(signals),
        lengths=np.array([len(signal) for signal in signals]),
        rows=np.array(json.dumps(rows)),
    )


def load(path: Path) -> list[Utterance]:
    """Read what `save` wrote."""
    with np.load(path) as data:
        borders = np.cumsum(data["lengths"])[:-1]
        signals = np.split(data["signal"].astype(np.float32) / 32767.0, borders)
        rows = json.loads(str(data["rows"]))
    return [
        Utterance(row["name"], row["voice"], signal, [Segment(*s) for s in row["segments"]])
        for row, signal in zip(rows, signals)
    ]


def path_of(out: Path, part: Part) -> Path:
    """File of one part below the working folder."""
    return out / "speech" / f"{part.name}.npz"


def make(out: Path, seed: int, quick: bool) -> dict[str, float]:
    """Make all missing parts of the corpus; returns the minutes of each. `quick` makes a tenth."""
    minutes = {}
    for number, part in enumerate(PARTS):
        if quick:
            part = part._replace(minutes=part.minutes / 10.0)
        path = path_of(out, part)
        if not path.exists():
            with tempfile.TemporaryDirectory() as folder:
                spoken = _say(part, seed * 1000 + number, Path(folder))
                save(path, list(islice(_limited(spoken, part.minutes), None)))
        minutes[part.name] = sum(u.seconds for u in load(path)) / 60.0
        LOG.info("speech: %-16s %5.1f min", part.name, minutes[part.name])
    return minutes


def training(out: Path) -> list[Utterance]:
    """All utterances of the training split."""
    return [u for p in PARTS if p.split == "train" for u in load(path_of(out, p))]
