"""Avatars made of one portrait: the default avatar's face at rest, as a photo."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Callable, NamedTuple

import films
import numpy as np
import pytest
from support import ELSEWHERE, RATE, environment

pytest.importorskip("mediapipe", reason="the tracker is not installed: scripts/test_authoring")

from PIL import Image

import bithuman_ctypes as bh
from bithuman_ctypes import InvalidArgumentError
from bithuman_ctypes.authoring import imx, landmarks, patch, portrait, sheet
from bithuman_ctypes.authoring._types import Floats
from bithuman_ctypes.authoring.card import Card
from bithuman_ctypes.authoring.checks import verdicts
from bithuman_ctypes.authoring.drawn_mouth import WIDEST, MouthDrawer
from bithuman_ctypes.authoring.gestures import GESTURES, acts, check_gestures
from bithuman_ctypes.authoring.head import Head
from bithuman_ctypes.authoring.idle import FRAMES, Bearing, at_rest
from bithuman_ctypes.authoring.material import MaterialError
from bithuman_ctypes.authoring.photo import create_from_photo
from bithuman_ctypes.authoring.report import PhotoReport
from bithuman_ctypes.authoring.tracker import Tracker
from bithuman_ctypes.cli.create import PHOTO_ACTIONS

ADA = Card("Ada", "Ada is nobody: she was rendered", source="a photo")


def face() -> films.Picture:
    return np.ascontiguousarray(sheet.frame(imx.read(films.DEFAULT), 0)[films.FACE])


def saved(folder: Path, picture: films.Picture, **options: object) -> Path:
    path = folder / "photo.png"
    Image.fromarray(picture).save(path, **options)  # type: ignore[arg-type]
    return path


class Made(NamedTuple):
    """An avatar made of the photo."""

    path: Path
    report: PhotoReport


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("photo")
    report = create_from_photo(
        saved(folder, face()),
        folder / "ada.imx",
        ADA,
        actions=["nod", "look-aside"],
        idle=["look-aside"],
        preview=folder / "ada.png",
    )
    assert (folder / "ada.png").stat().st_size > 100_000
    return Made(folder / "ada.imx", report)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> portrait.Portrait:
    return portrait.read(saved(tmp_path_factory.mktemp("still"), face()))


@pytest.fixture(scope="module")
def drawer(still: portrait.Portrait) -> MouthDrawer:
    pose = landmarks.Pose(still.points, np.eye(3)[None], np.zeros((1, 3)))
    return MouthDrawer(still, patch.Frame.of(pose))


@pytest.fixture(scope="module")
def head(still: portrait.Portrait) -> Head:
    return Head(still)


def tracked(picture: films.Picture) -> Floats:
    """The points of the face in a picture."""
    with Tracker(still=True) as tracker:
        points = tracker.points(picture)
    assert points is not None
    return points


def test_the_lips_do_what_was_heard(made: Made) -> None:
    assert made.report.good, made.report.lines()
    assert made.report.test_opening > 0.85
    assert made.report.test_closed > 0.95


def test_the_file_is_sound_and_small(made: Made) -> None:
    assert {verdict.state for verdict in verdicts(made.path)} == {"ok"}
    avatar = imx.read(made.path)
    assert avatar.manifest.source == "a photo"
    assert avatar.manifest.loop == "pingpong"
    assert avatar.loop_length == FRAMES
    assert [(clip.name, clip.idle) for clip in avatar.clips] == [
        ("nod", False),
        ("look-aside", True),
    ]
    assert made.path.stat().st_size < 8e6


def test_in_silence_the_photo_lives_and_the_lips_rest(made: Made) -> None:
    with bh.Fixture(made.path) as fixture, bh.Runtime(fixture) as runtime:
        runtime.push_audio(np.zeros(2 * RATE, np.float32))
        runtime.flush()
        shown = []
        for _ in range(runtime.ticks_available()):
            mouth, _, picture = runtime.pull()
            assert mouth == 0
            shown.append(np.array(picture))
    steps = [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(shown, shown[1:])]
    assert min(steps) > 0.01  # it never freezes
    assert max(steps) < 3


def test_shut_mouths_leave_no_gap_and_wide_ones_the_gap_that_is_asked(
    still: portrait.Portrait, drawer: MouthDrawer
) -> None:
    """Seen by the tracker on the drawn patch, put back into the photo."""
    (x, y), (w, h) = drawer.place.corner, drawer.place.size
    seen = {}
    with Tracker(still=True) as tracker:
        for coords in ((0, -0.5, 0.4, 0, 0, 0), (0, 0.5, 0, 0, 0, 0), (0.5,) + (0,) * 5,
                       (1.0,) + (0,) * 5):  # fmt: skip
            picture = still.picture.copy()
            picture[y : y + h, x : x + w] = drawer.draw(coords)
            points = tracker.points(picture)
            assert points is not None
            seen[coords] = (float(landmarks.gap(points)), points)
    gaps = [gap for gap, _ in seen.values()]
    assert max(gaps[:2]) < portrait.CLOSED
    assert gaps[2] == pytest.approx(0.5 * WIDEST, abs=0.04)
    assert gaps[3] == pytest.approx(WIDEST, abs=0.06)
    corners = [points[291, 0] - points[61, 0] for _, points in seen.values()]
    assert corners[0] < 0.95 * corners[2] < corners[1]


def test_the_upper_teeth_stay_with_the_skull(drawer: MouthDrawer) -> None:
    """Where they are painted does not depend on how far the jaw drops."""

    def teeth(openness: float) -> films.Picture:
        return np.asarray(drawer.draw((openness, 0, 0, 0, 0, 0)).max(2))

    middle = drawer.place.size[0] // 2
    columns = slice(middle - 6, middle + 6)
    lines = []
    for openness in (0.63, 0.88, 1.0):
        column = teeth(openness)[:, columns].mean(1)
        seam = int(np.argmin(column[20:80])) + 20  # the dark below the teeth
        rise = np.diff(column[seam - 12 : seam])
        lines.append(seam - 12 + int(np.argmin(rise)))
    assert max(lines) - min(lines) <= 1


def test_what_is_not_lips_or_jaw_stays(drawer: MouthDrawer, still: portrait.Portrait) -> None:
    (x, y), (w, h) = drawer.place.corner, drawer.place.size
    before = still.picture[y : y + h, x : x + w].astype(int)
    after = drawer.draw((1.0, 0, 0, 0, 0, 0)).astype(int)
    assert np.abs(after - before)[:6].max() <= 12  # below the nose
    assert np.abs(after - before)[:, :4].mean() < 3


def test_eyes_blink_and_open_again(still: portrait.Portrait, head: Head) -> None:
    opened = [float(landmarks.lids(tracked(head.looking(share)))) for share in (0.0, 0.5, 1.0)]
    assert opened[1] < 0.75 * opened[0]
    assert opened[2] < 0.45 * opened[0]
    assert np.array_equal(head.looking(0.0), still.picture)


def test_the_mouth_is_where_the_affine_says(still: portrait.Portrait, head: Head) -> None:
    around = list(landmarks.AROUND_MOUTH)
    nods = acts(["nod"])[0].bearings
    for bearing in (*map(at_rest, (0, 40, 60, 103)), nods[8], Bearing(roll=4.0)):
        points = tracked(head.picture(bearing))
        affine = head.affine(bearing)
        back = points[around, :2] @ affine[:, :2].T + affine[:, 2]
        assert np.abs(back.mean(0) - still.points[around, :2].mean(0)).max() < 1.0


# ---------------------------------------------------------------- actions


def iris(points: Floats) -> float:
    """Where the eyes look: 0 at the left corners of the picture's eyes, 1 at the right ones."""
    places = []
    for middle, left, right in ((468, 33, 133), (473, 362, 263)):
        across = points[right, :2] - points[left, :2]
        places.append((points[middle, :2] - points[left, :2]) @ across / (across @ across))
    return float(np.mean(places))


