"""What of a wheel's library is not as it should be, in the formats of Linux, Windows and macOS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import lief

MAP = Path(__file__).resolve().parent.parent / "c_core" / "abi" / "essence.map"
TAG = re.compile(
    r"^py3-none-(?:"
    r"(?P<libc>manylinux|musllinux)_(?P<major>\d+)_(?P<minor>\d+)_(?P<linux>x86_64|aarch64)"
    r"|win_(?P<windows>amd64|arm64)"
    r"|macosx_(?P<macos>\d+_\d+)_(?P<apple>arm64|x86_64))$"
)
lief.logging.disable()  # it speaks of what it cannot name in files that are good

FILES = {"linux": "libessence.so", "windows": "libessence.dll", "apple": "libessence.dylib"}
# The system's own libraries, and nothing else, are there on every machine.
GLIBC = re.compile(r"^(libc|libm|libpthread|libdl|librt)\.so\.\d+$|^ld-linux-[a-z0-9-]+\.so\.\d$")
MUSL = re.compile(r"^libc(\.musl-[a-z0-9_]+)?\.so(\.1)?$|^ld-musl-[a-z0-9_]+\.so\.1$")
WINDOWS = re.compile(r"^((advapi32|kernel32|msvcrt)\.dll|api-ms-win-crt-[a-z0-9-]+\.dll)$")
LINKERS_OWN = {"___dso_handle", "__mh_dylib_header"}  # zig's exports its marks of a library's start
MACOS = re.compile(r"^/usr/lib/libSystem\.B\.dylib$")


def file_name(tag: str) -> str:
    """The library's name in a wheel of that tag."""
    match = TAG.match(tag)
    found = [file for key, file in FILES.items() if match is not None and match[key]]
    return found[0] if found else FILES["linux"]


def faults(data: bytes, tag: str) -> Iterator[str]:
    """A sentence for each."""
    match = TAG.match(tag)
    if match is None:
        return
    binary = lief.parse(data)
    if isinstance(binary, lief.ELF.Binary) and match["linux"]:
        yield from _elf(binary, match)
    elif isinstance(binary, lief.PE.Binary) and match["windows"]:
        yield from _pe(binary, match)
    elif isinstance(binary, lief.MachO.Binary) and match["apple"]:
        yield from _macho(binary, match)
    else:
        yield f"the library is not one for {tag}"


def mapped() -> set[str]:
    """The functions that we export."""
    text = re.sub(r"/\*.*?\*/", "", MAP.read_text(), flags=re.S)
    return set(re.findall(r"^\s+(be_\w+);", text, re.M))


def _exports(found: set[str]) -> Iterator[str]:
    if found != mapped():
        yield f"exports differ from essence.map: {sorted(found ^ mapped())}"


def _needs(names: list[str], allowed: re.Pattern[str]) -> Iterator[str]:
    for name in names:
        if not allowed.match(name):
            yield f"the library needs {name}"


def _elf(binary: lief.ELF.Binary, match: re.Match[str]) -> Iterator[str]:
    machine = {"x86_64": lief.ELF.ARCH.X86_64, "aarch64": lief.ELF.ARCH.AARCH64}[match["linux"]]
    if binary.header.machine_type != machine:
        yield f"the library is not for {match['linux']}"
    names = {str(symbol.name) for symbol in binary.dynamic_symbols if symbol.shndx != 0}
    yield from _exports({name for name in names if not re.match(r"ESSENCE_[\d_]+$", name)})
    yield from _needs(
        [str(name) for name in binary.libraries], GLIBC if match["libc"] == "manylinux" else MUSL
    )
    tags = {entry.tag for entry in binary.dynamic_entries}
    if {lief.ELF.DynamicEntry.TAG.RPATH, lief.ELF.DynamicEntry.TAG.RUNPATH} & tags:
        yield "the library has a search path"
    segments = {segment.type: segment for segment in binary.segments}
    flags = [e for e in binary.dynamic_entries if isinstance(e, lief.ELF.DynamicEntryFlags)]
    now = any(f.has(lief.ELF.DynamicEntryFlags.FLAG.BIND_NOW) for f in flags) or any(
        f.has(lief.ELF.DynamicEntryFlags.FLAG.NOW) for f in flags
    )
    if not now or lief.ELF.Segment.TYPE.GNU_RELRO not in segments:
        yield "the library's tables stay writable"
    stack = segments.get(lief.ELF.Segment.TYPE.GNU_STACK)
    if stack is None or stack.has(lief.ELF.Segment.FLAGS.X):
        yield "the library asks for an executable stack"
    if any(section.name == ".debug_info" for section in binary.sections):
        yield "the library has debug information"
    yield from _glibc(binary, match)


