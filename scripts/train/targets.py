"""From phones with times to what the encoder shall say, 25 times a second.

Tick k covers [40 k, 40 k + 40) ms and its targets are read at its centre. Coarticulation is a
weighted moving average: each phone pulls with its weight inside a Hann window (a plain form of the
dominance functions of Cohen and Massaro, 1993), so weak phones take the shape of strong neighbours.
Rounding starts early.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from . import phones
from .layout import ARTICULATION, OUTPUTS, TICK_S, VISEMES
from .utterance import Segment

Array = npt.NDArray[np.float64]

RATE = 200
"""Samples per second of the tracks from which the targets are read."""

SMOOTH_S = 0.10
CLOSURE_SMOOTH_S = 0.05
CLOSURE_REACH_S = 0.01
"""The closure target is the largest value within +-10 ms of the tick's centre, so a closure of 40
ms is never missed.
"""
CLOSURE_GAIN = 1.5
ROUNDING_SMOOTH_S = 0.14
ROUNDING_LEAD_S = 0.02

SHORT_PAUSE_S = 0.10
"""Lips do not go to rest in a shorter silence."""
SPEECH_LEAD_S = 0.04
"""The mouth gets ready before the sound."""

WEIGHTS = {"vowel": 1.0, "bilabial": 1.5, "silence": 1.0, "other": 0.8, "absent": 0.05}


def bridge_short_pauses(segments: Sequence[Segment]) -> list[Segment]:
    """Rename silences inside speech that are shorter than SHORT_PAUSE_S to SP, which has no shape
    of its own.
    """
    last = len(segments) - 1
    return [
        s._replace(phone="SP")
        if s.phone == phones.SILENCE and 0 < i < last and s.end - s.start < SHORT_PAUSE_S
        else s
        for i, s in enumerate(segments)
    ]


def merge_silences(segments: Sequence[Segment]) -> list[Segment]:
    """Join neighbouring silences."""
    merged: list[Segment] = []
    for segment in segments:
        if merged and segment.phone == merged[-1].phone == phones.SILENCE:
            merged[-1] = merged[-1]._replace(end=segment.end)
        else:
            merged.append(segment)
    return merged


def _span(start: float, end: float) -> slice:
    return slice(round(start * RATE), max(round(start * RATE) + 1, round(end * RATE)))


def _weight(phone: str) -> float:
    if phone in (phones.SILENCE, "SP"):
        return WEIGHTS["silence"]
    if phone in phones.BILABIAL:
        return WEIGHTS["bilabial"]
    return WEIGHTS["vowel" if phone[0] in "AEIOU" else "other"]


def _spans(segment: Segment) -> list[tuple[slice, phones.Lips]]:
    middle = (segment.start + segment.end) / 2.0
    first, second = phones.halves(segment.phone)
    return [(_span(segment.start, middle), first), (_span(middle, segment.end), second)]


def _tracks(segments: Sequence[Segment], samples: int) -> tuple[dict[str, Array], dict[str, Array]]:
    """Step-shaped values (NaN where a phone has none) and weights of the five shaped attributes."""
    names = ("openness", "width", "protrusion", "teeth", "tongue")
    values = {name: np.full(samples, np.nan) for name in names}
    weights = {name: np.full(samples, WEIGHTS["absent"]) for name in names}
    for segment in segments:
        for span, lips in _spans(segment):
            for name in names:
                value = getattr(lips, name)
                if value is not None:
                    values[name][span] = value
                    weights[name][span] = _weight(segment.phone)
    return values, weights


def _smooth(track: Array, seconds: float) -> Array:
    kernel = np.hanning(round(seconds * RATE) + 3)[1:-1]
    half = len(kernel) // 2
    padded = np.pad(track, (half, len(kernel) - 1 - half), mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), "valid")


def _blend(values: Array, weights: Array, seconds: float) -> Array:
    known = ~np.isnan(values)
    position = np.arange(len(values))
    filled = np.interp(position, position[known], values[known]) if known.any() else values * 0.0
    return _smooth(filled * weights, seconds) / _smooth(weights, seconds)


def _marked(segments: Sequence[Segment], chosen: frozenset[str], samples: int) -> Array:
    track = np.zeros(samples)
    for start, end, phone in segments:
        if phone in chosen:
            share = phones.CLOSED_SHARE.get(phone, 1.0)
            track[_span(start, start + (end - start) * share)] = 1.0
    return track


def _widest(track: Array, reach_s: float) -> Array:
    reach = round(reach_s * RATE)
    padded = np.pad(track, reach, mode="edge")
    widest: Array = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    return widest


def _speech(segments: Sequence[Segment], samples: int) -> Array:
    track = np.zeros(samples)
    for start, end, phone in segments:
        if phone != phones.SILENCE:
            track[_span(max(0.0, start - SPEECH_LEAD_S), end)] = 1.0
    return track


def _visemes(segments: Sequence[Segment], samples: int) -> dict[str, Array]:
    tracks = {name: np.zeros(samples) for name in VISEMES}
    for segment in segments:
        for span, lips in _spans(segment):
            for track in tracks.values():
                track[span] = 0.0
            tracks[lips.viseme][span] = 1.0
    return {name: _smooth(track, TICK_S) for name, track in tracks.items()}


def make(segments: Sequence[Segment], ticks: int) -> npt.NDArray[np.float32]:
    """Targets (ticks, 23) in the order of `layout.OUTPUTS`.

    `openness` here is the shape before the closure gate; `final_openness` gives what the mouth
    shall do.
    """
    joined = bridge_short_pauses(merge_silences(segments))
    samples = round(ticks * TICK_S * RATE)
    values, weights = _tracks(joined, samples)
    lead = round(ROUNDING_LEAD_S * RATE)
    closure = _smooth(_marked(joined, phones.BILABIAL, samples), CLOSURE_SMOOTH_S)
    tracks = {
        name: _blend(values[name], weights[name], SMOOTH_S)
        for name in ("openness", "teeth", "tongue")
    }
    for name in ("width", "protrusion"):
        tracks[name] = np.roll(_blend(values[name], weights[name], ROUNDING_SMOOTH_S), -lead)
    tracks["closure"] = _widest(np.minimum(1.0, CLOSURE_GAIN * closure), CLOSURE_REACH_S)
    tracks["labiodental"] = _smooth(_marked(joined, phones.LABIODENTAL, samples), SMOOTH_S * 0.6)
    tracks["speech"] = _speech(joined, samples)
    tracks.update(_visemes(joined, samples))
    centres = (np.arange(ticks) + 0.5) * TICK_S
    times = (np.arange(samples) + 0.5) / RATE
    columns = [np.interp(centres, times, tracks[name]) for name in OUTPUTS]
    return np.stack(columns, axis=1).astype(np.float32)


def final_openness(targets: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Openness with the lips shut by closures and silence, from targets (..., 23)."""
    column = {name: targets[..., i] for i, name in enumerate(ARTICULATION)}
    return column["openness"] * (1.0 - column["closure"]) * column["speech"]
