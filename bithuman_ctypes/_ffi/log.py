"""The C library's log lines, as those of the Python logger ``bithuman_ctypes.core``."""

from __future__ import annotations

import atexit
import logging
import os
from typing import Any

from bithuman_ctypes._ffi import _values as c
from bithuman_ctypes._ffi._tables import ffi

logger = logging.getLogger("bithuman_ctypes.core")
logger.addHandler(logging.NullHandler())  # nothing is printed where nobody has set up logging

_LEVELS = {
    c.BE_LOG_ERROR: logging.ERROR,
    c.BE_LOG_WARN: logging.WARNING,
    c.BE_LOG_INFO: logging.INFO,
    c.BE_LOG_DEBUG: logging.DEBUG,
}
_sinks: list[Any] = []  # what C calls must not be freed


def connect(library: Any) -> None:
    """Has a library log to us: up to INFO, or DEBUG where that is wanted by now."""
    try:
        sink = ffi.callback("void(be_log_level, const char *, void *)", _write)
    except MemoryError:  # systems that allow no executable memory: then there is no log
        return
    _sinks.append(sink)
    level = c.BE_LOG_DEBUG if logger.isEnabledFor(logging.DEBUG) else c.BE_LOG_INFO
    library.be_set_log_callback(sink, ffi.NULL, level)
    atexit.register(_disconnect, library, os.getpid())


def _write(level: int, message: Any, _user: object) -> None:
    """Called by C, on any thread; it never raises: logging reports its own faults."""
    logger.log(
        _LEVELS.get(level, logging.INFO), "%s", ffi.string(message).decode("utf-8", "replace")
    )


def _disconnect(library: Any, process: int) -> None:
    """The interpreter ends: worker threads must not call into it any more."""
    if os.getpid() == process:  # a fork's child has none of them
        library.be_set_log_callback(ffi.NULL, ffi.NULL, c.BE_LOG_OFF)
