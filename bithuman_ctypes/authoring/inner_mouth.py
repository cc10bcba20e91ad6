"""What parted lips uncover, painted: teeth, tongue and the dark behind them."""

from __future__ import annotations

import numpy as np

from bithuman_ctypes.authoring._pixels import blurred
from bithuman_ctypes.authoring._types import Floats, Picture
from bithuman_ctypes.authoring.catalogue import Coords
from bithuman_ctypes.authoring.field import ramp
from bithuman_ctypes.authoring.portrait import Portrait

DARK = np.array([0.17, 0.055, 0.055])  # of the light on the face
TONGUE = np.array([0.62, 0.30, 0.29])
TOOTH = np.array([0.95, 0.885, 0.79])
GUM = np.array([0.60, 0.28, 0.27])
UPPER_TEETH = (0.092, 0.071, 0.076, 0.058, 0.045)  # widths from the middle on, in units of the face
LOWER_TEETH = (0.058, 0.062, 0.066, 0.055, 0.045)
UPPER_HIGH = 0.112
EDGE_BELOW_SEAM = 0.020  # of the upper teeth, with the lips at rest
LOWER_BELOW_SEAM = 0.014  # of the lower teeth, which follow the jaw


class Inner:
    """Paints for one portrait; ``unit`` is the face's in pixels of the painting."""

    def __init__(self, portrait: Portrait, unit: float) -> None:
        self._unit = unit
        face = portrait.points[:468, :2].astype(int)
        high, wide = portrait.picture.shape[:2]
        ok = (face[:, 0] >= 0) & (face[:, 0] < wide) & (face[:, 1] >= 0) & (face[:, 1] < high)
        skin = portrait.picture[face[ok, 1], face[ok, 0]].astype(float)
        # The colour of the light: bright skin, halfway to grey.
        bright = np.percentile(skin, 85, axis=0)
        self._light = bright.max() * (0.75 + 0.25 * bright / bright.max())

    def paint(
        self,
        edges: tuple[Floats, Floats],
        coords: Coords,
        jaw: float,
        size: tuple[int, int],
    ) -> Floats:
        """(h, w, 3) levels. ``edges``: the opening's upper and lower edge, from corner to corner;
        ``jaw``: how far it dropped, in units of the face."""
        _, width, _, bite, teeth, tongue = coords
        upper, lower = edges
        unit = self._unit
        wide, high = size
        x, y = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32))
        middle = (upper[0, 0] + upper[-1, 0]) / 2
        aside = (x - middle) / unit
        top = np.interp(x[0], upper[:, 0], upper[:, 1])[None]
        bottom = np.interp(x[0], lower[:, 0], lower[:, 1])[None]
        depth = np.clip((y - top) / np.maximum(bottom - top, 1), 0, 1)
        half = max((upper[-1, 0] - upper[0, 0]) / 2 / unit, 0.05)
        ends = ramp((1.05 - np.abs(aside) / half) / 0.5)
        paint = DARK * (0.55 + 0.45 * depth[..., None]) * np.ones((high, wide, 1))
        # The tongue lies behind the lower teeth; it is seen when the mouth is open or it is raised.
        tall = float((bottom - top).max())
        rise = (0.02 + 0.05 * tongue) * unit + 0.30 * tall
        back = bottom - rise + (aside / 0.17) ** 2 * rise
        body = ramp((y - back) / (0.05 * unit)) * ramp((0.19 - np.abs(aside)) / 0.08)
        shade = 0.52 + 0.36 * ramp((y - back) / (0.10 * unit)) + 0.2 * tongue
        paint = _over(paint, TONGUE * shade[..., None], body)
        seam = self._rest_seam(edges, jaw, coords)
        if teeth > 0:  # otherwise the lower lip hides them
            crown = seam + (LOWER_BELOW_SEAM + jaw) * unit
            alpha, light = self._row(aside, (y - crown) / unit, LOWER_TEETH, 0.09)
            paint = _over(paint, TOOTH * (light * 0.85)[..., None], alpha * ends)
        edge = seam + EDGE_BELOW_SEAM * unit * (1 + 0.6 * bite)
        # Lips that are pushed forward shade what is behind them.
        cover = 1 - 0.55 * max(-width, 0.0)
        alpha, light = self._row(aside, (edge - y) / unit, UPPER_TEETH, UPPER_HIGH)
        gum = ramp(((edge - y) / unit - UPPER_HIGH) / 0.02)
        paint = _over(paint, GUM * 0.7 * np.ones((high, wide, 1)), gum * ends)
        # The upper lip's shadow lies on the teeth.
        shadow = (0.58 + 0.42 * ramp((y - top) / (0.05 * unit))) * cover
        paint = _over(paint, TOOTH * (light * shadow)[..., None], alpha * ends)
        return np.asarray(blurred((paint * self._light).astype(np.float32), 0.5))

    def _rest_seam(self, edges: tuple[Floats, Floats], jaw: float, coords: Coords) -> float:
        """Where the lips touch at rest, in the middle: the skull does not move."""
        from bithuman_ctypes.authoring.drawn_mouth import Stroke

        upper = edges[0]
        middle = float(upper[len(upper) // 2, 1])
        return middle - Stroke.of(coords).upper * self._unit

    def _row(
        self, aside: Picture, rise: Floats, widths: tuple[float, ...], high: float
    ) -> tuple[Floats, Floats]:
        """A row of teeth: how much each pixel shows of it, and how light it is there.

        ``aside`` from the middle and ``rise`` from the teeth's edges, in units of the face.
        """
        limits = np.cumsum(widths)
        place = np.abs(aside)
        number = np.clip(np.searchsorted(limits, place.ravel()), 0, len(widths) - 1)
        number = number.reshape(place.shape)
        begin = np.concatenate([[0.0], limits])[number]
        within = (place - begin) / np.array(widths)[number]  # 0..1 across the tooth
        round_ = 0.010 * (2 * within - 1) ** 4  # the corners of its edge
        curve = 0.16 * place**2  # the row rises towards the sides
        rise = rise - round_ - curve
        soft = 1.2 / self._unit
        alpha = ramp(rise / soft + 0.5) * ramp((high - rise) / 0.02)
        alpha *= ramp((limits[-1] - place) / 0.03)
        between = 1 - 0.30 * np.exp(
            -((np.minimum(within, 1 - within) * np.array(widths)[number] / 0.004) ** 2)
        )
        arch = np.clip(1 - (place / 0.36) ** 2, 0, 1) ** 0.9  # it turns away from the light
        tip = 0.90 + 0.10 * ramp(rise / 0.03)  # glassy at the edge
        return alpha, arch * between * tip


def _over(below: Floats, above: Floats, alpha: Floats) -> Floats:
    a = np.asarray(alpha)[..., None]
    return np.asarray(below * (1 - a) + above * a)
