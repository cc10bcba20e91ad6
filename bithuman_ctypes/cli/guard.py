"""What every command does about errors: one line on stderr and an exit status that says which."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Callable, NoReturn

from bithuman_ctypes.errors import BithumanError

EXIT_INTERRUPTED = 128 + 2  # as a shell reports SIGINT
EXIT_BROKEN_PIPE = 128 + 13  # and SIGPIPE


class StdoutClosed(Exception):
    """Whoever read our standard output has gone; nothing to complain about."""


def guarded(program: str, job: Callable[[], None]) -> int:
    """Runs a command's job and returns the exit status.

    0; the exit code of a BithumanError (errors.EXIT_CODES); 130 after Ctrl-C; 141 when the reader
    of stdout has gone. SIGTERM and SIGHUP unwind like exceptions, so that temporary files go.
    Anything else is a bug and keeps its traceback.
    """
    _unwind_on_signals()
    try:
        job()
    except BithumanError as error:
        print(f"{program}: {_one_line(error)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except StdoutClosed:
        # Python flushes stdout once more when it exits; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    return 0


def _unwind_on_signals() -> None:
    def unwind(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # One that was ignored from outside (nohup) stays ignored.
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, unwind)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
