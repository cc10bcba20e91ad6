"""Each section of an avatar file as bytes: packing, and unpacking with every check.

The layouts are those of docs/imx.md. Unpacking returns values whose indices, offsets and ranges
hold; pictures are slices of the section, not yet looked into.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bithuman_ctypes.authoring._imx_model import (
    COORD_NAMES,
    MAX_CLIP_NAME_BYTES,
    MAX_CLIPS,
    MAX_FRAMES,
    MAX_MOUTHS,
    Clip,
    ImxError,
    Manifest,
    Mouth,
    Placement,
    SourceFrame,
    check_coords,
    check_manifest,
    check_patch_size,
    check_placement,
    check_rect,
    require,
)

MANIFEST_FORMAT = 1
MAX_MANIFEST_BYTES = 64 * 1024
MAX_MANIFEST_KEYS = 64
MAX_MANIFEST_DEPTH = 16

_OPTIONAL_KEYS: dict[str, Any] = {
    **dict.fromkeys(("unmetered", "insecure"), False),
    **dict.fromkeys(("description", "consent", "issuer"), ""),
}
"""Keys of the manifest that may be absent, and what that means."""

_BASE_ROW = struct.Struct("<QII")
_FRAME_ROW = struct.Struct("<I4HIQ")
_PLACEMENT_ROW = struct.Struct("<6i3hH")
_CLIP_ROW = struct.Struct("<32s6I")
_CLIP_IDLE = 1
_MOUTH_HEAD = struct.Struct("<IIHHI")
_MOUTH_ROW = struct.Struct("<6hIQ")
_COUNT_HEAD = struct.Struct("<II")
_SIGNATURE = struct.Struct("<II16s64s")
_SIGNATURE_KIND = 1


class _Blobs:
    """Blobs laid out one after the other from a start offset; equal ones are kept once."""

    def __init__(self, start: int) -> None:
        self._start = start
        self._data = bytearray()
        self._seen: dict[bytes, int] = {}

    def add(self, blob: bytes) -> int:
        """The offset of the blob from the section's start; 0 for an empty one."""
        if not blob:
            return 0
        offset = self._seen.get(blob)
        if offset is None:
            offset = self._seen[blob] = self._start + len(self._data)
            self._data += blob
        return offset

    def __bytes__(self) -> bytes:
        return bytes(self._data)


def pack_manifest(manifest: Manifest) -> bytes:
    table = {"format": MANIFEST_FORMAT, **asdict(manifest)}
    for key, absent in _OPTIONAL_KEYS.items():
        if table[key] == absent:
            del table[key]
    return pack_table(table)


