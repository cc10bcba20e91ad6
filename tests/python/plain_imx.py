"""A reader and player of avatar files written from docs/imx.md alone, with the standard library.

It shares nothing with the package: that it agrees with the C reader shows that the page suffices.
Decoding a JPEG is left to the caller.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from typing import Any, Callable, NamedTuple

Planes = list[list[bytes]]
"""Y, U and V, each a list of rows."""


class Refused(Exception):
    """The file breaks a rule of the page."""


class Picture(NamedTuple):
    """A rectangle over a base picture; w is 0 where there is none."""

    base: int
    x: int
    y: int
    w: int
    h: int
    jpeg: bytes


class File(NamedTuple):
    """What stands in a file."""

    manifest: dict[str, Any]
    bases: list[bytes]
    frames: list[Picture]
    placements: list[tuple[int, ...]]
    clips: list[tuple[str, int, int, int, int, int]]
    loop_count: int
    coords: list[tuple[int, ...]]
    patches: list[bytes]
    patch: tuple[int, int]
    mask: bytes


def must(condition: object, rule: str) -> None:
    if not condition:
        raise Refused(rule)


def read(data: bytes) -> File:
    parts = sections(data)
    for name in ("MANI", "BASE", "FRAM", "PLAC", "MOUT"):
        must(name in parts, f"{name} is required")
    manifest = read_manifest(parts["MANI"])
    size = (manifest["width"], manifest["height"])
    bases = read_bases(parts["BASE"])
    frames = read_frames(parts["FRAM"], len(bases), size)
    placements = read_placements(parts["PLAC"], len(frames))
    clips, loop_count = read_clips(parts.get("CLIP"), len(frames))
    coords, patches, patch, mask = read_mouths(parts["MOUT"])
    if "SIGN" in parts:
        must(len(parts["SIGN"]) == 88 and parts["SIGN"][:8] == bytes([1, *[0] * 7]), "signature")
    total = len(bases) * decoded(*size) + len(coords) * decoded(*patch)
    total += sum(decoded(frame.w, frame.h) for frame in frames)
    must(total <= 2**31, "decoded size")
    return File(
        manifest, bases, frames, placements, clips, loop_count, coords, patches, patch, mask
    )


def sections(data: bytes) -> dict[str, bytes]:
    must(data[:8] == b"\x89BEI\r\n\x1a\n" and len(data) >= 64, "magic")
    version, count, toc, size, toc_crc = struct.unpack_from("<IIQQI", data, 8)
    must(struct.unpack_from("<I", data, 60)[0] == zlib.crc32(data[:60]), "header checksum")
    must(version == 1 and 1 <= count <= 64 and toc == 64, "header fields")
    must(size == len(data) <= 2**30 and not any(data[36:60]), "header size and reserved")
    end = 64 + 32 * count
    must(end <= size and zlib.crc32(data[64:end]) == toc_crc, "table")
    found: dict[str, bytes] = {}
    for i in range(count):
        row = struct.unpack_from("<4sIQQII", data, 64 + 32 * i)
        name, flags, offset, length, crc, reserved = row
        must(all(0x20 < c < 0x7F for c in name), "type")
        text = name.decode()
        must(text not in found and flags == (text == "CLIP") and reserved == 0, "row")
        must(offset % 64 == 0 and offset >= end and length > 0, "place")
        must(offset + length <= size and not any(data[end:offset]), "inside, padding")
        end = offset + length
        found[text] = data[offset:end]
        must(zlib.crc32(found[text]) == crc, "checksum")
    must(end == size, "bytes behind the last section")
    return found


def read_manifest(section: bytes) -> dict[str, Any]:
    must(len(section) <= 65536 and section[:1] == b"{", "manifest size and first byte")

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        must(len(dict(pairs)) == len(pairs) <= 64, "keys")
        return dict(pairs)

    try:
        text = section.decode()
        manifest = json.loads(text, object_pairs_hook=table, parse_float=whole)
        json.dumps(manifest, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Refused(f"not JSON: {error}") from None
    bounded(manifest, 1)
    keys: dict[str, type] = {"format": int, "width": int, "height": int, "fps": int}
    keys |= dict.fromkeys(("name", "identity", "auth", "loop", "license", "source", "tool"), str)
    for key, kind in keys.items():
        must(type(manifest.get(key)) is kind, key)
    for key in ("unmetered", "insecure"):
        must(type(manifest.get(key, False)) is bool, key)
    for key in ("description", "consent", "issuer"):
        must(type(manifest.get(key, "")) is str, key)
        keys[key] = str
    for key in (key for key, kind in keys.items() if kind is str):
        words = manifest.get(key, "")
        most = 127 if key in ("name", "identity", "issuer") else 1023
        must(len(words.encode()) <= most and not re.search("[\0-\x1f\x7f]", words), key)
    must(manifest["name"], "name is empty")
    must(re.fullmatch("[a-z0-9][a-z0-9._-]*", manifest["identity"]), "identity")
    must(manifest["format"] == 1 and manifest["fps"] == 25, "format, fps")
    for side in (manifest["width"], manifest["height"]):
        must(64 <= side <= 4096 and side % 2 == 0, "width, height")
    must(manifest["auth"] in ("none", "heartbeat"), "auth")
    must((manifest["auth"] == "heartbeat") == bool(manifest.get("issuer")), "issuer")
    must(manifest["loop"] in ("forward", "pingpong"), "loop")
    return dict(manifest)


def whole(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value


def bounded(value: Any, depth: int) -> None:
    must(not (isinstance(value, str) and "\0" in value), "zero character")
    inner = [*value, *value.values()] if isinstance(value, dict) else value
    if isinstance(inner, list):
        must(depth <= 16, "depth")
        for item in inner:
            bounded(item, depth + 1)


def blob(section: bytes, table_end: int, offset: int, length: int) -> bytes:
    must(length > 0 and table_end <= offset and offset + length <= len(section), "blob")
    return section[offset : offset + length]


def counted(section: bytes, row: int) -> tuple[int, int]:
    """Count of rows and where they end."""
    must(len(section) >= 8, "short section")
    count, reserved = struct.unpack_from("<II", section)
    end = 8 + row * count
    must(1 <= count <= 4096 and reserved == 0 and end <= len(section), "rows")
    return count, end


def read_bases(section: bytes) -> list[bytes]:
    count, end = counted(section, 16)
    out = []
    for i in range(count):
        offset, length, reserved = struct.unpack_from("<QII", section, 8 + 16 * i)
        must(reserved == 0, "reserved")
        out.append(blob(section, end, offset, length))
    return out


def read_frames(section: bytes, bases: int, size: tuple[int, int]) -> list[Picture]:
    count, end = counted(section, 24)
    out = []
    for i in range(count):
        row = struct.unpack_from("<I4HIQ", section, 8 + 24 * i)
        base, x, y, w, h, length, offset = row
        must(base < bases, "base")
        if not any(row[1:]):
            out.append(Picture(base, 0, 0, 0, 0, b""))
            continue
        for at, side, full in ((x, w, size[0]), (y, h, size[1])):
            must(side > 0 and at + side <= full and at % 16 == 0, "rectangle")
            must(side % 16 == 0 or at + side == full, "grid")
        out.append(Picture(base, x, y, w, h, blob(section, end, offset, length)))
    return out


def read_placements(section: bytes, frames: int) -> list[tuple[int, ...]]:
    must(len(section) == 32 * frames, "length of PLAC")
    out = []
    for row in struct.iter_unpack("<6i3hH", section):
        linear = [row[i] for i in (0, 1, 3, 4)]
        must(max(map(abs, linear)) <= 524288, "scale")
        must(abs(row[0] * row[4] - row[1] * row[3]) >= 2**26, "determinant")
        must(max(map(abs, row[6:9])) <= 4080 and row[9] == 0, "bias, reserved")
        out.append(row[:9])
    return out


def read_clips(
    section: bytes | None, frames: int
) -> tuple[list[tuple[str, int, int, int, int, int]], int]:
    if section is None:
        return [], frames
    must(len(section) >= 8, "short CLIP")
    count, loop = struct.unpack_from("<II", section)
    must(1 <= count <= 64 and len(section) == 8 + 56 * count, "clips")
    must(1 <= loop <= frames, "loop_count")
    out = []
    for i in range(count):
        row = struct.unpack_from("<32s6I", section, 8 + 56 * i)
        name = row[0].rstrip(b"\0").decode("latin-1")
        must(re.fullmatch("[a-z0-9][a-z0-9._-]{0,30}", name), "clip name")
        _, first, length, leave, rejoin, flags, reserved = row
        must(length >= 1 and loop <= first and first + length <= frames, "clip frames")
        must(leave < loop and rejoin < loop and flags <= 1 and reserved == 0, "clip fields")
        out.append((name, first, length, leave, rejoin, flags))
    must(len({row[0] for row in out}) == count, "clip names")
    return out, loop


def read_mouths(
    section: bytes,
) -> tuple[list[tuple[int, ...]], list[bytes], tuple[int, int], bytes]:
    must(len(section) >= 16, "short MOUT")
    count, dims, width, height, reserved = struct.unpack_from("<IIHHI", section)
    must(1 <= count <= 512 and dims == 6 and reserved == 0, "head of MOUT")
    for side in (width, height):
        must(side % 2 == 0 and 8 <= side <= 1024, "patch")
    rows = 16 + 24 * count
    end = rows + width * height
    must(end <= len(section), "short MOUT")
    coords, patches = [], []
    for i in range(count):
        row = struct.unpack_from("<6hIQ", section, 16 + 24 * i)
        must(i > 0 or not any(row), "rest mouth")
        must(max(map(abs, row[:6])) <= 8192, "coordinates")
        coords.append(row[:6])
        patches.append(blob(section, end, row[7], row[6]) if i else b"")
    return coords, patches, (width, height), section[rows:end]


def decoded(width: int, height: int) -> int:
    def plane(w: int, h: int) -> int:
        return (w + 63) // 64 * 64 * h

    return plane(width, height) + 2 * plane((width + 1) // 2, (height + 1) // 2)


# ---------------------------------------------------------------- composing


def compose(
    file: File,
    frame: int,
    mouth: int,
    decode: Callable[[bytes], Planes],
    other: int = 0,
    share: int = 0,
) -> Planes:
    """A source frame with a mouth, as planes; `share` sixteenths of the mouth are another's."""
    picture = file.frames[frame]
    planes = [list(plane) for plane in decode(file.bases[picture.base])]
    if picture.w:
        put(planes, decode(picture.jpeg), picture.x, picture.y)
    if mouth == 0:
        return planes
    patch = decode(file.patches[mouth])
    if share:
        patch = mix(patch, decode(file.patches[other]), share)
    width, height = file.patch
    mask = [file.mask[i * width : (i + 1) * width] for i in range(height)]
    m = file.placements[frame]
    luma(planes[0], patch[0], mask, m, m[6])
    for plane, bias in ((1, m[7]), (2, m[8])):
        chroma(planes[plane], patch[plane], mask, m, bias)
    return planes


