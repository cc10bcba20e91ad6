"""The base loop, and where an action leaves and rejoins it: pieces of film whose ends match."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bithuman_ctypes.authoring import landmarks
from bithuman_ctypes.authoring._types import Flags, Floats
from bithuman_ctypes.authoring.landmarks import Pose
from bithuman_ctypes.authoring.material import MaterialError, Reason
from bithuman_ctypes.authoring.screening import spans
from bithuman_ctypes.authoring.video import FPS

SHORTEST, GOOD, LONGEST = 2 * FPS, 8 * FPS, 14 * FPS
PEOPLE_SEE = 0.012  # units of the face: a jump at a seam that is about twice what nobody notices
ACTION_ROOM = 12  # frames by which the ends of an action may be moved to match the loop
ANCHORS = (33, 263, 4, 152, 10)  # points of the face that tell where it is


@dataclass(frozen=True)
class Loop:
    """Frames ``first`` to ``last`` of the film, played ``way`` ("forward" or "pingpong").

    ``seam``: how far points of the face jump where it begins anew, and ``step`` how far they move
    from frame to frame, in nine steps of ten at most; in units of the face.
    """

    first: int
    last: int
    way: str
    seam: float
    step: float

    @property
    def frames(self) -> range:
        """Their numbers in the film."""
        return range(self.first, self.last + 1)


@dataclass(frozen=True)
class ActionClip:
    """``frames`` of the film between ``leave`` and ``rejoin`` of the loop; ``seams`` as in Loop."""

    name: str
    frames: range
    leave: int
    rejoin: int
    seams: tuple[float, float]


@dataclass(frozen=True)
class Motion:
    """What must match at a seam: where the face is (n, k) and what the eyes do, in units of the
    face, and how fast."""

    state: Floats

    @classmethod
    def of(cls, pose: Pose, points: Floats) -> Motion:
        """From poses and points (n, 478, 3)."""
        places = pose.seen(ANCHORS).reshape(len(pose.turn), -1) / pose.unit
        filled = np.where(np.isfinite(points), points, pose.shape)
        opened = landmarks.lids(filled)[:, None] * 2.0
        return cls(np.concatenate([places, opened], 1))

    def speed(self) -> Floats:
        """How far each frame is from the next, (n,)."""
        step = np.abs(np.diff(self.state, axis=0)).max(1)
        return np.asarray(np.concatenate([step, step[-1:]]))

    def jump(self, one: int, others: Floats) -> Floats:
        """How far a frame is from others (their numbers), with their direction."""
        gap = np.abs(self.state[others] - self.state[one]).max(1)
        return np.asarray(
            gap + 0.5 * np.abs(self._pace(others) - self._pace(np.array([one]))).max(1)
        )

    def _pace(self, numbers: Floats) -> Floats:
        last = len(self.state) - 1
        after = np.minimum(numbers + 1, last)
        return np.asarray(self.state[after] - self.state[np.maximum(after - 2, 0)])


def find(motion: Motion, calm: Flags) -> Loop:
    """The calmest piece with the mouth closed whose ends match; ``calm`` (n,) are the frames with
    closed lips. Raises MaterialError when there is none of two seconds."""
    runs = [run for run in _runs(calm) if len(run) >= SHORTEST]
    if not runs:
        found = max((len(run) for run in _runs(calm)), default=0) / FPS
        text = (
            f"the mouth is never closed for {SHORTEST / FPS:.0f} seconds (at most {found:.1f}): "
            "begin with 5 to 20 seconds of listening, lips closed"
        )
        raise MaterialError([Reason("no_rest", text, spans(calm)[:2])])
    speed = motion.speed()
    forward = [loop for run in runs if (loop := _forward(motion, speed, run)) is not None]
    best = min(forward, key=_badness, default=None)
    if best is not None and best.seam <= PEOPLE_SEE:
        return best
    return min((_pingpong(speed, run) for run in runs), key=_badness)


def _runs(flags: Flags) -> list[range]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [range(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2])]


def _badness(loop: Loop) -> float:
    """A seam that shows, a loop that is short, a head that wanders."""
    short = max(0.0, GOOD - len(loop.frames)) / GOOD
    return loop.seam + 0.02 * short + loop.step


def _forward(motion: Motion, speed: Floats, run: range) -> Loop | None:
    best: Loop | None = None
    for first in range(run.start, run.stop - SHORTEST, 2):
        lasts = np.arange(first + SHORTEST, min(run.stop, first + LONGEST))
        # The frame that would follow the last one is the first again.
        jumps = motion.jump(first, np.minimum(lasts + 1, run.stop - 1))
        share = np.maximum(0, GOOD - (lasts - first)) / GOOD
        at = int((jumps + 0.02 * share).argmin())
        last = int(lasts[at])
        step = float(np.quantile(speed[first:last], 0.9))
        loop = Loop(first, last, "forward", float(jumps[at]), step)
        if best is None or _badness(loop) < _badness(best):
            best = loop
    return best


def _pingpong(speed: Floats, run: range) -> Loop:
    """Turns where the head stands still, so that the way back does not show."""
    best: Loop | None = None
    slow = landmarks.smoothed(speed, 1.0)
    for first in range(run.start, run.stop - SHORTEST + 1, 2):
        lasts = np.arange(first + SHORTEST - 1, min(run.stop, first + LONGEST))
        share = np.maximum(0, GOOD - (lasts - first)) / GOOD
        at = int((slow[lasts] + 0.02 * share).argmin())
        last = int(lasts[at])
        seam = float(slow[first] + slow[last])
        loop = Loop(first, last, "pingpong", seam, float(np.quantile(speed[first:last], 0.9)))
        if best is None or _badness(loop) < _badness(best):
            best = loop
    assert best is not None  # the run is long enough
    return best


def action(
    motion: Motion, loop: Loop, usable: Flags, name: str, times: tuple[float, float]
) -> ActionClip:
    """An action from ``times`` (seconds of the film), its ends moved to where they match the loop.

    Raises MaterialError when it lies outside the film or has frames without a usable face.
    """
    begin, end = round(times[0] * FPS), round(times[1] * FPS)
    where = (times,)
    if not 0 <= begin < end <= len(usable):
        text = f"the action {name!r} does not lie in the film of {len(usable) / FPS:.1f} seconds"
        raise MaterialError([Reason("action_outside", text, where)])
    if not usable[begin:end].all():
        text = f"the action {name!r} has frames in which the face cannot be used"
        raise MaterialError([Reason("action_unusable", text, spans(~usable[begin:end]))])
    places = np.array(loop.frames)
    first, leave, out = _joint(motion, places, begin, usable, -1)
    last, rejoin, back = _joint(motion, places, end - 1, usable, 1)
    return ActionClip(name, range(first, last + 1), leave, rejoin, (out, back))


def _joint(
    motion: Motion, places: Floats, end: int, usable: Flags, outwards: int
) -> tuple[int, int, float]:
    """The clip's frame near one of its ends, the loop's frame before or behind it, and the jump."""
    best = (end, 0, np.inf)
    for step in range(ACTION_ROOM + 1):
        at = end + outwards * step
        if not 0 <= at < len(usable) or not usable[at]:
            break
        # Before its first frame the film shows the one before it; so must the loop.
        stands_for = min(max(at + outwards, 0), len(usable) - 1)
        jumps = motion.jump(stands_for, places)
        loop = int(jumps.argmin())
        if jumps[loop] < best[2] - 1e-3:
            best = (at, loop, float(jumps[loop]))
    return best
