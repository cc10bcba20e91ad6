"""Picture arrays whose memory is used again once nobody holds the array.

A fresh 2.6 MB array costs a millisecond of page faults, more than composing the picture into it.
The memory belongs to a bytearray that callers never see; the array handed out is a view of it, and
its weak reference tells when the array, and with it every view of it, is gone.
"""

from __future__ import annotations

import math
import threading
import weakref

import numpy as np
from numpy.typing import NDArray

MAX_IDLE_BYTES = 64 << 20
"""What all idle buffers have together at most; a larger buffer is never kept."""

MAX_IDLE = 24
"""Idle buffers at most; a loop that looks at one frame at a time needs two."""


class FramePool:
    """Keeps buffers while it has users (``use``, ``leave``), the oldest go first.

    Thread-safety: any thread. Nobody ever waits for the lock, because a weak reference's callback
    may run in the middle of any statement here: who does not get it does without the pool.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[bytearray] = []
        self._lent: dict[int, tuple[weakref.ref[NDArray[np.uint8]], bytearray]] = {}
        self._users: set[int] = set()

    def use(self, user: int) -> None:
        """Says that somebody, by a number of their own, will take frames."""
        self._users.add(user)

    def leave(self, user: int) -> None:
        """Takes ``use`` back; after the last user idle memory is freed and no more is kept."""
        self._users.discard(user)
        if not self._users:
            self._idle = []

    @property
    def idle_bytes(self) -> int:
        """How much memory is kept that nobody sees."""
        return sum(map(len, self._idle))

    def take(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """A writable uint8 array; its contents are arbitrary."""
        size = math.prod(shape)
        memory = self._kept(size) or bytearray(size)
        frame = np.frombuffer(memory, dtype=np.uint8).reshape(shape)
        # reshape gives a view whose base is the array of frombuffer, and views of it refer to that
        # one: it is the object that lives exactly as long as anybody can see the memory.
        owner = frame.base
        assert isinstance(owner, np.ndarray)
        key = id(memory)
        self._lent[key] = (weakref.ref(owner, lambda _: self._give_back(key)), memory)
        return frame

    def _kept(self, size: int) -> bytearray | None:
        if not self._lock.acquire(blocking=False):
            return None
        try:
            idle = self._idle
            for index in reversed(range(len(idle))):
                if len(idle[index]) == size:
                    return idle.pop(index)
            return None
        finally:
            self._lock.release()

    def _give_back(self, key: int) -> None:
        _, memory = self._lent.pop(key)
        if not self._users or len(memory) > MAX_IDLE_BYTES:
            return
        if not self._lock.acquire(blocking=False):
            return
        try:
            idle = self._idle
            idle.append(memory)
            while len(idle) > MAX_IDLE or sum(map(len, idle)) > MAX_IDLE_BYTES:
                del idle[0]
        finally:
            self._lock.release()


frames = FramePool()
"""The pool of the process: streams take turns, so they need few buffers together."""
