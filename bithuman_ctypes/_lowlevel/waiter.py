"""A set of streams that a thread, or a few, wait for together."""

from __future__ import annotations

from typing import Any

from bithuman_ctypes._ffi import _values as c
from bithuman_ctypes._ffi.library import ffi, library
from bithuman_ctypes._lowlevel.gate import check
from bithuman_ctypes._lowlevel.handle import Handle, Owned
from bithuman_ctypes._lowlevel.runtime import Runtime


class Waiter(Handle):
    """be_waiter_t. Thread-safety: any thread; the GIL is released while ``wait`` waits."""

    def __init__(self) -> None:
        self._lib = library()
        out = ffi.new("be_waiter_t **")
        check(self._lib.be_waiter_create(out))
        self._own(out[0], self._lib.be_waiter_destroy)

    def add(self, runtime: Runtime, tag: int) -> None:
        """Puts a stream into the set, not armed. A stream is in one set at most."""
        check(self._with(self._lib.be_waiter_add, runtime, tag))

    def remove(self, runtime: Runtime) -> None:
        """Takes a stream out; its tag is not reported any more."""
        check(self._with(self._lib.be_waiter_remove, runtime))

    def arm(self, runtime: Runtime) -> None:
        """Asks to be told once when the stream has a frame due, has failed or was stopped."""
        check(self._with(self._lib.be_waiter_arm, runtime))

    def wait(self, timeout_us: int = -1) -> int | None:
        """The tag of a stream that is due; None when the time is over or the set was stopped."""
        tag = ffi.new("uint64_t *")
        count = ffi.new("size_t *")
        # One at a time, so that streams that are due together are spread over the threads.
        status = self._call(self._lib.be_waiter_wait, timeout_us, tag, 1, count)
        if status in (c.BE_ERR_TIMEOUT, c.BE_ERR_STOPPED):
            return None
        check(status)
        return int(tag[0])

    def stop(self) -> None:
        """Ends the set for good: every wait returns."""
        self._call(self._lib.be_waiter_stop)

    def _with(self, function: Any, runtime: Runtime, *rest: Any) -> Any:
        held: Owned = runtime._enter()
        try:
            return self._call(function, held.pointer, *rest)
        finally:
            del held

    def _stop(self, pointer: Any) -> None:
        self._lib.be_waiter_stop(pointer)

    def __repr__(self) -> str:
        return f"<Waiter{', closed' if self.closed else ''}>"
