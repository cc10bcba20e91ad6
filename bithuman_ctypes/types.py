"""The values that go in and out of the Python API."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from bithuman_ctypes._ffi import _values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "EP",
    "EP_AUTO",
    "EP_COREML",
    "EP_CPU",
    "EP_NNAPI",
    "EP_QNN",
    "VISEMES",
    "Action",
    "ComposedFrame",
    "Mouth",
    "PixelFormat",
    "Provider",
    "StageTime",
    "Stats",
]


VISEMES = (
    *("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR"),
    *("aa", "E", "ih", "oh", "ou"),
)
"""Names of ``Mouth.visemes``."""

MOUTH_FLOATS = struct.Struct("=23f")
"""What the encoder gives for a tick: the numbers of ``Mouth`` but the last."""


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
    ``source_idx`` is the source frame shown, 0 .. source_frame_count - 1. ``mouth`` tells where the
    lips are, for who draws a face of his own.
    """

    bgr: NDArray[np.uint8]
    cluster_idx: int
    frame_idx: int
    source_idx: int
    mouth_bytes: bytes = field(default=bytes(MOUTH_FLOATS.size), repr=False)

    @property
    def mouth(self) -> Mouth:
        """What the engine heard, before a mouth was chosen."""
        values = MOUTH_FLOATS.unpack(self.mouth_bytes)
        visemes = values[8:]
        return Mouth._make((*values[:8], visemes, visemes.index(max(visemes))))


class PixelFormat(IntEnum):
    """How the pixels of a frame are stored. I420 is the engine's own and costs no conversion; it
    and NV12 are full range BT.601, as in JPEG."""

    BGR24 = _values.BE_PIXEL_BGR24
    RGB24 = _values.BE_PIXEL_RGB24
    BGRA32 = _values.BE_PIXEL_BGRA32
    I420 = _values.BE_PIXEL_I420
    NV12 = _values.BE_PIXEL_NV12

    @classmethod
    def named(cls, value: str | int) -> PixelFormat:
        """``"bgr24"``, ``"i420"`` and so on, in any case, or a number. Raises ValueError."""
        try:
            return cls[value.upper()] if isinstance(value, str) else cls(value)
        except (KeyError, ValueError):
            names = ", ".join(name.lower() for name in cls.__members__)
            raise ValueError(f"a pixel format is one of {names}, not {value!r}") from None


class Mouth(NamedTuple):
    """Where the lips are: what the engine heard, before a mouth was chosen.

    ``openness``: 0 the lips touch .. 1 as wide as in a clear "ah". ``width``: -1 rounded .. 1
    spread. ``protrusion``: 0 flat .. 1 pushed forward. The next five are probabilities: shut for p,
    b, m; the lower lip at the upper teeth; teeth show; the tongue shows; somebody speaks.
    ``visemes``: 15 probabilities (sil PP FF TH DD kk CH SS nn RR aa E ih oh ou), ``strongest`` the
    largest's index.
    """

    openness: float
    width: float
    protrusion: float
    closure: float
    labiodental: float
    teeth: float
    tongue: float
    speech: float
    visemes: tuple[float, ...]
    strongest: int


@dataclass(frozen=True)
class Action:
    """A clip of an avatar: ``frame_count`` frames of its own, entered after the loop's frame
    ``leave`` and left to the loop's frame ``rejoin``. ``idle``: made to be played while nobody
    speaks."""

    name: str
    frame_count: int
    leave: int
    rejoin: int
    idle: bool


@dataclass(frozen=True)
class Provider:
    """Which execution provider runs the encoder. ``reason``: why it is not the one asked for, or
    what AUTO passed over; "" if nothing. ``runtime``: what runs it, such as "ONNX Runtime
    1.23.2"."""

    asked: EP
    active: EP
    reason: str
    runtime: str


@dataclass(frozen=True)
class StageTime:
    """What one stage of the engine has cost, in nanoseconds."""

    count: int
    total_ns: int
    max_ns: int

    @property
    def mean_ns(self) -> float:
        """0 when it has not run."""
        return self.total_ns / self.count if self.count else 0.0


@dataclass(frozen=True)
class Stats:
    """What a stream has done since it was opened; samples are of 16 kHz.

    ``frames`` of all kinds were given, ``speech_frames`` of them with audio. ``samples_in`` were
    pushed, ``samples_out`` given, ``samples_queued`` wait, ``samples_dropped`` were interrupted.
    ``utterances`` were given to their end. ``interruptions`` that dropped something. ``underruns``:
    times that audio ran out in mid-utterance. ``late_frames`` were asked for more than 40 ms after
    they were due, ``max_late_us`` the worst of them. ``stages``: times of resample and per push,
    mel, encoder, select, compose and output per frame.

    ``frames_silenced`` had left the engine when an interruption came: they kept their picture and
    lost their sound.
    """

    frames: int
    speech_frames: int
    samples_in: int
    samples_out: int
    samples_queued: int
    samples_dropped: int
    utterances: int
    interruptions: int
    underruns: int
    late_frames: int
    max_late_us: int
    stages: dict[str, StageTime]
    frames_silenced: int = 0