def pack_table(table: Mapping[str, Any]) -> bytes:
    """A manifest's keys and values as the section's bytes."""
    text = json.dumps(table, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    require(_is_unicode(text), "the manifest holds half a character")
    return text.encode("utf-8")


def unpack_manifest(section: bytes) -> Manifest:
    table = {**_OPTIONAL_KEYS, **unpack_table(section)}
    names = [field.name for field in fields(Manifest)]
    for name in ["format", *names]:
        require(name in table, f"the manifest lacks {name!r}")
    require(
        table["format"] == MANIFEST_FORMAT and type(table["format"]) is int,
        f"the manifest's format is {table['format']!r}, this reader knows {MANIFEST_FORMAT}",
    )
    manifest = Manifest(**{name: table[name] for name in names})
    check_manifest(manifest)
    return manifest


def unpack_table(section: bytes) -> dict[str, Any]:
    """A manifest's keys and values, those that this reader does not know too."""
    require(len(section) <= MAX_MANIFEST_BYTES, "the manifest is larger than 64 KiB")
    require(section[:1] == b"{", "the manifest is not a JSON object")
    table = _parse_manifest(section)
    _check_json(table, 1)
    return table


def _parse_manifest(section: bytes) -> dict[str, Any]:
    try:
        table = json.loads(
            section.decode("utf-8"),
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse,
            parse_float=_number,
        )
    except (ValueError, RecursionError) as error:
        raise ImxError(f"the manifest is not JSON: {error}") from None
    return dict(table)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key appears twice")
    return table


def _number(text: str) -> float:
    """JSON has one kind of number: 1e2 is as much an integer as 100."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _check_json(value: object, depth: int) -> None:
    """The bounds on any JSON value, also under keys that this reader does not know."""
    if isinstance(value, str):
        require("\0" not in value, "the manifest holds a zero character")
        require(_is_unicode(value), "the manifest holds half a character")
    if not isinstance(value, (dict, list)):
        return
    require(depth <= MAX_MANIFEST_DEPTH, f"the manifest nests more than {MAX_MANIFEST_DEPTH} deep")
    if isinstance(value, dict):
        require(
            len(value) <= MAX_MANIFEST_KEYS,
            f"the manifest has an object of more than {MAX_MANIFEST_KEYS} keys",
        )
    for item in [*value, *value.values()] if isinstance(value, dict) else value:
        _check_json(item, depth + 1)


def _is_unicode(text: str) -> bool:
    """Whether the text has no lone surrogate."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def pack_bases(bases: Sequence[bytes]) -> bytes:
    blobs = _Blobs(_COUNT_HEAD.size + len(bases) * _BASE_ROW.size)
    rows = b"".join(_BASE_ROW.pack(blobs.add(jpeg), len(jpeg), 0) for jpeg in bases)
    return _COUNT_HEAD.pack(len(bases), 0) + rows + bytes(blobs)


def unpack_bases(section: bytes) -> list[bytes]:
    count = _unpack_count(section, "BASE", _BASE_ROW.size)
    start = _COUNT_HEAD.size + count * _BASE_ROW.size
    bases = []
    for i in range(count):
        offset, length, reserved = _BASE_ROW.unpack_from(section, 8 + i * _BASE_ROW.size)
        require(reserved == 0, f"base picture {i} has a reserved field that is not 0")
        bases.append(_slice(section, start, offset, length, f"base picture {i}"))
    return bases


def pack_frames(frames: Sequence[SourceFrame]) -> bytes:
    blobs = _Blobs(_COUNT_HEAD.size + len(frames) * _FRAME_ROW.size)
    rows = b"".join(
        _FRAME_ROW.pack(frame.base, *frame.rect, len(frame.jpeg), blobs.add(frame.jpeg))
        for frame in frames
    )
    return _COUNT_HEAD.pack(len(frames), 0) + rows + bytes(blobs)


def unpack_frames(section: bytes, base_count: int, manifest: Manifest) -> list[SourceFrame]:
    count = _unpack_count(section, "FRAM", _FRAME_ROW.size)
    start = _COUNT_HEAD.size + count * _FRAME_ROW.size
    frames = []
    for i in range(count):
        base, x, y, w, h, length, offset = _FRAME_ROW.unpack_from(section, 8 + i * _FRAME_ROW.size)
        require(base < base_count, f"source frame {i} names base picture {base} of {base_count}")
        if w == 0 or h == 0:
            require(
                not (x or y or w or h or length or offset),
                f"source frame {i} has half a rectangle",
            )
            frames.append(SourceFrame(base))
            continue
        check_rect(i, (x, y, w, h), manifest)
        jpeg = _slice(section, start, offset, length, f"source frame {i}")
        frames.append(SourceFrame(base, (x, y, w, h), jpeg))
    return frames


def pack_placements(placements: Sequence[Placement]) -> bytes:
    return b"".join(_PLACEMENT_ROW.pack(*row.affine, *row.bias, 0) for row in placements)


def unpack_placements(section: bytes, frame_count: int) -> list[Placement]:
    require(
        len(section) == frame_count * _PLACEMENT_ROW.size,
        f"PLAC has {len(section)} bytes, {frame_count} source frames need "
        f"{frame_count * _PLACEMENT_ROW.size}",
    )
    placements = []
    for i, row in enumerate(_PLACEMENT_ROW.iter_unpack(section)):
        require(row[9] == 0, f"placement {i} has a reserved field that is not 0")
        placements.append(Placement(row[0:6], row[6:9]))
        check_placement(i, placements[-1])
    return placements


def pack_clips(clips: Sequence[Clip], loop_count: int) -> bytes:
    rows = b"".join(
        _CLIP_ROW.pack(
            clip.name.encode("ascii"),
            clip.frames.start,
            len(clip.frames),
            clip.leave,
            clip.rejoin,
            _CLIP_IDLE if clip.idle else 0,
            0,
        )
        for clip in clips
    )
    return _COUNT_HEAD.pack(len(clips), loop_count) + rows


def unpack_clips(section: bytes) -> tuple[list[Clip], int]:
    """The clips and the length of the loop; what they must keep, check_avatar checks."""
    require(len(section) >= _COUNT_HEAD.size, "CLIP is too short for its header")
    count, loop_count = _COUNT_HEAD.unpack_from(section)
    require(1 <= count <= MAX_CLIPS, f"CLIP has {count} clips, 1 to {MAX_CLIPS} are allowed")
    needed = _COUNT_HEAD.size + count * _CLIP_ROW.size
    require(len(section) == needed, f"CLIP has {len(section)} bytes, {count} clips need {needed}")
    rows = _CLIP_ROW.iter_unpack(section[_COUNT_HEAD.size :])
    return [_unpack_clip(i, *row) for i, row in enumerate(rows)], loop_count


def _unpack_clip(
    index: int,
    name: bytes,
    first: int,
    frames: int,
    leave: int,
    rejoin: int,
    flags: int,
    reserved: int,
) -> Clip:
    text = name.rstrip(b"\0")
    require(
        len(text) <= MAX_CLIP_NAME_BYTES and b"\0" not in text,
        f"the name of clip {index} is longer than {MAX_CLIP_NAME_BYTES} bytes or not padded with "
        "zeros",
    )
    require(flags & ~_CLIP_IDLE == 0, f"clip {index} has flags {flags:#x}, this reader knows 0x1")
    require(reserved == 0, f"clip {index} has a reserved field that is not 0")
    slug = text.decode("ascii", "backslashreplace")
    return Clip(slug, range(first, first + frames), leave, rejoin, flags == _CLIP_IDLE)


def pack_mouths(
    mouths: Sequence[Mouth], patch_size: tuple[int, int], mask: NDArray[np.uint8]
) -> bytes:
    blobs = _Blobs(_MOUTH_HEAD.size + len(mouths) * _MOUTH_ROW.size + mask.size)
    head = _MOUTH_HEAD.pack(len(mouths), len(COORD_NAMES), *patch_size, 0)
    rows = b"".join(
        _MOUTH_ROW.pack(*mouth.q12, len(mouth.jpeg), blobs.add(mouth.jpeg)) for mouth in mouths
    )
    return head + rows + mask.tobytes() + bytes(blobs)


def unpack_mouths(section: bytes) -> tuple[list[Mouth], tuple[int, int], NDArray[np.uint8]]:
    require(len(section) >= _MOUTH_HEAD.size, "MOUT is too short for its header")
    count, dims, width, height, reserved = _MOUTH_HEAD.unpack_from(section)
    require(1 <= count <= MAX_MOUTHS, f"MOUT has {count} mouths, 1 to {MAX_MOUTHS} are allowed")
    require(dims == len(COORD_NAMES), f"MOUT has {dims} coordinates, not {len(COORD_NAMES)}")
    require(reserved == 0, "MOUT has a reserved field that is not 0")
    check_patch_size((width, height))
    rows_end = _MOUTH_HEAD.size + count * _MOUTH_ROW.size
    start = rows_end + width * height
    require(len(section) >= start, "MOUT is too short for its table and mask")
    mask = np.frombuffer(section, np.uint8, width * height, rows_end).reshape(height, width)
    mouths = []
    for i in range(count):
        row = _MOUTH_ROW.unpack_from(section, _MOUTH_HEAD.size + i * _MOUTH_ROW.size)
        if i == 0:
            require(not any(row), "mouth 0 is not the rest mouth")
            mouths.append(Mouth.rest())
            continue
        jpeg = _slice(section, start, row[7], row[6], f"mouth {i}")
        mouths.append(Mouth.from_q12(row[0:6], jpeg))
        check_coords(i, mouths[-1])
    return mouths, (width, height), mask


def _unpack_count(section: bytes, name: str, row_size: int) -> int:
    require(len(section) >= _COUNT_HEAD.size, f"{name} is too short for its header")
    count, reserved = _COUNT_HEAD.unpack_from(section)
    require(1 <= count <= MAX_FRAMES, f"{name} has {count} rows, 1 to {MAX_FRAMES} are allowed")
    require(reserved == 0, f"{name} has a reserved field that is not 0")
    require(
        len(section) >= _COUNT_HEAD.size + count * row_size,
        f"{name} is too short for its {count} rows",
    )
    return int(count)


def _slice(section: bytes, start: int, offset: int, length: int, what: str) -> bytes:
    require(length > 0, f"{what} has no picture")
    require(
        offset >= start and offset + length <= len(section),
        f"{what} lies outside its section: {length} bytes at {offset} of {len(section)}",
    )
    return section[offset : offset + length]


def pack_signature(key_id: bytes, signature: bytes) -> bytes:
    return _SIGNATURE.pack(_SIGNATURE_KIND, 0, key_id, signature)


def unpack_signature(section: bytes) -> tuple[bytes, bytes]:
    """The key's id and the signature, which nobody has verified."""
    require(
        len(section) == _SIGNATURE.size,
        f"section SIGN has {len(section)} bytes, not {_SIGNATURE.size}",
    )
    kind, reserved, key_id, signature = _SIGNATURE.unpack(section)
    require(kind == _SIGNATURE_KIND, f"its signature is of kind {kind}, this reader knows 1")
    require(reserved == 0, "section SIGN has a reserved field that is not 0")
    return key_id, signature
