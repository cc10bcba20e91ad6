"""What the C library logs comes to Python's logging, and nothing is printed without that."""

from __future__ import annotations

from support import TINY, run_python

SCRIPT = """
import logging, sys
{setup}
import bithuman_ctypes as bh
with bh.Avatar.load(sys.argv[1], preferred_ep=bh.EP.AUTO) as avatar:
    print(sum(1 for _ in avatar.compose(bytes(6400))), "frames")
try:
    bh.Fixture("/nowhere.imx")
except bh.ModelNotFoundError:
    pass
"""
FORMAT = 'logging.basicConfig(level="{level}", format="%(name)s %(levelname)s %(message)s")'


def logged(level: str) -> list[str]:
    """The lines of the C library's own logger."""
    setup = FORMAT.format(level=level)
    done = run_python(SCRIPT.format(setup=setup), str(TINY), BITHUMAN_ORT_LIBRARY="/nowhere.so")
    assert done.stdout == "5 frames\n", done.stderr
    return [line for line in done.stderr.splitlines() if line.startswith("bithuman_ctypes.core ")]


def test_the_library_logs_through_python() -> None:
    (line,) = logged("INFO")
    assert line.startswith("bithuman_ctypes.core INFO ")
    assert "runs on the CPU" in line


def test_details_are_there_for_who_asks() -> None:
    lines = logged("DEBUG")
    assert any("DEBUG error 2: /nowhere.imx" in line for line in lines)


def test_levels_are_logging_s_own() -> None:
    assert logged("WARNING") == []


def test_nothing_is_printed_where_nobody_set_up_logging() -> None:
    done = run_python(SCRIPT.format(setup=""), str(TINY), BITHUMAN_ORT_LIBRARY="/nowhere.so")
    assert (done.stdout, done.stderr) == ("5 frames\n", "")
