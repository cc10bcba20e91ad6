"""What ``run()`` gives."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Callable

from bithuman_ctypes._lowlevel.clock import now_us
from bithuman_ctypes._pump import PERIOD_US
from bithuman_ctypes.errors import InvalidArgumentError

if TYPE_CHECKING:
    from bithuman_ctypes._pump import Pump
    from bithuman_ctypes.aio import AsyncBithuman
    from bithuman_ctypes.api import VideoFrame

MOST_LATE = 10
"""Frames that the engine catches up with."""


class FrameIterator:
    """The frames of a live avatar, whichever model it plays at the time."""

    def __init__(
        self,
        runtime: AsyncBithuman,
        out_buffer_empty: Callable[[], bool] | None,
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self._runtime = runtime
        self._may_idle = out_buffer_empty
        self._loop = loop
        self._begun = False
        self._ended = False
        self._generation = 0
        self._pump: Pump | None = None
        self._not_before: int | None = None
        self._base = 0
        self._count = 0
        self._given = 0

    def __aiter__(self) -> FrameIterator:
        return self

    async def __anext__(self) -> VideoFrame:
        if not self._begun:
            self._begin()
        while True:
            pump = self._current()
            if pump is None:
                self._ended = True
                raise StopAsyncIteration
            frame = await pump.next(self._not_before, self._patience())
            # In the meantime another run() may have taken over.
            if frame is None or self._current() is not pump:
                continue
            self._note(frame)
            if frame.is_idle and not frame.end_of_speech and not self._idle_is_wanted():
                continue
            return frame

    async def aclose(self) -> None:
        """Leaves the frames to another ``run()``."""
        self._ended = True

    def _begin(self) -> None:
        if self._loop is not None and self._loop is not asyncio.get_running_loop():
            raise InvalidArgumentError("the loop given to run() is not the one that iterates it")
        runtime = self._runtime
        if runtime._pump is None and not runtime._stopped:
            runtime._ready()  # raises why there is nothing to run
        self._begun = True
        self._generation = runtime._generation
        runtime._consumer = self
        if runtime._pump is not None:
            runtime._pump.release()  # an earlier run() that still waits ends

    def _current(self) -> Pump | None:
        """Where frames come from now; None at the end."""
        pump = self._runtime._pump
        if self._ended or self._runtime._consumer is not self or pump is None:
            return None
        if self._generation != self._runtime._generation:  # stopped, and perhaps started anew
            return None
        if pump is not self._pump:
            self._pump, self._base = pump, self._count
        return pump

    def _note(self, frame: VideoFrame) -> None:
        self._given += 1
        self._not_before = now_us() + PERIOD_US
        if frame.frame_index is not None:
            frame.frame_index += self._base
            self._count = frame.frame_index + 1

    def _patience(self) -> int:
        """How late a consumer may ask before it was away rather than slow, in microseconds.

        Whoever publishes tracks does it after the first frame, and begins its own clock with that.
        """
        if self._given <= 1:
            return PERIOD_US
        return PERIOD_US * min(max(1, self._runtime._options.output_buffer_size), MOST_LATE)

    def _idle_is_wanted(self) -> bool:
        return self._may_idle is None or bool(self._may_idle())
