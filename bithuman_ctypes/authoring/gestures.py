"""What a portrait can do beside speaking: actions made of the same few motions as its loop.

Nothing here moves the lips: an action may be spoken over, and the mouths are those of the face at
rest. Each leaves and rejoins the loop at the same frame, where the loop all but stands still.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from bithuman_ctypes.authoring.actions import Action, check_names
from bithuman_ctypes.authoring.field import ramp
from bithuman_ctypes.authoring.idle import BLINKS, FRAMES, LIDS, Bearing, at_rest, blink
from bithuman_ctypes.errors import InvalidArgumentError

MIDDLE = 0.2  # of the loop around its middle: where an action may leave it, to be soon there


@dataclass(frozen=True)
class Swing:
    """A motion that begins in a frame, is full in the next, goes back and has gone."""

    begin: float
    full: float
    back: float
    gone: float
    amount: float

    def at(self, frame: float) -> float:
        """How much of it there is in a frame."""
        rise = ramp((frame - self.begin) / (self.full - self.begin))
        return float(self.amount * rise * ramp((self.gone - frame) / (self.gone - self.back)))


@dataclass(frozen=True)
class Gesture:
    """``frames`` from the loop and back to it. ``swings`` add up, for each motion of a Bearing;
    ``blinks`` are the frames in which one begins."""

    frames: int
    swings: Mapping[str, tuple[Swing, ...]]
    blinks: tuple[int, ...] = ()

    def bearings(self, base: Bearing) -> list[Bearing]:
        """Of each frame, from a bearing and back to it."""
        return [self._added(base, i) for i in range(self.frames)]

    def _added(self, base: Bearing, frame: int) -> Bearing:
        values = asdict(base)
        for motion, swings in self.swings.items():
            values[motion] += sum(swing.at(frame + 1) for swing in swings)
        return Bearing(**{**values, "lids": blink(frame, self.blinks)})


GESTURES = {
    "nod": Gesture(
        30,
        {
            "pitch": (
                Swing(0, 10, 10, 17, 5.5),
                Swing(13, 20, 20, 28, 3.5),
                Swing(22, 26, 26, 31, 0.8),
            )
        },
        (5,),
    ),
    "shake": Gesture(
        36,
        {
            "yaw": (
                Swing(0, 8, 8, 16, -4.0),
                Swing(8, 16, 16, 24, 4.5),
                Swing(17, 25, 25, 36, -2.8),
            )
        },
        (2,),
    ),
    "tilt": Gesture(
        52,
        {"roll": (Swing(0, 16, 34, 53, 4.0),), "pitch": (Swing(6, 24, 24, 50, 1.2),)},
        (14,),
    ),
    "look-aside": Gesture(
        48,
        {
            "gaze": (Swing(2, 5, 32, 36, 16.0),),
            "yaw": (Swing(0, 22, 24, 49, 2.6),),
            "pitch": (Swing(8, 26, 26, 46, -0.5),),
        },
        (1, 32),
    ),
    "raise-brows": Gesture(
        30,
        {"brows": (Swing(0, 6, 12, 29, 1.0),), "pitch": (Swing(0, 9, 12, 30, -1.2),)},
    ),
}
"""By their names. Pitch goes down, yaw and gaze to the right of the picture, degrees."""


@dataclass(frozen=True)
class Act:
    """A gesture as an action, with the bearing of each of its frames."""

    name: str
    bearings: Sequence[Bearing]
    at: int

    @property
    def action(self) -> Action:
        """It leaves and rejoins the loop at the same frame."""
        return Action(self.name, len(self.bearings), self.at, self.at)


def acts(names: Iterable[str]) -> list[Act]:
    """Gestures by their names."""
    at = stillest()
    base = at_rest(at)
    return [Act(name, GESTURES[name].bearings(base), at) for name in names]


def check_gestures(names: Sequence[str], idle: Iterable[str]) -> None:
    """Raises InvalidArgumentError for what a photo cannot do, or is asked for twice."""
    for name in names:
        if name not in GESTURES:
            can = ", ".join(GESTURES)
            raise InvalidArgumentError(f"a photo has no action {name!r}: it can do {can}")
    check_names(names, idle)


def stillest() -> int:
    """The loop's frame, near its middle, in which head and lids move least."""
    near = range(round(FRAMES * (0.5 - MIDDLE)), round(FRAMES * (0.5 + MIDDLE)))
    lids = {b + i for b in BLINKS for i in range(-1, len(LIDS) + 1)}
    return min((i for i in near if i not in lids), key=_pace)


def _pace(frame: int) -> float:
    one, other = at_rest(frame - 1), at_rest(frame + 1)
    turns = (one.pitch - other.pitch, one.yaw - other.yaw, one.roll - other.roll)
    return sum(turn * turn for turn in turns)
