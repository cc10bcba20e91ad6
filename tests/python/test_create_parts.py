"""Making avatars: what needs no tracker, from the reading of films to the choice of frames."""

from __future__ import annotations

import argparse
import importlib
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import films
import numpy as np
import pytest
from PIL import Image, ImageCms
from support import ELSEWHERE, RATE, environment, tone

from bithuman_ctypes import InvalidArgumentError, NotSupported
from bithuman_ctypes.authoring import choose, hdr, hear, landmarks, loop, screening, still
from bithuman_ctypes.authoring.card import Card, slug
from bithuman_ctypes.authoring.lips import Lips, calibrate
from bithuman_ctypes.authoring.material import MaterialError, Reason, timecode
from bithuman_ctypes.authoring.report import Report
from bithuman_ctypes.authoring.tracker import POINTS, advice, require_tracker
from bithuman_ctypes.authoring.video import Film
from bithuman_ctypes.cli import create as create_command

WIDE, HIGH = 96, 64


def numbered(count: int) -> list[films.Picture]:
    """Pictures whose left half tells their number by its grey; the right lower corner is red."""
    out = []
    for i in range(count):
        picture = np.full((HIGH, WIDE, 3), 20 + 3 * i, np.uint8)
        picture[HIGH // 2 :, WIDE // 2 :] = (200, 30, 30)
        out.append(picture)
    return out


def number(picture: films.Picture) -> int:
    return round((float(picture[: HIGH // 2].mean()) - 20) / 3)


# ---------------------------------------------------------------- films


@pytest.mark.parametrize("fps", [25, 30, 50, 60, 12])
def test_a_film_of_any_rate_gives_25_pictures_a_second(tmp_path: Path, fps: int) -> None:
    path = films.write(tmp_path / "a.mp4", numbered(fps), tone(1.0), fps)
    found = [number(picture) for picture in Film(path).frames()]
    assert abs(len(found) - 25) <= 1
    wanted = [k * fps / 25 for k in range(len(found))]
    assert max(abs(a - b) for a, b in zip(found, wanted)) <= 0.6 + (fps > 25)


@pytest.mark.parametrize("turn", [90, 180, -90])
def test_a_film_that_was_held_sideways_stands_upright(tmp_path: Path, turn: int) -> None:
    if not hasattr(av.VideoStream, "set_display_rotation"):
        pytest.skip("this PyAV cannot write a rotation")
    path = films.write(tmp_path / "a.mp4", numbered(25), tone(1.0), turn=turn)
    film = Film(path)
    assert film.size == (WIDE, HIGH)
    first = next(film.frames())
    assert first.shape == (HIGH, WIDE, 3)
    corner = first[-8:, -8:].mean((0, 1))
    assert corner[0] > 150 > 80 > corner[1]
    assert abs(float(first[:8, :8].mean()) - 20) < 4


def test_sound_begins_with_the_first_picture(tmp_path: Path) -> None:
    silent, loud = np.zeros(RATE, np.float32), tone(1.0)
    path = films.write(tmp_path / "a.mp4", numbered(50), np.concatenate([silent, loud]))
    heard = Film(path).sound()
    begin = int(np.flatnonzero(np.abs(heard) > 0.1)[0])
    assert abs(begin - RATE) < RATE // 50
    part = Film(path, start=0.6, end=1.4)
    shown = [number(picture) for picture in part.frames()]
    assert (shown[0], len(shown)) == (15, 20)
    begin = int(np.flatnonzero(np.abs(part.sound()) > 0.1)[0])
    assert abs(begin - 0.4 * RATE) < RATE // 50
    assert len(part.sound()) == round(0.8 * RATE)


def test_what_is_no_film_with_sound_is_refused(tmp_path: Path) -> None:
    dumb = films.write(tmp_path / "dumb.mp4", numbered(5), None)
    with pytest.raises(MaterialError, match="has no sound") as caught:
        Film(dumb)
    assert [reason.code for reason in caught.value.reasons] == ["no_audio"]
    (tmp_path / "text.mp4").write_text("hello")
    with pytest.raises(MaterialError, match="cannot read"):
        Film(tmp_path / "text.mp4")
    with pytest.raises(MaterialError, match="No such file"):
        Film(tmp_path / "none.mp4")


def test_sound_that_cannot_be_read_is_a_reason(tmp_path: Path) -> None:
    path = films.write(tmp_path / "film.mp4", numbered(25), np.zeros(RATE, np.float32))
    with av.open(str(path)) as container:
        packets = [(p.pos or 0, p.size) for p in container.demux(audio=0) if p.size]
    data = bytearray(path.read_bytes())
    for begin, size in packets:
        data[begin : begin + size] = b"\xff" * size
    path.write_bytes(data)
    film = Film(path)
    assert len(list(film.frames())) == 25
    with pytest.raises(MaterialError, match="is damaged") as caught:
        film.sound()
    assert [reason.code for reason in caught.value.reasons] == ["unreadable"]


def hlg(light: Any) -> Any:
    """HLG's signal of scene light (ITU-R BT.2100), whose reference white is .265."""
    e = np.asarray(light) * 0.265
    high = 0.17883277 * np.log(np.maximum(12 * e - 0.28466892, 1e-6)) + 0.55991073
    return np.where(e <= 1 / 12, np.sqrt(3 * e), high)


def pq(light: Any) -> Any:
    """PQ's signal of a screen's light, reference white at 203 cd/m2."""
    y = (np.asarray(light) * 203 / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


@pytest.mark.parametrize(
    ("transfer", "encoded", "screen"),
    [
        (hdr.HLG, hlg, lambda light: 1.099 * light**0.45 - 0.099),
        (hdr.PQ, pq, lambda light: light ** (1 / 2.4)),
    ],
    ids=["HLG", "PQ"],
)
def test_a_film_of_high_range_has_the_colours_of_any_other(
    tmp_path: Path, transfer: int, encoded: Any, screen: Any
) -> None:
    """Skin, grey and a light source, as light in BT.709."""
    to_2020 = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
    light = np.array([[0.50, 0.31, 0.23], [0.18, 0.18, 0.18], [3.0, 3.0, 3.0]])
    signal = np.rint(255 * encoded(light @ np.transpose(to_2020)))
    picture = np.repeat(signal.astype(np.uint8), 32, axis=0)[:, None].repeat(WIDE, axis=1)
    path = films.write(tmp_path / "a.mp4", [picture] * 5, tone(0.2), crf=4, transfer=transfer)
    first = next(Film(path).frames())
    for row, wanted in ((16, screen(light[0])), (48, screen(light[1]))):
        assert np.abs(first[row, 40] - 255 * wanted).max() <= 8
    assert (first[80, 40] > 245).all()
    plain = films.write(tmp_path / "b.mp4", [picture] * 5, tone(0.2), crf=4)
    assert np.abs(next(Film(plain).frames())[16, 40].astype(int) - signal[0]).max() <= 4


def test_words_in_a_film_may_be_of_any_encoding(tmp_path: Path) -> None:
    path = films.write(tmp_path / "a.mp4", numbered(5), tone(0.2))
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"Lavf", b"L\xe4vf"))
    assert path.read_bytes() != whole
    assert len(list(Film(path).frames())) == 5


def test_what_is_no_film_is_refused_by_what_it_is(tmp_path: Path) -> None:
    photographed().save(tmp_path / "photo.jpg")
    (tmp_path / "empty.mp4").touch()
    whole = films.write(tmp_path / "a.mp4", numbered(25), tone(1.0)).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "picture.mp4").write_bytes(whole.replace(b"avc1", b"zzzz"))
    silent = whole.replace(b"mp4a", b"zzzz").replace(b"esds", b"zzzz")
    (tmp_path / "sound.mp4").write_bytes(silent)
    for name, words in (
        ("picture.mp4", "FFmpeg cannot decode the pictures of "),
        ("sound.mp4", "FFmpeg cannot decode the sound of "),
        ("photo.jpg", "is a picture, which goes with --photo"),
        ("empty.mp4", "it is empty"),
        ("cut.mp4", "no film, or its end is missing"),
    ):
        with pytest.raises(MaterialError, match=words):
            Film(tmp_path / name)


# ---------------------------------------------------------------- photos


def swapped_profile() -> bytes:
    """A colour profile in which red is blue."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = data.index(b"rXYZ"), data.index(b"bXYZ")
    data[red : red + 4], data[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(data)


def photographed() -> Image.Image:
    shown = np.zeros((HIGH, WIDE, 3), np.uint8)
    shown[: HIGH // 2], shown[HIGH // 2 :] = (200, 120, 60), (40, 80, 160)
    return Image.fromarray(shown)


def see_through() -> Image.Image:
    picture = photographed()
    alpha = np.zeros((HIGH, WIDE), np.uint8)
    alpha[: HIGH // 2] = 255
    picture.putalpha(Image.fromarray(alpha))
    return picture


def deep() -> Image.Image:
    return Image.fromarray(np.asarray(photographed().convert("L"), np.uint16) * 257)


@pytest.mark.parametrize(
    ("picture", "name", "options", "above", "below"),
    [
        (photographed(), "a.png", {}, (200, 120, 60), (40, 80, 160)),
        (photographed(), "a.webp", {"lossless": True}, (200, 120, 60), (40, 80, 160)),
        (photographed().convert("CMYK"), "a.tif", {}, (200, 120, 60), (40, 80, 160)),
        (
            photographed(),
            "a.png",
            {"icc_profile": swapped_profile()},
            (60, 120, 200),
            (160, 80, 40),
        ),
        (photographed(), "a.png", {"icc_profile": b"x" * 500}, (200, 120, 60), (40, 80, 160)),
        (photographed().quantize(8), "a.gif", {}, (200, 120, 60), (40, 80, 160)),
        (see_through(), "a.png", {}, (200, 120, 60), (255, 255, 255)),
        (deep(), "a.png", {}, (137, 137, 137), (77, 77, 77)),
    ],
    ids=["png", "webp", "cmyk", "profile", "broken profile", "palette", "alpha", "16 bit"],
)
def test_a_photo_of_any_kind_is_read_as_a_screen_shows_it(
    tmp_path: Path, picture: Image.Image, name: str, options: Any, above: Any, below: Any
) -> None:
    picture.save(tmp_path / name, **options)
    found = still.opened(tmp_path / name)
    assert found.dtype == np.uint8
    assert found.shape == (HIGH, WIDE, 3)
    assert np.abs(found[8, 8].astype(int) - above).max() <= 8
    assert np.abs(found[-8, 8].astype(int) - below).max() <= 8


def test_damaged_exif_does_not_spoil_a_photo(tmp_path: Path) -> None:
    """An entry whose value is not of its type."""
    exif = Image.Exif()
    exif[0x0112], exif[0x011A] = 6, 72.0  # its right side is the top
    whole = exif.tobytes()
    data = whole.replace(b"\x01\x1a", b"\x01\x00")  # a width that is no whole number
    assert data != whole
    photographed().save(tmp_path / "a.png", exif=data)
    found = still.opened(tmp_path / "a.png")
    assert found.shape == (WIDE, HIGH, 3)
    assert found[8, 8].tolist() == [40, 80, 160]
    assert found[8, -8].tolist() == [200, 120, 60]


def test_what_is_no_photo_is_refused_by_what_it_is(tmp_path: Path) -> None:
    photographed().save(tmp_path / "cut.png")
    cut = (tmp_path / "cut.png").read_bytes()[:100]
    for data, words in (
        (b"", "it is empty"),
        (b"hello", "it is no picture"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "it is a HEIC picture: save it as JPEG or PNG"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "it is a raw picture: save it as JPEG"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "it is a film, which goes with --video"),
        (cut, "cannot read"),
    ):
        (tmp_path / "a").write_bytes(data)
        with pytest.raises(MaterialError, match=words):
            still.opened(tmp_path / "a")
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(MaterialError, match="directory"):
            still.opened(path)


# ---------------------------------------------------------------- reasons


def test_reasons_tell_times() -> None:
    bad = np.zeros(3000, bool)
    bad[[100, 101, 103, 1600]] = True
    assert screening.spans(bad) == ((4.0, 4.16), (64.0, 64.04))
    assert timecode(64.04) == "1:04.0"
    reason = Reason("x", "the face is gone", screening.spans(bad))
    assert str(reason) == "the face is gone (at 0:04.0-0:04.2, 1:04.0-1:04.0)"
    many = Reason("x", "y", tuple((float(i), i + 0.5) for i in range(9)))
    assert str(many).endswith("and 5 more)")
    error = MaterialError([reason, Reason("z", "too short")])
    assert error.exit_code == 65
    assert str(error).endswith("; too short")


def test_where_the_tracker_cannot_be_installed_the_way_round_is_told() -> None:
    assert "pip install 'bithuman-ctypes[authoring]'" in advice((3, 12))
    assert "python3.12 -m venv" in advice((3, 13))
    assert "Python 3.14" in advice((3, 14))
    assert "on another machine" in advice((3, 12), "linux", "aarch64")
    assert "pip install" in advice((3, 12), "darwin", "arm64")


def test_a_tracker_that_cannot_be_loaded_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "mediapipe", sys)  # so that what is there now comes back
    for text, words in (
        (
            "raise ImportError('libGL.so.1: cannot open')",
            "cannot be loaded: libGL.so.1: cannot open",
        ),
        (
            "raise ImportError('libGL.so.1: cannot open')",
            "apt-get install libgl1",
        ),
        ("import there_is_no_such_lib", "loaded: No module named 'there_is_no_such_lib'$"),
        (
            "__version__ = '0.10.33'",
            "mediapipe 0.10.33 is installed.* face tracker .mediapipe 0.10",
        ),
    ):
        (tmp_path / "mediapipe.py").write_text(text)
        monkeypatch.delitem(sys.modules, "mediapipe", raising=False)
        importlib.invalidate_caches()
        with pytest.raises(NotSupported, match=words):
            require_tracker()


# ---------------------------------------------------------------- heads


def heads(count: int, chance: np.random.Generator) -> tuple[Any, Any]:
    """Points of a face that turns and nods, as a tracker sees them, and where they are without
    its trembling: (count, 478, 3) each."""
    shape = chance.normal(0, 60, (POINTS, 3)) * (1, 1, 0.4) + (300, 300, 0)
    shape[list(landmarks.AROUND_MOUTH), 2] *= 0.1  # almost a plane
    shape[33, :2], shape[263, :2] = (240, 260), (360, 260)
    for upper, lower in landmarks.INNER_PAIRS:
        shape[lower] = shape[upper] + (0, 0.2, 0)
    true = []
    for k in range(count):
        a, b = 0.12 * np.sin(k / 17), 0.08 * np.sin(k / 11)
        yaw = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        nod = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
        true.append((shape - 300) @ (yaw @ nod).T * 1.02 + 300 + (3 * np.sin(k / 9), 0, 0))
    seen = np.array(true) + chance.normal(0, 0.5, (count, POINTS, 3))
    return seen, np.array(true)


def test_a_head_is_stabilised_on_what_speech_does_not_move() -> None:
    chance = np.random.default_rng(5)
    seen, true = heads(150, chance)
    speaking = seen.copy()
    free = [i for i in range(POINTS) if i not in (*landmarks.RIGID, *landmarks.AROUND_MOUTH)]
    speaking[:, free] += chance.normal(0, 8, (150, len(free), 3))  # a jaw that moves
    pose = landmarks.fit(speaking, np.ones(150, bool), 0)
    points = list(landmarks.AROUND_MOUTH)
    ends = []
    for affine, face in zip(pose.affines(), true):
        ends.append(face[points, :2] @ affine[:, :2].T + affine[:, 2])
    wander = np.std(ends, axis=0)
    moved = np.std(true[:, points, :2], axis=0)
    assert wander.mean() < 0.6
    assert moved.mean() > 4 * wander.mean()


def test_frames_without_a_face_take_the_nearest_pose() -> None:
    seen, _ = heads(60, np.random.default_rng(6))
    usable = np.ones(60, bool)
    usable[20:30] = False
    seen[20:30] = np.nan
    pose = landmarks.fit(seen, usable, 0)
    assert np.isfinite(pose.affines()).all()


# ---------------------------------------------------------------- loops and actions


def nodding(count: int, period: int) -> loop.Motion:
    times = np.arange(count)
    state = np.stack([np.sin(2 * np.pi * times / period), np.cos(2 * np.pi * times / period)], 1)
    return loop.Motion(state * 0.05)


def test_a_loop_begins_where_it_ends() -> None:
    motion = nodding(400, 160)
    calm = np.ones(400, bool)
    calm[350:] = False
    found = loop.find(motion, calm)
    assert found.way == "forward"
    assert len(found.frames) % 160 in (0, 1, 159)
    assert found.last < 350
    assert found.seam < 0.005


def test_without_matching_ends_a_loop_goes_forth_and_back() -> None:
    drift = loop.Motion(np.linspace(0, 1, 200)[:, None] * (1.0, -0.5))
    found = loop.find(drift, np.ones(200, bool))
    assert found.way == "pingpong"


def test_without_closed_lips_there_is_no_loop() -> None:
    calm = np.tile(np.array([True] * 30 + [False] * 5), 10)
    with pytest.raises(MaterialError, match=r"never closed for 2 seconds \(at most 1\.2\)"):
        loop.find(nodding(350, 160), calm)


def test_an_action_leaves_and_rejoins_where_it_fits() -> None:
    motion = nodding(600, 160)
    base = loop.Loop(0, 159, "forward", 0.0, 0.002)
    usable = np.ones(600, bool)
    clip = loop.action(motion, base, usable, "nod", (12.0, 15.0))
    assert abs(clip.frames.start - 300) <= loop.ACTION_ROOM
    assert (clip.frames.start - 1 - clip.leave) % 160 in (0, 1, 159)
    assert (clip.frames.stop - clip.rejoin) % 160 in (0, 1, 159)
    assert max(clip.seams) < 0.003
    with pytest.raises(MaterialError, match=r"does not lie in the film of 24\.0 seconds"):
        loop.action(motion, base, usable, "nod", (23.0, 25.0))
    usable[310] = False
    with pytest.raises(MaterialError, match="cannot be used"):
        loop.action(motion, base, usable, "nod", (12.0, 15.0))


# ---------------------------------------------------------------- choosing and calibrating


def test_medoids_keep_what_is_rare_and_what_is_forced() -> None:
    chance = np.random.default_rng(1)
    points = np.concatenate([chance.normal(0, 0.1, (500, 3)), [[5.0, 0, 0]], [[0, 7.0, 0]]])
    forced = np.array([17], np.intp)
    chosen = choose.medoids(points, forced, 12)
    assert {17, 500, 501} <= set(chosen.tolist())
    assert len(chosen) == 12


def test_medoids_of_few_points_are_all_of_them() -> None:
    points = np.array([[0.0], [1.0], [1.0], [2.0]])
    assert choose.medoids(points, np.array([], np.intp), 10).tolist() in ([0, 1, 3], [0, 2, 3])


def test_too_little_speech_is_refused() -> None:
    heard = np.zeros((300, 8))
    heard[:30, 7] = 1.0
    gap = np.abs(np.sin(np.arange(300) / 4)) * 0.2
    usable = np.ones(300, bool)
    fitted = calibrate(lips(gap), heard, usable)
    with pytest.raises(MaterialError, match=r"only 1\.2 seconds of speech"):
        choose.mouths(lips(gap), fitted, np.ones(300), usable, 40)


def test_calibration_keeps_the_range() -> None:
    chance = np.random.default_rng(2)
    true = chance.beta(1, 3, 2000)
    gaps = 0.3 * true**1.5 + chance.normal(0, 0.01, 2000)
    expected = np.clip(true + chance.normal(0, 0.1, 2000), 0, 1)
    curve = hear.matched(gaps, expected)
    answer = curve(gaps)
    assert abs(np.quantile(answer, 0.95) - np.quantile(expected, 0.95)) < 0.03
    assert hear.correlation(answer, true) > 0.95
    assert (np.diff(curve.value) >= 0).all()


@pytest.mark.parametrize("late", [-3, 0, 2])
def test_lips_that_come_late_are_found(late: int) -> None:
    chance = np.random.default_rng(4)
    sound = landmarks.smoothed(chance.normal(0, 1, 500), 2.0)
    lips = np.roll(sound, late) + chance.normal(0, 0.1, 500)
    shift, found = hear.lag(lips, sound, np.ones(500, bool))
    assert shift == late
    assert found > 0.9


def test_a_film_that_is_too_long_is_refused_before_it_is_looked_at() -> None:
    screening.require_length(600.0)
    with pytest.raises(MaterialError, match="61 minutes are too long"):
        screening.require_length(3660.0)


def lips(gap: Any, **values: Any) -> Lips:
    return Lips(gap, np.full(len(gap), 0.5), np.zeros((len(gap), 4)), 0.01, **values)


def test_lips_that_do_not_speak_are_refused() -> None:
    usable = np.ones(300, bool)
    talking = np.abs(np.sin(np.arange(300) / 4)) * 0.2
    screening.require_motion(lips(talking), usable)
    with pytest.raises(MaterialError, match="lips hardly part"):
        screening.require_motion(lips(talking * 0.1), usable)
    heard = np.zeros((300, 8))
    heard[:, 0], heard[:, 7] = talking * 5, 1.0
    fitted = calibrate(lips(talking), heard, usable)
    screening.require_agreement(fitted)
    assert hear.correlation(fitted.coords[:, 0], talking) > 0.95
    heard[:, 0] = np.random.default_rng(1).random(300)
    with pytest.raises(MaterialError, match="do not follow the sound"):
        screening.require_agreement(calibrate(lips(talking), heard, usable))


# ---------------------------------------------------------------- words


def test_a_card_needs_consent_and_sound_words() -> None:
    card = Card("Zoë B.", "I am Zoë, this is me")
    manifest = card.manifest((640, 360), "pingpong")
    assert (manifest.identity, manifest.consent) == ("zoe-b", "I am Zoë, this is me")
    assert manifest.tool.startswith("bithuman-ctypes create ")
    assert slug("名") == "avatar"
    with pytest.raises(InvalidArgumentError, match="consent"):
        Card("Zoë", "  ")
    with pytest.raises(InvalidArgumentError, match="identity must be a slug"):
        Card("Zoë", "yes", identity="Zo ë")


def report(**values: Any) -> Report:
    sound: dict[str, Any] = {
        "seconds": 60.0, "size": (640, 360), "bytes": 1, "mouths": 160, "coverage": 0.95,
        "reach": 1.0, "sharpness": 1.0, "loop_seconds": 8.0, "loop_way": "forward",
        "loop_seam": 0.003, "calibration": 0.8, "lag_ms": 0, "test_opening": 0.8,
        "test_ssim": 0.9, "test_frames": 100,
    }  # fmt: skip
    return Report(**{**sound, **values})


def test_a_report_says_what_to_film_differently() -> None:
    assert report().good
    assert report().advice() == []
    assert not report(test_ssim=0.8).good
    for values, word in (
        ({"calibration": 0.3}, "loosely"),
        ({"reach": 0.4}, "mouths are missing"),
        ({"sharpness": 0.5}, "more light"),
        ({"loop_seam": 0.05}, "seam"),
        ({"actions": {"nod": 0.2}}, "nod: begin and end it"),
    ):
        assert any(word in line for line in report(**values).lines() if "advice" in line)


# ---------------------------------------------------------------- the command


def create(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bithuman_ctypes", "create", *map(str, words)],
        env=environment(PYTHONWARNINGS="default"),
        cwd=ELSEWHERE,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--video", "a.mp4"], "required: --output"),
        (["--output", "a.imx"], "one of the arguments --video --photo is required"),
        (["--video", "a", "--photo", "b", "--output", "c"], "not allowed with"),
        (["--video", "a", "--output", "c", "--action", "nod=3"], "not NAME, nor NAME=A-B"),
        (["--video", "a", "--output", "c", "--action", "nod=3-2"], "ends after it begins"),
        (["--video", "a", "--output", "c", "--mouths", "5"], "must be 20 to 500"),
    ],
)
def test_wrong_options_are_refused(words: list[str], sentence: str) -> None:
    result = create(*words)
    assert result.returncode == 2
    assert sentence in result.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--video", "a", "--action", "nod"], "beginning and an end, such as nod=12.0-13.4"),
        (["--photo", "a", "--action", "nod=1-2"], "a photo has no times: give nod alone"),
        (["--photo", "a", "--start", "2"], "--start is for films"),
        (["--photo", "a", "--end", "0"], "--end is for films"),
        (["--photo", "a", "--mouths", "50"], "--mouths is for films"),
        (["--photo", "a", "--action", "nod", "--idle-action", "nod"], "two actions have the name"),
        (["--photo", "a", "--output", "."], "cannot write .: it exists and is not a regular file"),
        (["--photo", "a", "--output", __file__], "exists and is no avatar"),
    ],
)
def test_what_does_not_go_together_is_told_at_once(words: list[str], sentence: str) -> None:
    result = create("--output", "c.imx", *words)
    assert result.returncode in (64, 65, 73)
    assert result.stderr.count("\n") == 1
    assert sentence in result.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_consent_is_asked_for_where_somebody_can_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = argparse.ArgumentParser()
    create_command.add_arguments(parser)
    arguments = parser.parse_args(["--photo", "a.jpg", "--output", "folder/ada.imx"])
    asked = io.StringIO()
    monkeypatch.setattr(sys, "stderr", asked)
    monkeypatch.setattr(sys, "stdin", Terminal("I am Ada, and I agree\n"))
    card = create_command._card(arguments)
    assert (card.name, card.consent, card.source) == ("ada", "I am Ada, and I agree", "a photo")
    assert "did the person agree" in asked.getvalue()
    for nobody in (Terminal("\n"), io.StringIO("I agree\n")):
        monkeypatch.setattr(sys, "stdin", nobody)
        with pytest.raises(InvalidArgumentError, match="consent"):
            create_command._card(arguments)


def test_the_film_is_not_written_over(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    create_command.add_arguments(parser)
    photo = str(tmp_path / "a.jpg")
    (tmp_path / "link").symlink_to(photo)
    for words, named in (
        (["--output", str(tmp_path / "link")], "--photo and --output"),
        (["--output", "b", "--preview", "./b"], "--output and --preview"),
        (["--output", "b", "--report", photo], "--photo and --report"),
    ):
        with pytest.raises(InvalidArgumentError, match=f"{named} are the same file"):
            create_command._require_apart(parser.parse_args(["--photo", photo, *words]))


def test_without_the_tracker_the_command_says_how_to_get_it() -> None:
    try:
        import mediapipe  # noqa: F401
    except ImportError:
        result = create("--video", "a.mp4", "--output", "a.imx", "--consent", "me")
        assert result.returncode == 69
        assert "face tracker (mediapipe" in result.stderr
        assert "bithuman-ctypes[authoring]" in result.stderr
