"""The painted face: a picture over the front of the head in resting coordinates (x, y).

Vertex colours are too coarse for a lip's edge, so lips, blush, lids and freckles are drawn into an
image that is projected from the front on the resting shape and moves with the skin from there.
"""

from __future__ import annotations

import numpy as np
from human import Human
from PIL import Image, ImageDraw, ImageFilter

SCALE = 500  # pixels per decimetre
HALF_WIDTH = 1.1
DOWN, UP = 1.2, 2.0  # picture's reach around the mouth, dm
TONE = (0.60, 0.365, 0.268)

# Upper and lower edge of the lips' red, right half, relative to the mouth's centre (dm).
UPPER_EDGE = [(0.0, 0.040), (0.022, 0.046), (0.048, 0.060), (0.075, 0.056), (0.11, 0.043)]
UPPER_EDGE += [(0.15, 0.022), (0.185, -0.004), (0.212, -0.030), (0.222, -0.043)]
LOWER_EDGE = [(0.222, -0.043), (0.205, -0.066), (0.175, -0.099), (0.14, -0.126), (0.10, -0.142)]
LOWER_EDGE += [(0.05, -0.151), (0.0, -0.152)]
SEAM = -0.043


def centre(human: Human) -> np.ndarray:
    """The mouth's centre in the resting shape: origin of the painted face."""
    lips = np.linalg.norm(human.target("mouth/mouth-upperlip-volume-incr"), axis=1)
    at = human.shape[int(lips.argmax())]
    return np.array([0.0, at[1], at[2]])


def place(human: Human) -> np.ndarray:
    """Texture coordinates (n, 2) in 0..1 of every vertex, v up."""
    rel = human.shape - centre(human)
    u = (rel[:, 0] + HALF_WIDTH) / (2 * HALF_WIDTH)
    return np.stack([u, (rel[:, 1] + DOWN) / (DOWN + UP)], 1)


class Paint:
    """Linear RGB picture addressed in decimetres around the mouth."""

    def __init__(self, mouth_width: float) -> None:
        w, h = int(2 * HALF_WIDTH * SCALE), int((DOWN + UP) * SCALE)
        self.size = (w, h)
        self.x, self.y = np.meshgrid(
            (np.arange(w) + 0.5) / SCALE - HALF_WIDTH, UP - (np.arange(h) + 0.5) / SCALE
        )
        self.rgb = np.tile(np.array(TONE), (h, w, 1))
        self.stretch = mouth_width / 0.222

    def blend(self, colour: tuple[float, float, float], weight: np.ndarray) -> None:
        """Mix a colour in."""
        self.rgb += (np.array(colour) - self.rgb) * weight[..., None]

    def blob(self, x: float, y: float, rx: float, ry: float) -> np.ndarray:
        """Gaussian spot on both sides."""
        return np.exp(-(((np.abs(self.x) - x) / rx) ** 2 + ((self.y - y) / ry) ** 2))

    def polygon(self, points: list[tuple[float, float]], blur: float) -> np.ndarray:
        """Filled outline (dm), blurred by `blur` dm, 0..1."""
        image = Image.new("L", self.size)
        pixels = [((x + HALF_WIDTH) * SCALE, (UP - y) * SCALE) for x, y in points]
        ImageDraw.Draw(image).polygon(pixels, fill=255)
        image = image.filter(ImageFilter.GaussianBlur(blur * SCALE))
        return np.asarray(image, float) / 255

    def lips(self) -> np.ndarray:
        """The red of the lips."""
        right = [(x * self.stretch, y) for x, y in UPPER_EDGE + LOWER_EDGE]
        left = [(-x, y) for x, y in reversed(right)]
        return self.polygon(right + left, 0.0065)


