"""FaceMesh's points by name, and the rigid motion of a head that they tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bithuman_ctypes.authoring._types import Flags, Floats

EYE_CORNERS = (33, 263)
"""Outer ones; their distance is the unit of length of a face."""

EARS = (234, 454)
RIGID = (
    *(33, 133, 362, 263),  # corners of the eyes
    *(168, 6, 197, 195, 5, 193, 417, 122, 351),  # bridge of the nose
    *(10, 151, 9, 8, 107, 336, 55, 285, 46, 276),  # forehead and the ends of the brows
)
"""Points that speech does not move: never chin or lips."""

AROUND_MOUTH = (
    *(61, 291, 0, 17, 13, 14, 78, 308, 37, 267, 84, 314),  # lips
    *(164, 2, 18, 200, 199, 175, 152, 57, 287, 212, 432, 204, 424),  # lip to nose, chin, cheeks
)
"""Points whose plane the mouth patch lies in."""

INNER_PAIRS = ((13, 14), (81, 178), (311, 402))
CORNERS = (61, 291)
UPPER_LIP, LOWER_LIP = (13, 0), (14, 17)  # inner, outer edge
LIPS = (
    *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
    *(185, 40, 39, 37, 0, 267, 269, 270, 409),
    *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
    *(191, 80, 81, 82, 13, 312, 311, 310, 415),
)
OUTER_LIPS = (
    *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
    *(409, 270, 269, 267, 0, 37, 39, 40, 185),
)
INNER_LIPS = (
    *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
    *(415, 310, 311, 312, 13, 82, 81, 80, 191),
)
EYES = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
"""Outlines of the eyes: the lower lid from the outer corner, then the upper one back."""
IRISES = (range(468, 473), range(473, 478))
"""The middle and the rim of each eye's iris, the eyes in the order of EYES."""

LIDS = ((159, 145), (386, 374))
OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288),
    *(397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136),
    *(172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
"""Outline of the face."""

NOSE_BASE, CHIN = 2, 152

CALM_SHARE = 0.3  # of the frames with the smallest gap: they give the shape of the face at rest
SMOOTH = (
    1.6  # frames: what a head's own motion is smoothed over; a tracker trembles by half a pixel
)


@dataclass(frozen=True)
class Pose:
    """A face's shape at rest and where it is in each frame.

    ``shape`` (478, 3) in pixels of the reference frame; ``turn`` (n, 3, 3) rotation times scale and
    ``shift`` (n, 3) take it to frame i: ``shape @ turn[i].T + shift[i]``.
    """

    shape: Floats
    turn: Floats
    shift: Floats

    @property
    def unit(self) -> float:
        """Distance of the outer corners of the eyes in pixels of the reference frame."""
        return float(np.linalg.norm(self.shape[33, :2] - self.shape[263, :2]))

    def seen(self, points: tuple[int, ...] = AROUND_MOUTH) -> Floats:
        """Where points of the face at rest are in each frame: (n, points, 2)."""
        rest = self.shape[list(points)]
        return np.asarray((rest @ self.turn.transpose(0, 2, 1) + self.shift[:, None])[..., :2])

    def settled(self, points: Floats) -> Floats:
        """Points (n, m, 3) as the tracker saw them, without the head's motion."""
        scale = np.cbrt(np.linalg.det(self.turn))[:, None, None]
        return np.asarray((points - self.shift[:, None]) @ self.turn / scale**2)

    def affines(self) -> Floats:
        """(n, 2, 3): picture pixels of each frame to those of the reference frame, at the mouth."""
        target = self.shape[list(AROUND_MOUTH), :2]
        return np.array([_affine(seen, target) for seen in self.seen()])

    def angle(self) -> Floats:
        """Degrees (n,) between each frame's and the reference frame's direction of the head."""
        scale = np.cbrt(np.linalg.det(self.turn))
        cosine = (np.trace(self.turn, axis1=1, axis2=2) / scale - 1) / 2
        return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _affine(source: Floats, target: Floats) -> Floats:
    system = np.concatenate([source, np.ones((len(source), 1))], 1)
    return np.asarray(np.linalg.lstsq(system, target, rcond=None)[0].T)


def fit(points: Floats, usable: Flags, reference: int) -> Pose:
    """The pose of every frame from tracked points (n, 478, 3), smoothed over time.

    ``usable`` (n,) says where there are points; elsewhere the nearest pose stands in.
    """
    known = np.flatnonzero(usable)
    nearest = known[np.abs(known[None] - np.arange(len(points))[:, None]).argmin(1)]
    filled = points[nearest].astype(float)
    opening = gap(filled)
    calm = usable & (opening <= np.quantile(opening[usable], CALM_SHARE))
    shape = filled[reference]
    for _ in range(3):
        turns, shifts = _align(shape, filled[calm])
        scale = np.cbrt(np.linalg.det(turns))[:, None, None]
        shape = np.median((filled[calm] - shifts[:, None]) @ turns / scale**2, axis=0)
        turn, shift = _align(shape, filled[reference][None])
        shape = shape @ turn[0].T + shift[0]
    turns, shifts = _align(shape, filled)
    return Pose(shape, smoothed(turns, SMOOTH), smoothed(shifts, SMOOTH))


def _align(shape: Floats, points: Floats) -> tuple[Floats, Floats]:
    """Least squares similarities from a shape to each of many (Umeyama 1991), by rigid points."""
    a, b = shape[list(RIGID)], points[:, list(RIGID)]
    mean_a, mean_b = a.mean(0), b.mean(1)
    a, b = a - mean_a, b - mean_b[:, None]
    u, s, vt = np.linalg.svd(b.transpose(0, 2, 1) @ a)
    mirror = np.ones_like(s)
    mirror[:, 2] = np.sign(np.linalg.det(u @ vt))
    turn = (u * mirror[:, None]) @ vt * ((s * mirror).sum(1) / (a**2).sum())[:, None, None]
    return turn, mean_b - turn @ mean_a


def smoothed(values: Floats, sigma: float) -> Floats:
    """Values (n, ...) under a Gaussian over time; the ends are drawn out."""
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    padded = np.concatenate([values[:1]] * reach + [values] + [values[-1:]] * reach)
    return np.asarray(sum(w * padded[i : i + len(values)] for i, w in enumerate(weights)))


def unit(points: Floats) -> Floats:
    """Distance of the outer corners of the eyes, in each frame."""
    return np.asarray(np.linalg.norm(points[..., 33, :] - points[..., 263, :], axis=-1))


def gap(points: Floats) -> Floats:
    """How far the inner lips are apart, in units of the face."""
    pairs = [points[..., a, :2] - points[..., b, :2] for a, b in INNER_PAIRS]
    return np.asarray(np.mean([np.linalg.norm(p, axis=-1) for p in pairs], axis=0) / unit(points))


def yaw(points: Floats) -> Floats:
    """Degrees that the head is turned aside from the camera."""
    left, right = points[..., EARS[0], :], points[..., EARS[1], :]
    across = right - left
    return np.asarray(np.degrees(np.arctan2(across[..., 2], across[..., 0])))


def lids(points: Floats) -> Floats:
    """How far the eyes are open, in units of the face: the mean of both."""
    pairs = [points[..., a, :2] - points[..., b, :2] for a, b in LIDS]
    return np.asarray(np.mean([np.linalg.norm(p, axis=-1) for p in pairs], axis=0) / unit(points))
