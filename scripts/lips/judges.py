"""Two judges of the pictures that come out, neither of which knows the mouths' coordinates.

`Inside` knows how much of each mouth's render is inside the lips (scripts/avatar/inside.py);
`FaceMesh` looks at the whole picture (facemesh.py).
"""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
from pathlib import Path
from types import TracebackType

import numpy as np

from bithuman_ctypes.authoring.imx import Avatar

from .shown import Picture

HERE = Path(__file__).parent
EXACT = HERE / "inside.json"
PROGRAM = HERE / "facemesh.py"
COORDINATE_STEP = 1.0 / 4096.0


class Inside:
    """The inner mouth of every mouth of the default avatar, over the eye distance."""

    def __init__(self, avatar: Avatar) -> None:
        """Raises ValueError when the avatar's mouths are not those that were rendered."""
        data = json.loads(EXACT.read_text(encoding="utf-8"))
        rendered, packed = np.array(data["coords"]), np.array([m.coords for m in avatar.mouths])
        if rendered.shape != packed.shape or np.abs(rendered - packed).max() > COORDINATE_STEP:
            raise ValueError(
                f"{EXACT} has other mouths than the avatar: see scripts/avatar/inside.py"
            )
        columns = dict(zip(data["columns"], np.array(data["mouths"]).T))
        self.gap, self.area = columns["gap"], columns["area"]


def face_rect(avatar: Avatar) -> tuple[int, int, int, int]:
    """x, y, width and height of the face in the first source frame: some mouths wide and high."""
    matrix = np.array(avatar.placements[0].affine, float).reshape(2, 3) / 65536.0
    width, height = avatar.patch_size
    centre = np.linalg.solve(matrix[:, :2], np.array([width, height]) / 2.0 - matrix[:, 2])
    scale = 1.0 / np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    left, right = (centre[0] + side * 1.1 * width * scale for side in (-1, 1))
    top, bottom = (centre[1] + side * height * scale for side in (-2.1, 1.2))
    x, y = max(0, round(left)), max(0, round(top))
    return (
        x,
        y,
        min(avatar.manifest.width, round(right)) - x,
        min(avatar.manifest.height, round(bottom)) - y,
    )


class FaceMesh:
    """Lips as FaceMesh sees them. Answers are kept in a file by the hash of the picture."""

    def __init__(self, python: Path, rect: tuple[int, int, int, int], kept: Path) -> None:
        self.rect = rect
        self.kept = kept
        self.known: dict[str, tuple[float, float]] = {}
        if kept.exists():
            self.known = json.loads(kept.read_text())
        self.process = subprocess.Popen(
            [python, PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._send(struct.pack("<II", rect[3], rect[2]))

    def __enter__(self) -> FaceMesh:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        self.save()

    def _send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def save(self) -> None:
        """Keep what is known."""
        self.kept.write_text(json.dumps(self.known))

    def look(self, picture: Picture) -> tuple[float, float]:
        """Gap between the lips and width of the mouth, over the eye distance; NaN for no face."""
        x, y, width, height = self.rect
        data = picture[y : y + height, x : x + width].tobytes()
        key = hashlib.blake2b(data, digest_size=12).hexdigest()
        if key not in self.known:
            self._send(data)
            assert self.process.stdout is not None
            answer = self.process.stdout.read(8)
            if len(answer) < 8:
                raise OSError(f"{self.process.args} ended: is mediapipe 0.10.21 in that Python?")
            self.known[key] = struct.unpack("<ff", answer)
        gap, wide = self.known[key]
        return gap, wide
