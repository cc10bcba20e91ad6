"""The judge that looks: FaceMesh reads the lips off pictures, in a Python of its own.

    python scripts/lips/facemesh.py < pictures > lips

Needs mediapipe 0.10.21, the last wheel with the weights of FaceMesh (Apache-2.0), on Python 3.9 to
3.12. Reads a height and a width (uint32), then pictures of that size (uint8, blue first); answers
each with two float32: the gap between the inner lips and the distance of the mouth's corners, both
over the distance of the eyes, or NaN where it finds no face. Every picture is looked at on its own,
so no answer depends on the one before.
"""

from __future__ import annotations

import struct
import sys
from typing import Any

import mediapipe as mp
import numpy as np

UPPER, LOWER = (13, 82, 312), (14, 87, 317)  # inner lips: middle and half way to the bends
CORNERS = (61, 291)
EYES = ((33, 133), (362, 263))  # corners of each eye


def read_lips(mesh: Any, picture: np.ndarray) -> tuple[float, float]:
    """Gap and width over the eye distance."""
    found = mesh.process(np.ascontiguousarray(picture[:, :, ::-1])).multi_face_landmarks
    if not found:
        return float("nan"), float("nan")
    height, width = picture.shape[:2]
    points = np.array([(p.x * width, p.y * height) for p in found[0].landmark])
    eyes = [points[list(pair)].mean(0) for pair in EYES]
    distance = np.linalg.norm(eyes[0] - eyes[1])
    gap = np.linalg.norm(points[list(UPPER)] - points[list(LOWER)], axis=1).mean()
    wide = np.linalg.norm(points[CORNERS[0]] - points[CORNERS[1]])
    return float(gap / distance), float(wide / distance)


def main() -> None:
    """Answer until the input ends."""
    height, width = struct.unpack("<II", sys.stdin.buffer.read(8))
    size = height * width * 3
    mesh = mp.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=1, refine_landmarks=True
    )
    while len(data := sys.stdin.buffer.read(size)) == size:
        picture = np.frombuffer(data, np.uint8).reshape(height, width, 3)
        sys.stdout.buffer.write(struct.pack("<ff", *read_lips(mesh, picture)))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
