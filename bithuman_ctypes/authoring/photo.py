"""From one portrait with closed lips to an avatar that speaks, blinks and breathes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bithuman_ctypes.authoring import hear, imx, judge, landmarks, lips, patch, portrait
from bithuman_ctypes.authoring import loop as loops
from bithuman_ctypes.authoring import sheet as sheets
from bithuman_ctypes.authoring._types import Floats, Picture, Progress, silent
from bithuman_ctypes.authoring.actions import clips
from bithuman_ctypes.authoring.assemble import rectangles, thumbnail
from bithuman_ctypes.authoring.card import Card
from bithuman_ctypes.authoring.catalogue import drawn
from bithuman_ctypes.authoring.drawn_mouth import MouthDrawer
from bithuman_ctypes.authoring.gestures import Act, acts, check_gestures
from bithuman_ctypes.authoring.head import Head
from bithuman_ctypes.authoring.idle import FRAMES, Bearing, at_rest
from bithuman_ctypes.authoring.report import PhotoReport
from bithuman_ctypes.authoring.tracker import Tracker, require_tracker

QUALITY = 90
SENTENCE_STEP = 4  # frames between two of the preview's sentence


def create_from_photo(
    photo: str | os.PathLike[str],
    output: str | os.PathLike[str],
    card: Card,
    *,
    longest: int = portrait.LONGEST,
    actions: Iterable[str] = (),
    idle: Iterable[str] = (),
    quality: int = QUALITY,
    preview: str | os.PathLike[str] | None = None,
    progress: Progress = silent,
) -> PhotoReport:
    """Make an avatar file from a frontal portrait with closed lips and say how well it moves.

    The lips and the jaw are warped; teeth, tongue and what is behind them are painted, for a photo
    does not show them. ``longest``: bound of the longer side, pixels. ``actions``: names of
    ``gestures.GESTURES``; those in ``idle`` too are played while nobody speaks. The rest is as in
    ``create_from_video``.

    Raises MaterialError (what speaks against the photo), InvalidArgumentError (there is no such
    action), NotSupported (the tracker is not installed), OutputError.
    """
    actions, idle = tuple(actions), frozenset(idle)
    check_gestures(actions, idle)
    require_tracker()
    for path in (output, *([] if preview is None else [preview])):
        imx.require_place(path)
    progress("finding the face", 0.0)
    head = Head(portrait.read(photo, longest))
    wanted = acts(actions)
    avatar = draw(head, card, wanted, quality, progress)
    avatar = replace(avatar, clips=clips((act.action for act in wanted), FRAMES, idle))
    progress("trying it out", 0.0)
    report, spoken = _tried(avatar, head, wanted, progress)
    data = imx.to_bytes(avatar)
    imx.write_bytes(output, data)
    if preview is not None:
        progress("drawing the preview", 0.0)
        sheets.write(preview, sheets.preview(avatar, spoken))
    progress("done", 1.0)
    return report(len(data))


def draw(
    head: Head, card: Card, actions: Sequence[Act], quality: int, progress: Progress
) -> imx.Avatar:
    """The avatar of a portrait, with the frames of its actions behind the loop."""
    face = head.portrait
    pose = landmarks.Pose(face.points, np.eye(3)[None], np.zeros((1, 3)))
    place = patch.Frame.of(pose)
    drawer, wanted = MouthDrawer(face, place), drawn()
    patches: list[Picture] = []
    for i, coords in enumerate(wanted):
        progress("drawing mouths", i / len(wanted))
        patches.append(drawer.draw(coords))
    rest = drawer.draw((0.0,) * 6)
    mask = patch.mask(patches, rest, place, pose)
    bearings = [at_rest(i) for i in range(FRAMES)]
    bearings += [bearing for act in actions for bearing in act.bearings]
    parts = rectangles(_pictures(head, bearings, progress), quality)
    mouths = [imx.Mouth.rest()]
    mouths += [imx.Mouth(c, imx.encode_jpeg(p, quality)) for c, p in zip(wanted, patches)]
    affines = [place.affine(head.affine(bearing)) for bearing in bearings]
    return imx.Avatar(
        card.manifest(face.size, "pingpong"),
        parts.bases,
        parts.frames,
        [_placement(a, rest, mask, parts.shown(i)) for i, a in enumerate(affines)],
        mouths,
        place.size,
        mask,
        thumbnail=thumbnail(face.picture, face.points),
        loop_count=FRAMES if actions else None,
    )


def _pictures(head: Head, bearings: Sequence[Bearing], progress: Progress) -> list[Picture]:
    made: dict[Bearing, Picture] = {}
    for i, bearing in enumerate(bearings):
        progress("moving the head", i / len(bearings))
        if bearing not in made:
            made[bearing] = head.picture(bearing)
    return [made[bearing] for bearing in bearings]


def _placement(affine: Floats, rest: Picture, mask: Picture, shown: Picture) -> imx.Placement:
    own = patch.cut(shown, affine, (mask.shape[1], mask.shape[0]))
    return imx.Placement.from_floats(affine.ravel().tolist(), patch.bias(own, rest, mask).tolist())


@dataclass(frozen=True)
class _Tried:
    """What the self-test found; the file's size is known later."""

    avatar: imx.Avatar
    face: portrait.Portrait
    seams: Mapping[str, float]
    opening: float
    closed: float

    def __call__(self, size: int) -> PhotoReport:
        wide = max(mouth.coords[0] for mouth in self.avatar.mouths)
        width = float(np.linalg.norm(self.face.points[234, :2] - self.face.points[454, :2]))
        return PhotoReport(
            size=self.face.size,
            bytes=size,
            mouths=len(self.avatar.mouths),
            face_pixels=width,
            reach=wide,
            test_opening=self.opening,
            test_closed=self.closed,
            actions=self.seams,
        )


