"""The mouths: a list of coordinates, and the pose that shows each of them.

A coordinate is (openness, width, protrusion, labiodental, teeth, tongue). Openness is linear in the
gap between the inner lips: the jaw (or the lip that opens the gap) is solved for, not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from figure import Figure

LEVELS = (0.04, 0.08, 0.12, 0.17, 0.22, 0.28, 0.34, 0.41, 0.49, 0.58, 0.68, 0.79, 0.9, 1.0)
# (width, protrusion, number of openness levels)
ROWS = (
    (-1.0, 0.95, 9),
    (-1.0, 0.6, 7),
    (-0.7, 0.75, 11),
    (-0.7, 0.4, 9),
    (-0.4, 0.5, 12),
    (-0.4, 0.15, 12),
    (-0.15, 0.1, 14),
    (0.1, 0.0, 14),
    (0.35, 0.0, 14),
    (0.65, 0.0, 12),
    (1.0, 0.0, 11),
)
CLOSED = (
    (0.0, 0.1),
    (-0.15, 0.0),
    (0.2, 0.0),
    (0.4, 0.0),
    (0.6, 0.0),
    (0.85, 0.0),
    (-0.35, 0.0),
    (-0.35, 0.3),
    (-0.5, 0.2),
    (-0.5, 0.5),
    (-0.65, 0.4),
    (-0.65, 0.7),
)
UPPER_INNER = (468, 474)  # midline vertices of the lips' inner edges
LOWER_INNER = (493, 494)
WIDE_OPEN = 0.60  # JawDrop at openness 1


# What brings parted lips together without the jaw (negative multiples are used).
CLOSER = {"lowerLipUp": -0.6, "UpperLipUp": 0.35}


@dataclass(frozen=True)
class Mouth:
    """Coordinates of one mouth; see the module's text for ranges."""

    openness: float
    width: float
    protrusion: float
    labiodental: float = 0.0
    teeth: float = 0.0
    tongue: float = 0.0

    def row(self) -> list[float]:
        """The six coordinates in file order."""
        return [
            self.openness,
            self.width,
            self.protrusion,
            self.labiodental,
            self.teeth,
            self.tongue,
        ]


REST = Mouth(0.0, 0.0, 0.0)


def catalogue() -> list[Mouth]:
    """All mouths, the rest mouth first."""
    out = [REST]
    out += [Mouth(0.0, w, p) for w, p in CLOSED]
    out += [Mouth(o, w, p) for w, p, n in ROWS for o in LEVELS[:n]]
    lips = ((-0.4, 0.2), (0.0, 0.0), (0.4, 0.0))
    out += [Mouth(o, w, p, labiodental=1.0) for w, p in lips for o in (0.08, 0.13, 0.20)]
    out += [Mouth(0.12, w, p, labiodental=0.5) for w, p in lips]
    hiss = ((-0.45, 0.7), (0.0, 0.0), (0.3, 0.0), (0.7, 0.0))
    out += [Mouth(o, w, p, teeth=1.0) for w, p in hiss for o in (0.10, 0.16, 0.23)]
    out += [Mouth(0.16, w, p, teeth=0.5) for w, p in ((-0.4, 0.4), (0.0, 0.0), (0.35, 0.0))]
    out += [Mouth(0.30, w, 0.0, teeth=0.6) for w in (0.0, 0.3, 0.7)]
    out += [
        Mouth(o, w, 0.0, tongue=1.0) for w in (-0.1, 0.15, 0.45) for o in (0.16, 0.24, 0.34, 0.46)
    ]
    out += [Mouth(0.28, w, 0.0, tongue=0.5) for w in (-0.1, 0.15, 0.45)]
    return out


def order(mouths: list[Mouth]) -> list[int]:
    """Render order: a coarse subset of every kind first."""
    first = [i for i, m in enumerate(mouths) if m.openness == 0.0]
    rest = [i for i in range(len(mouths)) if i not in first]
    seen = first
    for step in (9, 3, 1):
        seen = seen + [i for i in rest[::step] if i not in seen]
    return seen


