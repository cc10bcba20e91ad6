"""The first look at a film: the face's points in every frame, and what else the choice needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bithuman_ctypes.authoring._pixels import detail, grey, resized, warped
from bithuman_ctypes.authoring._types import Flags, Floats, Picture, Progress
from bithuman_ctypes.authoring.material import MaterialError, Reason
from bithuman_ctypes.authoring.tracker import POINTS, Tracker
from bithuman_ctypes.authoring.video import FPS, Film

SMALL = (64, 36)  # of the picture that finds cuts
CROP = 48  # pixels each way of the lower face that finds what covers it


@dataclass(frozen=True)
class Survey:
    """What was seen in each of n frames: ``points`` (n, 478, 3), not a number without a face;
    ``faces`` (n,) how many; ``small`` (n, 36, 64) the picture in grey; ``lower`` (n, 48, 48) the
    lower face, upright, in grey; ``detail`` (n,) how sharp that is."""

    points: Floats
    faces: Floats
    small: Picture
    lower: Picture
    detail: Floats

    @property
    def seen(self) -> Flags:
        """Where there is a face."""
        return np.asarray(~np.isnan(self.points[:, 0, 0]))

    def __len__(self) -> int:
        return len(self.points)


def survey(film: Film, expected: int, progress: Progress) -> Survey:
    """Look at every frame; ``expected`` is how many there will be, for the progress.

    Raises MaterialError when there are next to none.
    """
    rows = []
    nothing = np.full((POINTS, 3), np.nan, np.float32)
    with Tracker() as tracker:
        for i, picture in enumerate(film.frames()):
            points = tracker.points(picture)
            small = resized(grey(picture), SMALL)
            lower = np.zeros((CROP, CROP), np.uint8)
            sharp = 0.0
            if points is not None:
                lower = lower_face(grey(picture), points)
                sharp = detail(lower) / max(float(lower.std()), 1.0)
            rows.append(
                (nothing if points is None else points, tracker.faces(picture), small, lower, sharp)
            )
            if i % FPS == 0:
                progress("finding the face in every frame", min(1.0, i / max(expected, 1)))
    if len(rows) < FPS:
        text = f"the part that was chosen has {len(rows)} pictures, not even for a second"
        raise MaterialError([Reason("too_short", text)])
    points_, faces, smalls, lowers, sharps = (np.array(column) for column in zip(*rows))
    return Survey(points_, faces, smalls, lowers, sharps)


def lower_face(picture: Picture, points: Floats) -> Picture:
    """The face from the nose to the chin in a square, by the corners of the eyes and the nose."""
    left, right = points[33, :2], points[263, :2]
    across = (right - left) / 2.0  # half a unit to the right
    down = np.array([-across[1], across[0]])
    middle = (left + right) / 2.0
    # The square's corners: from .45 units below the eyes on, 1.2 units wide and high.
    corner = middle + down * 0.7 - across * 1.2
    matrix = np.stack([across * 2.4 / CROP, down * 2.4 / CROP], 1)
    inverse = np.linalg.inv(matrix)
    affine = np.concatenate([inverse, (-inverse @ corner)[:, None]], 1)
    return np.asarray(warped(picture, affine, (CROP, CROP)), np.uint8)
