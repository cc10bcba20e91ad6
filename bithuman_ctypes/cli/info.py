"""The ``info`` command: what stands in an avatar file."""

from __future__ import annotations

import argparse
import json
from typing import Any

from bithuman_ctypes.cli.imx_file import reading
from bithuman_ctypes.cli.show import show
from bithuman_ctypes.errors import OutputError

SUMMARY = "say what stands in an avatar file"
DESCRIPTION = "Prints the manifest, the counts and the sections of an avatar file."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's options."""
    parser.add_argument("avatar", metavar="FILE.imx", help="the avatar")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    parser.add_argument(
        "--thumbnail", metavar="FILE.jpg", help="write the picture that stands for the avatar"
    )


def run(arguments: argparse.Namespace) -> None:
    """Prints, and writes the thumbnail."""
    from bithuman_ctypes.authoring import imx
    from bithuman_ctypes.authoring.describe import describe

    with reading(arguments.avatar):
        data = imx.read_bytes(arguments.avatar)
        avatar = imx.from_bytes(data)
        described = describe(data, avatar)
    if arguments.thumbnail is not None:
        if avatar.thumbnail is None:
            raise OutputError(f"{arguments.avatar} has no thumbnail to write")
        imx.write_bytes(arguments.thumbnail, avatar.thumbnail)
    if arguments.json:
        show(json.dumps(described, indent=1))
        return
    for line in _lines(described):
        show(line)


def _plain(value: object) -> str:
    """On one line and without what steers a terminal: the file may be a stranger's."""
    return "".join(char if char.isprintable() else "?" for char in str(value))


def _lines(described: dict[str, Any]) -> list[str]:
    out = [f"{_plain(key):13} {_plain(value)}" for key, value in described["manifest"].items()]
    out += [f"{key:13} {value}" for key, value in described["counts"].items()]
    out += [
        f"{'action':13} {clip['name']}: {clip['frames']} frames, leaves the loop at "
        f"{clip['leave']}, rejoins it at {clip['rejoin']}" + (", idle" if clip["idle"] else "")
        for clip in described["actions"]
    ]
    out.append(f"{'file':13} {described['size']} bytes, sha256 {described['sha256']}")
    out += [
        f"{'section':13} {row['type']} {row['length']:>10} bytes at {row['offset']:>10}, "
        f"crc32 {row['crc32']}" + ("" if row["known"] else ", unknown to this reader")
        for row in described["sections"]
    ]
    return out
