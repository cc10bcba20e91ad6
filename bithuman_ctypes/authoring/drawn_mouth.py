"""Mouths drawn from a closed one: lips and jaw are warped, what they uncover is painted.

The lips part along the line on which they touch: what is above follows one field, what is below
another, and the two agree from the corners of the mouth on. The upper teeth belong to the skull and
stand still; the lower ones, the tongue and the chin follow the jaw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bithuman_ctypes.authoring._pixels import blurred, remapped, resized
from bithuman_ctypes.authoring._types import Floats, Picture
from bithuman_ctypes.authoring.catalogue import Coords
from bithuman_ctypes.authoring.field import Spline, ramp, sources
from bithuman_ctypes.authoring.inner_mouth import Inner
from bithuman_ctypes.authoring.patch import Frame
from bithuman_ctypes.authoring.portrait import Portrait

FINER = 2  # pixels of the drawing per pixel of the patch, each way
WIDEST = 0.175  # units of the face between the lips at openness 1
UPPER_INNER = (191, 80, 81, 82, 13, 312, 311, 310, 415)
LOWER_INNER = (95, 88, 178, 87, 14, 317, 402, 318, 324)
UPPER_OUTER = (185, 40, 39, 37, 0, 267, 269, 270, 409)
LOWER_OUTER = (146, 91, 181, 84, 17, 314, 405, 321, 375)
CORNERS = (61, 78, 291, 308)
STILL = (  # the nose and what is beside it, cheekbones
    *(2, 98, 327, 97, 326, 48, 278, 50, 280, 205, 425, 36, 266, 187, 411, 123, 352),
)
JAW = {  # how much of the jaw's way each point goes
    **dict.fromkeys((152, 148, 377, 175, 199, 200, 18, 83, 313, 201, 421, 208, 428), 1.0),
    **dict.fromkeys((176, 400, 140, 369, 171, 396, 32, 262, 194, 418), 0.95),
    **dict.fromkeys((149, 378, 211, 431, 204, 424), 0.85),
    **dict.fromkeys((150, 379, 202, 422, 210, 430), 0.7),
    **dict.fromkeys((136, 365, 212, 432, 214, 434), 0.45),
    **dict.fromkeys((172, 397, 216, 436, 192, 416), 0.25),
    **dict.fromkeys((58, 288, 215, 435), 0.1),
}


@dataclass(frozen=True)
class Stroke:
    """How far what moves, in units of the face; down is positive."""

    jaw: float
    upper: float  # of the middle of the upper lip's inner edge
    lower: float  # of the lower lip's
    corner: float  # outwards, in half widths of the mouth
    corner_down: float
    thick: float  # by which both lips grow

    @classmethod
    def of(cls, coords: Coords) -> Stroke:
        """What coordinates ask of lips and jaw."""
        openness, width, protrusion, bite, teeth, _ = coords
        gap = WIDEST * openness
        # With teeth shown or the lip at the teeth the jaw stays, and the upper lip gives way.
        jaw = gap * (0.92 * (1 - teeth) * (1 - bite) + 0.25 * teeth)
        round_ = max(-width, 0.0)
        lift = gap * (0.08 * (1 - round_) + 0.37 * teeth) + 0.028 * bite
        lower = gap - lift if bite == 0 else -0.012 * bite
        out = 0.15 * width if width > 0 else 0.27 * width
        corner = out - 0.05 * protrusion - 0.05 * openness
        # What narrows a mouth makes its lips thicker; spreading thins them.
        thick = 0.022 * max(-width, 0) + 0.012 * protrusion - 0.006 * max(width, 0)
        thick -= 0.02 * bite
        return cls(jaw, -lift, lower, corner, 0.10 * jaw - 0.012 * max(width, 0), thick)


class MouthDrawer:
    """Draws the mouths of a portrait into the patch of ``place``."""

    def __init__(self, portrait: Portrait, place: Frame) -> None:
        self.place = place
        corner, size = np.array(place.corner, float), place.size
        x, y = corner.astype(int)
        self._size = (size[0] * FINER, size[1] * FINER)
        whole = portrait.picture[y : y + size[1], x : x + size[0]]
        self._picture = resized(np.ascontiguousarray(whole), self._size)
        self._points = (portrait.points[:, :2] - corner + 0.5) * FINER - 0.5
        self._unit = portrait.unit * FINER
        seam = (self._points[list(UPPER_INNER)] + self._points[list(LOWER_INNER)]) / 2
        ends = self._points[[78, 308]]
        self._seam = np.concatenate([ends[:1], seam, ends[1:]])
        self._middle = self._seam[len(self._seam) // 2]
        self._half = float(np.linalg.norm(self._points[291] - self._points[61])) / 2
        self._inner = Inner(portrait, self._unit)
        self._splines()

    def _splines(self) -> None:
        wide, high = self._size
        edge = [(x, y) for x in np.linspace(0, wide - 1, 7) for y in (0.0, high - 1.0)]
        edge += [(x, y) for y in np.linspace(0, high - 1, 6)[1:-1] for x in (0.0, wide - 1.0)]
        self._anchors = np.array(edge)
        shared = [*CORNERS, *STILL, *JAW]
        self._upper_points = (*UPPER_INNER, *UPPER_OUTER)
        self._lower_points = (*LOWER_INNER, *LOWER_OUTER)
        self._shared = shared
        self._up = Spline(self._controls([*shared, *self._upper_points]), self._size)
        self._low = Spline(self._controls([*shared, *self._lower_points]), self._size)
        # Signed height above the seam, positive below it, and how sharp the parting is.
        x, y = np.meshgrid(np.arange(wide, dtype=float), np.arange(high, dtype=float))
        line = np.interp(x[0], self._seam[:, 0], self._seam[:, 1])
        self._below = (y - line[None]).astype(np.float32)
        beyond = np.abs(x - self._middle[0]) - 0.94 * self._half
        self._soft = (1.0 + 0.5 * np.maximum(beyond, 0)).astype(np.float32)

    def _controls(self, points: list[int]) -> Floats:
        return np.concatenate([self._points[points], self._anchors])

    def draw(self, coords: Coords) -> Picture:
        """The patch with this mouth, uint8 (height, width, 3)."""
        stroke = Stroke.of(coords)
        up = sources(self._up.field(self._moves(stroke, self._upper_points)), self._size)
        low = sources(self._low.field(self._moves(stroke, self._lower_points)), self._size)
        above = self._share(-1, up)
        below = self._share(1, low)
        inside = 1 - above - below  # 0 where the two sides meet, beyond the corners too
        total = np.maximum(above + below, 1e-3)
        skin_up, skin_low = (remapped(self._picture, *s).astype(np.float32) for s in (up, low))
        skin = (skin_up * above[..., None] + skin_low * below[..., None]) / total[..., None]
        if stroke.lower - stroke.upper > 1e-3:
            hole = np.clip(inside, 0, 1)[..., None]
            painted = self._inner.paint(self._edges(stroke), coords, stroke.jaw, self._size)
            shade = self._shade(hole[..., 0])[..., None]
            skin = skin * shade * (1 - hole) + painted * hole
        drawn = np.asarray(np.clip(np.rint(skin), 0, 255), np.uint8)
        return resized(drawn, self.place.size)

    def _share(self, side: int, where: tuple[Floats, Floats]) -> Floats:
        """How much each pixel belongs to what lies on one side of the seam."""
        below = remapped(self._below, *where, smooth=False) * side
        soft = remapped(self._soft, *where, smooth=False)
        return np.asarray(ramp(0.5 + below / (2 * soft)))

    def _shade(self, hole: Floats) -> Floats:
        """Lips are darker where they turn inwards."""
        near = blurred(hole.astype(np.float32), self._unit * 0.012)
        return np.asarray(1 - 0.38 * np.clip(near * 1.6, 0, 1))

    def _edges(self, stroke: Stroke) -> tuple[Floats, Floats]:
        """The upper and the lower edge of the opening, (n, 2) each, from corner to corner."""
        ends = self._points[[78, 308]] + self._of_corners(stroke, self._points[[78, 308]])
        up = self._points[list(UPPER_INNER)] + self._of_lips(stroke, UPPER_INNER, stroke.upper, 0)
        low = self._points[list(LOWER_INNER)] + self._of_lips(stroke, LOWER_INNER, stroke.lower, 0)
        return tuple(np.concatenate([ends[:1], e, ends[1:]]) for e in (up, low))  # type: ignore[return-value]

    def _moves(self, stroke: Stroke, lips: tuple[int, ...]) -> Floats:
        """Displacements of the shared controls, of a lip's, and of the anchors, which stand."""
        unit = self._unit
        corners = self._of_corners(stroke, self._points[list(CORNERS)])
        still = np.zeros((len(STILL), 2))
        jaw = np.array([(0.0, share * stroke.jaw * unit) for share in JAW.values()])
        count = len(lips) // 2
        upper = lips[:count] == UPPER_INNER
        way, sign = (stroke.upper, -1.0) if upper else (stroke.lower, 1.0)
        inner = self._of_lips(stroke, lips[:count], way, 0)
        # The outer edge keeps most of the lip's height.
        outer = self._of_lips(stroke, lips[count:], 0.75 * way if upper else 0.94 * way, sign)
        anchors = np.zeros_like(self._anchors)
        return np.concatenate([corners, still, jaw, inner, outer, anchors])

    def _of_corners(self, stroke: Stroke, points: Floats) -> Floats:
        side = np.sign(points[:, 0] - self._middle[0])
        x = side * stroke.corner * self._half
        return np.stack([x, np.full(len(points), stroke.corner_down * self._unit)], 1)

    def _of_lips(self, stroke: Stroke, lips: tuple[int, ...], way: float, thick: float) -> Floats:
        """Points along a lip: wider or narrower with the corners, and ``way`` in their middle."""
        points = self._points[list(lips)]
        place = (points[:, 0] - self._middle[0]) / self._half
        arch = np.clip(1 - np.abs(place) ** 2.2, 0, 1) ** 0.8
        x = place * stroke.corner * self._half
        corner = stroke.corner_down * (1 - arch)
        y = (way * arch + corner + thick * stroke.thick * arch**0.5) * self._unit
        return np.stack([x, y], 1)
