"""The idle loop: small head motion, a gaze that stays on the viewer, and blinks; and the clips.

The loop is played forth and back, so every curve is a sum of cosines that stands still at both
ends. A clip's frames are numbered on behind those of the loop. A clip adds to the pose of the
loop's frame where it leaves, which is also where it rejoins, a motion that begins and ends with
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from figure import Figure
from people import Series, Sway

FRAMES = 104
CHIN = 491  # a vertex under the lower lip
SHARE = {"neck02": 0.20, "neck03": 0.25, "head": 0.55}
LIDS = (0.55, 1.0, 0.72, 0.22)


# A swing is (centre in frames, frames from nothing to full, amount); swings add up.
Swing = tuple[float, float, float]


@dataclass(frozen=True)
class Clip:
    """Frames of their own between two passes of one frame of the loop.

    pitch and yaw turn the head and gaze the eyes to the side, in degrees; blinks are first
    pictures. Its pictures are a movement out and, where it matters, back; they are played in any
    order, so that a head which nods twice or comes back the way it went needs no more of them.
    """

    name: str
    at: int  # the loop's frame where it leaves and rejoins
    idle: bool
    order: tuple[int, ...]  # its pictures as they are played, counted from 0
    pitch: tuple[Swing, ...] = ()
    yaw: tuple[Swing, ...] = ()
    gaze: tuple[tuple[int, float], ...] = ()  # first picture of the look, amount
    blinks: tuple[int, ...] = ()

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return len(self.order)

    @property
    def pictures(self) -> int:
        """How many pictures it has, numbered on behind the loop and the clips before it."""
        return max(self.order) + 1


def _there_and_back(order: tuple[int, ...]) -> tuple[int, ...]:
    return order + order[::-1]


CLIPS = (
    # Three nods, each less deep than the one before; from the last the head comes up to rest.
    Clip(
        "nod",
        43,
        False,
        (*range(13), 12, 11, 10, 10, 11, 12, 12, 11, 11, 12, 1, 0),
        pitch=((8, 7, 5.4), (19, 7, 3.4)),
        blinks=(4,),
    ),
    # Almost at rest, a picture may stand for two frames.
    Clip(
        "look-aside",
        43,
        True,
        _there_and_back((*range(9), 9, 9, 10, 10, 11, 11)),
        yaw=((12.5, 12.5, 2.4),),
        gaze=((3, 17.0),),
        blinks=(1,),
    ),
)
TOTAL = FRAMES + sum(clip.pictures for clip in CLIPS)


def first(clip: Clip) -> int:
    """The number of a clip's first picture."""
    before = CLIPS[: CLIPS.index(clip)]
    return FRAMES + sum(other.pictures for other in before)


def shown(clip: Clip) -> list[int]:
    """The picture numbers of a clip's frames as they are played."""
    return [first(clip) + place for place in clip.order]


def clip_of(picture: int) -> tuple[Clip, int]:
    """The clip that a picture beyond the loop belongs to, and its place in it."""
    for clip in CLIPS:
        if 0 <= picture - first(clip) < clip.pictures:
            return clip, picture - first(clip)
    raise IndexError(f"there is no source frame {picture}")


def swings(parts: tuple[Swing, ...], place: float) -> float:
    """The sum of raised cosines at a place in a clip."""
    total = 0.0
    for centre, reach, amount in parts:
        total += amount * (0.5 + 0.5 * np.cos(np.pi * np.clip((place - centre) / reach, -1, 1)))
    return total


def glance(clip: Clip, place: int) -> float:
    """How far the eyes look aside, degrees: within three pictures, as eyes jump."""
    return sum(amount * float(np.clip((place - begin) / 3, 0, 1)) for begin, amount in clip.gaze)


def curve(amplitudes: Series, frames: int) -> np.ndarray:
    """Values (frames,) of a cosine series over the loop."""
    t = np.arange(frames) / (frames - 1)
    return sum(a * np.cos((k + 1) * np.pi * t) for k, a in enumerate(amplitudes))


def blink(frame: int, starts: tuple[int, ...]) -> float:
    """How far the lids are shut in a frame, 0..1."""
    for start in starts:
        if 0 <= frame - start < len(LIDS):
            return LIDS[frame - start]
    return 0.0


def angles(sway: Sway, frame: int) -> np.ndarray:
    """Head rotation vector of a frame, radians (pitch, yaw, roll)."""
    rows = [curve(series, FRAMES)[frame] for series in (sway.pitch, sway.yaw, sway.roll)]
    return np.radians(rows)


def turns(human: Figure, frame: int) -> dict[str, np.ndarray]:
    """Bone turns of one source frame, of the loop or of a clip."""
    sway = human.person.sway
    if frame < FRAMES:
        return posed(human, angles(sway, frame), np.zeros(3), blink(frame, sway.blinks))
    clip, place = clip_of(frame)
    added = (swings(clip.pitch, place + 1), swings(clip.yaw, place + 1), 0.0)
    aside = np.radians((0.0, glance(clip, place), 0.0))
    return posed(human, angles(sway, clip.at) + np.radians(added), aside, blink(place, clip.blinks))


def posed(human: Figure, head: np.ndarray, gaze: np.ndarray, shut: float) -> dict[str, np.ndarray]:
    """Bone turns for a head rotation, a gaze away from the viewer (radians), shut lids (0..1)."""
    out = human.rest_turns()
    for bone, share in SHARE.items():
        out[bone] = out.get(bone, np.zeros(3)) + share * head
    for side in ("L", "R"):
        out[f"eye.{side}"] = out.get(f"eye.{side}", np.zeros(3)) - 0.9 * head * (1, 1, 0) + gaze
    lids = {"LeftUpperLidClosed": 1.0, "RightUpperLidClosed": 1.0}
    lids |= {"LeftLowerLidUp": 0.3, "RightLowerLidUp": 0.3}
    for bone, vector in human.mix({k: v * shut for k, v in lids.items()}).items():
        out[bone] = out.get(bone, np.zeros(3)) + vector
    return out


def follow(human: Figure, points: np.ndarray, head: np.ndarray) -> np.ndarray:
    """Hair (..., 3) that follows the head, less and less from the chin down to the shoulders.

    head: (4, 4) matrix of the head bone.
    """
    low, high = human.joint("neck01")[1] - 0.35, human.shape[CHIN, 1]
    t = np.clip((points[..., 1:2] - low) / (high - low), 0, 1)
    weight = t * t * (3 - 2 * t)
    moved = points @ head[:3, :3].T + head[:3, 3]
    return points + weight * (moved - points)


def order(sway: Sway) -> list[int]:
    """Render order in which every prefix is spread over the loop."""
    seen: list[int] = []
    wanted = [0, FRAMES - 1, *[b + i for b in sway.blinks for i in range(len(LIDS))]]
    for step in (16, 8, 4, 2, 1):
        wanted += range(0, FRAMES, step)
    wanted += range(FRAMES, TOTAL)
    for i in wanted:
        if i not in seen:
            seen.append(i)
    return seen
