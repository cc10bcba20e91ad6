"""Files that appear when they are complete, or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator

from bithuman_ctypes.errors import OutputError


@contextlib.contextmanager
def atomic_output(path: str | os.PathLike[str]) -> Iterator[str]:
    """Gives the name of an empty temporary file beside ``path``; at the end it becomes ``path``.

    On any exception, Ctrl-C included, the temporary file is removed and ``path`` is as it was.
    Raises OutputError when the folder is missing or not writable, or ``path`` is no regular file.
    """
    final = os.path.realpath(path)  # the target of a link is replaced, the link stays
    _require_replaceable(path, final)
    # A short name of its own: ``path`` may be as long as the system allows.
    temporary = os.path.join(os.path.dirname(final), f".essence-{secrets.token_hex(4)}.tmp")
    try:
        # 0o666 and the umask, as for any new file; O_EXCL because somebody may sit on the name.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise cannot_write(path, error) from None
    try:
        yield temporary
        try:
            os.replace(temporary, final)
        except OSError as error:
            raise cannot_write(path, error) from None
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def cannot_write(path: str | os.PathLike[str], error: Exception) -> OutputError:
    """The OutputError for an operating system's or a multiplexer's error."""
    reason = getattr(error, "strerror", None) or error
    return OutputError(f"cannot write {os.fspath(path)}: {reason}")


def _require_replaceable(path: str | os.PathLike[str], final: str) -> None:
    try:
        mode = os.stat(final).st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from None
    if not stat.S_ISREG(mode):
        raise OutputError(f"cannot write {os.fspath(path)}: it exists and is not a regular file")
