"""What every command does about errors: one line on stderr and an exit status that says which.

This module imports next to nothing: until ``guarded`` runs, Ctrl-C is a traceback.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # importing typing would be most of our import
if TYPE_CHECKING:
    from types import FrameType
    from typing import Callable, NoReturn

EXIT_INTERRUPTED = 128 + 2  # as a shell reports SIGINT
EXIT_BROKEN_PIPE = 128 + 13  # and SIGPIPE


_interrupted: list[int] = []
"""Not empty after Ctrl-C."""


class StdoutClosed(Exception):
    """Whoever read our standard output has gone; nothing to complain about."""


class _Signalled(BaseException):
    """A signal asks us to end; ``status`` is what a shell reports for it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


def guarded(program: str, job: Callable[[], None]) -> int:
    """Runs a command's job and returns the exit status.

    0; the exit code of a BithumanError (errors.EXIT_CODES); 141 when the reader of stdout has gone.
    Ctrl-C (status 130), SIGTERM and SIGHUP unwind like exceptions, so that temporary files go, and
    end the process here. Anything else is a bug and keeps its traceback.
    """
    try:
        _mend_streams()
        _unwind_on_signals()
        return _status(program, job)
    except KeyboardInterrupt:
        _leave_interrupted(program)
    except ImportError:
        if not _interrupted:
            raise
        _leave_interrupted(program)  # numpy, when it is interrupted, reports a broken import
    except _Signalled as signalled:
        _leave(signalled.status)
    except SystemExit:
        # argparse's words may still wait in stderr. Where they cannot be written, some Pythons let
        # that decide the exit status.
        try:
            sys.stderr.flush()
        except OSError:
            _discard(2)
        raise


def say(line: str) -> None:
    """Prints a line on stderr; where that cannot be written, goes on in silence."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        _discard(2)


def _status(program: str, job: Callable[[], None]) -> int:
    from bithuman_ctypes.errors import BithumanError

    try:
        job()
    except BithumanError as error:
        say(f"{program}: {_one_line(error)}")
        return error.exit_code
    except StdoutClosed:
        _discard(1)
        return EXIT_BROKEN_PIPE
    return 0


def _mend_streams() -> None:
    """Gives closed standard descriptors to the null device, and makes sys.stderr a file.

    Otherwise the next file that is opened becomes descriptor 2, and what libraries complain about
    is written into it; and print, with None for a file, writes to standard output.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False, errors="backslashreplace")


def _discard(descriptor: int) -> None:
    """What is written to a standard descriptor goes nowhere from now on.

    Python flushes the streams once more when it exits; that must not fail.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


def _leave_interrupted(program: str) -> NoReturn:
    say(f"{program}: interrupted")
    _leave(EXIT_INTERRUPTED)


def _leave(status: int) -> NoReturn:
    """Ends the process without the interpreter's own end.

    By then everything has been unwound. But a signal while a module is imported or an avatar is
    loaded can leave native code half set up, and that has crashed when the interpreter took it
    down.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(status)


def _unwind_on_signals() -> None:
    def unwind(number: int, frame: FrameType | None) -> NoReturn:
        raise _Signalled(number)

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        _interrupted.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # One that was ignored from outside (nohup) stays ignored.
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, unwind)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
