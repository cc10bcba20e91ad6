"""Checks of the arrays that go into C: wrong ones are refused, right ones are never copied."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bithuman_ctypes._ffi.library import ffi

# Right arrays are told at a glance; the slow way finds out what is wrong with the others.
_FLOAT32, _UINT8 = np.dtype(np.float32), np.dtype(np.uint8)
_BYTES = ffi.typeof("uint8_t[]")

MAX_SIDE = 8192
"""The largest width and height of a picture that the engine makes, in pixels."""


def float_samples(name: str, value: Any, writable: bool = False) -> NDArray[np.float32]:
    """``value`` itself, if it is a C-contiguous one-dimensional float32 array.

    Raises TypeError for another type or dtype and ValueError for another shape or layout.
    """
    if isinstance(value, np.ndarray) and value.dtype == _FLOAT32 and value.ndim == 1:
        flags = value.flags
        if flags.c_contiguous and (flags.writeable or not writable):
            return value
    _require_dtype(name, value, (np.float32,))
    if value.ndim != 1:
        raise ValueError(f"{name} must have one dimension, not the shape {value.shape}")
    _require_layout(name, value, writable)
    return value  # type: ignore[no-any-return]  # checked above


def interleaved(data: Any, channels: int | None) -> tuple[NDArray[Any], int, int]:
    """An array of samples as (itself, samples per channel, channels).

    int16 or float32, C-contiguous; one dimension, interleaved, or two: (samples, channels).
    Without ``channels`` the shape says how many there are.
    """
    _require_dtype("data", data, (np.int16, np.float32))
    if data.ndim not in (1, 2):
        raise ValueError(f"data must have one or two dimensions, not the shape {data.shape}")
    _require_layout("data", data, writable=False)
    if channels is None:
        channels = 1 if data.ndim == 1 else data.shape[1]
    if data.ndim == 2 and data.shape[1] != channels:
        raise ValueError(f"data of the shape {data.shape} does not have {channels} channels")
    if channels < 1 or data.size % channels:
        raise ValueError(f"{data.size} samples are not a whole number of {channels} channels")
    return data, data.size // channels, channels


def picture(name: str, value: Any, shape: tuple[int, ...]) -> Any:
    """The memory of ``value`` for C, if a picture of this shape can be written into it.

    A writable C-contiguous uint8 array. The memory stays as long as what is returned.
    """
    if type(value) is np.ndarray and value.dtype is _UINT8 and value.shape == shape:
        try:
            return ffi.from_buffer(_BYTES, value, True)
        except ValueError:
            _require_layout(name, value, writable=True)
            raise
    _require_dtype(name, value, (np.uint8,))
    if value.shape != shape:
        raise ValueError(f"{name} must have the shape {shape}, not {value.shape}")
    _require_layout(name, value, writable=True)
    return ffi.from_buffer(_BYTES, value, True)


def picture_size(size: Any) -> tuple[int, int]:
    """(width, height) of a picture to make, each 1 .. 8192."""
    try:
        width, height = map(operator.index, size)
    except (TypeError, ValueError):
        raise TypeError(f"a size is (width, height) in pixels, not {size!r}") from None
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise ValueError(f"a size is 1 to {MAX_SIDE} pixels each way, not {width}x{height}")
    return width, height


def _require_dtype(name: str, value: Any, dtypes: tuple[type, ...]) -> None:
    wanted = " or ".join(np.dtype(d).name for d in dtypes)
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a numpy array of {wanted}, not {type(value).__name__}")
    if value.dtype not in dtypes or not value.dtype.isnative:
        raise TypeError(f"{name} must be a numpy array of {wanted}, not of {value.dtype}")


def _require_layout(name: str, value: NDArray[Any], writable: bool) -> None:
    if writable and not value.flags.c_contiguous:
        # ascontiguousarray would make a copy, and the result would be written into that.
        fresh = f"numpy.empty({value.shape}, numpy.{value.dtype})"
        raise ValueError(f"{name} must be C-contiguous: make it by {fresh}")
    if not value.flags.c_contiguous:
        raise ValueError(f"{name} must be C-contiguous: pass numpy.ascontiguousarray({name})")
    if writable and not value.flags.writeable:
        raise ValueError(f"{name} must be writable")
