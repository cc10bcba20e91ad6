"""The container of an avatar file: header, table of contents and sections, whatever they hold.

``read_header``, ``read_table``, ``check_place`` and ``check_sum`` are the steps of ``unpack``, one
by one for who wants a verdict on each.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from bithuman_ctypes.authoring._imx_model import ImxError, require

MAGIC = b"\x89BEI\r\n\x1a\n"
VERSION = 1
ALIGNMENT = 64
MAX_SECTIONS = 64
MAX_FILE_BYTES = 1 << 30
SECTION_FLAGS = {"CLIP": 1}
"""Who does not know these sections must refuse the file; all others have flags 0."""

_HEADER = struct.Struct("<8sIIQQI24s")  # followed by its own CRC-32
_ROW = struct.Struct("<4sIQQII")
HEADER_SIZE = _HEADER.size + 4

_FOREIGN = (b"PK", b"\x89HDF", b"\x1f\x8b", b"IMX")
"""What files of other engines begin with; a tar's mark lies further inside."""


class Section(NamedTuple):
    """A row of the table of contents: ``offset`` and ``length`` in bytes from the file's start."""

    name: str
    flags: int
    offset: int
    length: int
    crc32: int

    @property
    def end(self) -> int:
        """The byte behind its last one."""
        return self.offset + self.length

    def of(self, data: bytes) -> bytes:
        """Its bytes in a file's."""
        return data[self.offset : self.end]


def pack(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """A file of named sections, in their order. Raises ImxError when it would be too large."""
    body = bytearray(HEADER_SIZE + len(parts) * _ROW.size)
    toc = b""
    for name, section in parts:
        body += bytes(-len(body) % ALIGNMENT)
        flags = SECTION_FLAGS.get(name, 0)
        place = (len(body), len(section), zlib.crc32(section))
        toc += _ROW.pack(name.encode("ascii"), flags, *place, 0)
        body += section
    require(
        len(body) <= MAX_FILE_BYTES,
        f"the file would take {len(body)} bytes, the limit is {MAX_FILE_BYTES}",
    )
    header = _HEADER.pack(
        MAGIC, VERSION, len(parts), HEADER_SIZE, len(body), zlib.crc32(toc), bytes(24)
    )
    header += struct.pack("<I", zlib.crc32(header))
    body[: len(header) + len(toc)] = header + toc
    return bytes(body)


def unpack(data: bytes) -> dict[str, bytes]:
    """The sections of a file, in their order. Raises ImxError, which names the fault."""
    read_header(data)
    table = read_table(data)
    check_place(data, table)
    for section in table:
        check_sum(data, section)
    return {section.name: section.of(data) for section in table}


def read_header(data: bytes) -> int:
    """Check the header and return the number of sections."""
    _check_magic(data)
    require(len(data) >= HEADER_SIZE, "truncated in the header")
    _, version, count, toc_offset, size, _, reserved = _HEADER.unpack_from(data)
    (header_crc,) = struct.unpack_from("<I", data, _HEADER.size)
    require(version == VERSION, f"container version {version}, this reader knows {VERSION}")
    require(header_crc == zlib.crc32(data[: _HEADER.size]), "the header's checksum is wrong")
    require(size == len(data), f"the file has {len(data)} bytes, its header says {size}")
    require(1 <= count <= MAX_SECTIONS, f"{count} sections, 1 to {MAX_SECTIONS} are allowed")
    require(toc_offset == HEADER_SIZE, f"the table of contents is at {toc_offset}, not at 64")
    require(not any(reserved), "a reserved field of the header is not 0")
    return int(count)


def _check_magic(data: bytes) -> None:
    foreign = data.startswith(_FOREIGN) or data[257:262] == b"ustar"
    other = ": a container of another engine" if foreign else ""
    require(
        data[: len(MAGIC)] == MAGIC, f"not an avatar of this engine (wrong magic number){other}"
    )


def read_table(data: bytes) -> list[Section]:
    """Check the table of contents behind a sound header and return its rows."""
    (count,) = struct.unpack_from("<I", data, 12)
    (toc_crc,) = struct.unpack_from("<I", data, 32)
    toc_end = HEADER_SIZE + count * _ROW.size
    require(toc_end <= len(data), "truncated in the table of contents")
    toc = data[HEADER_SIZE:toc_end]
    require(toc_crc == zlib.crc32(toc), "the checksum of the table of contents is wrong")
    table: list[Section] = []
    for name, flags, offset, length, crc, reserved in _ROW.iter_unpack(toc):
        text = name.decode("ascii", "backslashreplace")
        require(all(0x20 < char < 0x7F for char in name), f"section type {text!r} is not ASCII")
        require(text not in [section.name for section in table], f"section {text} appears twice")
        _check_flags(text, flags)
        require(reserved == 0, f"section {text} has a reserved field that is not 0")
        table.append(Section(text, flags, offset, length, crc))
    return table


def _check_flags(name: str, flags: int) -> None:
    known = SECTION_FLAGS.get(name, 0)
    require(flags & ~known == 0, f"section {name} has flags {flags:#x}; a newer reader is needed")
    require(flags == known, f"section {name} has flags {flags:#x}, not {known:#x}")


def check_place(data: bytes, table: Sequence[Section]) -> None:
    """Check that the sections lie one behind the other with zeros between, and fill the file."""
    end = HEADER_SIZE + len(table) * _ROW.size
    for section in table:
        name = section.name
        require(
            section.offset % ALIGNMENT == 0, f"section {name} is not aligned to {ALIGNMENT} bytes"
        )
        require(section.offset >= end, f"section {name} overlaps what stands before it")
        require(
            section.length > 0 and section.end <= len(data),
            f"section {name} is empty or ends outside the file",
        )
        require(
            not any(data[end : section.offset]), f"the padding before section {name} is not zero"
        )
        end = section.end
    require(end == len(data), "there are bytes after the last section")


def check_sum(data: bytes, section: Section) -> None:
    """Check a section's bytes against its checksum."""
    if zlib.crc32(section.of(data)) != section.crc32:
        raise ImxError(f"the checksum of section {section.name} is wrong")
