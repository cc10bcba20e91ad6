"""Finds ONNX Runtime's own library inside the ``onnxruntime`` package, without importing it.

The C core opens the library that it is told of, or that BITHUMAN_ORT_LIBRARY names, when the first
avatar is loaded. The environment is left alone: it is also that of the programs we start.
Importing the package would cost 100 ms and tens of megabytes for an API that nobody here uses.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from bithuman_ctypes._ffi.library import library

ENVIRONMENT_VARIABLE = "BITHUMAN_ORT_LIBRARY"

_PATTERN = {"win32": "onnxruntime.dll", "darwin": "libonnxruntime*.dylib"}.get(
    sys.platform, "libonnxruntime.so*"
)


def announce() -> str | None:
    """Tells the C core where the library is, unless BITHUMAN_ORT_LIBRARY does, and returns None.

    Where no library is found the result is the reason with what to do: the C core may still find
    one by itself, and if not, this is the hint that belongs to its error.
    """
    if os.environ.get(ENVIRONMENT_VARIABLE):
        return None
    path = find()
    if path is not None:
        # Refused when another ONNX Runtime is in use already, and then that one does.
        library().be_set_onnxruntime_library(os.fsencode(path))
        return None
    version = ".".join(map(str, sys.version_info[:2]))
    if not package_folders():
        return f"install ONNX Runtime (pip install onnxruntime) or set {ENVIRONMENT_VARIABLE}"
    return (
        f"the onnxruntime package of this Python {version} has no {_PATTERN}: install onnxruntime "
        f">= 1.19, or set {ENVIRONMENT_VARIABLE} to the library of another installation"
    )


def find() -> Path | None:
    """ONNX Runtime's library in the installed package; None without one."""
    for folder in package_folders():
        # The provider plug-ins share the name's beginning on some systems.
        found = [p for p in sorted((folder / "capi").glob(_PATTERN)) if "providers" not in p.name]
        if found:
            return found[-1]
    return None


def package_folders() -> list[Path]:
    """The folders of the ``onnxruntime`` package."""
    try:
        spec = importlib.util.find_spec("onnxruntime")
    except (ImportError, ValueError):  # ValueError: a half-initialised module of that name
        return []
    return [Path(p) for p in spec.submodule_search_locations or ()] if spec else []
