"""Avatars made of films whose truth is known: the default avatar, filmed while it speaks.

They need the tracker, which not every Python has; scripts/test_authoring makes an environment with
it and runs them all, the long ones too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, NamedTuple

import films
import numpy as np
import pytest
from numpy.typing import NDArray
from support import RATE, Pcm

pytest.importorskip("mediapipe", reason="the tracker is not installed: scripts/test_authoring")

import bithuman_ctypes as bh
from bithuman_ctypes.authoring import field, hear, imx, portrait, screening
from bithuman_ctypes.authoring._pixels import remapped
from bithuman_ctypes.authoring.card import Card
from bithuman_ctypes.authoring.checks import verdicts
from bithuman_ctypes.authoring.film import create_from_video, examine
from bithuman_ctypes.authoring.head import Head
from bithuman_ctypes.authoring.idle import Bearing
from bithuman_ctypes.authoring.material import MaterialError
from bithuman_ctypes.authoring.report import Report
from bithuman_ctypes.authoring.survey import Survey, survey
from bithuman_ctypes.authoring.video import Film

ADA = Card("Ada", "Ada is nobody: she was rendered")
LONG = pytest.mark.long

Change = Callable[[int, films.Picture], films.Picture]


class Scene(NamedTuple):
    """The film before it is written."""

    shown: list[films.Picture]
    sound: Pcm
    truth: NDArray[np.float64]
    """The coordinates (n, 6) of the mouths in the pictures."""


@pytest.fixture(scope="session")
def scene() -> Scene:
    """25 seconds: 4.5 of listening, then speech."""
    sound = films.said()
    shown, coords = zip(*films.spoken(sound))
    return Scene(list(shown), sound, np.array(coords))


def told(what: str, report: Report) -> None:
    """What docs/create.md tells of a film."""
    print(f"\n{what}: opening {report.test_opening:.2f}, SSIM {report.test_ssim:.3f}")


class Made(NamedTuple):
    """An avatar made of the scene."""

    path: Path
    report: Report
    stages: list[tuple[str, float]]
    preview: Path


@pytest.fixture(scope="session")
def made(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    film = films.write(folder / "ada.mp4", scene.shown, scene.sound)
    stages: list[tuple[str, float]] = []
    report = create_from_video(
        film,
        folder / "ada.imx",
        ADA,
        actions={"look": (0.6, 1.8)},
        idle=["look"],
        mouths=80,
        preview=folder / "ada.png",
        progress=lambda stage, done: stages.append((stage, done)),
    )
    return Made(folder / "ada.imx", report, stages, folder / "ada.png")


def test_the_self_test_passes(made: Made) -> None:
    told("as it is", made.report)
    assert made.report.good, made.report.lines()
    assert made.report.test_opening > 0.85
    assert made.report.test_ssim > 0.9
    assert made.report.calibration > 0.8
    assert made.report.lag_ms == 0


def test_the_file_is_sound(made: Made) -> None:
    assert {verdict.state for verdict in verdicts(made.path)} == {"ok"}
    avatar = imx.read(made.path)
    assert avatar.manifest.consent == ADA.consent
    assert avatar.manifest.source == "a film"
    assert len(avatar.mouths) == made.report.mouths
    (clip,) = avatar.clips
    assert (clip.name, clip.idle) == ("look", True)
    assert avatar.loop_length >= 50


def test_what_never_moves_is_stored_once(made: Made) -> None:
    avatar = imx.read(made.path)
    assert len(avatar.bases) == 1
    _, _, w, h = avatar.frames[0].rect
    assert w * h < 0.8 * 640 * 480


def test_in_silence_the_frame_is_the_source_frame(made: Made) -> None:
    with bh.Fixture(made.path) as fixture, bh.Runtime(fixture) as runtime:
        runtime.push_audio(np.zeros(RATE, np.float32))
        runtime.flush()
        for _ in range(runtime.ticks_available()):
            mouth, source, picture = runtime.pull()
            assert mouth == 0
            assert np.array_equal(picture, runtime.get_source_frame(source))


def test_closed_lips_have_no_openness_and_open_ones_much(made: Made) -> None:
    """The mouths' coordinates beside those of the default avatar's own mouths in the film."""
    coords = np.array([mouth.coords for mouth in imx.read(made.path).mouths])
    assert (coords[:, 0] <= 0.05).sum() >= 3
    assert coords[:, 0].max() > 0.85
    assert coords[:, 1].min() < -0.4
    assert coords[:, 1].max() > 0.4


def test_the_coordinates_are_the_true_ones(scene: Scene, made: Made) -> None:
    """Frame by frame, beside those of the mouths that were filmed."""
    study = examine(Film(made.path.with_suffix(".mp4")))
    found, true = study.fitted.coords, scene.truth[: len(study.fitted.coords)]
    there = study.fitted.speech
    names = ("openness", "width", "protrusion", "labiodental", "teeth", "tongue")
    alike = {n: hear.correlation(found[there, i], true[there, i]) for i, n in enumerate(names)}
    rms = float(np.sqrt(np.mean((found[there, 0] - true[there, 0]) ** 2)))
    print("\n" + ", ".join(f"{n} {c:.2f}" for n, c in alike.items()), f"openness RMS {rms:.2f}")
    assert alike["openness"] > 0.95
    assert rms < 0.1
    assert min(alike["width"], alike["protrusion"]) > 0.6
    assert np.median(true[there & study.lips.shut, 0]) < 0.06


def test_progress_tells_stages_in_their_order(made: Made) -> None:
    names = list(dict.fromkeys(stage for stage, _ in made.stages))
    assert names[0] == "listening"
    assert names[1] == "finding the face in every frame"
    assert names[-1] == "done"
    assert all(0 <= done <= 1 for _, done in made.stages)


def test_the_preview_is_a_picture(made: Made) -> None:
    from PIL import Image

    with Image.open(made.preview) as image:
        assert image.width == 1600
        assert image.height > 800


def test_the_report_is_for_programs_too(made: Made) -> None:
    told = json.loads(json.dumps(made.report.as_dict()))
    assert told["good"] is True
    assert told["bytes"] == made.path.stat().st_size
    assert made.report.actions["look"] < 0.05


# ---------------------------------------------------------------- refusals


def test_a_part_that_is_not_there_is_refused(tmp_path: Path, scene: Scene) -> None:
    film = films.write(tmp_path / "a.mp4", scene.shown[:50], scene.sound[: 2 * RATE])
    with pytest.raises(MaterialError, match="0 pictures, not even for a second"):
        create_from_video(film, tmp_path / "a.imx", ADA, start=500)
    with pytest.raises(bh.InvalidArgumentError, match="end must come after start, 20 s; it is 5 s"):
        create_from_video(film, tmp_path / "a.imx", ADA, start=20, end=5)
    with pytest.raises(bh.InvalidArgumentError, match="'nod', which is none of the actions"):
        create_from_video(film, tmp_path / "a.imx", ADA, idle=["nod"])


def codes(folder: Path, shown: Iterator[films.Picture] | list[films.Picture], sound: Pcm) -> Any:
    """The reasons against a film, by their code."""
    film = Film(films.write(folder / "film.mp4", shown, sound))
    seen = survey(film, 100, lambda *_: None)
    with pytest.raises(MaterialError) as caught:
        screening.screen(seen, film.sound(), film.scale)
    return {reason.code: reason for reason in caught.value.reasons}


def part(scene: Scene, seconds: float = 4.0, start: float = 4.0) -> tuple[list[films.Picture], Pcm]:
    a, b = round(start * 25), round((start + seconds) * 25)
    return scene.shown[a:b], scene.sound[a * 640 : b * 640]


def test_a_short_film_is_refused_for_that_alone(scene: Scene, tmp_path: Path) -> None:
    shown, sound = part(scene)
    found = codes(tmp_path, shown, sound)
    assert set(found) == {"too_short", "no_speech"}


def test_silence_is_refused(scene: Scene, tmp_path: Path) -> None:
    shown, sound = part(scene)
    assert "no_audio" in codes(tmp_path, shown, np.zeros_like(sound))


def covered(picture: films.Picture) -> films.Picture:
    out = picture.copy()
    out[290:400, 260:380] = (40, 60, 150)
    return out


def two(picture: films.Picture) -> films.Picture:
    """Both as large as can be."""
    half = picture[:, 160:480]
    return np.ascontiguousarray(np.concatenate([half, half[:, ::-1]], axis=1))


def small(picture: films.Picture) -> films.Picture:
    out = np.full_like(picture, 120)
    out[100:340, 100:420] = picture[::2, ::2]
    return out


@pytest.mark.parametrize(
    ("change", "code", "begin"),
    [
        (covered, "covered", 1.6),
        (two, "two_faces", 1.6),
        (small, "small_face", 1.6),
        (np.zeros_like, "no_face", 1.6),
    ],
)
def test_what_is_wrong_is_told_with_its_time(
    scene: Scene, tmp_path: Path, change: Callable[[Any], Any], code: str, begin: float
) -> None:
    shown, sound = part(scene)
    bad = [change(picture) if 40 <= i < 80 else picture for i, picture in enumerate(shown)]
    found = codes(tmp_path, bad, sound)
    assert code in found
    assert abs(found[code].spans[0][0] - begin) <= 0.3
    assert abs(found[code].spans[-1][1] - 3.2) <= 0.3


def test_a_cut_is_found(scene: Scene, tmp_path: Path) -> None:
    shown, sound = part(scene)
    other = [np.ascontiguousarray(255 - picture[:, ::-1] // 2) for picture in shown[:50]]
    jump = [np.roll(picture, 60, axis=1) for picture in shown[50:]]
    assert "cut" in codes(tmp_path, other + shown[50:], sound)
    found = codes(tmp_path, shown[:50] + jump, sound)
    assert abs(found["cut"].spans[0][0] - 2.0) < 0.1


def turned_survey(scene: Scene, folder: Path) -> Survey:
    shown, sound = part(scene, 2.0)
    return survey(Film(films.write(folder / "a.mp4", shown, sound)), 50, lambda *_: None)


def test_a_head_that_is_turned_away_is_refused(scene: Scene, tmp_path: Path) -> None:
    seen = turned_survey(scene, tmp_path)
    points = np.array(seen.points)
    points[10:45, 454, 2] += 130  # one ear far behind the other
    turned = Survey(points, seen.faces, seen.small, seen.lower, seen.detail)
    with pytest.raises(MaterialError, match="turned by more than 25 degrees") as caught:
        screening.screen(turned, scene.sound, 1.0)
    spans = next(r.spans for r in caught.value.reasons if r.code == "turned")
    assert spans == ((0.4, 1.8),)


# ---------------------------------------------------------------- distortions


def noisy(i: int, picture: films.Picture) -> films.Picture:
    noise = np.random.default_rng(i).normal(0, 3, picture.shape)
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


def flickering(i: int, picture: films.Picture) -> films.Picture:
    gain = 1 + 0.12 * np.sin(i / 40)
    return np.asarray(np.clip(picture * gain, 0, 255), np.uint8)


def swaying(i: int, picture: films.Picture) -> films.Picture:
    """A camera in the hand."""
    x, y = round(9 * np.sin(i / 23)), round(6 * np.sin(i / 31))
    return np.ascontiguousarray(np.roll(picture, (y, x), axis=(0, 1)))


class Lively:
    """A head that turns by ten degrees and nods by five while it speaks, as people's do."""

    def __init__(self, folder: Path, first: films.Picture) -> None:
        from PIL import Image

        Image.fromarray(first).save(folder / "first.png")
        self._head = Head(portrait.read(folder / "first.png"))

    def __call__(self, i: int, picture: films.Picture) -> films.Picture:
        share = 0.1 + 0.9 * np.clip((i - 100) / 50, 0, 1)  # little while it listens
        degrees = share * np.array([5 * np.sin(i / 13), 10 * np.sin(i / 21), 4 * np.sin(i / 29)])
        going = self._head.displacement(Bearing(*degrees))
        size = (picture.shape[1], picture.shape[0])
        return np.asarray(remapped(picture, *field.sources(going, size)), np.uint8)


