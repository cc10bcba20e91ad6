"""The version names, each found out when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
    __core_version__: str
    __abi_version__: int


def __getattr__(name: str) -> object:
    if name == "__version__":
        return _package_version()
    if name == "__core_version__":
        from bithuman_ctypes._ffi.library import library
        from bithuman_ctypes._lowlevel.gate import text

        return text(library().be_library_version())
    if name == "__abi_version__":
        from bithuman_ctypes._ffi.library import library

        return library().be_abi_version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _package_version() -> str:
    from importlib import metadata

    try:
        return metadata.version("bithuman-ctypes")
    except metadata.PackageNotFoundError:
        # The source tree itself is on the path: the library that was built from it knows.
        from bithuman_ctypes import __core_version__

        return __core_version__
