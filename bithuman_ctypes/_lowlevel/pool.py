"""Picture arrays whose memory is used again once nobody holds the array.

A fresh 2.6 MB array costs a millisecond of page faults, more than composing the picture into it.
The memory belongs to a bytearray that callers never see; the array handed out is a view of it, and
its weak reference tells when the array, and with it every view of it, is gone.
"""

from __future__ import annotations

import weakref
from collections import deque

import numpy as np
from numpy.typing import NDArray

_MAX_IDLE = 3
"""Buffers kept per size; a loop that looks at one frame at a time needs two."""

_MAX_SIZES = 4
"""Sizes kept; one more, and all idle buffers are dropped before it is kept."""


class FramePool:
    """Thread-safety: any thread. There is no lock, because a weak reference's callback may run in
    the middle of any statement here: only operations that are atomic by themselves are used."""

    def __init__(self) -> None:
        self._idle: dict[int, deque[bytearray]] = {}
        self._lent: dict[int, tuple[weakref.ref[NDArray[np.uint8]], bytearray]] = {}

    def take(self, width: int, height: int) -> NDArray[np.uint8]:
        """A writable uint8 array of shape (height, width, 3); its contents are arbitrary."""
        size = width * height * 3
        try:
            memory = self._idle[size].pop()
        except (KeyError, IndexError):
            memory = bytearray(size)
        frame = np.frombuffer(memory, dtype=np.uint8).reshape(height, width, 3)
        # reshape gives a view whose base is the array of frombuffer, and views of it refer to that
        # one: it is the object that lives exactly as long as anybody can see the memory.
        owner = frame.base
        assert isinstance(owner, np.ndarray)
        key = id(memory)
        self._lent[key] = (weakref.ref(owner, lambda _: self._give_back(key)), memory)
        return frame

    def _give_back(self, key: int) -> None:
        _, memory = self._lent.pop(key)
        idle = self._idle.get(len(memory))
        if idle is None:
            if len(self._idle) >= _MAX_SIZES:
                self._idle.clear()
            idle = self._idle.setdefault(len(memory), deque(maxlen=_MAX_IDLE))
        idle.append(memory)

    def clear(self) -> None:
        """Frees all memory that nobody holds."""
        self._idle.clear()


frames = FramePool()
"""The pool of the process: streams take turns, so they need few buffers together."""
