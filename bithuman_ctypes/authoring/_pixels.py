"""The little of OpenCV that is needed, with types; it comes with the tracker."""

from __future__ import annotations

from typing import Any

import numpy as np

from bithuman_ctypes.authoring._types import Floats, Picture
from bithuman_ctypes.errors import NotSupported


def _cv() -> Any:
    try:
        import cv2
    except ImportError:
        raise NotSupported(
            "making avatars needs the extra [authoring]: pip install 'bithuman-ctypes[authoring]' "
            "with Python 3.9 to 3.12"
        ) from None
    return cv2


def resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """A picture at another size (width, height)."""
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    cv = _cv()
    if abs(width - size[0]) <= 1 and abs(height - size[1]) <= 1:  # only to make its sides even
        return np.ascontiguousarray(picture[: size[1], : size[0]])
    method = cv.INTER_AREA if size[0] < width else cv.INTER_CUBIC
    return np.asarray(cv.resize(picture, size, interpolation=method), np.uint8)


def turned(picture: Picture, quarters: int) -> Picture:
    """A picture turned counter-clockwise by quarters of a turn."""
    return np.ascontiguousarray(np.rot90(picture, quarters))


def warped(picture: Any, affine: Floats, size: tuple[int, int], smooth: bool = False) -> Any:
    """What an affine map (2, 3) from picture to patch makes of a picture; edges are drawn out.

    ``size`` is the patch's (width, height); ``smooth`` interpolates with cubics.
    """
    cv = _cv()
    flags = cv.INTER_CUBIC if smooth else cv.INTER_LINEAR
    matrix = np.asarray(affine, np.float64).reshape(2, 3)
    return cv.warpAffine(picture, matrix, size, flags=flags, borderMode=cv.BORDER_REPLICATE)


def remapped(picture: Any, x: Floats, y: Floats, smooth: bool = True) -> Any:
    """The picture sampled at positions (h, w), with cubics if ``smooth``; edges are drawn out."""
    cv = _cv()
    return cv.remap(
        picture,
        np.asarray(x, np.float32),
        np.asarray(y, np.float32),
        cv.INTER_CUBIC if smooth else cv.INTER_LINEAR,
        borderMode=cv.BORDER_REPLICATE,
    )


def blurred(picture: Any, sigma: float) -> Any:
    """A Gaussian blur."""
    return _cv().GaussianBlur(picture, (0, 0), sigma, borderType=_cv().BORDER_REPLICATE)


def detail(grey: Any) -> float:
    """How much fine detail a grey picture has: the spread of its Laplacian, in levels."""
    return float(_cv().Laplacian(np.asarray(grey, np.float32), -1).std())


def grey(picture: Picture) -> Picture:
    """RGB to luma."""
    return np.asarray(_cv().cvtColor(picture, _cv().COLOR_RGB2GRAY), np.uint8)


def hull_mask(points: Floats, size: tuple[int, int]) -> Picture:
    """255 inside the convex hull of points (n, 2) in a picture of a size (width, height)."""
    return filled(np.asarray(_cv().convexHull(np.asarray(points, np.float32)))[:, 0], size)


def filled(outline: Floats, size: tuple[int, int]) -> Picture:
    """255 inside an outline (n, 2) in a picture of a size (width, height)."""
    out = np.zeros((size[1], size[0]), np.uint8)
    corners = np.rint(np.asarray(outline) * 16).astype(np.int32)
    _cv().fillPoly(out, [corners], 255, lineType=_cv().LINE_AA, shift=4)
    return out


def distance_outside(inside: Any) -> Any:
    """Pixels from the nearest one that is inside (h, w), 0 there."""
    outside = np.asarray(inside == 0, np.uint8)
    return _cv().distanceTransform(outside, _cv().DIST_L2, 5)
