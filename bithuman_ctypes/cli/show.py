"""What a command answers, on standard output."""

from __future__ import annotations

from bithuman_ctypes._media.output import cannot_write
from bithuman_ctypes.cli.guard import StdoutClosed


def show(line: str) -> None:
    """Prints a line on standard output."""
    try:
        print(line.encode("utf-8", "replace").decode(), flush=True)
    except BrokenPipeError:
        raise StdoutClosed from None
    except OSError as error:
        raise cannot_write("to standard output", error) from None
