"""The loop of a drawn avatar: it breathes, blinks and moves its head a little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FRAMES = 104
"""Of the loop, which is played forth and back: every motion stands still at both ends."""

YAW = (0.55, 0.60, -0.40, 0.16)  # degrees, of cos(k * pi * t), k = 1...
PITCH = (0.25, -0.35, 0.35, -0.18)
ROLL = (-0.45, 0.40, 0.30, -0.20)
BLINKS = (27, 77)
LIDS = (0.55, 1.0, 0.72, 0.22)


@dataclass(frozen=True)
class Bearing:
    """How a portrait holds itself in a frame; all 0 is the photo as it is.

    ``pitch`` (down), ``yaw`` and ``roll`` turn the head, degrees; ``gaze`` the eyes, degrees in the
    direction of yaw. ``breath``, ``lids`` (shut) and ``brows`` (raised) go from 0 to 1.
    """

    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0
    breath: float = 0.0
    lids: float = 0.0
    gaze: float = 0.0
    brows: float = 0.0


def at_rest(frame: int) -> Bearing:
    """The loop's."""
    t = frame / (FRAMES - 1)
    pitch, yaw, roll = (
        float(sum(a * np.cos((k + 1) * np.pi * t) for k, a in enumerate(series)))
        for series in (PITCH, YAW, ROLL)
    )
    return Bearing(pitch, yaw, roll, float(0.5 - 0.5 * np.cos(2 * np.pi * t)), blink(frame, BLINKS))


def blink(frame: int, begins: tuple[int, ...]) -> float:
    """How far the lids are shut by blinks that begin at some frames."""
    return next((LIDS[frame - b] for b in begins if 0 <= frame - b < len(LIDS)), 0.0)
