"""What the engine hears in a film's sound, and how that fits to what the lips do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bithuman_ctypes._assets import bundled
from bithuman_ctypes.authoring._types import Flags, Floats

KNOTS = 24  # of the curve from measures to coordinates
MAX_LAG = 6  # frames that sound and picture may be apart


def heard(sound: Floats, frames: int) -> Floats:
    """The encoder's (frames, 8): openness, width, protrusion, closure, labiodental, teeth, tongue,
    speech."""
    from bithuman_ctypes._audio import blocks
    from bithuman_ctypes._compose import compose
    from bithuman_ctypes._lowlevel import Fixture

    rows = []
    with Fixture(bundled("default.imx"), loading="on_demand") as fixture:
        samples = np.ascontiguousarray(sound, np.float32)
        for frame in compose(fixture, blocks(samples), size=(16, 16)):
            rows.append(frame.mouth[:8])
    out = np.zeros((frames, 8))
    out[: len(rows)] = np.array(rows[:frames])
    return out


def lag(opening: Floats, expected: Floats, usable: Flags) -> tuple[int, float]:
    """By how many frames the lips come after the sound (negative: before), and the correlation."""
    best = (0, -1.0)
    for shift in range(-MAX_LAG, MAX_LAG + 1):
        both = usable & np.roll(usable, shift)
        found = correlation(opening[both], np.roll(expected, shift)[both])
        if found > best[1] + 1e-6:
            best = (shift, found)
    return best


def correlation(one: Floats, other: Floats) -> float:
    """Pearson's, 0 where one of them stands still."""
    if len(one) < 3 or one.std() < 1e-9 or other.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


@dataclass(frozen=True)
class Curve:
    """A rising curve through ``measured`` and ``value`` (both ascending), flat beyond its ends."""

    measured: Floats
    value: Floats

    def __call__(self, values: Floats) -> Floats:
        return np.interp(values, self.measured, self.value)


def matched(measured: Floats, expected: Floats) -> Curve:
    """The curve that gives measures the distribution of what is expected of them.

    A regression would draw everything to the middle; this keeps the range.
    """
    at = (np.arange(KNOTS) + 0.5) / KNOTS
    at = np.concatenate([[0.005], at, [0.995]])
    x, y = np.quantile(measured, at), np.quantile(expected, at)
    x = np.maximum.accumulate(x + np.arange(len(x)) * 1e-9)
    return Curve(x, np.maximum.accumulate(y))
