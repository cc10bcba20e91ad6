"""Calm the hair: average it over neighbouring frames along its own motion.

At few samples the denoiser paints fine hair a little differently in every frame, and that boils.
The path of every strand is known, so each frame's hair becomes a weighted mean of the frames
around it, each warped to where its strands are now. Face and eyes are left alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

import motion
import numpy as np
from camera import Camera
from figure import Figure

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bithuman_ctypes.authoring import blend

REACH = 4  # frames on either side
SIGMA = 2.2
FACE = (624.0, 302.0, 84.0, 122.0)  # centre and radii of what is left alone, picture pixels
NECK = (572.0, 676.0, 340.0)  # left, right, top of the neck
FADE = 12.0


def tracks(human: Figure, cards: np.ndarray) -> np.ndarray:
    """Picture positions (motion.TOTAL, n, 2) of the hair cards' front points (n of them)."""
    camera = Camera.for_human(human)
    front = cards[cards[:, 2] > human.joint("head")[2]]
    out = []
    for i in range(motion.TOTAL):
        head = human.rigid(motion.turns(human, i))
        out.append(camera.project(motion.follow(human, front, head)))
    return np.array(out)


def _terms(points: np.ndarray) -> np.ndarray:
    """Cubic polynomial terms (..., 10) of picture positions."""
    x, y = (points[..., 0] - 624) / 200, (points[..., 1] - 300) / 200
    rows = [x**i * y**j for i in range(4) for j in range(4 - i)]
    return np.stack(rows, -1)


def still_weight(rect: tuple[int, int, int, int]) -> np.ndarray:
    """Weight (h, w): 1 on hair, 0 on face and neck, picture rectangle `rect`."""
    x, y, w, h = rect
    xs, ys = np.meshgrid(np.arange(x, x + w), np.arange(y, y + h))
    cx, cy, rx, ry = FACE
    radius = np.sqrt(((xs - cx) / rx) ** 2 + ((ys - cy) / ry) ** 2)
    outside = np.clip((radius - 1) * min(rx, ry) / FADE, 0, 1)
    left, right, top = NECK
    beside = np.maximum(np.maximum(left - xs, xs - right), top - ys)
    return np.minimum(outside, np.clip(beside / FADE, 0, 1))


def neighbour(index: int, count: int) -> int:
    """Frame number reflected at both ends, as the loop is played."""
    if index < 0:
        return -index
    return 2 * (count - 1) - index if index >= count else index


def loop_line() -> list[int]:
    """The loop's frame numbers, and REACH more at either end as it is played."""
    return [neighbour(i, motion.FRAMES) for i in range(-REACH, motion.FRAMES + REACH)]


def clip_line(clip: motion.Clip) -> list[int]:
    """A clip's picture numbers between REACH frames of the loop at either end."""
    before = range(clip.at - REACH + 1, clip.at + 1)
    return [*before, *motion.shown(clip), *range(clip.at, clip.at + REACH)]


def settle(
    frames: dict[int, np.ndarray],
    where: np.ndarray,
    rect: tuple[int, int, int, int],
    line: list[int],
) -> dict[int, np.ndarray]:
    """The frames (h, w, 3) of a line, but for REACH at either end, with calm hair.

    Those that exist are returned as they are when others of the line are missing.
    """
    inner = range(REACH, len(line) - REACH)
    if any(number not in frames for number in line):
        return {line[k]: frames[line[k]] for k in inner if line[k] in frames}
    x, y, w, h = rect
    xs, ys = np.meshgrid(np.arange(x, x + w), np.arange(y, y + h))
    terms = _terms(np.stack([xs, ys], -1).astype(float))
    weight = still_weight(rect)[..., None]
    out = {}
    for k in inner:
        i = line[k]
        if i in out:
            continue
        basis = np.linalg.pinv(_terms(where[i]))
        total, share = np.zeros((h, w, 3)), 0.0
        for step in range(-REACH, REACH + 1):
            j = line[k + step]
            gain = np.exp(-0.5 * (step / SIGMA) ** 2)
            shift = terms @ (basis @ (where[j] - where[i]))
            u = np.clip(xs - x + shift[..., 0], 0, w - 1.001)
            v = np.clip(ys - y + shift[..., 1], 0, h - 1.001)
            total += gain * blend.sample(frames[j], u, v)
            share += gain
        here = frames[i].astype(float)
        out[i] = np.rint(here + (total / share - here) * weight).astype(np.uint8)
    return out
