"""``python -m bithuman_ctypes COMMAND``, and the entry points of the console scripts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from bithuman_ctypes.cli import render
from bithuman_ctypes.cli.guard import guarded


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a subcommand and returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bithuman_ctypes", description="A real-time talking avatar."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    render.add_arguments(
        commands.add_parser("render", help=render.SUMMARY, description=render.DESCRIPTION)
    )
    arguments = parser.parse_args(argv)
    return guarded("bithuman_ctypes render", lambda: render.run(arguments))


def essence_render(argv: Sequence[str] | None = None) -> int:
    """The console script ``essence-render``."""
    parser = argparse.ArgumentParser(prog="essence-render", description=render.DESCRIPTION)
    render.add_arguments(parser)
    arguments = parser.parse_args(argv)
    return guarded("essence-render", lambda: render.run(arguments))
