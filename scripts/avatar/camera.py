"""Axes, the pinhole camera and its exact projection (numpy only)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from human import Human

WIDTH, HEIGHT = 1248, 704
UNIT = 0.1  # decimetres to metres
LENS, SENSOR = 85.0, 36.0
DISTANCE = 1.9  # camera to the eyes, metres
AIM = 0.058  # how far below the eyes the picture's centre lies, metres


def to_blender(points: np.ndarray) -> np.ndarray:
    """MakeHuman (y up, faces +z, dm) to Blender (z up, faces -y, m)."""
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], 1) * UNIT


def from_blender(points: np.ndarray) -> np.ndarray:
    """The way back."""
    return np.stack([points[:, 0], points[:, 2], -points[:, 1]], 1) / UNIT


@dataclass
class Camera:
    """Pinhole camera in Blender space that looks along +y."""

    position: np.ndarray
    eyes: np.ndarray

    @classmethod
    def for_human(cls, human: Human) -> Camera:
        """Camera at eye height in front of the resting shape."""
        middle = (human.joint("eye.L") + human.joint("eye.R")) / 2
        eyes = to_blender(middle[None])[0]
        return cls(eyes + np.array([0, -DISTANCE, -AIM]), eyes)

    def project(self, points: np.ndarray) -> np.ndarray:
        """MakeHuman points (n, 3) to picture pixels (n, 2), pixel centres at integers."""
        rel = to_blender(points) - self.position
        focal = LENS / SENSOR * WIDTH
        x = WIDTH / 2 + focal * rel[:, 0] / rel[:, 1]
        y = HEIGHT / 2 - focal * rel[:, 2] / rel[:, 1]
        return np.stack([x - 0.5, y - 0.5], 1)
