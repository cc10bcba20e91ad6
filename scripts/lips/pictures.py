"""The pasted mouth in its picture: nothing outside the mask, and no edge to be seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter

from bithuman_ctypes.authoring import blend
from scripts.train.clips import Clip

from .shown import Array, Picture, Stage

EVERY = 5
"""One speaking frame in so many is examined."""
EDGE = (1.0, 127.0)
"""Alphas, of 255, of the outer half of the mask's soft edge."""
TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
) / np.array([[0.9505], [1.0], [1.089]])


class Seam(NamedTuple):
    """One frame: pixels changed outside the mask, gradient on its edge over that of the source
    frame, and the colour difference there (CIE 1976, mean).
    """

    outside: int
    gradient: float
    colour: float


def to_lab(picture: Picture) -> Array:
    """CIE L*a*b* of sRGB, blue first."""
    rgb = picture[..., ::-1].astype(np.float64) / 255.0
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ TO_XYZ.T
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16.0 / 116.0)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def alpha_of(stage: Stage, frame: int) -> Array:
    """The mask (0..255) as it lies on a source frame."""
    avatar = stage.avatar
    m = np.array(avatar.placements[frame].affine, float) / 65536.0
    size = avatar.manifest.height, avatar.manifest.width
    y, x = np.mgrid[: size[0], : size[1]]
    u, v = m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]
    return np.asarray(blend.sample(avatar.mask, u, v))


def _slope(picture: Picture) -> Array:
    luma = picture.astype(np.float64) @ np.array([0.114, 0.587, 0.299])
    down, right = np.gradient(luma)
    return np.asarray(np.hypot(down, right))


def seam_of(source: Picture, shown: Picture, alpha: Array) -> Seam:
    """Compare a frame with its source frame."""
    reach = maximum_filter(alpha, size=3) > 0.0  # chroma is shared by two pixels each way
    outside = int(np.sum((source != shown).any(axis=2) & ~reach))
    edge = (alpha >= EDGE[0]) & (alpha <= EDGE[1])
    gradient = _slope(shown)[edge].mean() / _slope(source)[edge].mean()
    colour = np.linalg.norm(to_lab(shown)[edge] - to_lab(source)[edge], axis=1).mean()
    return Seam(outside, float(gradient), float(colour))


def seams(stage: Stage, clips: Sequence[Clip]) -> Iterator[Seam]:
    """Some frames of some sentences."""
    number = 0
    for clip in clips:
        for _ in range(stage.load(clip.signal)):
            mouth, frame, picture = stage.stream.pull()
            number += mouth != 0
            if mouth and number % EVERY == 0:
                source = stage.plain.get_source_frame(frame)
                yield seam_of(source, picture, alpha_of(stage, frame))


def report(stage: Stage, clips: Sequence[Clip]) -> str:
    """What was found, in a sentence."""
    found = list(seams(stage, clips))
    outside = sum(seam.outside for seam in found)
    gradient, colour = np.array([seam[1:] for seam in found]).T
    return (
        f"{len(found)} frames: {outside} pixels outside the mask differ from the source frame;"
        f" gradient on the mask's edge {gradient.mean():.3f} times that of the source frame (most:"
        f" {gradient.max():.3f}), colour difference there {colour.mean():.2f} (most:"
        f" {colour.max():.2f})."
    )
