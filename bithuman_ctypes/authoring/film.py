"""From a film of somebody who listens and then speaks to an avatar."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from bithuman_ctypes.authoring import choose, imx, judge, landmarks, lips, loop, patch, screening
from bithuman_ctypes.authoring import sheet as sheets
from bithuman_ctypes.authoring._types import Flags, Floats, Picture, Progress, silent
from bithuman_ctypes.authoring.actions import Action, check_names, clips
from bithuman_ctypes.authoring.assemble import rectangles, thumbnail
from bithuman_ctypes.authoring.card import Card
from bithuman_ctypes.authoring.hear import heard
from bithuman_ctypes.authoring.lips import Fitted, Lips
from bithuman_ctypes.authoring.loop import ActionClip, Loop
from bithuman_ctypes.authoring.report import Report
from bithuman_ctypes.authoring.survey import Survey, survey
from bithuman_ctypes.authoring.tracker import require_tracker
from bithuman_ctypes.authoring.video import FPS, LONGEST, RATE, Film
from bithuman_ctypes.errors import InvalidArgumentError

MOUTHS = 160
QUALITY = 90
HELD_OUT = 0.2  # of the speech: what the self-test speaks
COMPARED = 150  # frames of it at most whose pixels are compared
NEAR = 4.0  # degrees between the head's direction in a mouth's frame and at rest
LOOK = (slice(None), slice(14, 42), slice(10, 38))  # the mouth in the survey's pictures
SENTENCE = 3.2  # seconds of the film's speech in the preview
SENTENCE_STEP = 4  # frames


@dataclass(frozen=True)
class Study:
    """All that is known of a film before its pictures are looked at a second time."""

    survey: Survey
    sound: Floats
    usable: Flags
    pose: landmarks.Pose
    lips: Lips
    fitted: Fitted
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Which frames become what: the loop, the actions, the mouths; ``trial`` mouths come from the
    film before frame ``split`` only, for the self-test."""

    loop: Loop
    actions: tuple[ActionClip, ...]
    mouths: tuple[choose.Rows, Floats]
    trial: tuple[choose.Rows, Floats]
    split: int

    def shown(self) -> list[int]:
        """The film's frames in the order of the file's."""
        return [*self.loop.frames, *(i for clip in self.actions for i in clip.frames)]

    def compared(self, usable: Flags) -> list[int]:
        """Frames of the held-out part whose pixels are compared."""
        left = np.flatnonzero(usable[self.split :]) + self.split
        every = max(1, len(left) // COMPARED)
        return [int(i) for i in left[::every][:COMPARED]]


def create_from_video(
    video: str | os.PathLike[str],
    output: str | os.PathLike[str],
    card: Card,
    *,
    longest: int = LONGEST,
    start: float = 0.0,
    end: float | None = None,
    actions: Mapping[str, tuple[float, float]] | None = None,
    idle: Iterable[str] = (),
    mouths: int = MOUTHS,
    quality: int = QUALITY,
    preview: str | os.PathLike[str] | None = None,
    progress: Progress = silent,
) -> Report:
    """Make an avatar file from a film and say how good it is.

    ``video``: any film that FFmpeg reads, with sound: some seconds of listening with closed lips,
    then speech. ``card``: who it is, and who agreed. ``longest``: bound of the longer side of the
    pictures, pixels. ``start`` and ``end``: the part to use, seconds. ``actions``: names and the
    seconds at which each begins and ends, counted like ``start``'s part from its beginning; those
    in ``idle`` are played while nobody speaks. ``preview``: a PNG file to write. ``progress`` is
    told stages.

    Raises MaterialError (what speaks against the film, with times), InvalidArgumentError,
    NotSupported (the tracker is not installed), OutputError.
    """
    check_names(list(actions or {}), idle := set(idle))
    if end is not None and end <= start:
        raise InvalidArgumentError(f"end must come after start, {start:g} s; it is {end:g} s")
    require_tracker()
    for path in (output, *([] if preview is None else [preview])):
        imx.require_place(path)
    film = Film(video, longest, start, end)
    study = examine(film, progress)
    made_plan = plan(study, actions or {}, mouths)
    progress("cutting pictures out", 0.0)
    made = _Pictures(film, study, made_plan, progress)
    avatar = made.avatar(card, quality, idle)
    score = _tried(made, avatar, quality, progress)
    data = imx.to_bytes(avatar)
    report = _report(made, avatar, score, len(data))
    imx.write_bytes(output, data)
    if preview is not None:
        progress("drawing the preview", 0.0)
        write_preview(preview, avatar, study)
    progress("done", 1.0)
    return report


def examine(film: Film, progress: Progress = silent) -> Study:
    """Track, screen, and measure a film. Raises MaterialError."""
    progress("listening", 0.0)
    sound = film.sound()
    screening.require_length(len(sound) / RATE)
    seen = survey(film, len(sound) * FPS // RATE, progress)
    screened = screening.screen(seen, sound, film.scale)
    pose = landmarks.fit(seen.points, screened.usable, _reference(seen, screened.usable))
    usable, turned = screening.not_turned(screened.usable, pose)
    measured = lips.measure(pose, seen.points, seen.lower[LOOK], usable)
    screening.require_motion(measured, usable)
    progress("matching lips and sound", 0.0)
    fitted = lips.calibrate(measured, heard(sound, len(seen)), usable)
    screening.require_agreement(fitted)
    notes = tuple(str(note) for note in (*screened.notes, *turned))
    return Study(seen, sound, usable, pose, measured, fitted, notes)


def _reference(seen: Survey, usable: Flags) -> int:
    """A usable frame with closed lips in which the head is as it mostly is."""
    points = seen.points
    with np.errstate(invalid="ignore"):
        turn, unit, opening = landmarks.yaw(points), landmarks.unit(points), landmarks.gap(points)
    usual = np.median(unit[usable])
    cost = np.abs(turn - np.median(turn[usable])) / 10 + np.abs(unit - usual) / usual * 5
    cost += opening * 10
    return int(np.where(usable, cost, np.inf).argmin())


def plan(study: Study, actions: Mapping[str, tuple[float, float]], mouths: int) -> Plan:
    """Choose the frames. Raises MaterialError."""
    fitted, usable = study.fitted, study.usable
    motion = loop.Motion.of(study.pose, study.survey.points)
    calm = usable & study.lips.shut
    for begin, end in actions.values():  # what is an action is not the loop's
        calm[max(0, round(begin * FPS)) : max(0, round(end * FPS))] = False
    found = loop.find(motion, calm)
    clips = tuple(
        loop.action(motion, found, usable, name, times) for name, times in actions.items()
    )
    speech = np.flatnonzero(fitted.speech)
    split = int(speech[int(len(speech) * (1 - HELD_OUT))])
    sharp = study.survey.detail
    straight = usable & facing(study)
    early = straight & (np.arange(len(usable)) < split - FPS // 2)
    return Plan(
        found,
        clips,
        choose.mouths(study.lips, fitted, sharp, straight, mouths),
        choose.mouths(study.lips, fitted, sharp, early, mouths),
        split,
    )


def facing(study: Study) -> Flags:
    """Where the head looks about where it does in the loop: a mouth of a head that is turned away
    does not fit to the jaw of one that is not."""
    away = study.pose.angle()
    return np.asarray(away <= max(NEAR, float(np.median(away[study.fitted.speech]))))


class _Pictures:
    """The second pass: the pictures that the plan asks for."""

    def __init__(self, film: Film, study: Study, plan: Plan, progress: Progress) -> None:
        self.film, self.study, self.plan = film, study, plan
        self.place = patch.Frame.of(study.pose)
        self.affines = [self.place.affine(a) for a in study.pose.affines()]
        shown = set(plan.shown())
        cut_out = {*plan.mouths[0].tolist(), *plan.trial[0].tolist()}
        cut_out |= {*plan.loop.frames, *plan.compared(study.usable)}
        pictures: dict[int, Picture] = {}
        self.patches: dict[int, Picture] = {}
        for i, picture in enumerate(film.frames()):
            if i in shown:
                pictures[i] = picture
            if i in cut_out:
                self.patches[i] = patch.cut(picture, self.affines[i], self.place.size)
            if i % FPS == 0:
                progress("cutting pictures out", i / len(study.survey))
        self.shown = [pictures[i] for i in plan.shown()]
        still = [self.patches[i] for i in plan.loop.frames]
        self.rest = np.asarray(np.median(np.array(still[:: max(1, len(still) // 25)]), 0), np.uint8)
        spoken = [self.patches[int(i)] for i in plan.mouths[0]]
        self.mask = patch.mask(spoken, self.rest, self.place, study.pose)

    def mouths(self, chosen: tuple[choose.Rows, Floats], quality: int) -> list[imx.Mouth]:
        """The mouth at rest, and frames with their coordinates."""
        rows = [imx.Mouth.rest()]
        for i, coords in zip(*chosen):
            made = patch.matched(self.patches[int(i)], self.rest, self.mask)
            values = tuple(float(np.clip(v, -2, 2)) for v in coords)
            rows.append(imx.Mouth(values, imx.encode_jpeg(made, quality)))
        return rows

    def avatar(self, card: Card, quality: int, idle: set[str]) -> imx.Avatar:
        """The avatar that the plan asks for."""
        parts = rectangles(self.shown, quality)
        placements = []
        for number, i in enumerate(self.plan.shown()):
            own = patch.cut(parts.shown(number), self.affines[i], self.place.size)
            offset = patch.bias(own, self.rest, self.mask)
            placements.append(
                imx.Placement.from_floats(self.affines[i].ravel().tolist(), offset.tolist())
            )
        face = self.study.survey.points[self.plan.loop.first]
        return imx.Avatar(
            card.manifest(self.film.size, self.plan.loop.way),
            parts.bases,
            parts.frames,
            placements,
            self.mouths(self.plan.mouths, quality),
            self.place.size,
            self.mask,
            thumbnail=thumbnail(self.shown[0], face),
            clips=self._clips(idle),
            loop_count=len(self.plan.loop.frames) if self.plan.actions else None,
        )

    def _clips(self, idle: set[str]) -> list[imx.Clip]:
        plan = self.plan
        made = (Action(c.name, len(c.frames), c.leave, c.rejoin) for c in plan.actions)
        return clips(made, len(plan.loop.frames), idle)


def _tried(made: _Pictures, avatar: imx.Avatar, quality: int, progress: Progress) -> judge.Score:
    """The self-test: the avatar with mouths of the earlier part of the film says the later one."""
    study, plan = made.study, made.plan
    trial = replace(avatar, mouths=made.mouths(plan.trial, quality))
    sound = study.sound[plan.split * RATE // FPS :]
    patches = {i - plan.split: made.patches[i] for i in plan.compared(study.usable)}
    gaps, usable = study.lips.gap[plan.split :], study.usable[plan.split :]
    tell = partial(progress, "trying it out on speech that it does not know")
    return judge.held_out(trial, sound, gaps, usable, patches, made.rest, tell)


def _report(made: _Pictures, avatar: imx.Avatar, score: judge.Score, size: int) -> Report:
    study, plan = made.study, made.plan
    coords = np.array([mouth.coords for mouth in avatar.mouths])
    patches = [made.patches[int(i)] for i in plan.mouths[0]]
    return Report(
        seconds=len(study.survey) / FPS,
        size=made.film.size,
        bytes=size,
        mouths=len(avatar.mouths),
        coverage=choose.coverage(coords, study.fitted),
        reach=float(coords[:, 0].max()),
        sharpness=judge.sharpness(patches, made.rest, made.mask),
        loop_seconds=len(plan.loop.frames) / FPS,
        loop_way=plan.loop.way,
        loop_seam=plan.loop.seam,
        calibration=study.fitted.correlation,
        lag_ms=study.fitted.lag * 1000 // FPS,
        test_opening=score.opening,
        test_ssim=score.ssim,
        test_frames=score.frames,
        actions={clip.name: max(clip.seams) for clip in plan.actions},
        notes=study.notes,
    )


def write_preview(path: str | os.PathLike[str], avatar: imx.Avatar, study: Study) -> None:
    """A contact sheet as PNG, with a sentence of the film's own sound."""
    begin = int(np.flatnonzero(study.fitted.speech)[0]) * RATE // FPS
    sound = study.sound[begin : begin + int(SENTENCE * RATE)]
    spoken = [
        (f"{i / FPS:.2f} s, mouth {frame.mouth}", frame.picture)
        for i, frame in enumerate(judge.rendered(avatar, sound))
        if i % SENTENCE_STEP == 0
    ]
    sheets.write(path, sheets.preview(avatar, spoken))
