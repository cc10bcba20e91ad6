"""What Fixture and Runtime share: the life of one pointer that the C library owns."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar

from bithuman_ctypes._lowlevel.pool import frames
from bithuman_ctypes.errors import RuntimeNotReadyError

_Self = TypeVar("_Self", bound="Handle")


class Handle:
    """Owns one C object: set once, given back once.

    ``close()`` may be called any number of times and ``with`` calls it. A handle that is dropped
    without it warns (ResourceWarning) and is closed then. Using it after close, or in a process
    forked after it was made (the library's threads do not exist there), is a RuntimeNotReadyError.
    """

    # Class attributes, so that __del__ also finds them when __init__ failed before setting them.
    _pointer: Any = None
    _pid = 0

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def _own(self, pointer: Any) -> None:
        """Takes over a pointer. The last step of a subclass's __init__."""
        self._pid = os.getpid()
        self._pointer = pointer
        frames.use(id(self))

    @contextmanager
    def _entered(self) -> Iterator[Any]:
        """Gives the pointer; no other thread uses or closes it until the block is left.

        The process is looked at before the lock is taken: in a forked one the lock may be held for
        ever, by a thread that was not copied.
        """
        self._require_usable()
        with self._lock:
            self._require_usable()  # closed while we waited
            yield self._pointer

    def _require_usable(self) -> None:
        if self._pointer is None:
            raise RuntimeNotReadyError(f"this {type(self).__name__} is closed")
        if self._pid != os.getpid():
            raise RuntimeNotReadyError(
                f"this {type(self).__name__} belongs to process {self._pid} and cannot be used in "
                f"the forked process {os.getpid()}: make it after the fork"
            )

    def _release(self, pointer: Any) -> None:
        """Gives the pointer back to the C library."""
        raise NotImplementedError

    @property
    def closed(self) -> bool:
        """Whether ``close()`` was called."""
        return self._pointer is None

    def close(self) -> None:
        """Frees what is behind the handle; waits for a call of another thread on it to end."""
        frames.leave(id(self))
        if self._pid != os.getpid():
            # The parent frees the original; the lock may be held by a thread that is not here.
            self._pointer = None
            return
        with self._lock:
            pointer, self._pointer = self._pointer, None
        if pointer is not None:
            self._release(pointer)

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
        if self._pointer is None or self._pid != os.getpid():
            return
        warnings.warn(
            f"unclosed {self!r}: call close()", ResourceWarning, stacklevel=2, source=self
        )
        self.close()
