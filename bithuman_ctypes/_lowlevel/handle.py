"""What Fixture, Runtime and Waiter share: the life of one pointer that the C library owns."""

from __future__ import annotations

import os
import warnings
from types import TracebackType
from typing import Any, Callable, TypeVar

from bithuman_ctypes._lowlevel.pool import frames
from bithuman_ctypes.errors import RuntimeNotReadyError

_Self = TypeVar("_Self", bound="Handle")

# This process. Asking the system costs more than all else that a call does before it is in C.
_process = os.getpid()


def _after_fork() -> None:
    global _process
    _process = os.getpid()


if hasattr(os, "register_at_fork"):  # where there is no fork there is nothing to note
    os.register_at_fork(after_in_child=_after_fork)


class Owned:
    """Holds a pointer and gives it back to the C library when nobody holds this any more.

    Each call holds it for as long as it is in C, so the reference count is the count of the calls
    inside, on every thread and also without a GIL: no call ever sees memory that was freed, and
    none waits for a lock to find that out.
    """

    __slots__ = ("_give_back", "pid", "pointer")

    def __init__(self, pointer: Any, give_back: Callable[[Any], object]) -> None:
        self.pid = _process
        self.pointer = pointer
        self._give_back = give_back

    def __del__(self) -> None:
        if self.pid == _process:  # in a forked process the original is still the parent's
            self._give_back(self.pointer)


class Handle:
    """Owns one C object.

    ``close()`` may be called any number of times and ``with`` calls it; the memory goes when the
    last call that is inside leaves. A handle that is dropped without it warns (ResourceWarning).
    Using it after close, or in a process forked after it was made (the library's threads do not
    exist there), is a RuntimeNotReadyError. Thread-safety: any thread.
    """

    # A class attribute, so that __del__ also finds it when __init__ failed before setting it.
    _owned: Owned | None = None

    def _own(self, pointer: Any, give_back: Callable[[Any], object]) -> None:
        """Takes over a pointer. The last step of a subclass's __init__."""
        self._owned = Owned(pointer, give_back)
        frames.use(id(self))

    def _enter(self) -> Owned:
        """What a call holds while it is in C, and for as long as it reads what C owns. Raises where
        the handle cannot be used."""
        owned = self._owned
        if owned is None or owned.pid != _process:
            raise self._unusable(owned)
        return owned

    def require_usable(self) -> None:
        """Raises RuntimeNotReadyError where the handle is closed or of another process."""
        self._enter()

    @property
    def foreign(self) -> bool:
        """Whether this is a forked process and the handle is its parent's."""
        owned = self._owned
        return owned is not None and owned.pid != _process

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """``function(pointer, *arguments)``, whose pointer stays valid throughout."""
        owned = self._enter()
        try:
            return function(owned.pointer, *arguments)
        finally:
            # A traceback keeps this frame, and with it would keep the C object.
            del owned

    def _unusable(self, owned: Owned | None) -> RuntimeNotReadyError:
        if owned is None:
            return self._closed()
        return RuntimeNotReadyError(
            f"this {type(self).__name__} belongs to process {owned.pid} and cannot be used in "
            f"the forked process {_process}: make it after the fork"
        )

    def _closed(self) -> RuntimeNotReadyError:
        return RuntimeNotReadyError(f"this {type(self).__name__} is closed")

    def _stop(self, pointer: Any) -> None:
        """Makes calls that wait inside return; for those handles that have such calls."""

    @property
    def closed(self) -> bool:
        """Whether ``close()`` was called."""
        return self._owned is None

    def close(self) -> None:
        """Lets go of what is behind the handle; calls that wait in it end. Never waits itself."""
        frames.leave(id(self))
        owned, self._owned = self._owned, None
        if owned is not None and owned.pid == _process:
            self._stop(owned.pointer)

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if self._owned is None or self._owned.pid != _process:
            return
        warnings.warn(
            f"unclosed {self!r}: call close()", ResourceWarning, stacklevel=2, source=self
        )
        self.close()
