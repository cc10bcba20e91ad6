"""Contact sheets: what is in an avatar, to look at."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from bithuman_ctypes.authoring import blend, imx
from bithuman_ctypes.authoring._png import encode_png
from bithuman_ctypes.authoring._types import Picture

WIDE = 1600  # pixels of a preview
TINT = (255, 60, 60)


def decode(jpeg: bytes) -> Picture:
    """JPEG to RGB (h, w, 3) uint8."""
    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as image:
        return np.asarray(image.convert("RGB"))


def frame(avatar: imx.Avatar, index: int) -> Picture:
    """Full source frame as RGB."""
    item = avatar.frames[index]
    out = decode(avatar.bases[item.base]).copy()
    if item.jpeg:
        x, y, w, h = item.rect
        out[y : y + h, x : x + w] = decode(item.jpeg)
    return out


def composed(avatar: imx.Avatar, index: int, mouth: int) -> Picture:
    """Source frame with a mouth on it, by the reference compositor."""
    full = frame(avatar, index)
    if mouth == 0:
        return full
    placement = avatar.placements[index]
    affine = np.array(placement.affine) / 65536
    bias = np.array(placement.bias) / 16
    return blend.paste(full, decode(avatar.mouths[mouth].jpeg), avatar.mask, affine, bias)


def sheet(pictures: Sequence[Picture], labels: Sequence[str], columns: int, scale: float) -> Any:
    """Grid of equally large pictures with a small label each, as a Pillow image."""
    from PIL import Image, ImageDraw

    h, w = pictures[0].shape[:2]
    size = (max(1, int(w * scale)), max(1, int(h * scale)))
    rows = -(-len(pictures) // columns)
    out = Image.new("RGB", (size[0] * columns, size[1] * rows))
    draw = ImageDraw.Draw(out)
    for i, (picture, label) in enumerate(zip(pictures, labels)):
        at = (i % columns * size[0], i // columns * size[1])
        out.paste(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC), at)
        draw.text((at[0] + 2, at[1] + size[1] - 12), label, fill=(255, 255, 0))
    return out


def stacked(sheets: Sequence[Any]) -> Any:
    """Images below each other."""
    from PIL import Image

    out = Image.new("RGB", (max(s.width for s in sheets), sum(s.height for s in sheets)))
    y = 0
    for each in sheets:
        out.paste(each, (0, y))
        y += each.height
    return out


def words(mouth: imx.Mouth) -> str:
    """The coordinates of a mouth that are not zero: o(penness) w(idth) p(rotrusion) L(abiodental)
    S (teeth) T(ongue)."""
    return " ".join(f"{n}{v:.2g}" for n, v in zip("owpLST", mouth.coords) if abs(v) > 1e-3)


def write(path: imx.StrPath, image: Any) -> None:
    """A Pillow image as a PNG file, whole or not at all."""
    imx.write_bytes(path, encode_png(np.asarray(image)))


def preview(avatar: imx.Avatar, spoken: Sequence[tuple[str, Picture]]) -> Any:
    """Source frames, the mask, the middle of each action, all mouths, and frames of a spoken
    sentence with their labels."""
    shown = np.linspace(0, avatar.loop_length - 1, 6).astype(int)
    frames = [frame(avatar, int(i)) for i in shown]
    frames.append(_masked(avatar, int(shown[0])))
    frames += [frame(avatar, clip.frames[len(clip.frames) // 2]) for clip in avatar.clips]
    labels = [f"frame {i}" for i in shown] + ["mask"] + [clip.name for clip in avatar.clips]
    parts = [_fitted(frames, labels, 7)]
    mouths = list(enumerate(avatar.mouths))[1:]
    if mouths:
        patches = [decode(mouth.jpeg) for _, mouth in mouths]
        parts.append(_fitted(patches, [f"{i} {words(m)}" for i, m in mouths], 16))
    if spoken:
        crops = _around_mouth(avatar, [picture for _, picture in spoken])
        parts.append(_fitted(crops, [label for label, _ in spoken], 8))
    return stacked(parts)


def _fitted(pictures: Sequence[Picture], labels: Sequence[str], columns: int) -> Any:
    return sheet(pictures, labels, columns, WIDE / columns / pictures[0].shape[1])


def _masked(avatar: imx.Avatar, index: int) -> Picture:
    """A source frame with the mask in red."""
    full = frame(avatar, index)
    affine = np.array(avatar.placements[index].affine) / 65536
    red = np.empty((*avatar.mask.shape, 3), np.uint8)
    red[:] = TINT
    return blend.paste(full, red, (avatar.mask // 2).astype(np.uint8), affine, (0, 0, 0))


def _around_mouth(avatar: imx.Avatar, pictures: Sequence[Picture]) -> list[Picture]:
    """The middle of the face in each picture."""
    size = (avatar.manifest.width, avatar.manifest.height)
    affine = np.array(avatar.placements[0].affine) / 65536
    x0, y0, x1, y1 = blend.reach(affine, avatar.patch_size, size)
    high = y1 - y0
    top, bottom = max(0, y0 - int(0.8 * high)), min(size[1], y1 + high // 6)
    left, right = max(0, x0 - high // 6), min(size[0], x1 + high // 6)
    return [np.ascontiguousarray(picture[top:bottom, left:right]) for picture in pictures]
