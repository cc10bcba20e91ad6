"""One sentence with the times of its phones: what every speech source yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .audio import SAMPLE_RATE, Signal


class Segment(NamedTuple):
    """A phone of the inventory in `phones.py`, from `start` to `end` seconds."""

    start: float
    end: float
    phone: str


class Reading(NamedTuple):
    """A sentence to be said: how much slower than normal, and at what mean pitch in Hz."""

    text: str
    stretch: float
    pitch: float


@dataclass
class Utterance:
    """Speech at 16 kHz with contiguous segments from 0 to its end."""

    name: str
    voice: str
    signal: Signal
    segments: list[Segment]

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.signal) / SAMPLE_RATE


def from_ends(ends: list[tuple[float, str]], duration: float) -> list[Segment]:
    """Turn (end time, phone) rows into contiguous segments that cover `duration` seconds."""
    segments: list[Segment] = []
    start = 0.0
    for end, phone in ends:
        end = min(end, duration)
        if end > start:
            segments.append(Segment(start, end, phone))
            start = end
    if start < duration:
        segments.append(Segment(start, duration, "SIL"))
    return segments
