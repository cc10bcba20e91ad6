"""``python -m bithuman_ctypes COMMAND``, and the entry points of the console scripts.

Whatever takes time, importing included, happens inside the guard: Ctrl-C may come at any moment.
"""

from __future__ import annotations

import sys

from bithuman_ctypes.cli.guard import guarded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

COMMANDS = ("render", "doctor", "info", "validate", "extract", "edit", "create", "seal", "issuer")
"""Each is a module beside this one: SUMMARY, DESCRIPTION, add_arguments(parser), run(arguments),
which returns the exit status or None."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a subcommand and returns the exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    program = " ".join(["bithuman_ctypes", *(word for word in words[:1] if word.isalpha())])
    return guarded(program, lambda: _main(argv))


def essence_render(argv: Sequence[str] | None = None) -> int:
    """The console script ``essence-render``."""
    return guarded("essence-render", lambda: _essence_render(argv))


def _main(argv: Sequence[str] | None) -> None:
    import argparse
    from importlib import import_module

    parser = argparse.ArgumentParser(
        prog="python -m bithuman_ctypes", description="A real-time talking avatar."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    modules = {name: import_module(f"bithuman_ctypes.cli.{name}") for name in COMMANDS}
    for name, module in modules.items():
        module.add_arguments(
            commands.add_parser(name, help=module.SUMMARY, description=module.DESCRIPTION)
        )
    arguments = _parsed(parser, argv)
    status = modules[arguments.command].run(arguments)
    if status:
        raise SystemExit(status)


def _essence_render(argv: Sequence[str] | None) -> None:
    import argparse

    from bithuman_ctypes.cli import render

    parser = argparse.ArgumentParser(prog="essence-render", description=render.DESCRIPTION)
    render.add_arguments(parser)
    render.run(_parsed(parser, argv))


def _parsed(parser: ArgumentParser, argv: Sequence[str] | None) -> Namespace:
    """The arguments; a usage error ends with status 2, also where its words cannot be written."""
    try:
        return parser.parse_args(argv)
    except OSError:  # argparse of some Pythons lets a full or closed stderr through
        raise SystemExit(2) from None
