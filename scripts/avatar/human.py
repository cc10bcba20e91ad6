"""MakeHuman's base mesh in numpy: targets, skeleton, face pose units and fitted pieces.

Everything the avatar does is decided here, outside Blender, so that the projection of any vertex
in any pose is known exactly. Lengths are MakeHuman's decimetres, y up, the face looks along +z.
Only files of a MakeHuman checkout (CC0) are read; none of them is copied into this repository.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

HEAD_BONE = "head"
IDENTITY = np.eye(4)


@dataclass
class Mesh:
    """Points (n, 3), faces as index lists, and the texture coordinates of each face corner."""

    points: np.ndarray
    faces: list[list[int]]
    uvs: np.ndarray
    face_uvs: list[list[int]]
    groups: dict[str, list[int]] = field(default_factory=dict)


def read_obj(path: Path) -> Mesh:
    """Read a Wavefront OBJ; `groups` lists the face numbers of each `g` section."""
    points, uvs, faces, face_uvs = [], [], [], []
    groups: dict[str, list[int]] = {}
    current: list[int] = groups.setdefault("", [])
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        part = line.split()
        if not part:
            continue
        if part[0] == "v":
            points.append([float(x) for x in part[1:4]])
        elif part[0] == "vt":
            uvs.append([float(x) for x in part[1:3]])
        elif part[0] == "g":
            current = groups.setdefault(part[1], [])
        elif part[0] == "f":
            corners = [c.split("/") for c in part[1:]]
            current.append(len(faces))
            faces.append([int(c[0]) - 1 for c in corners])
            face_uvs.append([int(c[1]) - 1 if len(c) > 1 and c[1] else 0 for c in corners])
    return Mesh(np.array(points), faces, np.array(uvs or [[0.0, 0.0]]), face_uvs, groups)


def read_target(path: Path, count: int) -> np.ndarray:
    """Read a morph target as offsets (count, 3)."""
    offsets = np.zeros((count, 3))
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line and not line.startswith("#"):
            part = line.split()
            if len(part) >= 4:
                offsets[int(part[0])] = [float(x) for x in part[1:4]]
    return offsets


def rotation(vector: np.ndarray) -> np.ndarray:
    """Rodrigues: rotation vector in radians to a 3 x 3 matrix."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k)


def rotation_vector(matrix: np.ndarray) -> np.ndarray:
    """Inverse of `rotation` for angles below pi."""
    cosine = np.clip((np.trace(matrix) - 1) / 2, -1, 1)
    angle = float(np.arccos(cosine))
    axis = np.array(
        [matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]]
    )
    if angle < 1e-9:
        return axis / 2
    return axis * angle / (2 * np.sin(angle))


