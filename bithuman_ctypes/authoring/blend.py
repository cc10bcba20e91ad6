"""Reference compositor and colour in numpy: what the engine does with a patch, written plainly."""

from __future__ import annotations

from typing import Any

import numpy as np

from bithuman_ctypes.authoring._types import Floats, Picture

# Full-range BT.601, as in JFIF.
_TO_YUV = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
)


def to_yuv(rgb: Any) -> Floats:
    """RGB (..., 3) 0..255 to Y, U, V with U and V centred on 128."""
    return np.asarray(rgb @ _TO_YUV.T + np.array([0, 128, 128]))


def to_rgb(yuv: Any) -> Floats:
    """Inverse of `to_yuv`, clipped to 0..255."""
    return np.asarray(((yuv - np.array([0, 128, 128])) @ np.linalg.inv(_TO_YUV).T).clip(0, 255))


def sample(image: Any, u: Any, v: Any) -> Any:
    """Bilinear sample of (h, w) or (h, w, c) at patch coordinates; 0 outside."""
    h, w = image.shape[:2]
    x0, y0 = np.floor(u).astype(int), np.floor(v).astype(int)
    fx, fy = u - x0, v - y0
    if image.ndim == 3:
        fx, fy = fx[..., None], fy[..., None]
    out: Any = 0.0
    for dx, dy, weight in (
        (0, 0, (1 - fx) * (1 - fy)),
        (1, 0, fx * (1 - fy)),
        (0, 1, (1 - fx) * fy),
        (1, 1, fx * fy),
    ):
        x, y = x0 + dx, y0 + dy
        inside = (x >= 0) & (y >= 0) & (x < w) & (y < h)
        value = image[y.clip(0, h - 1), x.clip(0, w - 1)].astype(float)
        value = np.where(inside[..., None] if image.ndim == 3 else inside, value, 0)
        out = out + value * weight
    return out


def reach(affine: Any, patch: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Picture rectangle x0, y0, x1, y1 that a patch (w, h) can touch."""
    m = np.asarray(affine, float).reshape(2, 3)
    corners = np.array([[0, 0], [patch[0], 0], [0, patch[1]], [*patch]], float)
    at = np.linalg.solve(m[:, :2], (corners - m[:, 2]).T).T
    low = np.floor(at.min(0)).astype(int) - 1
    high = np.ceil(at.max(0)).astype(int) + 2
    return (
        max(low[0], 0),
        max(low[1], 0),
        min(high[0], size[0]),
        min(high[1], size[1]),
    )


def paste(frame: Picture, patch: Picture, mask: Picture, affine: Any, bias: Any) -> Picture:
    """Paste a mouth (h, w, 3) on a frame (H, W, 3), RGB; affine in pixels, bias in levels."""
    m = np.asarray(affine, float)
    h, w = mask.shape
    x0, y0, x1, y1 = reach(m, (w, h), (frame.shape[1], frame.shape[0]))
    x, y = np.meshgrid(np.arange(x0, x1), np.arange(y0, y1))
    u, v = m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]
    alpha = sample(mask, u, v)[..., None] / 255
    yuv = to_yuv(sample(patch, u, v)) + np.asarray(bias, float)
    source = to_yuv(frame[y0:y1, x0:x1].astype(float))
    out = frame.copy()
    mixed = to_rgb(source + (yuv - source) * alpha)
    out[y0:y1, x0:x1] = np.where(alpha > 0, np.rint(mixed), out[y0:y1, x0:x1]).astype(np.uint8)
    return out
