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
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Union

from bithuman_ctypes._media.output import atomic_output, cannot_write
from bithuman_ctypes.authoring import _imx_container as container
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
    "from_sections",
    "read",
    "read_bytes",
    "require_place",
    "to_bytes",
    "write",
    "write_bytes",
]

StrPath = Union[str, "os.PathLike[str]"]

MANIFEST, BASES, FRAMES, PLACEMENTS, CLIPS = "MANI", "BASE", "FRAM", "PLAC", "CLIP"
MOUTHS, ENCODER, THUMBNAIL, SIGNATURE = "MOUT", "ENCO", "THUM", "SIGN"
REQUIRED = (MANIFEST, BASES, FRAMES, PLACEMENTS, MOUTHS)


def write(path: StrPath, avatar: Avatar) -> int:
    """Write an avatar file and return its size in bytes.

    The bytes go to a temporary file in the same folder, are forced to the disk, and then take the
    name in one step. Raises ImxError (a ValueError) when the avatar breaks a rule of the format and
    OutputError (an OSError) when the file cannot be written; then none is left and none is changed.
    """
    data = to_bytes(avatar)
    write_bytes(path, data)
    return len(data)


def write_bytes(path: StrPath, data: bytes) -> None:
    """Write a file as ``write`` does: whole and on the disk, or not at all."""
    with atomic_output(path) as temporary:
        try:
            with open(temporary, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise cannot_write(path, error) from None
    _sync_folder(Path(path).resolve().parent)


def require_place(path: StrPath) -> None:
    """Raises OutputError unless a file can be written there; leaves everything as it is.

    For who has minutes of work before the writing.
    """

    class Tried(Exception):
        """Unwinds what was begun."""

    with contextlib.suppress(Tried), atomic_output(path):
        raise Tried


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read(path: StrPath) -> Avatar:
    """Read an avatar file and check all of it except the pixels of its pictures.

    Raises OSError when it cannot be read and ImxError, a ValueError that names the fault, when it
    is not a sound avatar file.
    """
    data = read_bytes(path)
    try:
        return from_bytes(data)
    except ImxError as error:
        raise ImxError(f"{path}: {error}") from None


def read_bytes(path: StrPath) -> bytes:
    """A file's bytes, unless it is too large for an avatar file. Raises OSError and ImxError."""
    status = os.stat(path)
    size = status.st_size
    if not stat.S_ISREG(status.st_mode):
        raise ImxError(f"{path}: not a regular file")
    if size > container.MAX_FILE_BYTES:
        raise ImxError(f"{path}: {size} bytes, the limit is {container.MAX_FILE_BYTES}")
    return Path(path).read_bytes()


def to_bytes(avatar: Avatar) -> bytes:
    """The file's bytes. Raises ImxError when the avatar breaks a rule of the format."""
    check_avatar(avatar)
    parts = [
        (MANIFEST, sections.pack_manifest(avatar.manifest)),
        (BASES, sections.pack_bases(avatar.bases)),
        (FRAMES, sections.pack_frames(avatar.frames)),
        (PLACEMENTS, sections.pack_placements(avatar.placements)),
    ]
    if avatar.clips:
        parts.append((CLIPS, sections.pack_clips(avatar.clips, avatar.loop_length)))
    parts.append(
        (MOUTHS, sections.pack_mouths(avatar.mouths, avatar.patch_size, avatar.mask)),
    )
    if avatar.encoder is not None:
        parts.append((ENCODER, bytes(avatar.encoder)))
    if avatar.thumbnail is not None:
        parts.append((THUMBNAIL, bytes(avatar.thumbnail)))
    return container.pack(parts)


def from_bytes(data: bytes) -> Avatar:
    """The avatar in a file's bytes; a signature is not verified, and not kept. Raises ImxError,
    which names the fault."""
    return from_sections(container.unpack(data))


def from_sections(found: Mapping[str, bytes]) -> Avatar:
    """The avatar in the sections of a file. Raises ImxError, which names the fault."""
    for name in REQUIRED:
        require(name in found, f"section {name} is missing")
    manifest = sections.unpack_manifest(found[MANIFEST])
    bases = sections.unpack_bases(found[BASES])
    frames = sections.unpack_frames(found[FRAMES], len(bases), manifest)
    placements = sections.unpack_placements(found[PLACEMENTS], len(frames))
    clips: Sequence[Clip] = ()
    loop_count: int | None = None
    if CLIPS in found:
        clips, loop_count = sections.unpack_clips(found[CLIPS])
    mouths, patch_size, mask = sections.unpack_mouths(found[MOUTHS])
    if SIGNATURE in found:
        sections.unpack_signature(found[SIGNATURE])
    avatar = Avatar(
        manifest,
        bases,
        frames,
        placements,
        mouths,
        patch_size,
        mask,
        encoder=found.get(ENCODER),
        thumbnail=found.get(THUMBNAIL),
        clips=clips,
        loop_count=loop_count,
    )
    check_avatar(avatar)
    return avatar