def about(matrix: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """4 x 4 matrix that rotates about `centre`."""
    out = np.eye(4)
    out[:3, :3] = matrix
    out[:3, 3] = centre - matrix @ centre
    return out


class Human:
    """A shaped MakeHuman body: `shape` (n, 3) at rest, `pose()` for any pose of its bones."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mh = root / "mh" if (root / "mh").is_dir() else root
        self.mesh = read_obj(self.mh / "3dobjs" / "base.obj")
        self.shape = self.mesh.points.copy()
        self._joint_shape: np.ndarray | None = None
        self._joint_cache: dict[str, np.ndarray] = {}
        self._skeleton()
        self._pose_units()

    def target(self, name: str) -> np.ndarray:
        """Offsets of the target file `targets/<name>.target`."""
        return read_target(self.mh / "targets" / f"{name}.target", len(self.shape))

    def apply(self, name: str, weight: float) -> None:
        """Add a target to the resting shape."""
        self.shape = self.shape + weight * self.target(name)

    def _skeleton(self) -> None:
        rig = json.loads((self.mh / "rigs" / "default.mhskel").read_text(encoding="utf-8"))
        table = json.loads((self.mh / "rigs" / "default_weights.mhw").read_text(encoding="utf-8"))
        self.joints: dict[str, list[int]] = rig["joints"]
        self.bones: dict[str, dict] = rig["bones"]
        order: list[str] = []

        def visit(name: str) -> None:
            if name in order:
                return
            parent = self.bones[name]["parent"]
            if parent:
                visit(parent)
            order.append(name)

        for name in self.bones:
            visit(name)
        self.order = order
        self.index = {name: i for i, name in enumerate(order)}
        weights = np.zeros((len(self.shape), len(order)), np.float32)
        for name, rows in table["weights"].items():
            for vertex, weight in rows:
                weights[vertex, self.index[name]] += weight
        total = weights.sum(1, keepdims=True)
        weights[total[:, 0] == 0, self.index["root"]] = 1
        self.weights = weights / np.where(total == 0, 1, total)

    def _pose_units(self) -> None:
        """Rotation vectors of every bone in each named face pose unit (BVH, z up)."""
        names = json.loads((self.mh / "poseunits" / "face-poseunits.json").read_text())[
            "framemapping"
        ]
        lines = (self.mh / "poseunits" / "face-poseunits.bvh").read_text().split("\n")
        bones: list[tuple[str, int]] = []
        last = ""
        at = 0
        for number, line in enumerate(lines):
            part = line.split()
            if part[:1] in (["ROOT"], ["JOINT"]):
                last = part[1]
            elif part[:1] == ["CHANNELS"]:
                bones.append((last, int(part[1])))
            elif part[:1] == ["MOTION"]:
                at = number + 3
                break
        self.units: dict[str, dict[str, np.ndarray]] = {}
        to_y_up = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
        for name, line in zip(names, lines[at : at + len(names)], strict=True):
            row = np.radians([float(x) for x in line.split()])
            unit: dict[str, np.ndarray] = {}
            column = 0
            for bone, channels in bones:
                x, y, z = row[column + channels - 3 : column + channels]
                column += channels
                if abs(x) + abs(y) + abs(z) < 1e-6 or bone == "root":
                    continue
                matrix = (
                    rotation(np.array([x, 0, 0]))
                    @ rotation(np.array([0, y, 0]))
                    @ rotation(np.array([0, 0, z]))
                )
                unit[bone] = to_y_up @ rotation_vector(matrix)
            self.units[name] = unit

    def joint(self, bone: str) -> np.ndarray:
        """Head of a bone on the resting shape."""
        if self._joint_shape is not self.shape:
            self._joint_shape, self._joint_cache = self.shape, {}
        if bone not in self._joint_cache:
            self._joint_cache[bone] = self._mean_joint(bone)
        return self._joint_cache[bone]

    def _mean_joint(self, bone: str) -> np.ndarray:
        return self.shape[self.joints[self.bones[bone]["head"]]].mean(0)

    def mix(self, units: dict[str, float]) -> dict[str, np.ndarray]:
        """Weighted sum of face pose units as rotation vectors per bone."""
        out: dict[str, np.ndarray] = {}
        for name, weight in units.items():
            for bone, vector in self.units[name].items():
                out[bone] = out.get(bone, np.zeros(3)) + weight * vector
        return out

    def matrices(self, turns: dict[str, np.ndarray]) -> np.ndarray:
        """World matrices (bones, 4, 4) relative to rest, from rotation vectors per bone."""
        out = np.zeros((len(self.order), 4, 4))
        for i, name in enumerate(self.order):
            parent = self.bones[name]["parent"]
            base = out[self.index[parent]] if parent else IDENTITY
            turn = turns.get(name)
            out[i] = base if turn is None else base @ about(rotation(turn), self.joint(name))
        return out

    def pose(self, turns: dict[str, np.ndarray], shape: np.ndarray | None = None) -> np.ndarray:
        """Skinned points (n, 3) for rotation vectors per bone."""
        points = self.shape if shape is None else shape
        matrices = self.matrices(turns).reshape(len(self.order), 16).astype(np.float32)
        blend = (self.weights @ matrices).reshape(-1, 4, 4)
        return np.einsum("nij,nj->ni", blend[:, :3, :3], points) + blend[:, :3, 3]

    def rigid(self, turns: dict[str, np.ndarray], bone: str = HEAD_BONE) -> np.ndarray:
        """World matrix (4, 4) of one bone."""
        return self.matrices(turns)[self.index[bone]]


class Fitted:
    """A piece (hair, teeth, eyes, clothes) bound to the base mesh by its `.mhclo` file."""

    def __init__(self, path: Path) -> None:
        self.refs: list[list[int]] = []
        self.parts: list[list[float]] = []
        self.offsets: list[list[float]] = []
        self.scales: dict[str, tuple[int, int, float]] = {}
        self.deleted: set[int] = set()
        obj = ""
        mode = ""
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            part = line.split()
            if not part or line.startswith("#"):
                continue
            key = part[0]
            if key == "obj_file":
                obj = part[1]
            elif key.endswith("_scale") and key[0] in "xyz":
                self.scales[key[0]] = (int(part[1]), int(part[2]), float(part[3]))
            elif key in ("verts", "delete_verts", "weights"):
                mode = key
            elif mode == "verts" and key.isdigit():
                self._bind(part)
            elif mode == "delete_verts" and key.isdigit():
                self._delete(part)
        self.mesh = read_obj(path.parent / obj)
        self.ref = np.array(self.refs)
        self.part = np.array(self.parts)
        self.offset = np.array(self.offsets)

    def _bind(self, part: list[str]) -> None:
        if len(part) == 1:
            self.refs.append([int(part[0])] * 3)
            self.parts.append([1.0, 0.0, 0.0])
            self.offsets.append([0.0, 0.0, 0.0])
        else:
            self.refs.append([int(x) for x in part[:3]])
            self.parts.append([float(x) for x in part[3:6]])
            self.offsets.append([float(x) for x in part[6:9]])

    def _delete(self, part: list[str]) -> None:
        i = 0
        while i < len(part):
            if i + 2 < len(part) and part[i + 1] == "-":
                self.deleted.update(range(int(part[i]), int(part[i + 2]) + 1))
                i += 3
            else:
                self.deleted.add(int(part[i]))
                i += 1

    def fit(self, points: np.ndarray, rest: np.ndarray | None = None) -> np.ndarray:
        """Points (n, 3) of the piece on base points; scales are measured on `rest`."""
        measure = points if rest is None else rest
        scale = np.ones(3)
        for axis, (a, b, length) in self.scales.items():
            i = "xyz".index(axis)
            scale[i] = abs(measure[a, i] - measure[b, i]) / length
        bound = (points[self.ref] * self.part[:, :, None]).sum(1)
        return bound + self.offset * scale
