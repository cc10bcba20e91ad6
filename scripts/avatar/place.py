"""Where the mouth patch lies in every source frame, its mask and its colour offsets (numpy)."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import motion
import numpy as np
from camera import Camera
from figure import Figure
from PIL import Image, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bithuman_ctypes.authoring import blend

FEATHER = 13  # pixels from full to nothing
NOISE = 14  # levels of difference that rendering noise can make
TOP = 44  # rows of the patch (nose) that the mask leaves out


@dataclass
class Fit:
    """Affine rows (frames, 6) from picture to patch pixels and their residuals in pixels."""

    affine: np.ndarray
    rms: np.ndarray
    worst: np.ndarray


def mouth_vertices(human: Figure, seen: np.ndarray, patch: tuple[int, int, int, int]) -> np.ndarray:
    """Front-facing skin vertices whose projection lies in the patch's middle."""
    x, y, w, h = patch
    front = human.shape[:, 2] > human.joint("jaw")[2] + 0.35
    skin = np.zeros(len(seen), bool)
    skin[np.unique([v for i in human.mesh.groups["body"] for v in human.mesh.faces[i]])] = True
    inside = (np.abs(seen[:, 0] - x - w / 2) < 0.34 * w) & (seen[:, 1] > y + 0.15 * h)
    inside &= seen[:, 1] < y + 0.86 * h
    return np.flatnonzero(front & skin & inside)


def fit(human: Figure, patch: tuple[int, int, int, int]) -> Fit:
    """Least-squares affine of the mouth's skin for every source frame."""
    camera = Camera.for_human(human)
    neutral = camera.project(human.pose(human.rest_turns()))
    chosen = mouth_vertices(human, neutral, patch)
    target = neutral[chosen] - np.array(patch[:2])
    rows, rms, worst = [], [], []
    for i in range(motion.TOTAL):
        moved = camera.project(human.pose(motion.turns(human, i)))[chosen]
        system = np.concatenate([moved, np.ones((len(moved), 1))], 1)
        solution = np.linalg.lstsq(system, target, rcond=None)[0]
        gap = np.linalg.norm(system @ solution - target, axis=1)
        rows.append(solution.T.ravel())
        rms.append(np.sqrt((gap**2).mean()))
        worst.append(gap.max())
    return Fit(np.array(rows), np.array(rms), np.array(worst))


def blur(image: np.ndarray, radius: float) -> np.ndarray:
    """Gaussian blur of a picture (h, w) of 0..255, in steps of a level."""
    picture = Image.fromarray(image.clip(0, 255).astype(np.uint8))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), float)


def change(mouths: list[np.ndarray], rest: np.ndarray) -> np.ndarray:
    """Largest difference (h, w) of any mouth from the rest mouth, noise smoothed away."""
    out = np.zeros(rest.shape[:2])
    for mouth in mouths:
        gap = np.abs(mouth.astype(float) - rest.astype(float)).max(2)
        out = np.maximum(out, blur(gap, 1.2))
    return out


def mask(changed: np.ndarray) -> np.ndarray:
    """Alpha (h, w) uint8: full over all that changes, a soft edge, zero at the border.

    The shape is the convex hull of what changes on either side, rounded, from the nose down.
    """
    h, w = changed.shape
    inside = np.maximum(changed, changed[:, ::-1]) > NOISE  # the patch is centred on the face
    inside[:TOP] = inside[-4:] = False
    inside[:, :4] = inside[:, -4:] = False
    hull = _hull_fill(_largest(inside))
    soft = blur(hull * 255.0, 5) > 110
    gap = _distance(soft)
    ramp = np.clip(1 - gap / FEATHER, 0, 1)
    x, y = np.meshgrid(np.arange(w), np.arange(h))
    border = np.minimum(np.minimum(x, w - 1 - x), np.minimum(y, h - 1 - y))
    ramp = np.minimum(ramp, np.clip((border - 1) / FEATHER, 0, 1))
    smooth = ramp * ramp * (3 - 2 * ramp)
    smooth = blur(smooth * 255, 1.5)
    smooth[border < 2] = 0
    return smooth.round().astype(np.uint8)


def _largest(inside: np.ndarray) -> np.ndarray:
    """Drop specks: keep what survives a small opening."""
    picture = Image.fromarray((inside * 255).astype(np.uint8))
    opened = picture.filter(ImageFilter.MinFilter(5)).filter(ImageFilter.MaxFilter(5))
    return np.asarray(opened) > 0


def _hull_fill(inside: np.ndarray) -> np.ndarray:
    """Filled convex hull of a boolean picture (h, w)."""
    h, w = inside.shape
    ys, xs = np.nonzero(inside)
    x, y = np.meshgrid(np.arange(w), np.arange(h))
    out = np.ones((h, w), bool)
    for angle in np.linspace(0, 2 * np.pi, 96, endpoint=False):
        c, s = np.cos(angle), np.sin(angle)
        out &= c * x + s * y <= (c * xs + s * ys).max() + 1e-6
    return out


def _distance(inside: np.ndarray) -> np.ndarray:
    """Distance (h, w) in pixels of every pixel outside to the shape (exact, by brute force)."""
    h, w = inside.shape
    core = np.asarray(
        Image.fromarray((inside * 255).astype(np.uint8)).filter(ImageFilter.MinFilter(3))
    )
    ys, xs = np.nonzero(inside & (core == 0))
    out = np.zeros((h, w))
    for y in range(h):
        gap = (xs[None] - np.arange(w)[:, None]) ** 2 + (ys[None] - y) ** 2
        out[y] = np.sqrt(gap.min(1))
    out[inside] = 0
    return out


def bias(frame: np.ndarray, rest: np.ndarray, alpha: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Mean colour (Y, U, V) of a frame minus the warped rest patch over the mask's soft ring."""
    h, w = alpha.shape
    x0, y0, x1, y1 = blend.reach(affine, (w, h), (frame.shape[1], frame.shape[0]))
    x, y = np.meshgrid(np.arange(x0, x1), np.arange(y0, y1))
    u = affine[0] * x + affine[1] * y + affine[2]
    v = affine[3] * x + affine[4] * y + affine[5]
    weight = blend.sample(alpha, u, v)
    ring = (weight > 25) & (weight < 230)
    gap = blend.to_yuv(frame[y0:y1, x0:x1].astype(float)) - blend.to_yuv(blend.sample(rest, u, v))
    skin = ring & (np.abs(gap[..., 0]) < 24)
    return np.median(gap[skin], axis=0)
