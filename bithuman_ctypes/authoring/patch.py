"""The mouth patch: its place on the face, its mask, and pictures of one colour to put into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bithuman_ctypes.authoring import blend, landmarks
from bithuman_ctypes.authoring._pixels import blurred, distance_outside, filled, hull_mask, warped
from bithuman_ctypes.authoring._types import Flags, Floats, Picture
from bithuman_ctypes.authoring.landmarks import Pose

FEATHER = 0.11  # units of the face over which the mask fades
SELDOM = 0.97  # share of the mouths that may differ by more, where nothing else speaks for it
NOISE = 14.0  # levels that a film's noise can make
ASIDE, ABOVE, BELOW = 0.92, 0.10, 0.40  # the patch beyond mouth, nose and chin, in units
REACH = 0.80, 0.28  # the most that the mask takes: beside the mouth's middle, below the chin
OUTLINE = 0.15  # units that it stays inside the outline of the face, where hair begins


@dataclass(frozen=True)
class Frame:
    """The patch on the reference frame: its corner (x, y) and size (width, height) in pixels."""

    corner: tuple[int, int]
    size: tuple[int, int]
    unit: float

    @classmethod
    def of(cls, pose: Pose) -> Frame:
        """Around the mouth and the chin of the face at rest."""
        shape, unit = pose.shape, pose.unit
        middle = shape[list(landmarks.CORNERS), 0].mean()
        top = shape[landmarks.NOSE_BASE, 1] - ABOVE * unit
        bottom = shape[landmarks.CHIN, 1] + BELOW * unit
        x, y = int(middle - ASIDE * unit), int(top)
        size = (_even(2 * ASIDE * unit), _even(bottom - top))
        return cls((x, y), size, unit)

    def affine(self, to_reference: Floats) -> Floats:
        """A map (2, 3) from picture to reference pixels as one to the patch's."""
        out = np.array(to_reference, float)
        out[:, 2] -= self.corner
        return out

    def points(self, pose: Pose) -> Floats:
        """The face at rest in the patch's pixels, (478, 2)."""
        return np.asarray(pose.shape[:, :2] - self.corner)


def _even(side: float) -> int:
    return int(min(1024, max(8, side)) // 2 * 2)


def cut(picture: Picture, affine: Floats, size: tuple[int, int]) -> Picture:
    """The patch (height, width, 3) of a picture."""
    return np.asarray(warped(picture, affine, size, smooth=True), np.uint8)


def mask(patches: Sequence[Picture], rest: Picture, place: Frame, pose: Pose) -> Picture:
    """Alpha (height, width): full over all that the mouths change, a soft edge, 0 at the border.

    From the nose to below the crease of the chin, and as far below the chin and beside the mouth
    as something changes there.
    """
    points, unit = place.points(pose), place.unit
    base = rest.astype(np.float32)
    gaps = [np.abs(patch.astype(np.float32) - base).max(2) for patch in patches]
    change = np.quantile(np.array([blurred(gap, unit / 50) for gap in gaps]), SELDOM, axis=0)
    room = _room(points, place)
    always = _least(points, place)
    moved = (change > NOISE) & (room > 0)
    ys, xs = np.nonzero(moved | (always > 0))
    hull = hull_mask(np.stack([xs, ys], 1), place.size)
    return _feathered(np.minimum(hull, room), unit, place.size)


def _least(points: Floats, place: Frame) -> Picture:
    """Lips, and what lies around them down to the crease of the chin."""
    lips = points[list(landmarks.OUTER_LIPS)]
    middle = lips.mean(0)
    crease = points[200] + (0, 0.08 * place.unit)
    return hull_mask(np.concatenate([middle + (lips - middle) * 1.2, crease[None]]), place.size)


def _room(points: Floats, place: Frame) -> Picture:
    """The most that the mask may take: an ellipse from the nose's base to below the chin."""
    top = points[landmarks.NOSE_BASE, 1] + 0.02 * place.unit
    bottom = points[landmarks.CHIN, 1] + REACH[1] * place.unit
    middle = np.array([points[list(landmarks.CORNERS), 0].mean(), (top + bottom) / 2])
    angle = np.linspace(0, 2 * np.pi, 128, endpoint=False)
    # A superellipse: fuller than an ellipse at the corners of the mouth.
    c, s = np.cos(angle), np.sin(angle)
    shape = np.stack([np.sign(c) * np.abs(c) ** 0.8, np.sign(s) * np.abs(s) ** 0.8], 1)
    radii = np.array([REACH[0] * place.unit, (bottom - top) / 2])
    most = filled(middle + shape * radii, place.size)
    # Inside the outline of the face, which a jaw that drops draws down.
    oval = points[list(landmarks.OVAL)]
    inner = np.sign(oval[:, :1] - middle[0]) * (-OUTLINE, 0) * place.unit + oval
    lower = inner + np.array([0, REACH[1] * place.unit])
    return np.minimum(most, hull_mask(np.concatenate([inner, lower]), place.size))


def _feathered(inside: Picture, unit: float, size: tuple[int, int]) -> Picture:
    width, height = size
    feather = max(6.0, FEATHER * unit)
    ramp = np.clip(1 - distance_outside(inside > 127) / feather, 0, 1)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    border = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    ramp = np.minimum(ramp, np.clip((border - 1) / feather, 0, 1))
    soft = blurred((ramp * ramp * (3 - 2 * ramp) * 255).astype(np.float32), 1.5)
    soft[border < 2] = 0
    return np.asarray(np.rint(soft), np.uint8)


def ring(alpha: Picture) -> Flags:
    """Where the mask fades: where two pictures must have the same colour."""
    return np.asarray((alpha > 20) & (alpha < 235))


def matched(patch: Picture, rest: Picture, alpha: Picture) -> Picture:
    """A patch with the colour of the rest picture on the ring: a plane is added to Y, U and V."""
    where = ring(alpha)
    high, wide = alpha.shape
    x, y = np.meshgrid(np.linspace(-1, 1, wide), np.linspace(-1, 1, high))
    basis = np.stack([np.ones_like(x), x, y], -1)
    own, wanted = blend.to_yuv(patch.astype(float)), blend.to_yuv(rest.astype(float))
    gap = wanted - own
    # What differs by more than light does (a cheek that moved, hair) has no say.
    usual = np.median(gap[where], axis=0)
    alike = where & (np.abs(gap[..., 0] - usual[0]) < 20)
    if alike.sum() < 50:
        alike = where
    system = basis[alike]
    plane = np.linalg.lstsq(system, gap[alike], rcond=None)[0]
    return np.asarray(np.rint(blend.to_rgb(own + basis @ plane)), np.uint8)


def bias(patch: Picture, rest: Picture, alpha: Picture) -> Floats:
    """Y, U, V to be added to the rest picture's colours to have those of a frame's own patch."""
    where = ring(alpha)
    gap = blend.to_yuv(patch[where].astype(float)) - blend.to_yuv(rest[where].astype(float))
    return np.asarray(np.median(gap, axis=0))
