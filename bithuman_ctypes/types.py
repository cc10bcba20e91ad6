"""The values that go in and out of the Python API."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from bithuman_ctypes._ffi import _values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["EP", "EP_AUTO", "EP_COREML", "EP_CPU", "EP_NNAPI", "EP_QNN", "ComposedFrame"]


class EP(IntEnum):
    """Execution provider of the audio encoder. CPU is the canonical one; AUTO takes the best that
    there is. What is asked for and cannot be had becomes CPU: see ``active_ep``."""

    CPU = _values.BE_EP_CPU
    AUTO = _values.BE_EP_AUTO
    COREML = _values.BE_EP_COREML
    NNAPI = _values.BE_EP_NNAPI
    QNN = _values.BE_EP_QNN


EP_CPU = EP.CPU
EP_AUTO = EP.AUTO
EP_COREML = EP.COREML
EP_NNAPI = EP.NNAPI
EP_QNN = EP.QNN


@dataclass(frozen=True, eq=False)
class ComposedFrame:
    """One picture of the stream, 40 ms of it.

    ``bgr`` is uint8 of shape (height, width, 3), the caller's to keep, unless it is the array that
    was given as ``preallocated_out``. ``cluster_idx`` is the mouth, 0 = at rest: then the picture
    is the source frame bit for bit. ``frame_idx`` counts the frames of the stream from 0.
    ``source_idx`` is the source frame shown, 0 .. source_frame_count - 1.
    """

    bgr: NDArray[np.uint8]
    cluster_idx: int
    frame_idx: int
    source_idx: int
