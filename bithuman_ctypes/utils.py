"""Helpers that programs written for ``bithuman.utils`` use."""

from __future__ import annotations

import time
from collections import deque

__all__ = ["FPSController"]


class FPSController:
    """Keeps a loop at a rate of its own. ``AsyncBithuman.run()`` needs none: it has the rate
    already, and a loop that uses both goes at 25 frames a second all the same.

        while True:
            fps.wait_next_frame()
            show(...)
            fps.update()
    """

    def __init__(self, target_fps: float = 25) -> None:
        self.target_fps = target_fps
        self._period = 1 / target_fps
        self._next: float | None = None
        self._times: deque[float] = deque(maxlen=max(2, round(target_fps)))

    def wait_next_frame(self, sleep: bool = True) -> float:
        """Waits until the next frame is due, or with ``sleep=False`` says how many seconds that
        is."""
        now = time.perf_counter()
        if self._next is None or now - self._next > self._period:
            self._next = now  # the first, or late: nothing is caught up with
        left = max(0.0, self._next - now)
        if sleep and left > 0:
            time.sleep(left)
            return 0.0
        return left

    def update(self) -> None:
        """A frame was shown."""
        now = time.perf_counter()
        self._times.append(now)
        self._next = (self._next if self._next is not None else now) + self._period

    @property
    def average_fps(self) -> float:
        """Over the last second or so; 0 before there are two frames."""
        if len(self._times) < 2:
            return 0.0
        spent = self._times[-1] - self._times[0]
        return (len(self._times) - 1) / spent if spent > 0 else 0.0
