"""Which frames become mouths: k-medoids on where the lips are and how they look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bithuman_ctypes.authoring._types import Flags, Floats
from bithuman_ctypes.authoring.lips import CLOSURE, LABIODENTAL, Fitted, Lips
from bithuman_ctypes.authoring.material import MaterialError, Reason
from bithuman_ctypes.authoring.screening import spans
from bithuman_ctypes.authoring.video import FPS

Rows = NDArray[np.intp]

WEIGHTS = np.sqrt((16.0, 6.0, 3.0, 5.0, 1.0, 1.0))
"""Of the coordinates: those with which the engine chooses (docs/lips.md)."""

LOOKS = 0.25  # weight of a standard deviation of a component of the look
MAX_CANDIDATES = 3000
ROUNDS = 4
SHUT, BITES, TEETH = 4, 4, 3  # mouths that are forced in: lips pressed, at the teeth, teeth seen
SHARP_SHARE = 0.25  # of the frames are too blurred to be mouths
LEAST = 50  # frames of speech to choose from
SURE = 0.5  # probability from which a closure or a bite was heard


def mouths(
    lips: Lips, fitted: Fitted, sharp: Floats, usable: Flags, count: int
) -> tuple[Rows, Floats]:
    """The frames of at most ``count`` mouths, and the coordinates of each (count, 6).

    Raises MaterialError when there is too little speech to choose from.
    """
    speech = usable & fitted.speech
    if speech.sum() < LEAST:
        text = f"only {speech.sum() / FPS:.1f} seconds of speech show the mouth well enough"
        raise MaterialError([Reason("no_speech", text, spans(speech))])
    clear = sharp >= np.quantile(sharp[speech], SHARP_SHARE)
    candidates = np.flatnonzero(speech & clear)
    if len(candidates) > MAX_CANDIDATES:
        every = np.linspace(0, len(candidates) - 1, MAX_CANDIDATES).astype(int)
        candidates = candidates[every]
    forced = forced_in(lips, fitted, candidates)
    looks = lips.features * LOOKS
    places = np.concatenate([fitted.coords * WEIGHTS, looks], 1)[candidates]
    begin = np.searchsorted(candidates, forced)
    chosen = candidates[medoids(places, begin, min(count, len(candidates)))]
    coords = fitted.coords[chosen].copy()
    bites = np.isin(chosen, forced) & (fitted.heard[chosen, LABIODENTAL] > SURE)
    bites &= ~lips.shut[chosen]
    coords[bites, 3] = np.maximum(coords[bites, 3], 0.9)
    return chosen, coords


def forced_in(lips: Lips, fitted: Fitted, candidates: Rows) -> Rows:
    """Mouths that speech needs and an average of it would miss: lips pressed for p, b, m, lips at
    the teeth for f, v, teeth that show."""
    heard, shut = fitted.heard, lips.shut
    pressed = np.where(shut, heard[:, CLOSURE], 0.0)
    narrow = ~shut & (lips.gap < np.median(lips.gap[fitted.speech]))
    bitten = np.where(narrow, heard[:, LABIODENTAL], 0.0)
    found: list[int] = []
    for score, count in ((pressed, SHUT), (bitten, BITES), (fitted.coords[:, 4], TEETH)):
        order = candidates[np.argsort(-score[candidates], kind="stable")]
        taken = 0
        for frame in order:
            if taken == count or score[frame] < SURE:
                break
            if all(abs(frame - other) > 3 for other in found):
                found.append(int(frame))
                taken += 1
    return np.array(sorted(found), np.intp)


def medoids(points: Floats, begin: Rows, count: int) -> Rows:
    """Rows of ``points`` (n, d) that stand for all of them, those of ``begin`` among them.

    Begins with the farthest points, so that rare mouths are kept, then moves each that is not
    fixed to the middle of what it stands for.
    """
    chosen = [int(row) for row in begin] or [0]
    nearest = np.min([_distance(points, row) for row in chosen], axis=0)
    while len(chosen) < count:
        row = int(nearest.argmax())
        if nearest[row] <= 0:
            break
        chosen.append(row)
        nearest = np.minimum(nearest, _distance(points, row))
    fixed = len(begin)
    for _ in range(ROUNDS):
        owner = np.argmin([_distance(points, row) for row in chosen], axis=0)
        for k in range(fixed, len(chosen)):
            members = np.flatnonzero(owner == k)
            if len(members):
                middle = points[members].mean(0)
                chosen[k] = int(members[((points[members] - middle) ** 2).sum(1).argmin()])
    return np.array(sorted(set(chosen)), np.intp)


def _distance(points: Floats, row: int) -> Floats:
    return np.asarray(((points - points[row]) ** 2).sum(1))


def coverage(coords: Floats, fitted: Fitted, room: float = 0.12) -> float:
    """The share of what was heard in the film for which there is a mouth near: openness and half
    of the width together within ``room``."""
    asked = fitted.heard[fitted.speech][:, :2] * (1.0, 0.5)
    if not len(asked):
        return 0.0
    there = coords[:, :2] * (1.0, 0.5)
    gaps = np.linalg.norm(asked[:, None] - there[None], axis=2).min(1)
    return float((gaps <= room).mean())
