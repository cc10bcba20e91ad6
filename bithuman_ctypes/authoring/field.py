"""Smooth fields through given displacements of points, and where a picture moved by one comes from.

Fields are worked out on a coarse grid that begins with the first pixel and ends behind the last.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bithuman_ctypes.authoring._pixels import remapped
from bithuman_ctypes.authoring._types import Floats

COARSE = 6  # pixels between the grid's places
INVERSIONS = 6


def grid(size: tuple[int, int]) -> tuple[Floats, Floats]:
    """x and y of the grid's places over a picture of a size (width, height), in its pixels."""
    across, down = (np.arange(0, side + COARSE, COARSE, dtype=float) for side in size)
    x, y = np.meshgrid(across, down)
    return x, y


class Spline:
    """Thin plate splines with the same points (n, 2) over a picture of ``size`` (width, height).

    What is costly happens once; each field then is a product of matrices.
    """

    def __init__(self, points: Floats, size: tuple[int, int], stiffness: float = 1e-3) -> None:
        places = np.stack(grid(size), -1)
        self._scale = float(points.std()) or 1.0
        middle = points.mean(0)
        p = (points - middle) / self._scale
        n = len(p)
        system = np.zeros((n + 3, n + 3))
        system[:n, :n] = _kernel(p, p) + stiffness * np.eye(n)
        system[:n, n:] = np.concatenate([np.ones((n, 1)), p], 1)
        system[n:, :n] = system[:n, n:].T
        g = (places.reshape(-1, 2) - middle) / self._scale
        basis = np.concatenate([_kernel(g, p), np.ones((len(g), 1)), g], 1)
        self._map = (basis @ np.linalg.inv(system)[:, :n]).astype(np.float32)
        self._shape = places.shape

    def field(self, values: Floats) -> Floats:
        """The displacement of every place of the grid, by ``values`` (n, 2) of the points."""
        return np.asarray((self._map @ values.astype(np.float32)).reshape(self._shape))


def _kernel(a: Floats, b: Floats) -> Floats:
    square = ((a[:, None] - b[None]) ** 2).sum(2)
    return np.asarray(0.5 * square * np.log(square + 1e-12))


def sources(displacement: Floats, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Where each pixel of a moved picture of a size comes from: x and y (h, w).

    ``displacement``: how far each place of the grid goes, in pixels. It is turned round on the
    grid, which is fine enough for what is smooth.
    """
    d = np.ascontiguousarray(displacement / COARSE, np.float32)
    high, wide = d.shape[:2]
    x, y = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32))
    back: Any = -d
    for _ in range(INVERSIONS):
        back = -remapped(d, x + back[..., 0], y + back[..., 1], smooth=False)
    u, v = (np.arange(side, dtype=np.float32) / COARSE for side in size)
    full = np.meshgrid(u, v)
    step = remapped(np.ascontiguousarray(back), *full)
    return (full[0] + step[..., 0]) * COARSE, (full[1] + step[..., 1]) * COARSE


def ramp(values: Any) -> Any:
    """From 0 at 0 to 1 at 1, level at both ends."""
    t = np.clip(values, 0.0, 1.0)
    return t * t * (3 - 2 * t)
