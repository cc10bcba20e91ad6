"""Writing and reading avatar files (``.imx``); docs/imx.md describes the format.

    avatar = Avatar(Manifest(...), bases, frames, placements, mouths, (256, 192), mask)
    write("face.imx", avatar)
    same = read("face.imx")

Writing is deterministic (the same avatar gives the same bytes) and atomic (a failed or interrupted
write leaves nothing behind and an existing file as it was).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Union

from bithuman_ctypes.authoring import _imx_sections as sections
from bithuman_ctypes.authoring._imx_model import (
    COORD_NAMES,
    Avatar,
    Clip,
    ImxError,
    Manifest,
    Mouth,
    Placement,
    SourceFrame,
    check_avatar,
    require,
)
from bithuman_ctypes.authoring._jpeg import encode_jpeg

__all__ = [
    "COORD_NAMES",
    "Avatar",
    "Clip",
    "ImxError",
    "Manifest",
    "Mouth",
    "Placement",
    "SourceFrame",
    "encode_jpeg",
    "from_bytes",
    "read",
    "to_bytes",
    "write",
]

StrPath = Union[str, "os.PathLike[str]"]

MAGIC = b"\x89BEI\r\n\x1a\n"
VERSION = 1
ALIGNMENT = 64
MAX_SECTIONS = 64
MAX_FILE_BYTES = 1 << 30
SECTION_FLAGS = {b"CLIP": 1}
"""Who does not know these sections must refuse the file; all others have flags 0."""

_HEADER = struct.Struct("<8sIIQQI24s")  # followed by its own CRC-32
_TOC_ROW = struct.Struct("<4sIQQII")
_HEADER_SIZE = _HEADER.size + 4


def write(path: StrPath, avatar: Avatar) -> int:
    """Write an avatar file and return its size in bytes.

    The bytes go to a temporary file in the same folder, are forced to the disk, and then take the
    name in one step. Raises ImxError (a ValueError) when the avatar breaks a rule of the format and
    OSError when the folder cannot be written; then no file is left and none is changed.
    """
    data = to_bytes(avatar)
    _replace_file(Path(path), data)
    return len(data)


def read(path: StrPath) -> Avatar:
    """Read an avatar file and check all of it except the pixels of its pictures.

    Raises OSError when it cannot be read and ImxError, a ValueError that names the fault, when it
    is not a sound avatar file.
    """
    size = os.stat(path).st_size
    if size > MAX_FILE_BYTES:
        raise ImxError(f"{path}: larger than {MAX_FILE_BYTES} bytes")
    data = Path(path).read_bytes()
    try:
        return from_bytes(data)
    except ImxError as error:
        raise ImxError(f"{path}: {error}") from None


def to_bytes(avatar: Avatar) -> bytes:
    """The file's bytes. Raises ImxError when the avatar breaks a rule of the format."""
    check_avatar(avatar)
    parts = [
        (b"MANI", sections.pack_manifest(avatar.manifest)),
        (b"BASE", sections.pack_bases(avatar.bases)),
        (b"FRAM", sections.pack_frames(avatar.frames)),
        (b"PLAC", sections.pack_placements(avatar.placements)),
    ]
    if avatar.clips:
        parts.append((b"CLIP", sections.pack_clips(avatar.clips, avatar.loop_length)))
    parts.append(
        (b"MOUT", sections.pack_mouths(avatar.mouths, avatar.patch_size, avatar.mask)),
    )
    if avatar.encoder is not None:
        parts.append((b"ENCO", bytes(avatar.encoder)))
    if avatar.thumbnail is not None:
        parts.append((b"THUM", bytes(avatar.thumbnail)))
    return _pack_container(parts)


