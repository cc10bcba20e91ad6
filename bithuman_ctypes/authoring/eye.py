"""An eye that shuts and looks aside.

The skin above it is drawn down over it, and the lashes keep their shape. Looking aside, the iris
keeps its shape and the white on both sides of it gives way; the lids stay.
"""

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
BALL = 0.42  # of the eye's width: the radius that the iris turns on
RIM = 1.2  # radii of the iris that keep their shape
WHITE = 0.25  # of the white beside the iris that is left at least


class Eye:
    """One eye of a picture. ``outline`` (16, 2): its lower lid from the outer corner to the inner
    one, then its upper lid back. ``iris`` (5, 2): its middle, then its rim."""

    def __init__(self, picture: Picture, outline: Floats, iris: Floats) -> None:
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
        lower, upper, iris = ((p - corner + 0.5) * FINER - 0.5 for p in (lower, upper, iris))
        x = np.arange(self._crop.shape[1], dtype=float)
        inside = np.clip(x, lower[:, 0].min(), lower[:, 0].max())
        self._low = np.polyval(np.polyfit(lower[:, 0], lower[:, 1], DEGREE), inside)
        self._top = np.minimum(
            np.polyval(np.polyfit(upper[:, 0], upper[:, 1], DEGREE), inside), self._low
        )
        # Beyond the corners nothing moves.
        ends = np.minimum(x - lower[:, 0].min(), lower[:, 0].max() - x)
        self._part = ramp(ends / (0.06 * wide * FINER) + 0.5)
        self._corners = float(lower[:, 0].min()), float(lower[:, 0].max())
        self._iris = float(iris[0, 0])
        self._radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())

    def drawn(self, shut: float, gaze: float) -> Picture:
        """The eye's part of the picture, ``where``: shut by 0..1, turned aside by degrees (to the
        right of the picture)."""
        picture = self._looking(gaze) if gaze else self._crop
        return resized(self._shutting(picture, shut) if shut else picture, self._small)

    def _looking(self, gaze: float) -> Picture:
        left, right = self._corners
        rim = RIM * self._radius
        first, last = np.clip((self._iris - rim, self._iris + rim), left, right)
        way = BALL * (right - left) * float(np.sin(np.radians(gaze)))
        # Some white stays on either side, where there is any.
        way = float(np.clip(way, (1 - WHITE) * (left - first), (1 - WHITE) * (right - last)))
        high, wide = self._crop.shape[:2]
        x, y = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32))
        keep = np.array([left, first, last, right])
        from_x = np.interp(x[0], keep + np.array([0, way, way, 0]), keep)
        top, low = (np.interp(from_x, x[0], lid) for lid in (self._top, self._low))
        opened = self._low - self._top
        # As high between the lids as where it comes from.
        from_y = top + (y - self._top) / np.maximum(opened, 1.0) * (low - top)
        moved = remapped(self._crop, np.broadcast_to(from_x, x.shape), from_y)
        between = ramp(np.minimum(y - self._top, self._low - y) / FINER + 0.5)
        alpha = (between * (opened > 1))[..., None]
        return np.asarray(
            np.rint(self._crop + (moved.astype(float) - self._crop) * alpha), np.uint8
        )

    def _shutting(self, picture: Picture, share: float) -> Picture:
        opened = (self._low - self._top) * self._part
        tall = max(float(opened.max()), 1.0)
        edge = LASHES * tall * ramp(opened / (0.4 * tall))
        meet = self._low - STAYS * share * opened
        top = self._top + share * np.maximum(meet - self._top, 0) * self._part
        fixed = self._top - edge - SKIN * tall
        high, wide = picture.shape[:2]
        x, y = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32))
        way = (y - fixed) / np.maximum(top - edge - fixed, 1e-3)
        skin = fixed + way * (self._top - edge - fixed)
        lash = y - (top - self._top)
        source = np.where(y < top - edge, skin, lash)
        source = np.where((y >= fixed) & (y < top), source, y)
        # The lower lid follows a little way up.
        rise = STAYS * share * opened * ramp(1 - (y - self._low) / (0.5 * tall))
        source = np.where(y >= np.maximum(top, meet), y + rise, source)
        drawn = remapped(picture, x, source).astype(np.float32)
        # Lashes draw a line where the lids meet, also where the photo shows none.
        line = np.exp(-(((y - top + 0.03 * tall) / (0.06 * tall)) ** 2))
        drawn *= (1 - LINE * share * line * self._part)[..., None]
        return np.asarray(np.rint(drawn), np.uint8)
