"""Two judges of the pictures that come out, neither of which knows the mouths' coordinates.

`Inside` knows how much of each mouth's render is inside the lips (scripts/avatar/inside.py);
`FaceMesh` looks at the whole picture (facemesh.py).
"""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np

from bithuman_ctypes.authoring.imx import Avatar

from .shown import Array, Picture, Rect

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


def face_rect(avatar: Avatar) -> Rect:
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

    def __init__(self, python: Path, rect: Rect, kept: Path) -> None:
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

    def look(self, faces: Sequence[Picture]) -> Array:
        """Gap between the lips and width of the mouth in each face, over the eye distance, (faces,
        2); NaN where it finds none.
        """
        keys = [hashlib.blake2b(face.tobytes(), digest_size=12).hexdigest() for face in faces]
        unknown = {key: face for key, face in zip(keys, faces) if key not in self.known}
        # Two processes that wait for each other in turns get little of a busy machine.
        sender = threading.Thread(target=self._send_all, args=(list(unknown.values()),))
        sender.start()
        for key in unknown:
            assert self.process.stdout is not None
            answer = self.process.stdout.read(8)
            if len(answer) < 8:
                raise OSError(f"{PROGRAM.name} ended: is mediapipe 0.10.21 in its Python?")
            self.known[key] = struct.unpack("<ff", answer)
        sender.join()
        return np.array([self.known[key] for key in keys]).reshape(-1, 2)

    def _send_all(self, faces: Sequence[Picture]) -> None:
        for face in faces:
            self._send(face.tobytes())