def brows(points: Floats) -> float:
    """How far the brows are above the eyes, units of the face."""
    gaps = [points[eye, 1] - points[brow, 1] for brow, eye in ((105, 145), (334, 374))]
    return float(np.mean(gaps) / landmarks.unit(points[:, :2]))


def roll(points: Floats) -> float:
    across = points[263, :2] - points[33, :2]
    return float(np.degrees(np.arctan2(across[1], across[0])))


@pytest.mark.parametrize(
    ("name", "measure", "least"),
    [
        ("nod", lambda p: p[4, 1], 8.0),
        ("shake", lambda p: p[4, 0], 8.0),
        ("tilt", roll, 2.5),
        ("look-aside", iris, 0.06),
        ("raise-brows", brows, 0.03),
    ],
)
def test_an_action_is_seen(
    head: Head, name: str, measure: Callable[[Floats], float], least: float
) -> None:
    """By the tracker, which knows nothing of how it is drawn; and the lips stay closed."""
    (act,) = acts([name])
    seen = []
    for i in range(0, len(act.bearings), 2):
        if act.bearings[i].lids == 0:
            points = tracked(head.picture(act.bearings[i]))
            seen.append(measure(points))
            assert landmarks.gap(points) < portrait.CLOSED
    assert np.ptp(seen) > least
    assert abs(seen[-1] - seen[0]) < 0.25 * least


