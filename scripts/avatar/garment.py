"""A sweater from MakeHuman's inflated top: narrower shoulders, seams, folds, a ribbed collar.

All lengths are decimetres of the posed person; positions are given relative to a shoulder's joint.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import bpy
import numpy as np
from human import Mesh
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from PIL import Image, ImageFilter

STITCH = 0.0031  # width of a stitch in the garment's texture coordinates, about 4 mm
TILE = 16  # stitches across the repeating picture of the knit
AROUND, ACROSS = 1400, 26  # points of the collar
HEIGHT, RIBS = 0.17, 0.040  # of the collar: how far it reaches up the neck, from rib to rib

# A fold of the left side: from and to (away from the body's middle, up) relative to the joint of
# the arm, its height and its width. The right side has the same ones, each a little changed.
Fold = tuple[tuple[float, float], tuple[float, float], float, float]
FOLDS: tuple[Fold, ...] = (
    ((-0.20, -0.22), (-0.85, 0.30), 0.050, 0.150),
    ((-0.22, -0.44), (-1.05, -0.02), 0.060, 0.170),
    ((-0.24, -0.72), (-1.15, -0.42), 0.055, 0.180),
    ((-0.12, -0.24), (0.20, 0.06), 0.045, 0.110),
    ((-0.14, -0.50), (0.26, -0.18), 0.050, 0.120),
)


@dataclass
class Surface:
    """A dense mesh as arrays: points and normals (n, 3)."""

    points: np.ndarray
    normals: np.ndarray


def narrowed(points: np.ndarray, joint: np.ndarray, amount: float) -> np.ndarray:
    """The top with its shoulders drawn in by `amount` at the arm's joint and sloping more."""
    out = points.copy()
    far = np.clip((np.abs(points[:, 0]) - 0.55) / (joint[0] - 0.55), 0, 1.25)
    ease = far * far * (1.5 - 0.5 * far)
    out[:, 0] -= np.sign(points[:, 0]) * amount * ease
    above = np.clip((points[:, 1] - joint[1] + 0.2) / 0.6, 0, 1)
    out[:, 1] -= 0.30 * amount * ease * above
    return out


def seams(mesh: Mesh, faces: list[int]) -> np.ndarray:
    """Pairs of vertices between two faces that are apart in the texture: where cloth is sewn."""
    seen: dict[frozenset[int], np.ndarray] = {}
    out = []
    for i in faces:
        corners = list(zip(mesh.faces[i], mesh.face_uvs[i], strict=True))
        for (a, ua), (b, ub) in zip(corners, corners[1:] + corners[:1], strict=True):
            edge, place = frozenset((a, b)), mesh.uvs[[ua, ub]].mean(0)
            if edge in seen and np.abs(seen[edge] - place).max() > 0.01:
                out.append((a, b))
            seen[edge] = place
    return np.array(out)


def dense(thing: bpy.types.Object) -> Surface:
    """The object's mesh as its modifiers leave it, made its own mesh."""
    graph = bpy.context.evaluated_depsgraph_get()
    data = bpy.data.meshes.new_from_object(thing.evaluated_get(graph))
    thing.modifiers.clear()
    thing.data = data
    points, normals = (np.zeros(len(data.vertices) * 3, np.float32) for _ in range(2))
    data.vertices.foreach_get("co", points)
    data.vertices.foreach_get("normal", normals)
    return Surface(points.reshape(-1, 3), normals.reshape(-1, 3))


