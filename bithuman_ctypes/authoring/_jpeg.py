"""Just enough of JPEG: encode a picture for an avatar file, and read the header of one."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SOF_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE_MARKERS = frozenset(range(0xD0, 0xD8)) | {0x01}


@dataclass(frozen=True)
class JpegInfo:
    """What the frame header of a JPEG says: size in pixels and the kind of coding."""

    width: int
    height: int
    baseline: bool
    yuv420: bool


def encode_jpeg(rgb: NDArray[np.uint8], quality: int = 90) -> bytes:
    """Encode a picture as the baseline 4:2:0 JFIF that avatar files hold.

    ``rgb`` is uint8 of shape (height, width, 3); ``quality`` is 1 to 100. The same picture, quality
    and Pillow build give the same bytes. Raises ValueError for another shape, type or quality and
    ImportError without Pillow.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        raise ValueError(
            f"a picture must be uint8 of shape (height, width, 3), got {rgb.dtype} {rgb.shape}"
        )
    if not 1 <= quality <= 100:
        raise ValueError(f"JPEG quality must be 1 to 100, got {quality}")
    image_module: Any = _import_pillow()
    out = io.BytesIO()
    image_module.fromarray(np.ascontiguousarray(rgb)).save(
        out, format="JPEG", quality=quality, subsampling="4:2:0", optimize=True
    )
    return out.getvalue()


def _import_pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("encoding JPEG pictures needs Pillow: pip install pillow") from error
    return Image


def jpeg_info(data: bytes) -> JpegInfo:
    """Read the frame header of a JPEG. Raises ValueError when there is none.

    Only headers are looked at: a picture with intact headers and broken pixels passes.
    """
    if data[:2] != b"\xff\xd8":
        raise ValueError("not a JPEG")
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _STANDALONE_MARKERS:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at + 4 : at + 2 + length]
        if marker in _SOF_MARKERS:
            return _parse_frame_header(marker, segment)
        if length < 2 or marker in (0xD9, 0xDA):
            break
        at += 2 + length
    raise ValueError("a JPEG without a frame header")


def _parse_frame_header(marker: int, segment: bytes) -> JpegInfo:
    if len(segment) < 6 or len(segment) < 6 + 3 * segment[5]:
        raise ValueError("a JPEG with a truncated frame header")
    factors = tuple(segment[7 + 3 * i] for i in range(segment[5]))
    return JpegInfo(
        width=int.from_bytes(segment[3:5], "big"),
        height=int.from_bytes(segment[1:3], "big"),
        baseline=marker == 0xC0 and segment[0] == 8,
        yuv420=factors == (0x22, 0x11, 0x11),
    )
