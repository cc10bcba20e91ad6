"""Frame rates other than the engine's 25: frames are repeated or left out, never mixed."""

from __future__ import annotations

from fractions import Fraction

FPS = 25


class Pace:
    """Tells how often each of the engine's frames is shown at another rate (frames per second).

    Frame j of the output shows what the engine shows at the time j / fps.
    """

    def __init__(self, fps: Fraction) -> None:
        self._fps = fps
        self._in = 0
        self._out = 0

    def copies(self) -> int:
        """How often the next frame of the engine is shown, 0 for a frame that is left out."""
        self._in += 1
        before = self._out
        while self._out * FPS < self._in * self._fps:
            self._out += 1
        return self._out - before
