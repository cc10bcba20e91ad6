"""What stands in an avatar file, as plain values for people and programs."""

from __future__ import annotations

import hashlib
from typing import Any

from bithuman_ctypes.authoring import _imx_container as container
from bithuman_ctypes.authoring import _imx_sections as sections
from bithuman_ctypes.authoring import imx
from bithuman_ctypes.authoring._imx_model import decoded_size

KNOWN = (*imx.REQUIRED, imx.CLIPS, imx.ENCODER, imx.THUMBNAIL, imx.SIGNATURE)


def describe(data: bytes, avatar: imx.Avatar) -> dict[str, Any]:
    """A sound file's bytes and the avatar in them as a dictionary that JSON can hold.

    ``manifest`` (every key of it), ``counts``, ``actions``, ``size`` in bytes, ``sha256`` and
    ``sections`` in their order.
    """
    table = container.read_table(data)
    found = {section.name: section.of(data) for section in table}
    return {
        "manifest": sections.unpack_table(found[imx.MANIFEST]),
        "counts": _counts(avatar),
        "actions": [_action(clip) for clip in avatar.clips],
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "sections": [_row(section) for section in table],
    }


def _counts(avatar: imx.Avatar) -> dict[str, Any]:
    frames = avatar.loop_length
    return {
        "loop_frames": frames,
        "loop_seconds": frames / avatar.manifest.fps,
        "action_frames": len(avatar.frames) - frames,
        "base_pictures": len(avatar.bases),
        "mouths": len(avatar.mouths),
        "patch": "{}x{}".format(*avatar.patch_size),
        "decoded_bytes": decoded_size(avatar),
    }


def _action(clip: imx.Clip) -> dict[str, Any]:
    return {
        "name": clip.name,
        "frames": len(clip.frames),
        "leave": clip.leave,
        "rejoin": clip.rejoin,
        "idle": clip.idle,
    }


def _row(section: container.Section) -> dict[str, Any]:
    return {
        "type": section.name,
        "flags": section.flags,
        "offset": section.offset,
        "length": section.length,
        "crc32": f"{section.crc32:08x}",
        "known": section.name in KNOWN,
    }