class Solver:
    """Turns coordinates into bone turns for one human."""

    def __init__(self, human: Figure) -> None:
        self.human = human
        self.lips = list(UPPER_INNER + LOWER_INNER)
        self.shape = human.shape
        self.closed = self.gap({})
        self.full = self.gap({"JawDrop": WIDE_OPEN, "UpperLipUp": 0.12})
        self.scale = self.full - self.closed

    def turns(self, units: dict[str, float]) -> dict[str, np.ndarray]:
        """Rest pose plus face pose units, as bone turns."""
        out = self.human.rest_turns()
        for bone, vector in self.human.mix(units).items():
            out[bone] = out.get(bone, np.zeros(3)) + vector
        return out

    def gap(self, units: dict[str, float]) -> float:
        """Height between the inner lips at the midline, decimetres; negative when pressed."""
        human = self.human
        matrices = human.matrices(self.turns(units)).reshape(len(human.order), 16)
        blend = (human.weights[self.lips] @ matrices).reshape(-1, 4, 4)
        points = np.einsum("nij,nj->ni", blend[:, :3, :3], self.shape[self.lips]) + blend[:, :3, 3]
        n = len(UPPER_INNER)
        return float(points[:n, 1].min() - points[n:, 1].max())

    def openness(self, units: dict[str, float]) -> float:
        """Coordinate that a pose really shows."""
        return (self.gap(units) - self.closed) / self.scale

    def units(self, m: Mouth) -> dict[str, float]:
        """Face pose units of a mouth, its gap solved."""
        fixed = self._lips(m)
        opener = self._opener(m)

        def at(t: float) -> dict[str, float]:
            return _sum(fixed, opener if t > 0 else CLOSER, t)

        low, high = -2.6, 3.0
        for _ in range(22):
            middle = (low + high) / 2
            if self.openness(at(middle)) < m.openness:
                low = middle
            else:
                high = middle
        return at((low + high) / 2)

    def _opener(self, m: Mouth) -> dict[str, float]:
        """The direction that opens the gap: the jaw, or the lips where teeth stay together."""
        jaw = {"JawDrop": WIDE_OPEN, "UpperLipUp": 0.12}
        if m.labiodental > 0:
            return {"UpperLipUp": 1.2, "JawDrop": 0.05}
        if m.teeth > 0:
            t = m.teeth
            lips = {"lowerLipDown": 0.7, "UpperLipUp": 1.2}
            return _sum({k: v * (1 - t) for k, v in jaw.items()}, lips, t)
        return jaw

    def _lips(self, m: Mouth) -> dict[str, float]:
        """Everything but the gap."""
        units: dict[str, float] = {}
        spread, round_ = max(m.width, 0.0), max(-m.width, 0.0)
        for side in ("Left", "Right"):
            units[f"Mouth{side}PullSide"] = 0.55 * spread
            units[f"Mouth{side}PullUp"] = 0.05 * spread - 0.20 * min(m.openness * 1.2, 1.0)
        units["LipsKiss"] = min(0.38 + 3.5 * m.openness, 0.88) * round_
        forward = 0.12
        units["lowerLipForward"] = forward * m.protrusion
        units["UpperLipForward"] = forward * m.protrusion
        if m.openness == 0.0:
            units["UpperLipBackward"] = 0.12 * (1 - m.protrusion)
        if m.labiodental > 0:
            units["lowerLipBackward"] = 0.95 * m.labiodental
            units["lowerLipUp"] = 0.30 * m.labiodental
        if m.teeth > 0:
            units["JawDrop"] = 0.015
        if m.tongue > 0:
            units["TongueOut"] = 0.44 * m.tongue
            units["TongueUp"] = (0.22 + 0.35 * m.openness) * m.tongue
        else:
            units["TongueUp"] = 0.35 * min(m.openness * 2, 1)
        return units


def _sum(a: dict[str, float], b: dict[str, float], scale: float) -> dict[str, float]:
    out = dict(a)
    for key, value in b.items():
        out[key] = out.get(key, 0.0) + scale * value
    return out
