"""Changing the manifest of an avatar file and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bithuman_ctypes.authoring import _imx_container as container
from bithuman_ctypes.authoring import _imx_sections as sections
from bithuman_ctypes.authoring import imx
from bithuman_ctypes.authoring._imx_model import require

REMOVABLE = ("description", "consent")
"""Fields that a file need not have: an empty text takes them away."""


def edited(data: bytes, changes: Mapping[str, Any]) -> bytes:
    """The bytes of a file with other values for some fields of its manifest.

    Other sections, and fields that this version does not know, are kept as they are. Raises
    ImxError when the file is unsound or signed, or a value breaks a rule of the format.
    """
    parts = container.unpack(data)
    require(
        imx.SIGNATURE not in parts, "it is signed: change the unsigned file and seal that again"
    )
    table = sections.unpack_table(parts[imx.MANIFEST])
    table.update(changes)
    for name in REMOVABLE:
        if table.get(name) == "":
            del table[name]
    manifest = sections.pack_table(table)
    sections.unpack_manifest(manifest)
    parts[imx.MANIFEST] = manifest
    return container.pack(list(parts.items()))
