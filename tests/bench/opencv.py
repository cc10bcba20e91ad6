"""What one would write with OpenCV and NumPy: opencv.py MODEL.imx FRAMES

All pictures of the avatar are decoded into a list of BGR arrays; a frame is a copy of one with a
mouth warped to the head's pose and pasted by alpha. No audio: which mouth is a random number.
Prints one JSON object, medians of a frame. Needs opencv-python-headless.
    opencv_us        at its best: alphas warped beforehand, one rectangle blended
    opencv_plain_us  as it is first written: mouth and mask warped to the whole picture, all of it
                     blended in floating point
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from typing import Any

import cv2
import numpy as np

from bithuman_ctypes.authoring import imx

Picture = Any


def decoded(jpeg: bytes) -> Picture:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def source_frames(avatar: imx.Avatar) -> list[Picture]:
    """Every source frame as a whole picture."""
    bases = [decoded(jpeg) for jpeg in avatar.bases]
    pictures = []
    for frame in avatar.frames:
        picture = bases[frame.base].copy()
        if frame.jpeg:
            x, y, w, h = frame.rect
            picture[y : y + h, x : x + w] = decoded(frame.jpeg)
        pictures.append(picture)
    return pictures


class Place:
    """Where a source frame takes its mouth: a rectangle, the alpha in it, and how to get there."""

    def __init__(self, affine: Picture, patch: tuple[int, int], mask: Picture, shape: Any) -> None:
        back = cv2.invertAffineTransform(affine)
        w, h = patch
        corners = np.array([[0, 0], [w, 0], [0, h], [w, h]]) @ back[:, :2].T + back[:, 2]
        x0, y0 = np.maximum(np.floor(corners.min(0)), 0).astype(int)
        x1, y1 = np.minimum(np.ceil(corners.max(0)), shape[1::-1]).astype(int)
        self.window = np.s_[y0:y1, x0:x1]
        self.size = (int(x1 - x0), int(y1 - y0))
        self.affine = affine.copy()
        self.affine[:, 2] += affine[:, :2] @ (x0, y0)
        self.alpha = self.warp(mask)[..., None].astype(np.float32) / 255
        self.whole = affine

    def warp(self, picture: Picture) -> Picture:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(picture, self.affine, self.size, flags=flags)


def compose(picture: Picture, mouth: Picture, place: Place) -> Picture:
    out = picture.copy()
    window = out[place.window]
    window[:] = (window + (place.warp(mouth) - window.astype(np.float32)) * place.alpha).astype(
        np.uint8
    )
    return out


def compose_plainly(picture: Picture, mouth: Picture, mask: Picture, place: Place) -> Picture:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = picture.shape[1::-1]
    alpha = cv2.warpAffine(mask, place.whole, size, flags=flags)[..., None] / np.float32(255)
    patch = cv2.warpAffine(mouth, place.whole, size, flags=flags)
    return (picture * (1 - alpha) + patch * alpha).astype(np.uint8)


def median_us(times: list[float]) -> float:
    return statistics.median(times) * 1e6


def main() -> None:
    avatar = imx.read(sys.argv[1])
    frames = int(sys.argv[2])
    cv2.setNumThreads(1)
    pictures = source_frames(avatar)
    mouths = [decoded(mouth.jpeg) for mouth in avatar.mouths if mouth.jpeg]
    mask = np.asarray(avatar.mask)
    places = []
    for placement in avatar.placements:
        affine = np.array(placement.affine, float).reshape(2, 3) / 65536
        places.append(Place(affine, avatar.patch_size, mask, pictures[0].shape))
    times: list[float] = []
    plain: list[float] = []
    for i in range(frames):
        which, mouth = i % len(pictures), random.choice(mouths)
        start = time.perf_counter()
        compose(pictures[which], mouth, places[which])
        times.append(time.perf_counter() - start)
        if i % 10 == 0:
            start = time.perf_counter()
            compose_plainly(pictures[which], mouth, mask, places[which])
            plain.append(time.perf_counter() - start)
    print(json.dumps({"opencv_us": median_us(times), "opencv_plain_us": median_us(plain)}))


main()
