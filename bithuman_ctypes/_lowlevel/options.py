"""Settings of a stream, and what its pictures look like in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bithuman_ctypes._ffi import _values as c
from bithuman_ctypes._ffi.library import ffi
from bithuman_ctypes._lowlevel import arrays
from bithuman_ctypes.types import PixelFormat

LOOKAHEADS = (40, 80, 120, 160)


@dataclass(frozen=True)
class StreamOptions:
    """be_stream_options_t.

    ``realtime``: a frame every 40 ms of the clock, idle ones too; without it as soon as their audio
    is there. ``pixel_format`` and ``size`` (width, height; None = the avatar's own) are those of
    ``next_frame`` and ``poll``. ``lookahead_ms``: audio known beyond a frame, 40, 80, 120 or 160.
    ``max_queued_ms``: audio that may wait, 1000 .. 7200000. ``starvation_ms``: how long a pause in
    mid-utterance is held before idle frames, 1 .. 3600000. ``idle_pictures``: False gives idle
    frames without a picture. 0 is the engine's default.
    """

    realtime: bool = False
    pixel_format: PixelFormat = PixelFormat.BGR24
    size: tuple[int, int] | None = None
    lookahead_ms: int = 0
    max_queued_ms: int = 0
    starvation_ms: int = 0
    idle_pictures: bool = True


def to_c(options: StreamOptions) -> Any:
    """The struct for be_runtime_open. Raises TypeError and ValueError."""
    if options.lookahead_ms not in (0, *LOOKAHEADS):
        raise ValueError(
            f"lookahead_ms is one of {', '.join(map(str, LOOKAHEADS))}, not {options.lookahead_ms}"
        )
    made = ffi.new("be_stream_options_t *")
    made.struct_size = ffi.sizeof("be_stream_options_t")
    made.pacing = c.BE_PACING_REALTIME if options.realtime else c.BE_PACING_NONE
    made.pixel_format = int(options.pixel_format)
    if options.size is not None:
        made.size.target_width, made.size.target_height = arrays.picture_size(options.size)
    for name, most in (("max_queued_ms", 7_200_000), ("starvation_ms", 3_600_000)):
        value = getattr(options, name)
        if not 0 <= value <= most:
            raise ValueError(f"{name} is 0 to {most}, not {value}")
        setattr(made, name, value)
    made.lookahead_ms = options.lookahead_ms
    made.flags = 0 if options.idle_pictures else c.BE_STREAM_NO_IDLE_PICTURES
    return made


def picture_shape(pixel_format: PixelFormat, width: int, height: int) -> tuple[int, ...]:
    """The shape of a picture's array.

    Packed formats are (height, width, 3 or 4). I420 and NV12 of even sides are (height * 3 / 2,
    width), luma on top; of odd sides one dimension, the planes one after the other.
    """
    if pixel_format in (PixelFormat.BGR24, PixelFormat.RGB24):
        return (height, width, 3)
    if pixel_format is PixelFormat.BGRA32:
        return (height, width, 4)
    if width % 2 == 0 and height % 2 == 0:
        return (height * 3 // 2, width)
    return (width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2),)
