"""The idle loop: small head motion, a gaze that stays on the viewer, and blinks.

Played forth and back, so every curve is a sum of cosines that stands still at both ends.
"""

from __future__ import annotations

import figure
import numpy as np
from human import Human

FRAMES = 104
CHIN = 491  # a vertex under the lower lip
# Amplitudes in degrees of cos(k * pi * t), k = 1..5.
YAW = (0.90, 1.00, -0.60, 0.24, 0.10)
PITCH = (0.33, -0.46, 0.50, -0.27, 0.12)
ROLL = (-0.90, 0.80, 0.55, -0.42, 0.12)
SHARE = {"neck02": 0.20, "neck03": 0.25, "head": 0.55}
BLINKS = (27, 77)
LIDS = (0.55, 1.0, 0.72, 0.22)


def curve(amplitudes: tuple[float, ...], frames: int) -> np.ndarray:
    """Values (frames,) of a cosine series over the loop."""
    t = np.arange(frames) / (frames - 1)
    return sum(a * np.cos((k + 1) * np.pi * t) for k, a in enumerate(amplitudes))


def blink(frame: int) -> float:
    """How far the lids are shut in a frame, 0..1."""
    for start in BLINKS:
        if 0 <= frame - start < len(LIDS):
            return LIDS[frame - start]
    return 0.0


def angles(frame: int, frames: int = FRAMES) -> np.ndarray:
    """Head rotation vector of a frame, radians (pitch, yaw, roll)."""
    rows = [curve(series, frames)[frame] for series in (PITCH, YAW, ROLL)]
    return np.radians(rows)


def turns(human: Human, frame: int, frames: int = FRAMES) -> dict[str, np.ndarray]:
    """Bone turns of one source frame."""
    out = figure.rest_turns(human)
    head = angles(frame, frames)
    for bone, share in SHARE.items():
        out[bone] = out.get(bone, np.zeros(3)) + share * head
    for side in ("L", "R"):
        out[f"eye.{side}"] = out.get(f"eye.{side}", np.zeros(3)) - 0.9 * head * (1, 1, 0)
    shut = blink(frame)
    lids = {"LeftUpperLidClosed": 1.0, "RightUpperLidClosed": 1.0}
    lids |= {"LeftLowerLidUp": 0.3, "RightLowerLidUp": 0.3}
    for bone, vector in human.mix({k: v * shut for k, v in lids.items()}).items():
        out[bone] = out.get(bone, np.zeros(3)) + vector
    return out


def follow(human: Human, points: np.ndarray, head: np.ndarray) -> np.ndarray:
    """Hair (..., 3) that follows the head, less and less from the chin down to the shoulders.

    head: (4, 4) matrix of the head bone.
    """
    low, high = human.joint("neck01")[1] - 0.35, human.shape[CHIN, 1]
    t = np.clip((points[..., 1:2] - low) / (high - low), 0, 1)
    weight = t * t * (3 - 2 * t)
    moved = points @ head[:3, :3].T + head[:3, 3]
    return points + weight * (moved - points)


def order(frames: int = FRAMES) -> list[int]:
    """Render order in which every prefix is spread over the loop."""
    seen: list[int] = []
    wanted = [0, frames - 1, *[b + i for b in BLINKS for i in range(len(LIDS))]]
    for step in (16, 8, 4, 2, 1):
        wanted += range(0, frames, step)
    for i in wanted:
        if i not in seen:
            seen.append(i)
    return seen
