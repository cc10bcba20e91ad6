"""Sentences made ready for scoring: sound with some quiet around it, and its phones.

Labelled speech of one's own is a folder of sound files, each with a text file of the same name: one
row per phone, "start end phone", in seconds, separated by blanks or tabs (what Audacity exports as
labels). The phones are those of `phones.py` (ARPAbet and some more); SIL is silence, and so is
whatever no row covers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import audio, phones
from .audio import SAMPLE_RATE, Signal
from .targets import merge_silences
from .utterance import Segment, Utterance

PAD_S = 0.5
PAD_DBFS = -75.0
SOUNDS = (".wav", ".flac", ".ogg", ".mp3")


class Clip(NamedTuple):
    """A sentence with half a second of faint noise on both sides, and its segments."""

    name: str
    signal: Signal
    segments: list[Segment]


def pad(utterance: Utterance, seed: int) -> Clip:
    """Put PAD_S of noise around an utterance."""
    generator = np.random.default_rng(seed)
    edge = int(PAD_S * SAMPLE_RATE)
    signal = np.pad(utterance.signal, edge)
    noise = (generator.standard_normal(len(signal)) * 10.0 ** (PAD_DBFS / 20.0)).astype(np.float32)
    noise[edge:-edge] = 0.0
    segments = [Segment(0.0, PAD_S, "SIL")]
    segments += [Segment(s.start + PAD_S, s.end + PAD_S, s.phone) for s in utterance.segments]
    segments.append(Segment(segments[-1].end, len(signal) / SAMPLE_RATE, "SIL"))
    return Clip(utterance.name, signal + noise, merge_silences(segments))


def read_labels(path: Path, seconds: float) -> list[Segment]:
    """The segments of a label file, with silence where it has none, from 0 to `seconds`.

    Raises ValueError, with the line, for rows that are not understood or not in order.
    """
    segments: list[Segment] = []
    reached = 0.0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            begin, finish, phone = line.split()
            start, end = float(begin), float(finish)
        except ValueError:
            raise ValueError(f"{path}:{number}: not a start, an end and a phone: {line}") from None
        if phone not in phones.SIMPLE and phone not in phones.DIPHTHONGS:
            raise ValueError(f"{path}:{number}: there is no phone {phone}")
        if not reached - 1e-6 <= start < end <= seconds + 0.05:
            raise ValueError(f"{path}:{number}: not after the row before and within the sound")
        if start > reached:
            segments.append(Segment(reached, start, phones.SILENCE))
        segments.append(Segment(max(start, reached), min(end, seconds), phone))
        reached = segments[-1].end
    if reached < seconds:
        segments.append(Segment(reached, seconds, phones.SILENCE))
    return segments


def in_folder(folder: Path) -> Iterator[Clip]:
    """The labelled sentences of a folder, by name. Raises ValueError if there is none."""
    found = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SOUNDS]
    labelled = [path for path in found if path.with_suffix(".txt").is_file()]
    if not labelled:
        raise ValueError(f"{folder} has no sound file with a label file NAME.txt beside it")
    for number, path in enumerate(labelled):
        signal = audio.read(path)
        segments = read_labels(path.with_suffix(".txt"), len(signal) / SAMPLE_RATE)
        yield pad(Utterance(path.stem, folder.name, signal, segments), number)
