"""Who asks too often: token buckets in memory. A restart forgets them, which does no harm."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Callable

KEPT = 100_000
"""Buckets; beyond that the one that was used longest ago goes."""


class Limiter:
    """A bucket for each key: ``burst`` at once, then ``rate`` a second. Not for many threads."""

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._buckets

    def wait(self, key: Hashable) -> float:
        """Seconds until this key may ask; 0 is now."""
        return max(0.0, (1.0 - self._level(key)) / self._rate)

    def take(self, key: Hashable) -> None:
        """Counts one."""
        self._buckets[key] = (max(0.0, self._level(key) - 1.0), self._clock())
        self._buckets.move_to_end(key)
        if len(self._buckets) > KEPT:
            self._buckets.popitem(last=False)

    def _level(self, key: Hashable) -> float:
        level, then = self._buckets.get(key, (self._burst, 0.0))
        return min(self._burst, level + (self._clock() - then) * self._rate)
