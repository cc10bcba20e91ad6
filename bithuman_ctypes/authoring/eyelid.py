"""An eye that shuts: the skin above it is drawn down over it, the lashes keep their shape."""

from __future__ import annotations

import numpy as np

from bithuman_ctypes.authoring._pixels import remapped, resized
from bithuman_ctypes.authoring._types import Floats, Picture
from bithuman_ctypes.authoring.field import ramp

FINER = 4  # pixels of the drawing per pixel of the picture: a lid's edge is a fine line
STAYS = 0.12  # of the way between the lids that the lower one comes up
LASHES = 0.20  # of the eye's opening: what lies above its edge and keeps its shape
SKIN = 0.70  # of the eye's opening: what lies above that and is drawn down
LINE = 0.4  # how much darker the line of the lashes is when the eye is shut
DEGREE = 3  # of the curves that smooth a tracker's outline


class Eye:
    """One eye of a picture. ``outline`` (16, 2): its lower lid from the outer corner to the inner
    one, then its upper lid back."""

    def __init__(self, picture: Picture, outline: Floats) -> None:
        lower, upper = outline[:9], np.concatenate([outline[8:], outline[:1]])
        low, high = outline.min(0), outline.max(0)
        tall, wide = high[1] - low[1], high[0] - low[0]
        top, left = int(low[1] - 1.6 * tall), int(low[0] - 0.1 * wide)
        bottom, right = int(high[1] + 0.5 * tall) + 1, int(high[0] + 0.1 * wide) + 1
        size = (picture.shape[1], picture.shape[0])
        self.where = (
            slice(max(top, 0), min(bottom, size[1])),
            slice(max(left, 0), min(right, size[0])),
        )
        crop = np.ascontiguousarray(picture[self.where])
        self._small = (crop.shape[1], crop.shape[0])
        self._crop = resized(crop, (crop.shape[1] * FINER, crop.shape[0] * FINER))
        corner = np.array([self.where[1].start, self.where[0].start])
        lower, upper = ((lid - corner + 0.5) * FINER - 0.5 for lid in (lower, upper))
        x = np.arange(self._crop.shape[1], dtype=float)
        inside = np.clip(x, lower[:, 0].min(), lower[:, 0].max())
        self._low = np.polyval(np.polyfit(lower[:, 0], lower[:, 1], DEGREE), inside)
        self._top = np.minimum(
            np.polyval(np.polyfit(upper[:, 0], upper[:, 1], DEGREE), inside), self._low
        )
        # Beyond the corners nothing moves.
        ends = np.minimum(x - lower[:, 0].min(), lower[:, 0].max() - x)
        self._part = ramp(ends / (0.06 * wide * FINER) + 0.5)

    def shut(self, share: float) -> Picture:
        """The eye's part of the picture, ``where``, with the eye shut by 0..1."""
        opened = (self._low - self._top) * self._part
        tall = max(float(opened.max()), 1.0)
        edge = LASHES * tall * ramp(opened / (0.4 * tall))
        meet = self._low - STAYS * share * opened
        top = self._top + share * np.maximum(meet - self._top, 0) * self._part
        fixed = self._top - edge - SKIN * tall
        high, wide = self._crop.shape[:2]
        x, y = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32))
        way = (y - fixed) / np.maximum(top - edge - fixed, 1e-3)
        skin = fixed + way * (self._top - edge - fixed)
        lash = y - (top - self._top)
        source = np.where(y < top - edge, skin, lash)
        source = np.where((y >= fixed) & (y < top), source, y)
        # The lower lid follows a little way up.
        rise = STAYS * share * opened * ramp(1 - (y - self._low) / (0.5 * tall))
        source = np.where(y >= np.maximum(top, meet), y + rise, source)
        drawn = remapped(self._crop, x, source).astype(np.float32)
        # Lashes draw a line where the lids meet, also where the photo shows none.
        line = np.exp(-(((y - top + 0.03 * tall) / (0.06 * tall)) ** 2))
        drawn *= (1 - LINE * share * line * self._part)[..., None]
        return resized(np.asarray(np.rint(drawn), np.uint8), self._small)
