"""The engine's clock."""

from __future__ import annotations

from bithuman_ctypes._ffi.library import library


def now_us() -> int:
    """Microseconds from an arbitrary start: the clock of streams that are not polled."""
    return int(library().be_clock_us())
