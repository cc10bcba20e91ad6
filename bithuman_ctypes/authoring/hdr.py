"""Films with more light than a screen shows (HDR: HLG or PQ), as a camera without it films them.

Phones film so unless they are told not to. Light up to the standards' reference white (ITU-R
BT.2408) keeps its place, what is brighter is pressed together, and the colours of BT.2020 become
those of BT.709.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from bithuman_ctypes.authoring._types import Floats, Picture

PQ, HLG = 16, 18
"""Numbers of transfer characteristics (ITU-T H.273)."""

WHITE = 203.0  # cd/m2 of reference white
HLG_WHITE = 0.75  # HLG's signal there
KNEE = 0.7  # of reference white: from here on light is pressed together
MOST = 4.0  # of reference white: all that is brighter is as bright
STEPS = 16384  # of the table from light to levels
TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)


def is_hdr(transfer: int) -> bool:
    """Whether pictures with this transfer characteristic have to go through ``shown``."""
    return transfer in (PQ, HLG)


def shown(picture: Picture, transfer: int) -> Picture:
    """A film's picture (h, w, 3) as a screen shows it."""
    light, levels = _tables(transfer)
    linear = light[picture] @ TO_709.T
    places = np.clip(linear, 0, MOST) * ((STEPS - 1) / MOST)
    return np.asarray(levels[places.astype(np.uint16)])


@lru_cache(maxsize=2)
def _tables(transfer: int) -> tuple[Floats, Picture]:
    """Light of each of 256 levels of the film, reference white being 1; and the screen's level of
    each of STEPS steps of light up to MOST."""
    signal = np.arange(256) / 255
    light = _hlg(signal) / _hlg(HLG_WHITE) if transfer == HLG else _pq(signal) / WHITE
    place = np.arange(STEPS) * (MOST / (STEPS - 1))
    over = np.maximum(place - KNEE, 0) / (1 - KNEE)
    pressed = np.minimum(place, KNEE) + (1 - KNEE) * (1 - np.exp(-over))
    # HLG tells the light of the scene, as a camera sees it; PQ that of the screen.
    made = _camera(pressed) if transfer == HLG else pressed ** (1 / 2.4)
    return np.asarray(light, np.float32), np.asarray(np.rint(255 * made), np.uint8)


def _hlg(signal: Floats | float) -> Floats:
    """Scene light of a signal, 0 to 1 (ITU-R BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    s = np.asarray(signal)
    return np.asarray(np.where(s <= 0.5, s * s / 3, (np.exp((s - c) / a) + b) / 12))


def _pq(signal: Floats) -> Floats:
    """A screen's light of a signal, cd/m2 (ITU-R BT.2100)."""
    root = signal ** (1 / 78.84375)
    ratio = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return np.asarray(10000 * ratio ** (1 / 0.1593017578125))


def _camera(light: Floats) -> Floats:
    """The signal of a camera of BT.709."""
    return np.where(light < 0.018, 4.5 * light, 1.099 * light**0.45 - 0.099)
