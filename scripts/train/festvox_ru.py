"""Ninety-nine minutes of one Russian speaker, read from Debian's festvox-ru with its author's phone
labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import audio, phones
from .festival import read_labels
from .utterance import Utterance, from_ends

FOLDER = Path("/usr/share/festival/voices/russian/msu_ru_nsh_clunits")

HELD_OUT = frozenset(
    f"ru_0{number}"
    for number in (
        *(724, 728, 729, 732, 734, 735, 738, 742, 748, 749, 752, 753, 755, 756, 759, 762, 766, 768),
        *(771, 773, 784, 788, 789, 793, 796, 803, 804, 806, 808, 811, 813, 828, 830, 831, 834, 836),
        *(839, 840, 841, 842),
    )
)
"""Forty sentences that are never trained on: they are the Russian part of the evaluation."""


def load(name: str) -> Utterance:
    """Read one sentence, for instance `ru_0724`."""
    signal = audio.read(FOLDER / "wav" / f"{name}.wav")
    rows = phones.translate(read_labels(FOLDER / "lab" / f"{name}.lab"), phones.RUSSIAN)
    segments = from_ends(rows, len(signal) / audio.SAMPLE_RATE)
    return Utterance(name, "festvox-ru", signal, segments)


def training() -> Iterator[Utterance]:
    """All sentences but the held-out ones, in order of their names."""
    for path in sorted((FOLDER / "wav").glob("*.wav")):
        if path.stem not in HELD_OUT:
            yield load(path.stem)


def held_out() -> Iterator[Utterance]:
    """The forty sentences of the evaluation."""
    for name in sorted(HELD_OUT):
        yield load(name)
