"""The range of brightness that video has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Y_SCALE, Y_OFFSET = 220, (16 << 8) + 128
UV_SCALE, UV_OFFSET = 225, 16 << 8


class VideoRange:
    """Turns full-range I420, as the engine makes it, into the limited range that WebRTC's decoders
    take it for: 0 .. 255 becomes 16 .. 235, and 16 .. 240 for colour. Without it blacks are crushed
    and whites burnt out.

    In place and in integers; it keeps the memory that it needs. One thread at a time.
    """

    def __init__(self, width: int, height: int) -> None:
        self.picture = (width, height)
        self._luma = width * height
        self._wide = np.empty(self._luma, np.uint16)

    def apply(self, planes: NDArray[np.uint8]) -> None:
        """``planes``: Y, U and V, one after the other, one dimension."""
        self._scale(planes[: self._luma], Y_SCALE, Y_OFFSET)
        self._scale(planes[self._luma :], UV_SCALE, UV_OFFSET)

    def _scale(self, plane: NDArray[np.uint8], scale: int, offset: int) -> None:
        wide = self._wide[: len(plane)]
        np.multiply(plane, np.uint16(scale), out=wide, dtype=np.uint16)
        np.add(wide, np.uint16(offset), out=wide)
        np.right_shift(wide, 8, out=wide)
        plane[:] = wide
