"""Which mouths an avatar needs that is drawn rather than filmed: rows of the six coordinates."""

from __future__ import annotations

Coords = tuple[float, float, float, float, float, float]
"""Openness, width, protrusion, labiodental, teeth, tongue."""

LEVELS = (0.07, 0.12, 0.18, 0.25, 0.33, 0.42, 0.52, 0.63, 0.75, 0.88, 1.0)
ROWS = (  # width, protrusion, how many of the levels
    (0.0, 0.0, 11),
    (0.3, 0.0, 9),
    (0.6, 0.0, 7),
    (0.9, 0.0, 5),
    (-0.3, 0.15, 10),
    (-0.5, 0.4, 9),
    (-0.75, 0.7, 7),
    (-0.95, 0.95, 5),
)
CLOSED = (  # width, protrusion
    (0.0, 0.1),
    (-0.2, 0.0),
    (0.25, 0.0),
    (0.5, 0.0),
    (-0.4, 0.3),
    (-0.65, 0.6),
)


def drawn() -> list[Coords]:
    """The mouths, without the one at rest."""
    out: list[Coords] = [(0.0, w, p, 0.0, 0.0, 0.0) for w, p in CLOSED]
    out += [(o, w, p, 0.0, 0.0, 0.0) for w, p, n in ROWS for o in LEVELS[:n]]
    lips = ((-0.4, 0.2), (0.0, 0.0), (0.4, 0.0))
    out += [(o, w, p, 1.0, 0.0, 0.0) for w, p in lips for o in (0.10, 0.16)]
    hiss = ((-0.45, 0.7), (0.0, 0.0), (0.35, 0.0), (0.7, 0.0))
    out += [(o, w, p, 0.0, 1.0, 0.0) for w, p in hiss for o in (0.10, 0.17, 0.24)]
    out += [(o, w, 0.0, 0.0, 0.0, 1.0) for w in (-0.1, 0.3) for o in (0.18, 0.28, 0.40)]
    return out
