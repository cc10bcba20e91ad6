"""The one place where a status of the C library becomes an exception."""

from __future__ import annotations

from bithuman_ctypes import errors
from bithuman_ctypes._ffi import _values as c
from bithuman_ctypes._ffi.library import ffi, library

# Status: exception, its code where that differs from the class's own.
_RAISED: dict[int, tuple[type[errors.AvatarError], str | None]] = {
    c.BE_ERR_INVALID_ARG: (errors.InvalidArgumentError, None),
    c.BE_ERR_FILE_NOT_FOUND: (errors.ModelNotFoundError, None),
    c.BE_ERR_FILE_CORRUPT: (errors.ModelLoadError, None),
    c.BE_ERR_MODEL_LOAD_FAILED: (errors.ModelLoadError, None),
    c.BE_ERR_OUT_OF_MEMORY: (errors.OutOfMemoryError, None),
    c.BE_ERR_AUDIO_FORMAT: (errors.RuntimeNotReadyError, None),
    c.BE_ERR_BUFFER_TOO_SMALL: (errors.InvalidArgumentError, None),
    c.BE_ERR_INFERENCE_FAILED: (errors.Failed, "inference_failed"),
    c.BE_ERR_INTERNAL: (errors.Failed, "internal"),
    c.BE_ERR_NOT_IMPLEMENTED: (errors.NotSupported, None),
    c.BE_ERR_NO_AUTH: (errors.TokenError, "not_authorised"),
    c.BE_ERR_AUTH_FATAL: (errors.AccountStatusError, None),
    c.BE_ERR_TIMEOUT: (errors.RuntimeNotReadyError, None),
    c.BE_ERR_QUEUE_FULL: (errors.RuntimeNotReadyError, "queue_full"),
    c.BE_ERR_STOPPED: (errors.RuntimeNotReadyError, "stopped"),
    c.BE_ERR_UNTRUSTED: (errors.ModelSecurityError, None),
}


def check(status: int, audio_format: type[errors.AvatarError] | None = None) -> None:
    """Returns on BE_OK and raises the status's exception, with the library's sentence, otherwise.

    ``audio_format`` is what BE_ERR_AUDIO_FORMAT means to this caller: by default that no frame is
    ready. Call it on the thread that made the failed call.
    """
    if status != c.BE_OK:
        raise error_of(status, audio_format)


def error_of(
    status: int, audio_format: type[errors.AvatarError] | None = None
) -> errors.AvatarError:
    """The exception that belongs to a status that is not BE_OK."""
    message = last_message() or f"the engine's library gave status {status} without a message"
    kind, code = _RAISED.get(status, (errors.Failed, None))
    if status == c.BE_ERR_AUDIO_FORMAT and audio_format is not None:
        kind = audio_format
    return kind(message, code=code)


def last_message() -> str:
    """The sentence of this thread's last failed call, "" without one."""
    return text(library().be_last_error_message())


def text(pointer: object) -> str:
    """A C string as str; what is not UTF-8 in it (a path, say) is shown by replacement marks."""
    if pointer == ffi.NULL:
        return ""
    return ffi.string(pointer).decode("utf-8", "replace")
