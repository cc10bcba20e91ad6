"""The ``validate`` command: every check of an avatar file, with a verdict."""

from __future__ import annotations

import argparse
import json

from bithuman_ctypes.cli.imx_file import reading
from bithuman_ctypes.cli.show import show
from bithuman_ctypes.errors import EXIT_CODES, ModelLoadError

SUMMARY = "check an avatar file, with a verdict for everything"
DESCRIPTION = (
    "Checks everything about an avatar file: a line for each check. The exit status is "
    f"{EXIT_CODES[ModelLoadError.default_code]} when one failed, 0 otherwise; warnings are about "
    "how it will look."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's options."""
    parser.add_argument("avatar", metavar="FILE.imx", help="the avatar")
    parser.add_argument("--json", action="store_true", help="one JSON array, for programs")


def run(arguments: argparse.Namespace) -> int:
    """Prints the verdicts."""
    from bithuman_ctypes.authoring.checks import FAIL, verdicts

    with reading(arguments.avatar):
        found = verdicts(arguments.avatar)
    if arguments.json:
        show(json.dumps([verdict._asdict() for verdict in found], indent=1))
    else:
        for verdict in found:
            show(f"{verdict.state:4}  {verdict.check:17} {verdict.text}")
    failed = any(verdict.state == FAIL for verdict in found)
    return EXIT_CODES[ModelLoadError.default_code] if failed else 0
