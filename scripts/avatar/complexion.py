"""The painted face: a picture over the front of the head in resting coordinates (x, y).

Vertex colours are too coarse for a lip's edge, so lips, blush, lids and freckles are drawn into an
image that is projected from the front on the resting shape and moves with the skin from there.
"""

from __future__ import annotations

import numpy as np
from figure import Figure
from human import Human
from people import Tint
from PIL import Image, ImageDraw, ImageFilter

SCALE = 500  # pixels per decimetre
HALF_WIDTH = 1.1
DOWN, UP = 1.2, 2.0  # picture's reach around the mouth, dm

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

    def __init__(self, tone: tuple[float, float, float], mouth_width: float, tall: float) -> None:
        w, h = int(2 * HALF_WIDTH * SCALE), int((DOWN + UP) * SCALE)
        self.size = (w, h)
        self.x, self.y = np.meshgrid(
            (np.arange(w) + 0.5) / SCALE - HALF_WIDTH, UP - (np.arange(h) + 0.5) / SCALE
        )
        self.rgb = np.tile(np.array(tone), (h, w, 1))
        self.stretch, self.tall = mouth_width / 0.222, tall

    def blend(self, tint: Tint, weight: np.ndarray) -> None:
        """Mix a colour in where the weight (h, w) is above 0."""
        self.rgb += (np.array(tint.colour) - self.rgb) * (tint.amount * weight)[..., None]

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
        right = [
            (x * self.stretch, SEAM + (y - SEAM) * self.tall) for x, y in UPPER_EDGE + LOWER_EDGE
        ]
        left = [(-x, y) for x, y in reversed(right)]
        return self.polygon(right + left, 0.0065)


