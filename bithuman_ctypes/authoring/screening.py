"""Which frames of a film can be used, and the reasons that speak against the film as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bithuman_ctypes.authoring import landmarks
from bithuman_ctypes.authoring._types import Flags, Floats, Picture
from bithuman_ctypes.authoring.lips import Fitted, Lips
from bithuman_ctypes.authoring.material import MaterialError, Reason, Span
from bithuman_ctypes.authoring.survey import Survey
from bithuman_ctypes.authoring.video import FPS, RATE

MIN_SECONDS, MAX_SECONDS = 20.0, 600.0
MIN_FACE = 160.0  # pixels between the ears
MAX_YAW = 25.0  # degrees aside from the camera
MAX_ANGLE = 22.0  # degrees away from where the head mostly is
COVERED = 26.0  # levels by which the lower face differs from what it mostly looks like
PATIENCE = 1.0  # seconds of a fault that are left out without a word; more refuses the film
CUT_LEVELS, CUT_TIMES = 10.0, 8.0  # change of the whole picture: at least, and beside the usual
JUMP = 0.15  # of the distance between the ears, from one frame to the next
QUIET = 10 ** (-50 / 20)  # full scale is 1
MIN_STROKE = 0.05  # units of the face between lips that touch and the widest mouth
MIN_CORRELATION = 0.2  # of the lips with the sound
SPOKEN = 5.0  # seconds of speech at least


@dataclass(frozen=True)
class Screening:
    """``usable`` (n,) frames; ``notes``: what was left out, and why."""

    usable: Flags
    notes: tuple[Reason, ...]


def screen(survey: Survey, sound: Floats, scale: float) -> Screening:
    """Judge a film. ``scale``: its pictures' size beside the film's own.

    Raises MaterialError with every reason that refuses it.
    """
    reasons = list(_whole(survey, sound))
    if not survey.seen.any():
        everywhere = ((0.0, len(survey) / FPS),)
        raise MaterialError([Reason("no_face", "no face is seen", everywhere), *reasons])
    cuts = _cuts(survey)
    if cuts.any():
        moments = tuple((i / FPS, (i + 1) / FPS) for i in np.flatnonzero(cuts))
        text = "there are cuts: take one piece, with --start and --end"
        reasons.append(Reason("cut", text, moments))
    usable = survey.seen.copy()
    notes: list[Reason] = []
    for code, text, bad, patience in _faults(survey, scale):
        if not bad.any():
            continue
        found = Reason(code, text, spans(bad))
        (reasons if bad.sum() > patience * FPS else notes).append(found)
        usable &= ~bad
    if reasons:
        raise MaterialError(reasons)
    return Screening(usable, tuple(notes))


def _whole(survey: Survey, sound: Floats) -> Iterator[Reason]:
    seconds = len(survey) / FPS
    if seconds < MIN_SECONDS:
        yield Reason("too_short", f"{seconds:.0f} seconds are too short: film 1 to 3 minutes")
    loud = loudness(sound) > QUIET
    if not loud.any():
        yield Reason("no_audio", "the sound is silent: the film must have speech")
    elif loud.sum() / FPS < SPOKEN:
        yield Reason("no_speech", f"there is speech for {loud.sum() / FPS:.0f} seconds only")


def require_length(seconds: float) -> None:
    """Raises MaterialError for a film that it would take too long to look at."""
    if seconds > MAX_SECONDS:
        text = f"{seconds / 60:.0f} minutes are too long: choose a part with --start and --end"
        raise MaterialError([Reason("too_long", text)])


def loudness(sound: Floats) -> Floats:
    """Root mean square of each frame's sound, smoothed a little."""
    step = RATE // FPS
    count = max(1, len(sound) // step)
    blocks = np.pad(sound, (0, max(0, count * step - len(sound))))[: count * step]
    level = np.sqrt((blocks.reshape(count, step).astype(float) ** 2).mean(1))
    return landmarks.smoothed(level, 2.0)


def _faults(survey: Survey, scale: float) -> Iterator[tuple[str, str, Flags, float]]:
    """Code, text, where, and how many seconds of it are left out without refusing the film."""
    seen, points = survey.seen, survey.points
    yield "no_face", "no face is seen", ~seen, PATIENCE
    yield "two_faces", "there is more than one face", survey.faces > 1, 0.3
    with np.errstate(invalid="ignore"):
        width = np.linalg.norm(points[:, 234, :2] - points[:, 454, :2], axis=1)
        small = seen & (width < MIN_FACE)
        turn = seen & (np.abs(landmarks.yaw(points)) > MAX_YAW)
    text = f"the face is too small: {np.nanmedian(width):.0f} pixels between the ears, "
    if scale < 1 and np.nanmedian(width) / scale >= MIN_FACE:
        text += f"{MIN_FACE:.0f} are needed: give a larger --longest, the film has them"
    else:
        text += f"{MIN_FACE:.0f} are needed: come closer"
    yield "small_face", text, small, PATIENCE
    yield "turned", f"the head is turned by more than {MAX_YAW:.0f} degrees", turn, PATIENCE
    text = "the mouth is covered, or the light changes"
    yield "covered", text, seen & covered(survey.lower, seen), 0.5


def covered(lower: Picture, seen: Flags) -> Flags:
    """Where the lower face does not look as it mostly does, (n,)."""
    usual = np.median(lower[seen][:: max(1, int(seen.sum()) // 400)], axis=0)
    pictures = lower.astype(np.float32)
    level = np.median(pictures, axis=(1, 2), keepdims=True) - np.median(usual)
    gaps = np.abs(pictures - level - usual)
    # Lips and what is between them may look as they like, and a head that turns changes much;
    # what covers the mouth changes almost all of it.
    high, wide = usual.shape
    mouth = np.zeros(usual.shape, bool)
    mouth[int(0.30 * high) : int(0.85 * high), int(0.25 * wide) : int(0.75 * wide)] = True
    cheeks = ~mouth
    cheeks[int(0.75 * high) :] = False  # beside the chin there may be anything
    inner = (gaps[:, mouth] > COVERED).mean(1)
    outer = (gaps[:, cheeks] > COVERED).mean(1)
    return np.asarray((inner > 0.7) | ((inner > 0.45) & (outer > 0.45)))


def _cuts(survey: Survey) -> Flags:
    """Where the picture is another one than the frame before, (n,)."""
    small = survey.small.astype(np.float32)
    change = np.abs(np.diff(small, axis=0)).mean((1, 2))
    usual = max(float(np.median(change)), 0.5)
    other = (change > CUT_LEVELS) & (change > CUT_TIMES * usual)
    with np.errstate(invalid="ignore"):
        middle = survey.points[:, list(landmarks.RIGID), :2].mean(1)
        width = np.linalg.norm(survey.points[:, 234, :2] - survey.points[:, 454, :2], axis=1)
        moved = np.linalg.norm(np.diff(middle, axis=0), axis=1) / width[1:]
        slow = np.concatenate([[0], moved[:-1]]) < JUMP / 3
        jumped = (moved > JUMP) & slow & (change > 3 * usual)
    return np.concatenate([[False], other | jumped])


def spans(bad: Flags, join: int = FPS // 2) -> tuple[Span, ...]:
    """Runs of frames in seconds; those that are close are one."""
    where = np.flatnonzero(bad)
    if not len(where):
        return ()
    breaks = np.flatnonzero(np.diff(where) > join)
    first = where[np.concatenate([[0], breaks + 1])]
    last = where[np.concatenate([breaks, [len(where) - 1]])]
    return tuple((float(a) / FPS, float(b + 1) / FPS) for a, b in zip(first, last))


def not_turned(usable: Flags, pose: landmarks.Pose) -> tuple[Flags, tuple[Reason, ...]]:
    """Which usable frames are not turned far from where the head mostly is."""
    far = usable & (pose.angle() > MAX_ANGLE)
    if not far.any():
        return usable, ()
    text = f"the head turns by more than {MAX_ANGLE:.0f} degrees from where it mostly is"
    reason = Reason("turned", text, spans(far))
    if far.sum() > 0.2 * usable.sum():
        raise MaterialError([reason])
    return usable & ~far, (reason,)


def require_motion(lips: Lips, usable: Flags) -> None:
    """Raises MaterialError where the lips do not speak."""
    stroke = float(np.quantile(lips.gap[usable], 0.98) - lips.closed)
    if stroke < MIN_STROKE:
        text = (
            f"the lips hardly part (by {stroke:.3f} of the eyes' distance): is the mouth covered, "
            "or does somebody else speak?"
        )
        raise MaterialError([Reason("still_mouth", text)])


def require_agreement(fitted: Fitted) -> None:
    """Raises MaterialError where lips and sound have nothing to do with each other."""
    if fitted.correlation < MIN_CORRELATION:
        text = (
            f"the lips do not follow the sound (correlation {fitted.correlation:.2f}): is it "
            "somebody else's voice, music, or a sound track that belongs to another picture?"
        )
        raise MaterialError([Reason("unrelated_sound", text)])
