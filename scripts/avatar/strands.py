"""Strands from polygon cards: hair, brows and lashes as curves instead of textured strips.

MakeHuman's hair is a set of cards whose texture runs along v. No textures are used here: strands
are traced through the cards along v, so the style of the mesh survives as thousands of curves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from human import Mesh

Grows = Callable[[np.ndarray], np.ndarray]


@dataclass
class Strands:
    """Curves as points (n, steps, 3), root to tip, with a radius (n, steps) in the same unit."""

    points: np.ndarray
    radius: np.ndarray


def islands(mesh: Mesh) -> list[list[int]]:
    """Face numbers grouped by connected texture coordinates."""
    parent = list(range(len(mesh.uvs)))

    def root(a: int) -> int:
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        return a

    for corners in mesh.face_uvs:
        for c in corners[1:]:
            parent[root(c)] = root(corners[0])
    out: dict[int, list[int]] = {}
    for number, corners in enumerate(mesh.face_uvs):
        out.setdefault(root(corners[0]), []).append(number)
    return list(out.values())


def _triangles(mesh: Mesh, faces: list[int]) -> tuple[np.ndarray, np.ndarray]:
    points, uvs = [], []
    for number in faces:
        face, corner = mesh.faces[number], mesh.face_uvs[number]
        for k in range(1, len(face) - 1):
            points.append([face[0], face[k], face[k + 1]])
            uvs.append([corner[0], corner[k], corner[k + 1]])
    return np.array(points), np.array(uvs)


def surface(mesh: Mesh, points: np.ndarray, faces: list[int], size: int) -> np.ndarray:
    """Positions (size, size, 3) of one island over its bounding box in uv; NaN off the island.

    Row 0 is the largest v (the root of a strand).
    """
    tri, tuv = _triangles(mesh, faces)
    return resolve(lookup(mesh, tri, tuv, size), points)


def _resample(line: np.ndarray, steps: int) -> np.ndarray:
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, length[-1], steps)
    return np.stack([np.interp(at, length, line[:, i]) for i in range(3)], 1)


def trace(grid: np.ndarray, column: float, steps: int, rows: slice) -> np.ndarray | None:
    """One strand down a (fractional) column of the grid, resampled to even steps."""
    a = int(np.floor(column))
    b = min(a + 1, grid.shape[1] - 1)
    line = grid[:, a] * (1 - column + a) + grid[:, b] * (column - a)
    good = ~np.isnan(line[:, 0])
    if good.sum() < 4:
        return None
    where = np.flatnonzero(good)
    runs = np.split(where, np.flatnonzero(np.diff(where) > 2) + 1)
    run = max(runs, key=len)
    line = line[run]
    start, stop, _ = rows.indices(1000)
    line = line[int(start * len(line) / 1000) : max(int(stop * len(line) / 1000), 4)]
    if len(line) < 4:
        return None
    return _resample(line, steps)


def hair(mesh: Mesh, points: np.ndarray, seed: int, density: float, steps: int = 14) -> Strands:
    """Strands over all cards; `density` is curves per decimetre of card width."""
    rng = np.random.default_rng(seed)
    lines: list[np.ndarray] = []
    for faces in islands(mesh):
        grid = surface(mesh, points, faces, 160)
        across = np.diff(grid, axis=1)
        widths = np.nansum(np.linalg.norm(across, axis=2), axis=1)
        width = float(np.percentile(widths, 75))
        count = max(4, int(width * density))
        for _ in range(count):
            column = rng.uniform(0.5, grid.shape[1] - 1.5)
            low = int(rng.uniform(0, 25)) if rng.random() < 0.7 else int(rng.uniform(0, 300))
            high = 1000 - int(abs(rng.normal(0, 35)))
            line = trace(grid, column, steps, slice(low, high))
            if line is None or np.isnan(line).any():
                continue
            lines.append(line)
    pts = np.array(lines)
    pts[:, 0] += 0.12 * (pts[:, 0] - pts[:, 1]) - np.array([0, 0.012, 0])
    pts[:, 0] += rng.normal(0, 0.008, (len(pts), 3))
    return Strands(_loosen(pts, rng), np.zeros(pts.shape[:2]))


def cropped(
    faces: np.ndarray, points: np.ndarray, grows: Grows, density: float, length: float
) -> Strands:
    """Short hair that stands on the skin: triangles (n, 3) of the body's points.

    grows: how much grows at points (n, 3), 0..1. density: hairs per square decimetre where that
    is 1. length in decimetres.
    """
    rng = np.random.default_rng(9)
    a, b, c = (points[faces[:, i]] for i in range(3))
    cross = np.cross(b - a, c - a)
    area = np.linalg.norm(cross, axis=1) / 2
    normals = np.zeros_like(points)
    for i in range(3):
        np.add.at(normals, faces[:, i], cross)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    count = rng.poisson(area * density * (grows(points)[faces].max(1) > 0))
    chosen = np.repeat(np.arange(len(faces)), count)
    weights = rng.dirichlet((1, 1, 1), len(chosen))
    inside = faces[chosen]
    roots = (points[inside] * weights[..., None]).sum(1)
    keep = rng.random(len(roots)) < grows(roots)
    roots = roots[keep]
    up = (normals[inside] * weights[..., None]).sum(1)[keep]
    lean = np.array([0.0, -0.25, 0.45]) + rng.normal(0, 0.28, roots.shape)
    t = np.linspace(0, 1, 4)[None, :, None]
    grown = length * rng.uniform(0.6, 1.1, (len(roots), 1, 1))
    pts = (
        roots[:, None]
        + grown * (t * up[:, None] + t**1.5 * lean[:, None] * 0.6)
        - 0.01 * up[:, None]
    )
    return Strands(pts, np.zeros(pts.shape[:2]))


def _loosen(pts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Volume, clumps and a few loose hairs, so that the cards cannot be told."""
    n, steps, _ = pts.shape
    t = np.linspace(0, 1, steps)[None, :, None]
    lift = rng.normal(0, 0.018, (n, 1, 3)) * (0.35 + 0.65 * t)
    clumps = pts[rng.integers(0, n, max(n // 28, 1))]
    roots = pts[:, steps // 2]
    centres = clumps[:, steps // 2]
    near = np.empty(n, int)
    for i in range(0, n, 512):
        gap = ((roots[i : i + 512, None] - centres[None]) ** 2).sum(2)
        near[i : i + 512] = gap.argmin(1)
    pull = np.clip(rng.normal(0.38, 0.15, (n, 1, 1)), 0, 0.7) * t**1.5
    close = ((roots - centres[near]) ** 2).sum(1) < 0.15**2
    out = pts + close[:, None, None] * pull * (clumps[near] - pts) * 0.6 + lift
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 3))
    out += 0.008 * np.sin(t * rng.uniform(6, 16, (n, 1, 1)) + phase) * t
    stray = rng.random(n) < 0.02
    out[stray] += rng.normal(0, 0.022, (stray.sum(), 1, 3)) * t**2
    return out


def taper(strands: Strands, root: float, tip: float, rng_seed: int = 1) -> Strands:
    """Set radii from root to tip with a little variety per strand."""
    n, steps, _ = strands.points.shape
    rng = np.random.default_rng(rng_seed)
    t = np.linspace(0, 1, steps)[None]
    scale = rng.uniform(0.75, 1.25, (n, 1))
    strands.radius = (root * (1 - t**3) + tip * t**3) * scale * np.clip(0.35 + 8 * t, 0, 1)
    return strands


class Lashes:
    """Curved lashes along the edge of each lash card; the cards move with the lids."""

    def __init__(self, mesh: Mesh, per_row: int = 84, steps: int = 6) -> None:
        self.mesh, self.steps = mesh, steps
        self.parts = islands(mesh)
        rng = np.random.default_rng(4)
        self.columns = [np.sort(rng.uniform(0.10, 0.90, per_row)) for _ in self.parts]
        self.lengths = [rng.uniform(0.65, 1.0, per_row) * self._reach(f) for f in self.parts]
        self.lean = [rng.normal(0, 0.012, per_row) for _ in self.parts]
        self.grids = [self._index(faces) for faces in self.parts]

    def _reach(self, faces: list[int]) -> float:
        """Lower lashes (the shorter cards) are kept short."""
        return 1.0 if len(faces) >= 48 else 0.55

    def _index(self, faces: list[int]) -> np.ndarray:
        """Barycentric lookup (size, size, 6): three vertices and three weights."""
        tri, tuv = _triangles(self.mesh, faces)
        return lookup(self.mesh, tri, tuv, 64)

    def grow(self, points: np.ndarray) -> Strands:
        """Lashes on the fitted card points."""
        lines = []
        for grid, columns, lengths, lean in zip(
            self.grids, self.columns, self.lengths, self.lean, strict=True
        ):
            place = resolve(grid, points)
            for c, length, tilt in zip(columns, lengths, lean, strict=True):
                line = trace(place, c * 62, self.steps + 2, slice(0, 1000))
                if line is None:
                    continue
                line = line[::-1] if self._flip(line) else line
                lines.append(self._bend(line, length, tilt))
        pts = np.array(lines)
        t = np.linspace(0, 1, pts.shape[1])[None]
        radii = np.repeat(0.0025 * (1 - t) + 0.0006 * t, len(pts), 0)
        return Strands(pts, radii)

    @staticmethod
    def _flip(line: np.ndarray) -> bool:
        """Lashes root at the eye (the point that lies further back)."""
        return bool(line[0, 2] > line[-1, 2])

    def _bend(self, line: np.ndarray, length: float, tilt: float) -> np.ndarray:
        t = np.linspace(0, 1, len(line))[:, None]
        out = line[0] + (line - line[0]) * length * 0.72
        out[:, 0] += (tilt * t**2)[:, 0]
        return out


class Brows:
    """Brow hairs: a lens-shaped field on each brow card, combed outward."""

    def __init__(self, mesh: Mesh, height: float, count: int = 260, steps: int = 5) -> None:
        self.mesh, self.steps, self.height = mesh, steps, height
        self.count = round(count * height)
        self.parts = islands(mesh)
        self.grids = []
        for faces in self.parts:
            tri, tuv = _triangles(mesh, faces)
            self.grids.append(lookup(mesh, tri, tuv, 96))

    def grow(self, points: np.ndarray) -> Strands:
        """Brow hairs on the fitted card points."""
        lines = []
        for grid in self.grids:
            place = resolve(grid, points)
            lines += self._side(place)
        pts = np.array(lines)
        t = np.linspace(0, 1, pts.shape[1])[None]
        return Strands(pts, np.repeat(0.0023 * (1 - t) + 0.0006 * t, len(pts), 0))

    def _side(self, place: np.ndarray) -> list[np.ndarray]:
        rng = np.random.default_rng(8)
        good = ~np.isnan(place[..., 0])
        columns = np.flatnonzero(good.any(0))
        x_of = np.array([np.nanmean(np.abs(place[:, c, 0])) for c in columns])
        columns = columns[np.argsort(x_of)]
        out = []
        for _ in range(self.count):
            along = 0.06 + 0.80 * rng.beta(1.15, 1.25)
            c = columns[int(along * (len(columns) - 1))]
            rows = np.flatnonzero(good[:, c])
            thick = 0.21 * self.height * (1 - 0.62 * along) * min(1.0, 0.45 + along * 2)
            v = 0.5 + rng.uniform(-1, 1) * thick / 2 * 1.2
            v += 0.10 * max(0.0, 0.35 - along)
            root = place[rows[int(np.clip(1 - v, 0, 1) * (len(rows) - 1))], c]
            ahead = columns[min(int(along * (len(columns) - 1)) + 8, len(columns) - 1)]
            top, bottom = place[rows[0], c], place[rows[-1], c]
            up = top - bottom if top[1] > bottom[1] else bottom - top
            rows2 = np.flatnonzero(good[:, ahead])
            out_dir = place[rows2[len(rows2) // 2], ahead] - place[rows[len(rows) // 2], c]
            out_dir = out_dir / (np.linalg.norm(out_dir) + 1e-9)
            up = up / (np.linalg.norm(up) + 1e-9)
            rise = np.clip(0.8 - 1.2 * along, -0.25, 0.8) - (v - 0.5) * -1.2 * (along > 0.2)
            length = rng.uniform(0.055, 0.085) * (1 - 0.35 * along)
            direction = out_dir + up * rise
            direction = direction / np.linalg.norm(direction)
            t = np.linspace(0, 1, self.steps)[:, None]
            line = root + direction * length * t + out_dir * length * 0.25 * t**2
            line[:, 2] += 0.004 + 0.012 * np.sin(np.pi * t[:, 0])
            out.append(line)
        return out


def lookup(mesh: Mesh, tri: np.ndarray, tuv: np.ndarray, size: int) -> np.ndarray:
    """Vertex numbers and weights (size, size, 6) of an island's uv grid; NaN off the island."""
    uv = mesh.uvs[tuv]
    low, high = uv.reshape(-1, 2).min(0), uv.reshape(-1, 2).max(0)
    scaled = (uv - low) / np.maximum(high - low, 1e-9) * (size - 1)
    scaled[:, :, 1] = size - 1 - scaled[:, :, 1]
    grid = np.full((size, size, 6), np.nan)
    for corner, index in zip(scaled, tri, strict=True):
        x0, y0 = np.floor(corner.min(0)).astype(int)
        x1, y1 = np.ceil(corner.max(0)).astype(int)
        xs, ys = np.meshgrid(np.arange(x0, x1 + 1), np.arange(y0, y1 + 1))
        (ax, ay), (bx, by), (cx, cy) = corner
        det = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
        if abs(det) < 1e-9:
            continue
        wa = ((by - cy) * (xs - cx) + (cx - bx) * (ys - cy)) / det
        wb = ((cy - ay) * (xs - cx) + (ax - cx) * (ys - cy)) / det
        wc = 1 - wa - wb
        inside = (wa >= -0.02) & (wb >= -0.02) & (wc >= -0.02)
        inside &= (xs >= 0) & (ys >= 0) & (xs < size) & (ys < size)
        weights = np.stack([wa, wb, wc], -1)[inside]
        grid[ys[inside], xs[inside], :3] = index
        grid[ys[inside], xs[inside], 3:] = weights
    return grid


def resolve(grid: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Positions (size, size, 3) of a `lookup` grid for the given points."""
    good = ~np.isnan(grid[..., 0])
    out = np.full((*grid.shape[:2], 3), np.nan)
    index = grid[good][:, :3].astype(int)
    out[good] = (points[index] * grid[good][:, 3:, None]).sum(1)
    return out