def from_bytes(data: bytes) -> Avatar:
    """The avatar in a file's bytes. Raises ImxError, which names the fault."""
    found = _unpack_container(data)
    for name in (b"MANI", b"BASE", b"FRAM", b"PLAC", b"MOUT"):
        require(name in found, f"section {name.decode()} is missing")
    manifest = sections.unpack_manifest(found[b"MANI"])
    bases = sections.unpack_bases(found[b"BASE"])
    frames = sections.unpack_frames(found[b"FRAM"], len(bases), manifest)
    placements = sections.unpack_placements(found[b"PLAC"], len(frames))
    clips: Sequence[Clip] = ()
    loop_count: int | None = None
    if b"CLIP" in found:
        clips, loop_count = sections.unpack_clips(found[b"CLIP"])
    mouths, patch_size, mask = sections.unpack_mouths(found[b"MOUT"])
    avatar = Avatar(
        manifest,
        bases,
        frames,
        placements,
        mouths,
        patch_size,
        mask,
        encoder=found.get(b"ENCO"),
        thumbnail=found.get(b"THUM"),
        clips=clips,
        loop_count=loop_count,
    )
    check_avatar(avatar)
    return avatar


def _pack_container(parts: Sequence[tuple[bytes, bytes]]) -> bytes:
    body = bytearray(_HEADER_SIZE + len(parts) * _TOC_ROW.size)
    toc = b""
    for name, section in parts:
        body += bytes(-len(body) % ALIGNMENT)
        flags = SECTION_FLAGS.get(name, 0)
        toc += _TOC_ROW.pack(name, flags, len(body), len(section), zlib.crc32(section), 0)
        body += section
    require(
        len(body) <= MAX_FILE_BYTES,
        f"the file would take {len(body)} bytes, the limit is {MAX_FILE_BYTES}",
    )
    header = _HEADER.pack(
        MAGIC, VERSION, len(parts), _HEADER_SIZE, len(body), zlib.crc32(toc), bytes(24)
    )
    header += struct.pack("<I", zlib.crc32(header))
    body[: len(header) + len(toc)] = header + toc
    return bytes(body)


def _unpack_container(data: bytes) -> dict[bytes, bytes]:
    require(data[: len(MAGIC)] == MAGIC, "not an avatar of this engine (wrong magic number)")
    require(len(data) >= _HEADER_SIZE, "truncated in the header")
    _, version, count, toc_offset, size, toc_crc, reserved = _HEADER.unpack_from(data)
    (header_crc,) = struct.unpack_from("<I", data, _HEADER.size)
    require(version == VERSION, f"container version {version}, this reader knows {VERSION}")
    require(header_crc == zlib.crc32(data[: _HEADER.size]), "the header's checksum is wrong")
    require(size == len(data), f"the file has {len(data)} bytes, its header says {size}")
    require(1 <= count <= MAX_SECTIONS, f"{count} sections, 1 to {MAX_SECTIONS} are allowed")
    require(toc_offset == _HEADER_SIZE, f"the table of contents is at {toc_offset}, not at 64")
    require(not any(reserved), "a reserved field of the header is not 0")
    toc_end = _HEADER_SIZE + count * _TOC_ROW.size
    require(toc_end <= size, "truncated in the table of contents")
    toc = data[_HEADER_SIZE:toc_end]
    require(toc_crc == zlib.crc32(toc), "the checksum of the table of contents is wrong")
    return _unpack_sections(data, toc)


def _unpack_sections(data: bytes, toc: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    end = _HEADER_SIZE + len(toc)
    for name, flags, offset, length, crc, reserved in _TOC_ROW.iter_unpack(toc):
        text = name.decode("ascii", "backslashreplace")
        require(all(0x20 < char < 0x7F for char in name), f"section type {text!r} is not ASCII")
        require(name not in found, f"section {text} appears twice")
        known = SECTION_FLAGS.get(name, 0)
        require(
            flags & ~known == 0, f"section {text} has flags {flags:#x}; a newer reader is needed"
        )
        require(flags == known, f"section {text} has flags {flags:#x}, not {known:#x}")
        require(reserved == 0, f"section {text} has a reserved field that is not 0")
        require(offset % ALIGNMENT == 0, f"section {text} is not aligned to {ALIGNMENT} bytes")
        require(offset >= end, f"section {text} overlaps what stands before it")
        require(
            length > 0 and offset + length <= len(data),
            f"section {text} is empty or ends outside the file",
        )
        require(not any(data[end:offset]), f"the padding before section {text} is not zero")
        found[name] = data[offset : offset + length]
        require(crc == zlib.crc32(found[name]), f"the checksum of section {text} is wrong")
        end = offset + length
    require(end == len(data), "there are bytes after the last section")
    return found


def _replace_file(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # a KeyboardInterrupt must not leave the temporary file either
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