def picture(human: Figure, brows: np.ndarray, eyes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Painted face (h, w, 3) in linear RGB; where it is lips, shiny, creased (h, w, 3); top first.

    brows: (n, 3) points of one brow card, eyes: (3,) centre of the left eye, on the resting shape.
    """
    origin = centre(human)
    corner = np.abs(human.shape[[7162, 11942], 0]).mean() * 0.965
    look = human.person.skin
    paint = Paint(look.tone, float(corner), human.person.mouth)
    rng = np.random.default_rng(2)
    ex, ey = abs(eyes[0]), eyes[1] - origin[1]
    paint.blend(look.forehead, np.clip((paint.y - ey - 0.2) / 0.5, 0, 1))
    paint.blend(look.cheeks, paint.blob(0.50, 0.36, 0.26, 0.20))
    paint.blend(look.nose, paint.blob(0.0, 0.33, 0.17, 0.10))
    paint.blend(look.chin, paint.blob(0.0, -0.42, 0.20, 0.12))
    paint.blend(look.lid, paint.blob(ex, ey + 0.07, 0.20, 0.075))
    paint.blend(look.under_eye, paint.blob(ex - 0.05, ey - 0.11, 0.17, 0.05))
    bx, by = np.abs(brows[:, 0]), brows[:, 1] - origin[1]
    curve = np.polyfit(bx, by, 3)
    inside = (np.abs(paint.x) > bx.min() + 0.05) & (np.abs(paint.x) < bx.max() - 0.10)
    gap = (paint.y - np.polyval(curve, np.abs(paint.x))) / (0.020 * human.person.brows)
    tint = np.where(inside, np.exp(-(gap**2)), 0)
    tint = np.asarray(
        Image.fromarray((tint * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(5)), float
    )
    paint.blend(look.brow, tint / 255)
    spots = rng.random(paint.x.shape) > 0.99987
    image = Image.fromarray((spots * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2.2))
    cheeks = paint.blob(0.35, 0.42, 0.35, 0.22) + paint.blob(0.0, 0.55, 0.2, 0.2)
    limit = look.freckles.amount
    grown = np.clip(np.asarray(image, float) / 22, 0, limit) / max(limit, 1e-9)
    paint.blend(look.freckles, grown * cheeks)
    lips = paint.lips()
    paint.blend(look.beard, beard(paint))
    paint.blend(look.corners, paint.blob(corner * 1.05, SEAM - 0.008, 0.03, 0.024))
    paint.blend(look.lips, lips)
    creases = look.uneven * lip_creases(paint, rng)
    paint.rgb *= 1 - (0.20 * creases * lips)[..., None]
    seam = np.exp(-(((paint.y - SEAM) / 0.012) ** 2)) * (np.abs(paint.x) < corner)
    paint.blend(look.seam, seam * lips)
    shine = paint.blob(0.0, 0.36, 0.10, 0.16) + paint.blob(0.0, ey + 0.42, 0.45, 0.22)
    shine += paint.blob(0.44, 0.55, 0.16, 0.10) + paint.blob(0.0, -0.40, 0.13, 0.09)
    return paint.rgb.clip(0, 1), np.stack([lips, shine.clip(0, 1), creases * lips], -1)


def lip_creases(paint: Paint, rng: np.random.Generator) -> np.ndarray:
    """Fine upright creases, which spread a little towards the edges of the lips, 0..1."""
    fan = paint.x * (1 - 0.8 * np.abs(paint.y - SEAM)) + 0.004 * np.sin(40 * paint.y)
    table = rng.normal(0, 1, 400)
    weak = rng.normal(0, 1, (60, 90))
    at = np.interp((fan + HALF_WIDTH) / 0.011, np.arange(400), table)
    h, w = paint.x.shape
    image = Image.fromarray((weak * 40 + 128).clip(0, 255).astype(np.uint8)).resize(
        (w, h), Image.Resampling.BICUBIC
    )
    return np.clip(0.5 * at + (np.asarray(image, float) - 128) / 80, 0, 1)


def beard(paint: Paint) -> np.ndarray:
    """Where a trimmed beard grows, 0..1: jaw, chin and upper lip, grainy, thin at its edge."""
    x, y = np.abs(paint.x), paint.y
    line = np.interp(x, (0.0, 0.12, 0.28, 0.45, 0.56, 0.64), (0.15, 0.17, 0.10, 0.0, 0.12, 0.35))
    where = np.clip((line - y) / 0.12 + 0.5, 0, 1)
    where *= 1 - 0.6 * np.exp(-(((x - 0.14) / 0.08) ** 2) - ((y + 0.20) / 0.07) ** 2)  # by the chin
    where *= 1 - 0.5 * np.exp(-((x / 0.035) ** 2) - ((y - 0.12) / 0.09) ** 2)  # below the nose
    grain = np.random.default_rng(6).normal(0, 1, where.shape)
    grain = np.asarray(
        Image.fromarray(((grain * 50) + 128).clip(0, 255).astype(np.uint8)).filter(
            ImageFilter.GaussianBlur(1.1)
        ),
        float,
    )
    where *= np.clip((y + 0.95) / 0.35, 0, 1)  # the picture's last row colours all below it
    return np.clip(where * (0.9 + (grain - 128) / 60), 0, 1)


def scalp(human: Human, points: np.ndarray) -> np.ndarray:
    """How much hair grows at points (n, 3) of the resting shape, 0..1: not on ears, face, neck."""
    shape, eye = human.shape, human.joint("eye.L")[1]
    level = shape[(np.abs(shape[:, 1] - eye) < 0.25) & (np.abs(shape[:, 0]) < 1.2)]
    ear = level[np.abs(level[:, 0]).argmax()]
    half = np.abs(shape[np.abs(shape[:, 1] - eye - 0.55) < 0.1, 0]).max()
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    front = z - ear[2]
    # The hairline's height over the eyes: by the ears, at the temples, over the forehead.
    along = (-0.45, -0.2, 0.0, 0.20, 0.38, 0.52, 0.90)
    line = np.interp(front, along, (-0.55, -0.35, -0.06, -0.06, 0.14, 0.46, 0.54))
    line = line + 0.06 * np.exp(-((x / (0.4 * half)) ** 2)) * (front > 0.9) - 0.03
    grown = np.clip((y - eye - line) / 0.08 + 0.5, 0, 1)
    stands_out = (x > 0.96 * half) & (y < eye + 0.32)
    return np.where(stands_out, 0, grown)


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