def along(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places beside a line in the plane: how far along it, 0..1 within; distance to its left."""
    line = end - start
    length = float(np.linalg.norm(line))
    unit = line / length
    rel = points - start
    return rel @ unit / length, rel @ np.array([-unit[1], unit[0]])


def folds(points: np.ndarray, joint: np.ndarray) -> np.ndarray:
    """Height of the soft folds at each point (n,)."""
    rng = np.random.default_rng(8)
    out = np.zeros(len(points))
    for side in (1, -1):
        plane = points[:, :2] * (side, 1) - joint[:2]
        mine = np.clip(0.5 + points[:, 0] * side / 0.3, 0, 1)
        for start, end, height, width in FOLDS:
            a, b = np.array(start) + rng.normal(0, 0.03, 2), np.array(end) + rng.normal(0, 0.06, 2)
            t, d = along(plane, a, b)
            d = d + 0.10 * t * (1 - t) * rng.normal(0, 1.2)  # bent a little
            taper = np.clip(np.minimum((t + 0.25) / 0.5, (1.25 - t) / 1.0), 0, 1)
            wide = width * (0.6 + 0.7 * np.clip(t, 0, 1))
            ridge = np.exp(-((d / wide) ** 2)) - 0.6 * np.exp(-(((d + 1.3 * wide) / wide) ** 2))
            out += height * rng.uniform(0.7, 1.2) * mine * taper**2 * (3 - 2 * taper) * ridge
    return out


def grooves(points: np.ndarray, sewn: np.ndarray) -> np.ndarray:
    """Height (n,) of the sewn lines: a groove between two low rolls. sewn: (m, 2, 3) pieces."""
    out = np.full(len(points), 9.0)
    for a, b in sewn:
        t = np.clip((points - a) @ (b - a) / max(((b - a) ** 2).sum(), 1e-9), 0, 1)
        out = np.minimum(out, np.linalg.norm(points - a - t[:, None] * (b - a), axis=1))
    return 0.008 * np.exp(-(((out - 0.055) / 0.035) ** 2)) - 0.014 * np.exp(-((out / 0.026) ** 2))


def rim(mesh: Mesh, faces: list[int], points: np.ndarray) -> np.ndarray:
    """Points (n, 3) of the opening for the neck: where faces end, high up near the middle."""
    sides = Counter(
        frozenset(e) for i in faces for e in zip(mesh.faces[i], np.roll(mesh.faces[i], -1))
    )
    ends = np.unique([list(e) for e, n in sides.items() if n == 1])
    high = points[ends, 1] > points[ends, 1].max() - 0.8
    return points[ends[high & (np.abs(points[ends, 0]) < 1.0)]]


def edge(points: np.ndarray) -> np.ndarray:
    """The neckline (AROUND, 3) as a smooth even closed curve through the opening's vertices."""
    middle = points.mean(0)
    angle = np.arctan2(points[:, 0], points[:, 2] - middle[2])
    points = np.concatenate([points, points * (-1, 1, 1)])
    angle = np.concatenate([angle, -angle])  # both sides alike
    turn = np.linspace(-np.pi, np.pi, AROUND, endpoint=False)

    def waves(at: np.ndarray) -> np.ndarray:
        parts = [np.ones_like(at)]
        for k in range(1, 5):
            parts += [np.cos(k * at), np.sin(k * at)]
        return np.stack(parts, 1)

    fit = np.linalg.lstsq(waves(angle), points, rcond=None)[0]
    curve = waves(turn) @ fit
    step = np.linalg.norm(np.roll(curve, -1, 0) - curve, axis=1)
    length = np.concatenate([[0], np.cumsum(step)])
    even = np.linspace(0, length[-1], AROUND, endpoint=False)
    closed = np.concatenate([curve, curve[:1]])
    return np.stack([np.interp(even, length, closed[:, i]) for i in range(3)], 1)


def collar(ring: np.ndarray, body: BVHTree) -> tuple[np.ndarray, list[list[int]]]:
    """A ribbed band on the neckline: points (AROUND * ACROSS, 3) and faces."""
    inward = ring.mean(0) - ring
    inward[:, 1] = 0
    inward /= np.linalg.norm(inward, axis=1, keepdims=True)
    top = ring + HEIGHT * (0.75 * inward + (0, 0.60, 0))
    foot = ring - HEIGHT * (0.22 * inward + (0, 0.26, 0))
    top = lifted(top, body, 0.055)
    outward = np.cross(np.roll(ring, -1, 0) - np.roll(ring, 1, 0), top - foot)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    outward *= np.sign((outward * -inward).sum(1, keepdims=True))
    turn = np.linspace(0, 2 * np.pi, ACROSS, endpoint=False)
    t = 0.5 - 0.5 * np.cos(turn)
    thick = 0.030 * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** 0.5
    length = np.linalg.norm(np.roll(ring, -1, 0) - ring, axis=1).sum()
    count = round(length / RIBS)
    wave = np.cos(2 * np.pi * count * np.arange(AROUND) / AROUND)
    rib = 0.007 * wave[:, None] * np.clip(np.sin(turn), 0, 1)[None] ** 0.3
    bulge = 0.012 * np.sin(np.pi * t)
    points = foot[:, None] + t[None, :, None] * (top - foot)[:, None]
    points = points + outward[:, None] * (thick + bulge + rib)[..., None]
    i, j = np.meshgrid(np.arange(AROUND), np.arange(ACROSS), indexing="ij")
    k, m = (i + 1) % AROUND, (j + 1) % ACROSS
    quads = np.stack([i * ACROSS + j, k * ACROSS + j, k * ACROSS + m, i * ACROSS + m], -1)
    return points.reshape(-1, 3), quads.reshape(-1, 4).tolist()


def lifted(points: np.ndarray, body: BVHTree, gap: float) -> np.ndarray:
    """Points set onto the body, `gap` above it, smoothed along their closed curve."""
    out = points.copy()
    for n, point in enumerate(points):
        at, normal, _, _ = body.find_nearest(Vector(point))
        out[n] = np.array(at) + gap * np.array(normal)
    spread = 41
    kernel = np.hanning(spread)
    padded = np.concatenate([out[-spread // 2 + 1 :], out, out[: spread // 2]])
    kernel /= kernel.sum()
    return np.stack([np.convolve(padded[:, i], kernel, "valid") for i in range(3)], 1)


def knit() -> np.ndarray:
    """Height 0..1 (h, w) of stocking stitch, which repeats: two leaning legs to a stitch."""
    size, each = 1024, 1024 // TILE
    rng = np.random.default_rng(4)
    y, x = np.mgrid[0:size, 0:size] / each
    leg = np.abs((x % 1) - 0.5) * 2  # 0 in a stitch's middle, 1 between two stitches
    row = (y + 0.55 * leg) % 1
    roll = np.sin(np.pi * row) ** 0.7
    across = np.sin(np.pi * np.clip(leg, 0, 1)) ** 0.6
    loose = rng.normal(0, 1, (TILE, TILE)).repeat(each, 0).repeat(each, 1)
    height = roll * across * (1 + 0.05 * loose)
    image = Image.fromarray((height.clip(0, 1.2) / 1.2 * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(2)), float) / 255