def picture(human: Human, brows: np.ndarray, eyes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Painted face (h, w, 3) in linear RGB and the lip mask (h, w), top row first.

    brows: (n, 3) points of one brow card, eyes: (3,) centre of the left eye, on the resting shape.
    """
    origin = centre(human)
    corner = np.abs(human.shape[[7162, 11942], 0]).mean() * 0.965
    paint = Paint(float(corner))
    rng = np.random.default_rng(2)
    ex, ey = abs(eyes[0]), eyes[1] - origin[1]
    paint.blend((0.62, 0.40, 0.28), 0.35 * np.clip((paint.y - ey - 0.2) / 0.5, 0, 1))
    paint.blend((0.63, 0.27, 0.20), 0.50 * paint.blob(0.50, 0.36, 0.26, 0.20))
    paint.blend((0.60, 0.26, 0.20), 0.42 * paint.blob(0.0, 0.33, 0.17, 0.10))
    paint.blend((0.58, 0.30, 0.22), 0.30 * paint.blob(0.0, -0.42, 0.20, 0.12))
    paint.blend((0.47, 0.25, 0.20), 0.40 * paint.blob(ex, ey + 0.07, 0.20, 0.075))
    paint.blend((0.50, 0.27, 0.22), 0.30 * paint.blob(ex - 0.05, ey - 0.11, 0.17, 0.05))
    bx, by = np.abs(brows[:, 0]), brows[:, 1] - origin[1]
    curve = np.polyfit(bx, by, 3)
    inside = (np.abs(paint.x) > bx.min() + 0.05) & (np.abs(paint.x) < bx.max() - 0.10)
    gap = (paint.y - np.polyval(curve, np.abs(paint.x))) / 0.020
    tint = np.where(inside, np.exp(-(gap**2)), 0)
    tint = np.asarray(
        Image.fromarray((tint * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(5)), float
    )
    paint.blend((0.22, 0.115, 0.07), 0.30 * tint / 255)
    spots = rng.random(paint.x.shape) > 0.99987
    image = Image.fromarray((spots * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2.2))
    cheeks = paint.blob(0.35, 0.42, 0.35, 0.22) + paint.blob(0.0, 0.55, 0.2, 0.2)
    paint.blend((0.36, 0.17, 0.10), np.clip(np.asarray(image, float) / 22, 0, 0.35) * cheeks)
    lips = paint.lips()
    paint.blend((0.36, 0.15, 0.12), 0.55 * paint.blob(corner * 1.05, SEAM - 0.008, 0.03, 0.024))
    grain = rng.normal(0, 1, paint.x.shape)
    lines = np.asarray(
        Image.fromarray(((grain * 40) + 128).clip(0, 255).astype(np.uint8)).filter(
            ImageFilter.BoxBlur(2)
        ),
        float,
    )
    paint.blend((0.48, 0.150, 0.145), lips * 0.94)
    paint.rgb *= 1 + ((lines - 128) / 128 * 0.25 * lips)[..., None]
    seam = np.exp(-(((paint.y - SEAM) / 0.012) ** 2)) * (np.abs(paint.x) < corner)
    paint.blend((0.26, 0.07, 0.07), 0.55 * seam * lips)
    return paint.rgb.clip(0, 1), lips


def depth(human: Human) -> np.ndarray:
    """How far inside the mouth each vertex lies, 0 at the lips to 1 in the throat."""
    rel = human.shape - centre(human)
    behind = np.clip((-rel[:, 2] - 0.07) / 0.16, 0, 1)
    near = (np.abs(rel[:, 0]) < 0.33) & (np.abs(rel[:, 1] + 0.04) < 0.32)
    body = np.zeros(len(rel), bool)
    used = [v for i in human.mesh.groups["body"] for v in human.mesh.faces[i]]
    body[np.unique(used)] = True
    return np.where(near & body & inner(human), behind, 0)


def inner(human: Human) -> np.ndarray:
    """Vertices of the mouth's lining, found by walking inward from a vertex behind the lips."""
    rel = human.shape - centre(human)
    faces = [human.mesh.faces[i] for i in human.mesh.groups["body"]]
    normal = np.zeros_like(rel)
    for face in faces:
        a, b, c = (human.shape[face[k]] for k in range(3))
        normal[face] += np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
    front = rel[:, 2] < -0.05
    box = (np.abs(rel[:, 0]) < 0.36) & (np.abs(rel[:, 1] + 0.04) < 0.36) & front
    towards = np.array([0, SEAM, -0.35]) - rel
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    return box & ((normal * towards).sum(1) > 0.1)