def mix(one: Planes, other: Planes, share: int) -> Planes:
    return [
        [
            bytes((a * (16 - share) + b * share + 8) // 16 for a, b in zip(row, second))
            for row, second in zip(plane, others)
        ]
        for plane, others in zip(one, other)
    ]


def put(planes: Planes, part: Planes, x: int, y: int) -> None:
    for plane, rows in enumerate(part):
        left, top = (x, y) if plane == 0 else (x // 2, y // 2)
        for i, row in enumerate(rows):
            line = planes[plane][top + i]
            planes[plane][top + i] = line[:left] + row + line[left + len(row) :]


def sample(plane: list[bytes], u: int, v: int) -> int:
    x, fx, y, fy = u >> 16, (u >> 8) & 255, v >> 16, (v >> 8) & 255
    top = plane[y][x] * (256 - fx) + plane[y][x + 1] * fx
    bottom = plane[y + 1][x] * (256 - fx) + plane[y + 1][x + 1] * fx
    return top * (256 - fy) + bottom * fy


def mixed(source: int, value: int, bias: int, alpha: int) -> int:
    p = max(0, min(255, (value + bias * 4096 + 32768) >> 16))
    s = source * (255 - alpha) + p * alpha + 128
    return (s + (s >> 8)) >> 8


def alpha_at(mask: list[bytes], u: int, v: int) -> int:
    width, height = len(mask[0]), len(mask)
    if not (0 <= u <= (width - 1) * 65536 - 1 and 0 <= v <= (height - 1) * 65536 - 1):
        return 0
    return (sample(mask, u, v) + 32768) >> 16


def luma(
    plane: list[bytes], patch: list[bytes], mask: list[bytes], m: tuple[int, ...], bias: int
) -> None:
    for Y, row in enumerate(plane):
        line = bytearray(row)
        for X in range(len(line)):
            u = m[0] * X + m[1] * Y + m[2]
            v = m[3] * X + m[4] * Y + m[5]
            alpha = alpha_at(mask, u, v)
            if alpha:
                line[X] = mixed(line[X], sample(patch, u, v), bias, alpha)
        plane[Y] = bytes(line)


def chroma(
    plane: list[bytes], patch: list[bytes], mask: list[bytes], m: tuple[int, ...], bias: int
) -> None:
    width, height = len(mask[0]), len(mask)
    for j, row in enumerate(plane):
        line = bytearray(row)
        for i in range(len(line)):
            u = ((m[0] * (4 * i + 1) + m[1] * (4 * j + 1)) >> 1) + m[2]
            v = ((m[3] * (4 * i + 1) + m[4] * (4 * j + 1)) >> 1) + m[5]
            alpha = alpha_at(mask, u, v)
            if alpha:
                cu = max(0, min((u - 32768) >> 1, (width // 2 - 1) * 65536 - 1))
                cv = max(0, min((v - 32768) >> 1, (height // 2 - 1) * 65536 - 1))
                line[i] = mixed(line[i], sample(patch, cu, cv), bias, alpha)
        plane[j] = bytes(line)
