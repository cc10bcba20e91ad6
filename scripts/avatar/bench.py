"""Make the bench avatar: a textured cartoon head, drawn by a script, for speed measurements only.

    python scripts/avatar/bench.py --output /tmp/bench.imx

1248 x 704 (or --size), 202 distinct source frames, 183 mouths; needs numpy and Pillow, no Blender.
The same arguments give the same pixels. Never shipped: it costs what a real avatar costs, it is not
nice.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import mouths as catalogue
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bithuman_ctypes.authoring import imx

WIDTH, HEIGHT = 1248, 704
RECT = (400, 96, 448, 512)  # x, y, w, h of the moving head
PATCH = (512, 384, 224, 176)  # x, y, w, h of the mouth in the neutral picture
CENTRE = (624.0, 560.0)  # the head turns about its neck
FEATHER = 14
FRAMES = 202


def texture(width: int, height: int, seed: int, strength: float) -> np.ndarray:
    """Noise (h, w) of several octaves, zero mean: detail as a camera would give it."""
    rng = np.random.default_rng(seed)
    out = np.zeros((height, width))
    for octave, gain in ((2, 0.5), (6, 0.8), (24, 1.0), (96, 1.2)):
        small = rng.normal(0, 40, (height // octave + 2, width // octave + 2)).clip(-127, 127)
        image = Image.fromarray((small + 128).astype(np.uint8))
        big = image.resize((width, height), Image.Resampling.BICUBIC)
        out += gain * (np.asarray(big, float) - 128)
    return out * strength


def background() -> np.ndarray:
    """Static room (h, w, 3): a gradient, tiles and noise."""
    x, y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    base = np.stack([150 - 60 * x, 140 - 30 * y, 120 + 50 * x], -1)
    tiles = 8 * (np.sin(x * 90) * np.sin(y * 52) > 0)
    return base + (tiles + texture(WIDTH, HEIGHT, 1, 0.22))[..., None]


def head_layer() -> tuple[np.ndarray, np.ndarray]:
    """Head without a mouth: colour (h, w, 3) and alpha (h, w) 0..1, neutral pose, picture size."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (190, 140, 115))
    alpha = Image.new("L", (WIDTH, HEIGHT), 0)
    draw, cover = ImageDraw.Draw(image), ImageDraw.Draw(alpha)
    for shape in ((484, 130, 764, 540), (580, 470, 668, 600)):
        cover.ellipse(shape, fill=255)
    draw.ellipse((470, 110, 778, 330), fill=(70, 45, 30))
    draw.ellipse((500, 190, 748, 540), fill=(214, 164, 138))
    for x in (570, 678):
        draw.ellipse((x - 26, 292, x + 26, 324), fill=(240, 238, 232))
        draw.ellipse((x - 13, 294, x + 13, 322), fill=(80, 56, 40))
        draw.arc((x - 34, 256, x + 34, 306), 200, 340, fill=(60, 40, 28), width=7)
    draw.polygon([(624, 320), (604, 392), (644, 392)], fill=(200, 146, 120))
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(1.0)), float)
    colour = soft + texture(WIDTH, HEIGHT, 2, 0.16)[..., None]
    return colour, np.asarray(alpha.filter(ImageFilter.GaussianBlur(1.5)), float) / 255


def draw_mouth(face: np.ndarray, mouth: catalogue.Mouth) -> np.ndarray:
    """The face (h, w, 3) with one mouth drawn at (624, 455)."""
    image = Image.fromarray(face.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    half = 44 + 16 * mouth.width - 8 * mouth.protrusion
    gap = 1 + 24 * mouth.openness
    lip = 9 + 4 * mouth.protrusion
    x, y = 624, 455 + 10 * mouth.openness
    draw.ellipse((x - half - 6, y - gap - lip, x + half + 6, y + gap + lip), fill=(176, 84, 80))
    draw.ellipse((x - half, y - gap, x + half, y + gap), fill=(60, 18, 20))
    if mouth.openness > 0.05:
        edge = y - gap + (gap if mouth.teeth > 0.5 else 0.6 * gap)
        draw.chord((x - half, y - gap, x + half, edge), 180, 360, fill=(232, 226, 210))
    if mouth.tongue > 0.2:
        draw.ellipse((x - half / 2, y, x + half / 2, y + gap), fill=(196, 90, 92))
    if mouth.labiodental > 0.2:
        draw.ellipse((x - half, y, x + half, y + lip), fill=(186, 96, 90))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(0.7)), float)


def motion(frame: int) -> np.ndarray:
    """Affine (2, 3) from the neutral picture to a frame: turn, sway and nod, periodic."""
    t = 2 * np.pi * frame / FRAMES
    angle = np.radians(2.2 * np.sin(t) + 0.8 * np.sin(3 * t + 1))
    shift = np.array([5 * np.sin(2 * t + 0.4), 3 * np.cos(t) + 2 * np.sin(5 * t)])
    scale = 1 + 0.01 * np.sin(t + 2)
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[c, -s], [s, c]])
    centre = np.array(CENTRE)
    return np.concatenate([linear, (centre + shift - linear @ centre)[:, None]], 1)


