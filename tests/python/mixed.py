"""What a frame's mouth is mixed of."""

from __future__ import annotations

from bithuman_ctypes._ffi import _values
from bithuman_ctypes._ffi.library import ffi, library
from bithuman_ctypes._lowlevel import Runtime


def second_mouth(runtime: Runtime) -> tuple[int, int]:
    """The mouth that was mixed into the last frame's, and its share in sixteenths."""
    told = ffi.new("float[3]")
    call, tap = library().be_runtime_capture, _values.BE_DIAG_SHOWN_MOUTHS
    runtime._check(runtime._call(call, tap, told, ffi.sizeof(told), ffi.NULL))
    return int(told[1]), int(told[2] * 16)
