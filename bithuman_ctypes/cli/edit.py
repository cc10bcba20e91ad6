"""The ``edit`` command: the words of an avatar's manifest."""

from __future__ import annotations

import argparse

from bithuman_ctypes.cli.guard import say
from bithuman_ctypes.cli.imx_file import reading
from bithuman_ctypes.errors import InvalidArgumentError

SUMMARY = "change the words of an avatar file: name, licence and so on"
DESCRIPTION = (
    "Changes fields of an avatar's manifest. Everything else stays as it is, byte for byte, and "
    "the new file appears whole or not at all."
)
FIELDS = {
    "name": "for people",
    "identity": "a slug: a-z, 0-9, '.', '_' and '-'",
    "description": "what there is to say about it; '' takes it away",
    "license": "an SPDX expression or a sentence",
    "source": "where the pictures come from",
    "consent": "who agreed to be shown, in words; '' takes it away",
    "loop": "forward or pingpong",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's options."""
    parser.add_argument("avatar", metavar="FILE.imx", help="the avatar")
    parser.add_argument(
        "--output", metavar="FILE.imx", help="the file to write (default: the avatar itself)"
    )
    for field, words in FIELDS.items():
        parser.add_argument(f"--{field}", metavar="TEXT", help=words.replace("%", "%%"))


def run(arguments: argparse.Namespace) -> None:
    """Writes the file."""
    from bithuman_ctypes.authoring import imx
    from bithuman_ctypes.authoring.edit import edited

    given = {name: getattr(arguments, name) for name in FIELDS}
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise InvalidArgumentError(f"nothing to change: give {', '.join('--' + f for f in FIELDS)}")
    output = arguments.output or arguments.avatar
    with reading(arguments.avatar):
        data = imx.read_bytes(arguments.avatar)
        imx.from_bytes(data)
    try:
        changed = edited(data, changes)
    except imx.ImxError as error:
        raise InvalidArgumentError(str(error)) from None
    imx.write_bytes(output, changed)
    say(f"wrote    {output}: {', '.join(changes)}")
