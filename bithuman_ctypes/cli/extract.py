"""The ``extract`` command: the parts of an avatar file as files of their own."""

from __future__ import annotations

import argparse
import json
import os
from typing import TYPE_CHECKING, Any

from bithuman_ctypes._media.output import cannot_write
from bithuman_ctypes.cli.guard import say
from bithuman_ctypes.cli.imx_file import reading
from bithuman_ctypes.errors import OutputError

if TYPE_CHECKING:
    from bithuman_ctypes.authoring.imx import Avatar

SUMMARY = "write the parts of an avatar file into a folder"
DESCRIPTION = (
    "Writes the parts of an avatar file into a folder: manifest.json, parts.json (frames, "
    "placements, mouths and actions as numbers), base, frames and mouths as JPEG, mask.png, and "
    "the encoder and the thumbnail where it has them. Pictures come out as they are, byte for byte."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's options."""
    parser.add_argument("avatar", metavar="FILE.imx", help="the avatar")
    parser.add_argument("folder", metavar="FOLDER", help="made if need be; must be empty")


def run(arguments: argparse.Namespace) -> None:
    """Writes the files."""
    from bithuman_ctypes.authoring import _imx_container, imx
    from bithuman_ctypes.authoring._imx_sections import unpack_table

    with reading(arguments.avatar):
        data = imx.read_bytes(arguments.avatar)
        avatar = imx.from_bytes(data)
    files = _pictures(avatar)
    files["manifest.json"] = _json(unpack_table(_imx_container.unpack(data)[imx.MANIFEST]))
    files["parts.json"] = _json(_parts(avatar))
    folder = arguments.folder
    try:
        os.makedirs(folder, exist_ok=True)
        if os.listdir(folder):
            raise OutputError(f"the folder {folder} is not empty")
        for name, content in files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "xb") as file:
                file.write(content)
    except OutputError:
        raise
    except (OSError, ValueError) as error:
        raise cannot_write(folder, error) from None
    say(f"wrote    {folder}: {len(files)} files")


def _pictures(avatar: Avatar) -> dict[str, bytes]:
    from bithuman_ctypes.authoring._png import encode_png

    files = {f"base/{i:04}.jpg": jpeg for i, jpeg in enumerate(avatar.bases)}
    files |= {f"frames/{i:04}.jpg": row.jpeg for i, row in enumerate(avatar.frames) if row.jpeg}
    files |= {f"mouths/{i:03}.jpg": row.jpeg for i, row in enumerate(avatar.mouths) if row.jpeg}
    files["mask.png"] = encode_png(avatar.mask)
    if avatar.encoder is not None:
        files["encoder.onnx"] = avatar.encoder
    if avatar.thumbnail is not None:
        files["thumbnail.jpg"] = avatar.thumbnail
    return files


def _parts(avatar: Avatar) -> dict[str, Any]:
    """The tables of the file."""
    from bithuman_ctypes.authoring.imx import COORD_NAMES

    rows = zip(avatar.frames, avatar.placements)
    return {
        "loop_frames": avatar.loop_length,
        "patch": avatar.patch_size,
        "coordinates": COORD_NAMES,
        "frames": [
            {"base": row.base, "rect": row.rect, "affine": at.affine, "bias": at.bias}
            for row, at in rows
        ],
        "mouths": [mouth.coords for mouth in avatar.mouths],
        "actions": [
            {
                "name": clip.name,
                "first": clip.frames.start,
                "frames": len(clip.frames),
                "leave": clip.leave,
                "rejoin": clip.rejoin,
                "idle": clip.idle,
            }
            for clip in avatar.clips
        ],
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
