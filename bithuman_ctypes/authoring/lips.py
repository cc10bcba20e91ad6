"""Where the lips are in each frame, measured, and as the coordinates that the engine asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bithuman_ctypes.authoring import hear, landmarks
from bithuman_ctypes.authoring._types import Flags, Floats, Picture
from bithuman_ctypes.authoring.landmarks import Pose

OPENNESS, WIDTH, PROTRUSION, CLOSURE, LABIODENTAL, TEETH, TONGUE, SPEECH = range(8)
"""Columns of what is heard."""

SPEAKS = 0.4  # of the encoder's probability of speech, as in the engine
SHAPE_PARTS, LOOK_PARTS = 8, 8  # principal components of the lips' points and of their look
CLOSED_ROOM = 0.003, 0.012  # units of the face: a tracker's lips do not touch to the pixel
TOLD = 0.45  # correlation from which on the picture tells a number


@dataclass(frozen=True)
class Lips:
    """What is measured of the lips in n frames: ``gap`` and ``width`` in units of the face,
    ``features`` (n, k) of shape and look; ``closed`` is the gap up to which lips touch."""

    gap: Floats
    width: Floats
    features: Floats
    closed: float

    @property
    def shut(self) -> Flags:
        """Where the lips touch."""
        return np.asarray(self.gap <= self.closed)


def measure(pose: Pose, points: Floats, look: Picture, usable: Flags) -> Lips:
    """Measure the lips. ``look`` (n, h, w) are small grey pictures of the mouth, settled."""
    still = pose.settled(np.where(np.isfinite(points), points, pose.shape))
    gap = landmarks.gap(still)
    corners = still[:, landmarks.CORNERS[0]] - still[:, landmarks.CORNERS[1]]
    width = np.linalg.norm(corners[:, :2], axis=1) / pose.unit
    lips = still[:, list(landmarks.LIPS)] / pose.unit
    shape = components(lips.reshape(len(lips), -1), usable, SHAPE_PARTS)
    appearance = components(look.reshape(len(look), -1) / 255.0, usable, LOOK_PARTS)
    return Lips(gap, width, np.concatenate([shape, appearance], 1), closed_gap(gap[usable]))


def closed_gap(gap: Floats) -> float:
    """The gap up to which lips touch: of the tenth of frames with the smallest, and a little."""
    low = np.sort(gap)[: max(10, len(gap) // 10)]
    middle = float(np.median(low))
    room = CLOSED_ROOM[0] + 4 * float(np.median(np.abs(low - middle)))
    return middle + min(room, CLOSED_ROOM[1])


def components(rows: Floats, usable: Flags, count: int) -> Floats:
    """The principal components (n, count) of rows, each in its own standard deviations."""
    mean = rows[usable].mean(0)
    centred = rows - mean
    sample = centred[usable][:: max(1, int(usable.sum()) // 1500)]
    _, _, vt = np.linalg.svd(sample, full_matrices=False)
    parts = centred @ vt[:count].T
    return np.asarray(parts / (parts[usable].std(0) + 1e-9))


@dataclass(frozen=True)
class Fitted:
    """``coords`` (n, 6) as in a file; ``lag`` in frames by which the lips come after the sound;
    ``correlation`` of the measured gap with the openness heard; ``heard`` (n, 8), shifted."""

    coords: Floats
    lag: int
    correlation: float
    heard: Floats
    speech: Flags


def calibrate(lips: Lips, heard: Floats, usable: Flags) -> Fitted:
    """Coordinates of every frame on the scale of what the engine hears in this film's sound."""
    shift, found = hear.lag(lips.gap, heard[:, OPENNESS], usable)
    heard = np.roll(heard, shift, axis=0)
    speech = usable & (heard[:, SPEECH] > SPEAKS)
    coords = np.zeros((len(heard), 6))
    coords[:, 0] = _openness(lips, heard, speech)
    coords[:, 1] = _width(lips, heard, speech)
    for column, source in ((2, PROTRUSION), (3, LABIODENTAL), (4, TEETH), (5, TONGUE)):
        coords[:, column] = _from_look(lips, heard[:, source], speech)
    coords[lips.shut, 4:] = 0.0  # neither teeth nor tongue behind lips that touch
    return Fitted(coords, shift, found, heard, speech)


def _openness(lips: Lips, heard: Floats, speech: Flags) -> Floats:
    parted = speech & ~lips.shut
    expected = heard[parted, OPENNESS]
    curve = hear.matched(lips.gap[parted], np.maximum(expected, 0.06))
    found = curve(lips.gap)
    # Between lips that touch and the smallest gap of speech the way is straight.
    least = float(curve.measured[0])
    slope = np.clip((lips.gap - lips.closed) / max(least - lips.closed, 1e-6), 0, 1)
    found = np.where(lips.gap < least, 0.06 + slope * max(curve.value[0] - 0.06, 0), found)
    return np.clip(np.where(lips.shut, 0.0, found), 0, 1.2)


def _width(lips: Lips, heard: Floats, speech: Flags) -> Floats:
    """0 at rest, and the spread and the round side each on their own scale."""
    rest = float(np.median(lips.width[lips.shut])) if lips.shut.any() else 0.0
    rest = rest or float(np.median(lips.width))
    away, expected = lips.width - rest, heard[:, WIDTH]
    out = np.zeros(len(away))
    for sign in (1.0, -1.0):
        here = speech & (away * sign > 0)
        wanted = np.abs(expected[speech & (expected * sign > 0)])
        if here.sum() < 20 or len(wanted) < 20:
            continue
        top = np.quantile(np.abs(away[here]), 0.95)
        scale = np.quantile(wanted, 0.95) / max(float(top), 1e-6)
        out = np.where(away * sign > 0, away * scale, out)
    return np.clip(out, -1.2, 1.2)


def _from_look(lips: Lips, expected: Floats, speech: Flags) -> Floats:
    """What the lips' shape and look tell of a number that is only heard, with its range; 0 where
    they do not tell it: half of the film must foretell the other."""
    rows = np.flatnonzero(speech)
    if len(rows) < 100 or expected[rows].std() < 0.01:
        return np.zeros(len(expected))
    features = np.concatenate([lips.features, lips.features**2], 1)
    half = len(rows) // 2
    for made, tried in ((rows[:half], rows[half:]), (rows[half:], rows[:half])):
        answer = _ridge(features, expected, made)[tried]
        if hear.correlation(answer, expected[tried]) < TOLD:
            return np.zeros(len(expected))
    guess = _ridge(features, expected, rows)
    curve = hear.matched(guess[rows], expected[rows])
    return np.clip(curve(guess), 0, 1)


def _ridge(features: Floats, expected: Floats, rows: NDArray[np.intp]) -> Floats:
    """Ridge regression made from some rows, and its answer for all."""
    mean, spread = features[rows].mean(0), features[rows].std(0) + 1e-9
    x = (features - mean) / spread
    middle = expected[rows].mean()
    system = x[rows].T @ x[rows] + 0.02 * len(rows) * np.eye(x.shape[1])
    return np.asarray(x @ np.linalg.solve(system, x[rows].T @ (expected[rows] - middle)) + middle)
