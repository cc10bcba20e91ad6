"""What a command answers, on standard output."""

from __future__ import annotations

import sys

from bithuman_ctypes._media.output import cannot_write
from bithuman_ctypes.cli.guard import StdoutClosed


def show(line: str) -> None:
    """Prints a line on standard output, with question marks for what it cannot spell."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        print(line.encode(encoding, "replace").decode(encoding), flush=True)
    except BrokenPipeError:
        raise StdoutClosed from None
    except OSError as error:
        raise cannot_write("to standard output", error) from None