def _glibc(binary: lief.ELF.Binary, match: re.Match[str]) -> Iterator[str]:
    wanted = [
        tuple(map(int, str(version.name)[len("GLIBC_") :].split(".")))
        for requirement in binary.symbols_version_requirement
        for version in requirement.get_auxiliary_symbols()
        if str(version.name).startswith("GLIBC_")
    ]
    limit = (int(match["major"]), int(match["minor"])) if match["libc"] == "manylinux" else (0, 0)
    if wanted and max(wanted) > limit:
        yield f"the library needs glibc {max(wanted)}, the tag promises {limit}"


def _pe(binary: lief.PE.Binary, match: re.Match[str]) -> Iterator[str]:
    types = lief.PE.Header.MACHINE_TYPES
    if binary.header.machine != {"amd64": types.AMD64, "arm64": types.ARM64}[match["windows"]]:
        yield f"the library is not for {match['windows']}"
    table = binary.get_export()
    yield from _exports({str(entry.name) for entry in table.entries} if table else set())
    if table and table.name != FILES["windows"]:
        yield f"the library calls itself {table.name}"
    yield from _needs([str(library.name).lower() for library in binary.imports], WINDOWS)
    wanted = lief.PE.OptionalHeader.DLL_CHARACTERISTICS
    for flag in (wanted.DYNAMIC_BASE, wanted.NX_COMPAT, wanted.HIGH_ENTROPY_VA):
        if not binary.optional_header.has(flag):
            yield f"the library lacks {flag.name}"
    if any(isinstance(entry, lief.PE.CodeViewPDB) and entry.filename for entry in binary.debug):
        yield "the library names a file with debug information"
    repro = any(isinstance(entry, lief.PE.Repro) for entry in binary.debug)
    if binary.header.time_date_stamps != 0 and not repro:
        yield "the library holds the date of its build"


def _macho(binary: lief.MachO.Binary, match: re.Match[str]) -> Iterator[str]:
    types = lief.MachO.Header.CPU_TYPE
    if binary.header.cpu_type != {"arm64": types.ARM64, "x86_64": types.X86_64}[match["apple"]]:
        yield f"the library is not for {match['apple']}"
    trie = binary.dyld_exports_trie or binary.dyld_info
    names = {str(entry.symbol.name) for entry in trie.exports} if trie else set()
    yield from _exports({name[1:] for name in names - LINKERS_OWN})  # an underscore before each
    # The first of a library's is its own name.
    kind = lief.MachO.LoadCommand.TYPE
    own = [c for c in binary.commands if c.command == kind.ID_DYLIB]
    if [str(c.name) for c in own if isinstance(c, lief.MachO.DylibCommand)] != [
        f"@rpath/{FILES['apple']}"
    ]:
        yield f"the library calls itself {[str(c) for c in own]}"
    loaded = [c for c in binary.libraries if c.command != kind.ID_DYLIB]
    yield from _needs([str(library.name) for library in loaded], MACOS)
    if binary.has_rpath:
        yield "the library has a search path"
    yield from _macos_version(binary, match)
    if match["apple"] == "arm64" and not binary.has_code_signature:
        yield "the library is not signed, without which this processor's macOS loads none"


def _macos_version(binary: lief.MachO.Binary, match: re.Match[str]) -> Iterator[str]:
    version = binary.build_version
    if version is None or version.platform != lief.MachO.BuildVersion.PLATFORMS.MACOS:
        yield "the library does not say that it is for macOS"
        return
    promised = tuple(map(int, match["macos"].split("_")))
    if tuple(version.minos[:2]) > promised:
        yield f"the library needs macOS {version.minos}, the tag promises {promised}"