def seam(head: Head, act: Act) -> float:
    """How far the face jumps where an action leaves or rejoins the loop, units of the face."""
    loop = head.seen(at_rest(act.action.leave), loops.ANCHORS)
    ends = (head.seen(act.bearings[i], loops.ANCHORS) for i in (0, -1))
    return max(float(np.abs(end - loop).max()) for end in ends) / head.portrait.unit


def _tried(
    avatar: imx.Avatar, head: Head, actions: Sequence[Act], progress: Progress
) -> tuple[_Tried, list[tuple[str, Picture]]]:
    """Let it speak the bundled sentences and see what the tracker makes of the lips."""
    sound = _sentences()
    asked = hear.heard(sound, len(sound) // 640)
    gaps: list[float] = []
    shut: list[bool] = []
    shown: list[tuple[str, Picture]] = []
    with Tracker() as tracker:
        for i, frame in enumerate(judge.rendered(avatar, sound)):
            points = tracker.points(frame.picture)
            gaps.append(np.nan if points is None else float(landmarks.gap(points)))
            shut.append(avatar.mouths[frame.mouth].coords[0] <= 0.05)
            if i % SENTENCE_STEP == 0 and len(shown) < 32:
                shown.append((f"{i / 25:.2f} s, mouth {frame.mouth}", frame.picture))
            progress("trying it out", i / len(asked))
    gap, closed = np.array(gaps[: len(asked)]), np.array(shut[: len(asked)])
    speech = (asked[: len(gap), lips.SPEECH] > lips.SPEAKS) & ~np.isnan(gap)
    opening = hear.correlation(gap[speech], asked[: len(gap)][speech, lips.OPENNESS])
    still = float(np.mean(gap[speech & closed] <= portrait.CLOSED)) if closed.any() else 1.0
    seams = {act.name: seam(head, act) for act in actions}
    return _Tried(avatar, head.portrait, seams, opening, still), shown


def _sentences() -> Floats:
    """The bundled speech at 16 kHz."""
    from bithuman_ctypes._assets import bundled
    from bithuman_ctypes.authoring.video import sound_of

    return sound_of(bundled("speech.wav"))
