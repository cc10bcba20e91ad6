"""A photo of one person, lips closed and face to the camera, and the points of the face in it."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from bithuman_ctypes.authoring import landmarks, still
from bithuman_ctypes.authoring._pixels import resized
from bithuman_ctypes.authoring._types import Floats, Picture
from bithuman_ctypes.authoring.material import MaterialError, Reason
from bithuman_ctypes.authoring.tracker import Tracker

LONGEST = 1280
MIN_FACE = 160.0  # pixels between the ears
MAX_YAW, MAX_ROLL = 12.0, 15.0  # degrees
CLOSED = 0.025  # gap of the lips up to which they are closed, in units of the face
ROOM = 0.55  # units that must be free below the chin


@dataclass(frozen=True)
class Portrait:
    """``picture`` (h, w, 3) with even sides and the face's ``points`` (478, 3) in its pixels."""

    picture: Picture
    points: Floats

    @property
    def unit(self) -> float:
        """Distance of the outer corners of the eyes, pixels."""
        return float(landmarks.unit(self.points[:, :2]))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.picture.shape[1], self.picture.shape[0]


def read(path: str | os.PathLike[str], longest: int = LONGEST) -> Portrait:
    """Read a photo and find the face. Raises MaterialError with every reason against it."""
    picture = still.opened(path)
    high, wide = picture.shape[:2]
    scale = min(1.0, longest / max(wide, high))
    size = (int(wide * scale) // 2 * 2, int(high * scale) // 2 * 2)
    if min(size) < 128:
        raise MaterialError([Reason("small_photo", f"{wide}x{high} pixels are too few")])
    picture = resized(picture, size)
    with Tracker(still=True) as tracker:
        points = tracker.points(picture)
        faces = tracker.faces(picture)
    if points is None:
        raise MaterialError([Reason("no_face", "no face is seen in the photo")])
    portrait = Portrait(picture, points.astype(float))
    reasons = _reasons(portrait, faces, scale)
    if reasons:
        raise MaterialError(reasons)
    return portrait


def _reasons(portrait: Portrait, faces: int, scale: float) -> list[Reason]:
    points, unit = portrait.points, portrait.unit
    width = float(np.linalg.norm(points[234, :2] - points[454, :2]))
    turn = float(landmarks.yaw(points))
    across = points[263, :2] - points[33, :2]
    roll = float(np.degrees(np.arctan2(across[1], across[0])))
    gap = float(landmarks.gap(points))
    below = (portrait.size[1] - points[landmarks.CHIN, 1]) / unit
    need = f"{MIN_FACE:.0f} are needed"
    more = ": give a larger --longest" if scale < 1 and width / scale >= MIN_FACE else ""
    rules = [
        (faces > 1, "two_faces", "there is more than one face"),
        (
            width < MIN_FACE,
            "small_face",
            f"the face is too small: {width:.0f} pixels between the ears, {need}{more}",
        ),
        (
            abs(turn) > MAX_YAW,
            "turned",
            f"the head is turned by {abs(turn):.0f} degrees: look into the camera",
        ),
        (
            abs(roll) > MAX_ROLL,
            "tilted",
            f"the head is tilted by {abs(roll):.0f} degrees: hold it upright",
        ),
        (gap > CLOSED, "open_mouth", "the lips are not closed: close them, without a smile"),
        (below < ROOM, "no_neck", "the photo ends too close below the chin: show the shoulders"),
    ]
    return [Reason(code, text) for found, code, text in rules if found]
