"""One frame of a stream, as the engine gave it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bithuman_ctypes._ffi import _values as c
from bithuman_ctypes._ffi.library import ffi
from bithuman_ctypes.types import Mouth, PixelFormat

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOUTH = struct.Struct("=23fI")


@dataclass(eq=False)
class StreamFrame:
    """40 ms of picture, sound and what belongs to them; all of it the caller's to keep.

    ``image``: uint8, see ``picture_shape``; None when it has no picture. ``pcm``: int16, 16 kHz
    mono, 640 samples or, at the end of an utterance, fewer; None when idle. ``flags``: BE_FRAME_*.
    ``index`` counts the frames of the stream, ``position`` the samples given before it.
    ``timestamp_us`` is when it was due. ``utterance``: which one it belongs to, the last one if
    idle. ``cluster_idx``: mouth, 0 = at rest. ``source_idx``: source frame shown.
    """

    image: NDArray[np.uint8] | None
    pixel_format: PixelFormat
    pcm: NDArray[np.int16] | None
    flags: int
    index: int
    timestamp_us: int
    utterance: int
    position: int
    cluster_idx: int
    source_idx: int
    mouth_bytes: bytes

    @property
    def is_speech(self) -> bool:
        """Whether it has sound."""
        return bool(self.flags & c.BE_FRAME_SPEECH)

    @property
    def is_idle(self) -> bool:
        """Whether the avatar waits."""
        return bool(self.flags & c.BE_FRAME_IDLE)

    @property
    def end_of_speech(self) -> bool:
        """Whether it is the last one of an utterance."""
        return bool(self.flags & c.BE_FRAME_END_OF_SPEECH)

    @property
    def is_action(self) -> bool:
        """Whether its picture belongs to an action."""
        return bool(self.flags & c.BE_FRAME_ACTION)

    @property
    def is_muted(self) -> bool:
        """Whether its sound was replaced by silence."""
        return bool(self.flags & c.BE_FRAME_MUTED)

    @property
    def mouth(self) -> Mouth:
        """Where the lips are: what the engine heard, before a mouth was chosen."""
        values = _MOUTH.unpack(self.mouth_bytes)
        return Mouth._make((*values[:8], values[8:23], values[23]))


def of_c(frame: Any, image: NDArray[np.uint8], pixel_format: PixelFormat) -> StreamFrame:
    """Copies what belongs to the stream; ``image`` is the caller's buffer that C wrote into."""
    samples = frame.samples
    pcm = None
    if samples:
        pcm = np.frombuffer(ffi.buffer(frame.pcm, samples * 2), np.int16).copy()
    return StreamFrame(
        image if frame.width else None,
        pixel_format,
        pcm,
        frame.flags,
        frame.index,
        frame.timestamp_us,
        frame.utterance,
        frame.position,
        frame.cluster_idx,
        frame.frame_idx_used,
        bytes(ffi.buffer(ffi.addressof(frame, "mouth"))),
    )
