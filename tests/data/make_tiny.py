#!/usr/bin/env python3
"""Make tests/data/tiny.imx: a 160x96 cartoon face, 6 source frames, 19 mouths, for tests.

    python tests/data/make_tiny.py        (needs numpy, Pillow and the bithuman_ctypes package)

Everything is drawn by formula, so that the file can be made again; it is committed because JPEG
encoders differ between versions and the digests of the parity test hang on its bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bithuman_ctypes.authoring import imx

WIDTH, HEIGHT, FRAMES = 160, 96, 6
RECT = (48, 16, 64, 64)
PATCH, PATCH_AT = (48, 32), (56, 44)
SKIN, LIPS, DARK = (224, 182, 160), (190, 90, 95), (60, 20, 25)

Picture = NDArray[np.uint8]


def ellipse(xs: Picture, ys: Picture, cx: float, cy: float, rx: float, ry: float) -> Picture:
    """Coverage 0..1 of an ellipse whose edge is about one pixel soft."""
    distance = np.sqrt(((xs - cx) / rx) ** 2 + ((ys - cy) / ry) ** 2)
    return np.clip((1 - distance) * min(rx, ry) + 0.5, 0, 1)[..., None]


def face(sway: float, openness: float = 0, width: float = 0, dip: float = 0) -> Picture:
    """The whole picture with the head moved by `sway` pixels to the right and `dip` down."""
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    picture = np.stack([90 + 0.3 * xs, 110 + 0.5 * ys, 140 + 20 * np.sin(xs / 9)], axis=-1)
    cx = 80 + sway
    eyes, lips = 40 + 1.4 * dip, 60 + 1.2 * dip
    layers = [
        (ellipse(xs, ys, cx, 48 + dip, 24, 29), SKIN),
        (ellipse(xs, ys, cx - 9, eyes, 3, 2), DARK),
        (ellipse(xs, ys, cx + 9, eyes, 3, 2), DARK),
        (ellipse(xs, ys, cx, lips, 9 + 3 * width, 2.2 + 5 * openness), LIPS),
        (ellipse(xs, ys, cx, lips, 7 + 3 * width, 0.4 + 4 * openness), DARK),
    ]
    for alpha, colour in layers:
        picture = picture * (1 - alpha) + np.array(colour, float) * alpha
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def crop(picture: Picture, x: int, y: int, w: int, h: int) -> Picture:
    return np.ascontiguousarray(picture[y : y + h, x : x + w])


def mask() -> Picture:
    ys, xs = np.mgrid[0 : PATCH[1], 0 : PATCH[0]].astype(float)
    soft = np.clip((1 - np.hypot((xs - 23.5) / 22, (ys - 15.5) / 14)) * 3, 0, 1)
    return np.rint(soft * 255).astype(np.uint8)


def tiny() -> imx.Avatar:
    sways = [2 * np.sin(np.pi * k / (FRAMES - 1) - np.pi / 2) for k in range(FRAMES)]
    rest = imx.encode_jpeg(crop(face(0), *PATCH_AT, *PATCH), 92)
    mouths = [imx.Mouth((0.0,) * 6, b"")]
    for openness in (0, 0.1, 0.25, 0.45, 0.7, 1.0):
        for width in (-1, 0, 1):
            patch = crop(face(0, openness, width), *PATCH_AT, *PATCH)
            coords = (openness, width, max(0.0, -width), 0.0, 0.0, 0.0)
            jpeg = rest if openness == 0 and width == 0 else imx.encode_jpeg(patch, 92)
            mouths.append(imx.Mouth(coords, jpeg))
    one = 65536
    return imx.Avatar(
        manifest=imx.Manifest(
            name="Tiny",
            identity="tiny",
            width=WIDTH,
            height=HEIGHT,
            license="Apache-2.0",
            source="drawn by tests/data/make_tiny.py",
            tool="make_tiny 1",
            loop="pingpong",
        ),
        bases=[imx.encode_jpeg(face(0), 92)],
        frames=[imx.SourceFrame(0, RECT, imx.encode_jpeg(crop(face(s), *RECT), 92)) for s in sways],
        placements=[
            imx.Placement((one, 0, -round((PATCH_AT[0] + s) * one), 0, one, -PATCH_AT[1] * one))
            for s in sways
        ],
        mouths=mouths,
        patch_size=PATCH,
        mask=mask(),
    )


if __name__ == "__main__":
    target = Path(__file__).with_name("tiny.imx")
    imx.write(target, tiny())
    print(f"{target}: {target.stat().st_size} bytes", file=sys.stderr)
