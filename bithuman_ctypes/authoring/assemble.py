"""From pictures to the values of an avatar file: what moves, as rectangles over one base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bithuman_ctypes.authoring import imx
from bithuman_ctypes.authoring._pixels import blurred, resized
from bithuman_ctypes.authoring._types import Floats, Picture

GRID = 16
EDGE = 20.0  # pixels over which a rectangle fades into the base picture
STILL = 6.0  # levels, blurred, that a picture may differ from the base and be taken for it
WORTH = 0.8  # share of the picture from which on rectangles are not worth it
THUMBNAIL = 256


@dataclass(frozen=True)
class Rectangles:
    """The pictures of ``frames`` as base pictures and what is put over them."""

    bases: list[bytes]
    frames: list[imx.SourceFrame]
    _under: Picture
    _parts: Sequence[Picture]

    def shown(self, number: int) -> Picture:
        """The picture of a frame as it will be seen, before it is compressed."""
        x, y, w, h = self.frames[number].rect
        if not w:
            return self._parts[number]
        whole = self._under.copy()
        whole[y : y + h, x : x + w] = self._parts[number]
        return whole


def rectangles(pictures: Sequence[Picture], quality: int) -> Rectangles:
    """Lock what never moves: it becomes bit-equal from frame to frame, and is stored once."""
    base = pictures[0]
    high, wide = base.shape[:2]
    rect = moving(pictures)
    if rect is None or rect[2] * rect[3] > WORTH * wide * high:
        bases = [imx.encode_jpeg(picture, quality) for picture in pictures]
        return Rectangles(bases, [imx.SourceFrame(i) for i in range(len(bases))], base, pictures)
    x, y, w, h = rect
    weight = _weight(rect, (wide, high))[..., None]
    still = base[y : y + h, x : x + w].astype(np.float32)
    frames, parts = [], []
    for picture in pictures:
        part = picture[y : y + h, x : x + w].astype(np.float32)
        parts.append(np.asarray(np.rint(still + (part - still) * weight), np.uint8))
        frames.append(imx.SourceFrame(0, rect, imx.encode_jpeg(parts[-1], quality)))
    return Rectangles([imx.encode_jpeg(base, quality)], frames, base, parts)


def moving(pictures: Sequence[Picture]) -> tuple[int, int, int, int] | None:
    """x, y, w, h around all that differs from the first picture, on the grid; None if nothing."""
    base = pictures[0].astype(np.float32)
    high, wide = base.shape[:2]
    most = np.zeros((high, wide), np.float32)
    for picture in pictures:
        gap = np.abs(picture.astype(np.float32) - base).max(2)
        most = np.maximum(most, blurred(gap, 3.0))
    ys, xs = np.nonzero(most > STILL)
    if not len(xs):
        return None
    left, top = _floor(int(xs.min()) - EDGE), _floor(int(ys.min()) - EDGE)
    right = min(wide, _floor(int(xs.max()) + EDGE + GRID))
    bottom = min(high, _floor(int(ys.max()) + EDGE + GRID))
    return left, top, right - left, bottom - top


def _floor(value: float) -> int:
    return max(0, int(value) // GRID * GRID)


def _weight(rect: tuple[int, int, int, int], size: tuple[int, int]) -> Floats:
    """1 inside, falling to 0 at the sides that do not lie on the picture's own border."""
    x, y, w, h = rect
    columns, rows = np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32)
    far = np.float32(1e6)
    across = np.minimum(columns if x > 0 else far, w - 1 - columns if x + w < size[0] else far)
    down = np.minimum(rows if y > 0 else far, h - 1 - rows if y + h < size[1] else far)
    border = np.minimum(np.broadcast_to(across, (h, w)), np.broadcast_to(down, (w, h)).T)
    return np.asarray(np.clip((border - 1) / EDGE, 0, 1))


def thumbnail(picture: Picture, face: Floats) -> bytes:
    """A square around the face (478, 2 or 3) as JPEG."""
    high, wide = picture.shape[:2]
    low, top = face[:, :2].min(0), face[:, :2].max(0)
    side = int(min(1.7 * max(top - low), high, wide))
    middle = (low + top) / 2
    x = int(np.clip(middle[0] - side / 2, 0, wide - side))
    y = int(np.clip(middle[1] - side / 2, 0, high - side))
    square = np.ascontiguousarray(picture[y : y + side, x : x + side])
    return imx.encode_jpeg(resized(square, (THUMBNAIL, THUMBNAIL)), 88)