@LONG
@pytest.mark.timeout(1800)
def test_a_head_that_turns_while_it_speaks(scene: Scene, tmp_path: Path) -> None:
    turning = Lively(tmp_path, scene.shown[0])
    film = films.write(tmp_path / "a.mp4", films.changed(scene.shown, turning), scene.sound)
    report = create_from_video(film, tmp_path / "a.imx", ADA, preview=tmp_path / "a.png")
    told("turning", report)
    assert report.good, report.lines()


def same(i: int, picture: films.Picture) -> films.Picture:
    return picture


@LONG
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("change", "options"),
    [
        (noisy, {}),
        (flickering, {}),
        (swaying, {}),
        (same, {"crf": 28}),
        (same, {"turn": 90}),
        (same, {"fps": 50}),
    ],
    ids=["noise", "light", "hand", "compression", "rotation", "fps"],
)
def test_a_worse_film_gives_a_good_avatar_still(
    scene: Scene,
    tmp_path: Path,
    change: Change,
    options: dict[str, int],
    request: pytest.FixtureRequest,
) -> None:
    shown = films.changed(scene.shown, change)
    twice = options.get("fps") == 50
    pictures = (picture for picture in shown for _ in range(2 if twice else 1))
    film = films.write(tmp_path / "a.mp4", pictures, scene.sound, **options)
    report = create_from_video(film, tmp_path / "a.imx", ADA)
    told(request.node.callspec.id, report)
    assert report.good, report.lines()
    assert {verdict.state for verdict in verdicts(tmp_path / "a.imx")} <= {"ok", "warn"}


@LONG
@pytest.mark.timeout(1800)
def test_the_same_film_gives_the_same_file(scene: Scene, tmp_path: Path) -> None:
    film = films.write(tmp_path / "a.mp4", scene.shown, scene.sound)
    for name in ("a.imx", "b.imx"):
        create_from_video(film, tmp_path / name, ADA, mouths=40)
    assert (tmp_path / "a.imx").read_bytes() == (tmp_path / "b.imx").read_bytes()


def test_a_film_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MaterialError, match="cannot read : "):
        create_from_video("", tmp_path / "c.imx", Card("Ada", consent="I am Ada"))