def test_an_action_leaves_and_rejoins_the_loop_unseen(made: Made) -> None:
    """The picture changes there by no more than it does somewhere in the loop."""
    avatar = imx.read(made.path)
    assert set(made.report.actions) == {clip.name for clip in avatar.clips}
    assert max(made.report.actions.values()) < 0.012

    def step(one: int, other: int) -> float:
        a, b = (sheet.frame(avatar, i).astype(int) for i in (one, other))
        return float(np.abs(a - b).mean())

    most = max(step(i, i + 1) for i in range(FRAMES - 1))
    for clip in avatar.clips:
        assert step(clip.leave, clip.frames.start) < most
        assert step(clip.frames.stop - 1, clip.rejoin) < most


def test_an_action_may_be_spoken_over(made: Made) -> None:
    """The mouth is drawn where the nodding head has it."""
    avatar = imx.read(made.path)
    nod = avatar.clips[0].frames[8]
    wide = int(np.argmax([mouth.coords[0] for mouth in avatar.mouths]))
    for mouth, low, high in ((0, -1.0, portrait.CLOSED), (wide, 0.8 * WIDEST, 1.0)):
        assert low < landmarks.gap(tracked(sheet.composed(avatar, nod, mouth))) < high


def test_what_a_photo_cannot_do_is_refused() -> None:
    for names, idle, words in (
        (["wave"], [], "no action 'wave': it can do nod, "),
        (["nod", "nod"], [], "two clips have the name 'nod'"),
        (["nod"], ["tilt"], "'tilt', which is none of the actions"),
    ):
        with pytest.raises(InvalidArgumentError, match=words):
            check_gestures(names, idle)


def test_the_command_lists_what_a_photo_can_do() -> None:
    assert tuple(GESTURES) == PHOTO_ACTIONS


# ---------------------------------------------------------------- refusals


def twice(picture: films.Picture) -> films.Picture:
    half = picture[:, 160:480]
    return np.ascontiguousarray(np.concatenate([half, half[:, ::-1]], axis=1))


def smaller(picture: films.Picture) -> films.Picture:
    return np.asarray(Image.fromarray(picture).resize((480, 360)))


def cropped(picture: films.Picture) -> films.Picture:
    return np.ascontiguousarray(picture[:420])


def tilted(picture: films.Picture) -> films.Picture:
    return np.asarray(Image.fromarray(picture).rotate(25, fillcolor=(150, 145, 140)))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (twice, "two_faces"),
        (smaller, "small_face"),
        (cropped, "no_neck"),
        (tilted, "tilted"),
        (np.zeros_like, "no_face"),
    ],
)
def test_what_is_wrong_with_a_photo_is_told(
    tmp_path: Path, change: Callable[[films.Picture], films.Picture], code: str
) -> None:
    with pytest.raises(MaterialError) as caught:
        portrait.read(saved(tmp_path, change(face())))
    assert code in [reason.code for reason in caught.value.reasons]


def test_an_open_mouth_is_refused(tmp_path: Path) -> None:
    avatar = imx.read(films.DEFAULT)
    wide = int(np.argmax([mouth.coords[0] for mouth in avatar.mouths]))
    picture = np.ascontiguousarray(sheet.composed(avatar, 0, wide)[films.FACE])
    with pytest.raises(MaterialError, match="lips are not closed"):
        portrait.read(saved(tmp_path, picture))


def test_a_photo_that_was_held_sideways_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # its right side is the top
    path = saved(tmp_path, np.ascontiguousarray(np.rot90(face(), 1)), exif=exif)
    assert portrait.read(path).size == (640, 480)


def test_what_is_no_photo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("hello")
    with pytest.raises(MaterialError, match="cannot read"):
        portrait.read(tmp_path / "a.jpg")


# ---------------------------------------------------------------- the command


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C goes to a whole console there")
@pytest.mark.parametrize("stage", ["drawing mouths", "trying it out"])
def test_an_interrupted_command_leaves_nothing(tmp_path: Path, stage: str) -> None:
    photo = saved(tmp_path, face())
    (tmp_path / "temporary").mkdir()
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "bithuman_ctypes",
        "create",
        "--photo",
        photo,
    ]
    command += ["--consent", "nobody", "--output", tmp_path / "a.imx"]
    command += ["--preview", tmp_path / "a.png"]
    process = subprocess.Popen(
        command,
        env=environment(TMPDIR=str(tmp_path / "temporary")),
        cwd=ELSEWHERE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if stage in line:
            process.send_signal(signal.SIGINT)
    assert process.wait() == 130, lines
    assert lines[-1] == "bithuman_ctypes create: interrupted\n"
    process.stderr.close()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["photo.png", "temporary"]
