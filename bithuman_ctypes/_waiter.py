"""The threads that wait for the frames of all live avatars of the process.

A thread for each session would not scale: one set of streams is waited for, by a few threads, in C
and without any lock of Python. Who wants a frame arms its stream; when the frame is due one of the
threads calls it back, once.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import logging
import os
import threading
import time
import weakref
from typing import Protocol

from bithuman_ctypes._lowlevel import Runtime, Waiter
from bithuman_ctypes.errors import RuntimeNotReadyError

logger = logging.getLogger("bithuman_ctypes.live")

THREADS_VARIABLE = "BITHUMAN_WAITER_THREADS"
DEFAULT_THREADS = 2
MAX_THREADS = 64

PAUSE = 0.1
"""Seconds that a thread rests after an error, so that one that stays does not fill the log."""


class Listener(Protocol):
    """Who is told that a stream is due. Held weakly."""

    def ready(self) -> None:
        """The stream that was armed has a frame due, has failed or was stopped."""

    def failed(self, error: BaseException) -> None:
        """``ready`` raised this."""


class WaiterThreads:
    """A set of streams, and the threads that wait for it. Thread-safety: any thread."""

    def __init__(self, threads: int) -> None:
        self._waiter = Waiter()
        self._listeners: dict[int, weakref.ref[Listener]] = {}
        self._tags = itertools.count(1)
        self._threads = [
            threading.Thread(target=self._work, name=f"bithuman-live-{i}", daemon=True)
            for i in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def add(self, runtime: Runtime, listener: Listener) -> int:
        """Adds a stream, not armed; the tag is for ``remove``."""
        tag = next(self._tags)
        self._listeners[tag] = weakref.ref(listener)
        try:
            self._waiter.add(runtime, tag)
        except BaseException:
            del self._listeners[tag]
            raise
        return tag

    def remove(self, runtime: Runtime, tag: int) -> None:
        """Takes a stream out; a call of its listener may still be under way."""
        self._listeners.pop(tag, None)
        # Closed meanwhile, or a forked process: it has left the set, or there is none.
        with contextlib.suppress(RuntimeNotReadyError):
            self._waiter.remove(runtime)

    def arm(self, runtime: Runtime) -> None:
        """Asks for one call of the stream's listener when it is due."""
        self._waiter.arm(runtime)

    def stop(self) -> None:
        """Ends the threads and waits for them."""
        if self._waiter.closed:
            return
        self._waiter.stop()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(5)
        self._waiter.close()

    def _work(self) -> None:
        while True:
            try:
                tag = self._waiter.wait(-1)
                if tag is None:
                    return
                self._tell(tag)
            except BaseException:
                # Whatever it was, the other sessions need this thread.
                if self._waiter.closed:
                    return
                logger.exception("a thread that waits for frames goes on after an error")
                time.sleep(PAUSE)

    def _tell(self, tag: int) -> None:
        reference = self._listeners.get(tag)
        listener = None if reference is None else reference()
        if listener is None:
            self._listeners.pop(tag, None)  # dropped without being closed
            return
        try:
            listener.ready()
        except BaseException as error:
            listener.failed(error)


_lock = threading.Lock()
_current: WaiterThreads | None = None


def waiter_threads() -> WaiterThreads:
    """Those of this process, started by the first call."""
    global _current
    with _lock:
        if _current is None:
            _current = WaiterThreads(_thread_count())
        return _current


def _thread_count() -> int:
    text = os.environ.get(THREADS_VARIABLE, "")
    if text.isdecimal() and 1 <= int(text) <= MAX_THREADS:
        return int(text)
    if text:
        logger.warning("%s is 1 to %d, not %r", THREADS_VARIABLE, MAX_THREADS, text)
    return DEFAULT_THREADS


def _stop_at_exit() -> None:
    if _current is not None:
        _current.stop()


def _forget_in_child() -> None:
    # The threads are the parent's, and so may be whoever holds the lock.
    global _current, _lock
    _current, _lock = None, threading.Lock()


atexit.register(_stop_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
