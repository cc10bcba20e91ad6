"""Finds the engine's shared library, loads it once, and checks that it speaks our ABI."""

from __future__ import annotations

import os
import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bithuman_ctypes._ffi import _values, log
from bithuman_ctypes._ffi._tables import ffi
from bithuman_ctypes.errors import RuntimeNotReadyError

if TYPE_CHECKING:
    from bithuman_ctypes._ffi._tables import Library

__all__ = ["ffi", "library", "library_path"]

ENVIRONMENT_VARIABLE = "BITHUMAN_ESSENCE_LIBRARY"
PACKAGES = "libturbojpeg0 libspeexdsp1 libcjson1 libsodium23"
FOLDER = Path(__file__).resolve().parent.parent / "_lib"

_lock = threading.Lock()
_loaded: Library | None = None


def library() -> Library:
    """The loaded library. The first call loads it. Raises RuntimeNotReadyError. Any thread."""
    global _loaded
    if _loaded is None:
        with _lock:
            if _loaded is None:
                _loaded = _load(library_path())
    return _loaded


def library_path() -> Path:
    """The library's file: what BITHUMAN_ESSENCE_LIBRARY names, else the package's own."""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        path = Path(named)
        if not path.is_file():
            raise RuntimeNotReadyError(f"{ENVIRONMENT_VARIABLE} names no file: {named}")
        return path
    for name in _file_names():
        path = FOLDER / name
        if path.is_file():
            return path
    archive = next((parent for parent in FOLDER.parents if parent.is_file()), None)
    if archive is not None:
        raise RuntimeNotReadyError(
            f"bithuman_ctypes is imported out of the archive {archive}, from which no system opens "
            "a library: unpack it, or pip install the wheel"
        )
    raise RuntimeNotReadyError(
        f"the engine's library is not in {FOLDER} (looked for {', '.join(_file_names())}): "
        "install the package from its source folder (pip install .), or build the library there "
        f"(scripts/build) and set {ENVIRONMENT_VARIABLE} to the file"
    )


def _file_names() -> tuple[str, ...]:
    if sys.platform == "win32":
        return ("essence.dll", "libessence.dll")
    if sys.platform == "darwin":
        return ("libessence.dylib",)
    return ("libessence.so",)


def _load(path: Path) -> Library:
    try:
        loaded: Any = ffi.dlopen(str(path))
    except UnicodeError as error:  # cffi knows no way around it
        raise RuntimeNotReadyError(
            f"{os.fsencode(path)!r} cannot be loaded: the path has letters that this locale "
            f"({sys.getfilesystemencoding()}) has not: set PYTHONUTF8=1"
        ) from error
    except OSError as error:
        raise RuntimeNotReadyError(_not_loaded(path, str(error))) from error
    _require_same_release(loaded, path)
    log.connect(loaded)
    return cast("Library", loaded)


def _require_same_release(loaded: Any, path: Path) -> None:
    version, revision = _versions(loaded, path)
    wanted = (_values.BE_ABI_VERSION, _values.BE_ABI_REVISION)
    if version != wanted[0] or revision < wanted[1]:
        raise RuntimeNotReadyError(
            f"{path} has ABI {version} revision {revision}, this package needs ABI {wanted[0]} "
            f"revision {wanted[1]} or later: library and package are of different releases"
        )
    # A build between two releases has the numbers already and not yet all that belongs to them.
    for name in dir(loaded):
        try:
            getattr(loaded, name)
        except (AttributeError, ffi.error):
            raise RuntimeNotReadyError(
                f"{path} has no {name}: library and package are of different releases"
            ) from None


def _not_loaded(path: Path, reason: str) -> str:
    missing = re.search(r"\b(lib[^\s/:]+\.so[.\d]*): cannot open shared object file", reason)
    if missing:
        return (
            f"{path} cannot be loaded: this system has no {missing[1]}; the engine needs "
            "libturbojpeg, libspeexdsp, libcjson and libsodium: on Debian and Ubuntu apt install "
            f"{PACKAGES}"
        )
    return f"{path} cannot be loaded: {reason}; is it built for this system and processor?"


def _versions(loaded: Any, path: Path) -> tuple[int, int]:
    """The library's ABI version and revision; a library without a revision has revision 0."""
    absent = (AttributeError, ffi.error)  # the second is how dlopen's library says it
    try:
        version = int(loaded.be_abi_version())
    except absent:
        raise RuntimeNotReadyError(f"{path} is not the engine's library") from None
    try:
        return version, int(loaded.be_abi_revision())
    except absent:
        return version, 0