def invert(matrix: np.ndarray) -> np.ndarray:
    """Inverse of a (2, 3) affine."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.concatenate([linear, -(linear @ matrix[:, 2])[:, None]], 1)


def warp(channel: Image.Image, back: np.ndarray) -> np.ndarray:
    """One picture seen through the affine `back` (frame to neutral), cut to RECT."""
    x, y, w, h = RECT
    shift = back[:, :2] @ np.array([x, y]) + back[:, 2]
    data = (back[0, 0], back[0, 1], shift[0], back[1, 0], back[1, 1], shift[1])
    moved = channel.transform((w, h), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
    return np.asarray(moved, float)


def mask() -> np.ndarray:
    """Elliptic mask (h, w) uint8 with a soft edge that is 0 at the border."""
    _, _, w, h = PATCH
    x, y = np.meshgrid(np.arange(w) - (w - 1) / 2, np.arange(h) - (h - 1) / 2)
    radius = np.sqrt((x / (w / 2 - 3)) ** 2 + (y / (h / 2 - 3)) ** 2)
    ramp = np.clip((1 - radius) * (h / 2) / FEATHER, 0, 1)
    return np.rint(255 * ramp * ramp * (3 - 2 * ramp)).astype(np.uint8)


class Size:
    """The avatar's size, to which everything that was drawn in WIDTH x HEIGHT is brought."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.factor = np.array([width / WIDTH, height / HEIGHT])
        x, y, w, h = RECT
        self.rect = (
            *(int(v) // 16 * 16 for v in (x * self.factor[0], y * self.factor[1])),
            *(int(v + 15) // 16 * 16 for v in (w * self.factor[0], h * self.factor[1])),
        )
        self.patch = tuple(2 * max(4, round(v / 2)) for v in PATCH[2:] * self.factor)

    def fit(self, picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """A picture (h, w, 3) or mask (h, w) in another size, uint8."""
        image = Image.fromarray(picture.clip(0, 255).astype(np.uint8))
        return np.asarray(
            image if image.size == size else image.resize(size, Image.Resampling.BILINEAR)
        )

    def whole(self, picture: np.ndarray) -> np.ndarray:
        return self.fit(picture, (self.width, self.height))

    def moving(self, room: np.ndarray, head: np.ndarray) -> np.ndarray:
        """The moving part of a source frame whose RECT is `head`."""
        if (self.width, self.height) == (WIDTH, HEIGHT):
            return head.clip(0, 255).astype(np.uint8)
        x, y, w, h = RECT
        picture = room.copy()
        picture[y : y + h, x : x + w] = head
        x, y, w, h = self.rect
        return self.whole(picture)[y : y + h, x : x + w]

    def affine(self, back: np.ndarray) -> list[float]:
        """From picture pixels to patch pixels, given the frame-to-neutral affine."""
        to_patch = np.array(self.patch) / PATCH[2:]
        moved = back - np.array([[0, 0, PATCH[0]], [0, 0, PATCH[1]]])
        return (moved * to_patch[:, None] / np.append(self.factor, 1)).ravel().tolist()


def build(quality: int, frames: int, count: int, size: Size) -> imx.Avatar:
    """The whole avatar."""
    room = background()
    face, alpha = head_layer()
    rest = draw_mouth(face, catalogue.REST)
    neutral = Image.fromarray(rest.clip(0, 255).astype(np.uint8))
    cover = Image.fromarray((alpha * 255).astype(np.uint8))
    x, y, w, h = RECT
    px, py, pw, ph = PATCH
    still = room[y : y + h, x : x + w]
    sources, placements = [], []
    for i in range(frames):
        back = invert(motion(i))
        a = warp(cover, back)[..., None] / 255
        picture = still + (warp(neutral, back) - still) * a
        jpeg = imx.encode_jpeg(size.moving(room, picture), quality)
        sources.append(imx.SourceFrame(0, size.rect, jpeg))
        placements.append(imx.Placement.from_floats(size.affine(back)))
    shown = [imx.Mouth.rest()]
    for mouth in catalogue.catalogue()[1:count]:
        patch = (room + (draw_mouth(face, mouth) - room) * alpha[..., None])[
            py : py + ph, px : px + pw
        ]
        jpeg = imx.encode_jpeg(size.fit(patch, size.patch), quality)
        shown.append(imx.Mouth(tuple(mouth.row()), jpeg))
    manifest = imx.Manifest(
        name="Bench",
        identity="bench",
        width=size.width,
        height=size.height,
        license="Apache-2.0",
        source="drawn by a script",
        tool="scripts/avatar/bench.py",
    )
    base = imx.encode_jpeg(size.whole(room), quality)
    edge = size.fit(mask(), size.patch)
    return imx.Avatar(manifest, [base], sources, placements, shown, size.patch, edge)


def size_of(text: str) -> Size:
    """The size in an argument such as 640x360."""
    width, height = (int(side) for side in text.split("x"))
    if not (16 <= width <= 4096 and 16 <= height <= 4096 and width % 2 == height % 2 == 0):
        raise ValueError(text)
    return Size(width, height)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, required=True, help="avatar file to write")
    parser.add_argument("--quality", type=int, default=90, help="JPEG quality (default 90)")
    parser.add_argument("--frames", type=int, default=FRAMES, help="source frames (default 202)")
    parser.add_argument("--mouths", type=int, default=183, help="mouths with rest (default 183)")
    parser.add_argument(
        "--size", type=size_of, default=Size(WIDTH, HEIGHT), metavar="WxH", help="even sides"
    )
    args = parser.parse_args()
    start = time.monotonic()
    try:
        size = imx.write(args.output, build(args.quality, args.frames, args.mouths, args.size))
    except (OSError, imx.ImxError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 73
    print(f"{args.output}: {size / 1e6:.2f} MB in {time.monotonic() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
