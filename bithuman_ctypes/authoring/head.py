"""A portrait that moves: head, shoulders, lids, gaze and brows, as a picture for each bearing.

The head turns in depth, by the depth of the face's points, and what surrounds it follows less and
less. All of it is one field, so where the mouth is in a picture is known exactly.
"""

from __future__ import annotations

import numpy as np

from bithuman_ctypes.authoring import landmarks
from bithuman_ctypes.authoring._pixels import remapped
from bithuman_ctypes.authoring._types import Floats, Picture
from bithuman_ctypes.authoring.eye import Eye
from bithuman_ctypes.authoring.field import COARSE, Spline, grid, ramp, sources
from bithuman_ctypes.authoring.idle import Bearing
from bithuman_ctypes.authoring.portrait import Portrait

BREATH = 0.010  # units that the shoulders rise
BACK = 0.9  # units from the nose's root to the axis that the head turns about
RAISED = 0.060  # units that raised brows rise
BROWS = {  # how much of that each point goes; the rest of what surrounds them follows
    **dict.fromkeys((63, 105, 66, 293, 334, 296, 53, 52, 65, 283, 282, 295), 1.0),
    **dict.fromkeys((70, 107, 46, 55, 300, 336, 276, 285), 0.8),
    **dict.fromkeys((104, 69, 108, 151, 337, 299, 333), 0.55),  # the forehead
    **dict.fromkeys((10, 338, 297, 109, 67), 0.12),
}
LEVEL = (*landmarks.EYES[0], *landmarks.EYES[1], 168, 6, 197, 122, 351, 50, 280, 127, 356)
"""Points that raised brows leave where they are."""


class Head:
    """Makes the pictures of a portrait."""

    def __init__(self, portrait: Portrait) -> None:
        self.portrait = portrait
        points, unit = portrait.points, portrait.unit
        self._points, self._unit = points, unit
        oval = points[list(landmarks.OVAL)]
        self._middle = oval[:, :2].mean(0)
        self._chin = float(points[landmarks.CHIN, 1])
        self._pivot = np.array([points[landmarks.CHIN, 0], self._chin + 0.35 * unit])
        self._weights = self._weight(oval)
        self._raised = self._brows()
        self._eyes = [
            Eye(portrait.picture, points[list(eye), :2], points[list(iris), :2])
            for eye, iris in zip(landmarks.EYES, landmarks.IRISES)
        ]

    def _weight(self, oval: Floats) -> tuple[Floats, ...]:
        """At the grid's places: how much of the head's motion a place takes, its depth (pixels,
        from the head's axis towards the viewer), and how much of the breath."""
        unit = self._unit
        x, y = grid(self.portrait.size)
        radii = np.array([0.62 * np.ptp(oval[:, 0]) + 0.1 * unit, 0.75 * np.ptp(oval[:, 1])])
        centre = self._middle - (0, 0.12 * unit)
        radius = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1])
        head = 1 - ramp((radius - 1.0) / 0.75)
        head *= 1 - ramp((y - self._chin) / (0.75 * unit))
        # Half an ellipsoid: the nose's root is BACK in front of the axis, the outline on it.
        depth = BACK * unit * np.sqrt(np.clip(1 - (radius / 1.25) ** 2, 0, 1))
        breath = ramp((y - self._chin - 0.2 * unit) / (1.2 * unit))
        return head, depth, breath

    def _brows(self) -> Floats:
        """How far the grid's places go when the brows are raised."""
        wide, high = self.portrait.size
        edge = [(x, y) for x in np.linspace(0, wide - 1, 5) for y in (0.0, high - 1.0)]
        edge += [(x, high / 2) for x in (0.0, wide - 1.0)]
        still = np.concatenate([self._points[[*LEVEL], :2], edge])
        moved = self._points[[*BROWS], :2]
        up = np.array([(0.0, -RAISED * self._unit * share) for share in BROWS.values()])
        spline = Spline(np.concatenate([moved, still]), self.portrait.size)
        return spline.field(np.concatenate([up, np.zeros_like(still)]))

    def displacement(self, bearing: Bearing) -> Floats:
        """How far the grid's places go, (rows, columns, 2) pixels."""
        moved = self._moved(bearing, *grid(self.portrait.size), self._weights)
        return np.asarray(moved + self._raised * bearing.brows)

    def _moved(self, bearing: Bearing, x: Floats, y: Floats, parts: tuple[Floats, ...]) -> Floats:
        """How far places go by head and breath; ``parts`` as of _weight."""
        head, depth, breath = parts
        pitch, yaw, roll = np.radians((bearing.pitch, bearing.yaw, bearing.roll))
        dx, dy = x - self._pivot[0], y - self._pivot[1]
        moved_x = dx * np.cos(roll) - dy * np.sin(roll) + depth * np.sin(yaw)
        moved_y = dx * np.sin(roll) + dy * np.cos(roll) + depth * np.sin(pitch)
        rise = -BREATH * self._unit * bearing.breath
        return np.stack([(moved_x - dx) * head, (moved_y - dy) * head + rise * breath], -1)

    def picture(self, bearing: Bearing) -> Picture:
        """The portrait in a bearing."""
        at = sources(self.displacement(bearing), self.portrait.size)
        return np.asarray(remapped(self.looking(bearing.lids, bearing.gaze), *at), np.uint8)

    def seen(self, bearing: Bearing, points: tuple[int, ...]) -> Floats:
        """Where points of the face are in a bearing, (n, 2) pixels."""
        rest = self._points[list(points), :2]
        parts = tuple(self._at(part, rest) for part in self._weights)
        up = [self._at(self._raised[..., i], rest) * bearing.brows for i in (0, 1)]
        moved = self._moved(bearing, rest[:, 0], rest[:, 1], parts)
        return np.asarray(rest + moved + np.stack(up, -1))

    def affine(self, bearing: Bearing) -> Floats:
        """(2, 3): picture pixels in a bearing to those of the portrait, at the mouth."""
        rest = self._points[list(landmarks.AROUND_MOUTH), :2]
        moved = self.seen(bearing, landmarks.AROUND_MOUTH)
        system = np.concatenate([moved, np.ones((len(moved), 1))], 1)
        return np.asarray(np.linalg.lstsq(system, rest, rcond=None)[0].T)

    @staticmethod
    def _at(part: Floats, places: Floats) -> Floats:
        x, y = (places[None, :, i].astype(np.float32) / COARSE for i in (0, 1))
        return np.asarray(remapped(part.astype(np.float32), x, y, smooth=False)[0], float)

    def looking(self, shut: float, gaze: float = 0.0) -> Picture:
        """The portrait with its eyes shut by 0..1 and turned aside by degrees."""
        if shut == 0 and gaze == 0:
            return self.portrait.picture
        out = self.portrait.picture.copy()
        for eye in self._eyes:
            out[eye.where] = eye.drawn(shut, gaze)
        return out
