"""A portrait that breathes, blinks and moves its head a little: the loop of a drawn avatar.

The head turns in depth, by the depth of the face's points, and what surrounds it follows less and
less. All of it is a field for each frame, so where the mouth is in a frame is known exactly.
"""

from __future__ import annotations

import numpy as np

from bithuman_ctypes.authoring import landmarks
from bithuman_ctypes.authoring._pixels import remapped
from bithuman_ctypes.authoring._types import Floats, Picture
from bithuman_ctypes.authoring.eyelid import Eye
from bithuman_ctypes.authoring.field import COARSE, grid, ramp, sources
from bithuman_ctypes.authoring.portrait import Portrait

FRAMES = 104
"""Of the loop, which is played forth and back: every motion stands still at both ends."""

YAW = (0.55, 0.60, -0.40, 0.16)  # degrees, of cos(k * pi * t), k = 1...
PITCH = (0.25, -0.35, 0.35, -0.18)
ROLL = (-0.45, 0.40, 0.30, -0.20)
BREATH = 0.010  # units that the shoulders rise
BLINKS = (27, 77)
LIDS = (0.55, 1.0, 0.72, 0.22)
BACK = 0.9  # units from the nose's root to the axis that the head turns about


def angles(frame: int) -> Floats:
    """Pitch, yaw, roll in radians."""
    t = frame / (FRAMES - 1)
    rows = [
        sum(a * np.cos((k + 1) * np.pi * t) for k, a in enumerate(s)) for s in (PITCH, YAW, ROLL)
    ]
    return np.radians(rows)


def lids(frame: int) -> float:
    """How far the eyes are shut, 0..1."""
    return next((LIDS[frame - b] for b in BLINKS if 0 <= frame - b < len(LIDS)), 0.0)


class Idle:
    """Makes the frames of a portrait."""

    def __init__(self, portrait: Portrait) -> None:
        self._portrait = portrait
        points, unit = portrait.points, portrait.unit
        self._points, self._unit = points, unit
        wide, high = portrait.size
        oval = points[list(landmarks.OVAL)]
        self._middle = oval[:, :2].mean(0)
        self._chin = float(points[landmarks.CHIN, 1])
        self._pivot = np.array([points[landmarks.CHIN, 0], self._chin + 0.35 * unit, 0.0])
        root = points[168]
        self._axis_z = float(root[2] + BACK * unit)
        self._size = (wide, high)
        self.weights = self._weight(oval)
        """What ``displacement`` needs at the places of the grid."""
        self._eyes = [Eye(portrait.picture, points[list(eye), :2]) for eye in landmarks.EYES]

    def _weight(self, oval: Floats) -> tuple[Floats, Floats, Floats]:
        """At the grid's places: how much of the head's motion a place takes, its depth (pixels,
        from the head's axis towards the viewer), and how much of the breath."""
        unit = self._unit
        x, y = grid(self._size)
        radii = np.array([0.62 * np.ptp(oval[:, 0]) + 0.1 * unit, 0.75 * np.ptp(oval[:, 1])])
        centre = self._middle - (0, 0.12 * unit)
        radius = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1])
        head = 1 - ramp((radius - 1.0) / 0.75)
        head *= 1 - ramp((y - self._chin) / (0.75 * unit))
        # Half an ellipsoid: the nose's root is BACK in front of the axis, the outline on it.
        depth = BACK * unit * np.sqrt(np.clip(1 - (radius / 1.25) ** 2, 0, 1))
        breath = ramp((y - self._chin - 0.2 * unit) / (1.2 * unit))
        return head, depth, breath

    def displacement(self, frame: int, x: Floats, y: Floats, parts: tuple[Floats, ...]) -> Floats:
        """How far places (x, y) go in a frame, (..., 2) pixels; ``parts`` as of _weight."""
        head, depth, breath = parts
        pitch, yaw, roll = angles(frame)
        dx, dy = x - self._pivot[0], y - self._pivot[1]
        moved_x = dx * np.cos(roll) - dy * np.sin(roll) + depth * np.sin(yaw)
        moved_y = dx * np.sin(roll) + dy * np.cos(roll) + depth * np.sin(pitch)
        rise = -BREATH * self._unit * 0.5 * (1 - np.cos(2 * np.pi * frame / (FRAMES - 1)))
        out = np.stack([(moved_x - dx) * head, (moved_y - dy) * head + rise * breath], -1)
        return np.asarray(out)

    def frame(self, number: int) -> Picture:
        """The picture of a frame."""
        going = self.displacement(number, *grid(self._size), self.weights)
        at = sources(going, self._size)
        return np.asarray(remapped(self.blinking(lids(number)), *at), np.uint8)

    def affine(self, number: int) -> Floats:
        """(2, 3): picture pixels of a frame to those of the portrait, at the mouth."""
        rest = self._points[list(landmarks.AROUND_MOUTH), :2]
        parts = tuple(self._at(part, rest) for part in self.weights)
        moved = rest + self.displacement(number, rest[:, 0], rest[:, 1], parts)
        system = np.concatenate([moved, np.ones((len(moved), 1))], 1)
        return np.asarray(np.linalg.lstsq(system, rest, rcond=None)[0].T)

    def _at(self, part: Floats, places: Floats) -> Floats:
        x, y = (places[None, :, i].astype(np.float32) / COARSE for i in (0, 1))
        return np.asarray(remapped(part.astype(np.float32), x, y, smooth=False)[0], float)

    def blinking(self, shut: float) -> Picture:
        """The portrait with its eyes shut by 0..1."""
        if shut == 0:
            return self._portrait.picture
        out = self._portrait.picture.copy()
        for eye in self._eyes:
            out[eye.where] = eye.shut(shut)
        return out
