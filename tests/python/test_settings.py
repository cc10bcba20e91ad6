"""Settings: where they come from, what they refuse, and what each of them does."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live import live, voice

import bithuman_ctypes as bh
from bithuman_ctypes import _once
from bithuman_ctypes._env import read_env_file
from bithuman_ctypes._live_options import LiveOptions, fitted_size
from bithuman_ctypes._once import CompatibilityWarning
from bithuman_ctypes.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _nothing_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_once, "_said", set())


# ------------------------------------------------------------------ where they come from


def test_the_defaults() -> None:
    settings = load_settings({}, "/nonexistent/.env")
    assert settings == Settings()
    assert (settings.OUTPUT_WIDTH, settings.FPS, settings.INPUT_SAMPLE_RATE) == (1280, 25, 16000)
    assert (settings.COMPRESS_METHOD, settings.LOADING_MODE) == ("NONE", "ASYNC")
    assert settings.PROCESS_IDLE_VIDEO
    assert settings.ALLOW_VIDEO_SCRIPT_UPDATE
    assert settings.LIVA_IDEL_VIDEO_ENABLED
    assert not settings.PRELOAD_TO_MEMORY
    assert not settings.EXTRACT_WORKSPACE_TO_LOCAL
    assert not settings.LIVA_AUTO_SAY_HI


def test_the_environment_comes_before_the_file_and_that_before_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("OUTPUT_WIDTH=640\nLOADING_MODE=sync\nPROCESS_IDLE_VIDEO=no\n")
    settings = load_settings({"OUTPUT_WIDTH": "320", "LOADING_MODE": " "}, file)
    assert (settings.OUTPUT_WIDTH, settings.LOADING_MODE) == (320, "SYNC")
    assert not settings.PROCESS_IDLE_VIDEO
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTPUT_WIDTH", "100")
    assert load_settings().OUTPUT_WIDTH == 100
    assert bh.AsyncBithuman().settings.OUTPUT_WIDTH == 100


def test_the_right_spelling_wins() -> None:
    environment = {"LIVA_IDEL_VIDEO_ENABLED": "false"}
    assert not load_settings(environment, "").LIVA_IDLE_VIDEO_ENABLED
    environment["LIVA_IDLE_VIDEO_ENABLED"] = "1"
    settings = load_settings(environment, "")
    assert settings.LIVA_IDLE_VIDEO_ENABLED
    assert settings.LIVA_IDEL_VIDEO_ENABLED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OUTPUT_WIDTH", "wide"), ("OUTPUT_WIDTH", "0"), ("OUTPUT_WIDTH", "99999"),
        ("OUTPUT_WIDTH", "1280.5"), ("COMPRESS_METHOD", "ZIP"), ("LOADING_MODE", "LATER"),
        ("PROCESS_IDLE_VIDEO", "maybe"), ("FPS", "-1"), ("STORE_MB", "7"),
    ],
)  # fmt: skip
def test_what_is_refused(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(bh.InvalidArgumentError) as caught:
        load_settings({name: value}, "")
    assert name in str(caught.value)
    assert repr(value) in str(caught.value)
    assert "the environment" in str(caught.value)
    file = tmp_path / ".env"
    file.write_text(f"{name}={value}")
    with pytest.raises(ValueError, match=r"\.env"):
        load_settings({}, file)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"), ("A = b c ", "b c"), ("export A=b", "b"), ("A=", ""), ("A=b # note", "b"),
        ("A=b#c", "b#c"), ("A='b # c'", "b # c"), ('A="b # c" # note', "b # c"),
        (r"""A="b\n\"c\"\\" """, 'b\n"c"\\'), (r"A='b\n'", r"b\n"), ("\ufeffA=b", "b"),
    ],
)  # fmt: skip
def test_lines_of_an_env_file(line: str, value: str, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"{line}\n# A=comment\n\n   \n", encoding="utf-8")
    assert read_env_file(file) == {"A": value}


def test_lines_that_are_none_are_logged_without_their_secrets(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / ".env"
    file.write_text('KEY="-----BEGIN\nhush hush\n-----END"\nFPS=25\n')
    with caplog.at_level(logging.WARNING):
        assert read_env_file(file) == {"FPS": "25"}
    assert "line 2" in caplog.text
    assert "hush" not in caplog.text
    file.write_bytes(b"\xff\xfe\x00")
    assert read_env_file(file) == {}
    assert read_env_file(tmp_path) == {}


# ------------------------------------------------------------------ what has no effect


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("FPS", "30", "25 a second"),
        ("INPUT_SAMPLE_RATE", "24000", "push_audio takes any rate"),
        ("EXTRACT_WORKSPACE_TO_LOCAL", "true", "COMPRESS_METHOD=TEMP_FILE"),
    ],
)
def test_what_makes_no_sense_here_says_so_once(name: str, value: str, text: str) -> None:
    with pytest.warns(CompatibilityWarning, match=text):
        settings = load_settings({name: value}, "")
    assert (settings.FPS, settings.INPUT_SAMPLE_RATE) == (25, 16000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_settings({name: value}, "")


def test_arguments_without_an_effect_say_so() -> None:
    with pytest.warns(CompatibilityWarning, match="batch_workers has no effect"):
        bh.AsyncBithuman(batch_workers=4)
    with pytest.warns(CompatibilityWarning, match="32000 a second"):
        assert LiveOptions(input_buffer_size=100).queue_ms() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"quality": "best"}, {"num_threads": "many"}, {"output_buffer_size": -1},
        {"input_buffer_size": -1}, {"input_buffer_size": 1.5}, {"pixel_format": "yuv"},
    ],
)  # fmt: skip
def test_arguments_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"best|many|-1|1\.5|yuv"):
        bh.AsyncBithuman(**wrong)


# ------------------------------------------------------------------ what each does


@pytest.mark.parametrize(
    ("native", "asked", "longest", "size"),
    [
        ((1920, 1080), None, 1280, (1280, 720)),
        ((1080, 1920), None, 1280, (720, 1280)),
        ((1248, 704), None, 1280, (1248, 704)),
        ((1281, 705), None, 1280, (1280, 704)),
        ((1248, 704), (640, 480), 1280, (640, 480)),
        ((1248, 704), "640x360", 1280, (640, 360)),
        ((1248, 704), 2496, 1280, (2496, 1408)),
        ((1248, 704), np.int64(624), 1280, (624, 352)),
        ((4000, 40), None, 100, (100, 2)),
    ],
)
def test_the_size_of_frames(native: Any, asked: Any, longest: int, size: Any) -> None:
    assert fitted_size(native, asked, longest) == size


def test_wrong_sizes() -> None:
    wrong: list[Any] = ["big", (0, 10), (1, 2, 3), (9000, 10), 100_000]
    for asked in wrong:
        with pytest.raises((ValueError, TypeError)):
            fitted_size((160, 96), asked, 1280)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lookahead_ms": 50},
        {"lookahead_ms": "80"},
        {"output_size": (0, 0)},
        {"output_size": "0x10"},
        {"output_size": (1, 2, 3)},
        {"output_size": -640},
        {"output_size": 15},
        {"output_size": 8193},
        {"output_size": 1.5},
        {"num_threads": 1000},
        {"seed": [1]},
        {"quality": []},
    ],
)
def test_what_the_engine_would_refuse_is_refused_before(wrong: dict[str, Any]) -> None:
    with pytest.raises(bh.InvalidArgumentError) as caught:
        bh.AsyncBithuman(**wrong)
    assert str(caught.value).startswith(next(iter(wrong)))
    assert caught.value.exit_code == 64


def test_output_width_scales_down_and_never_up() -> None:
    for width, size in ((80, (80, 48)), (160, (160, 96)), (1280, (160, 96))):
        with live(settings=Settings(OUTPUT_WIDTH=width)) as one:
            assert one.session.size == size
            frame = one.frames(1)[0]
            assert frame.bgr_image is not None
            assert frame.bgr_image.shape == (size[1], size[0], 3)
            assert one.session.first_picture().shape == (size[1], size[0], 3)


@pytest.mark.parametrize("loading", ["SYNC", "ASYNC", "ON_DEMAND"])
@pytest.mark.parametrize("storage", ["NONE", "JPEG", "TEMP_FILE"])
def test_however_pictures_are_kept_they_are_the_same(loading: str, storage: str) -> None:
    def pictures(settings: Settings) -> list[bytes]:
        with live(settings=settings) as one:
            one.say(voice(0.4))
            return [f.bgr_image.tobytes() for f in one.frames(15) if f.bgr_image is not None]

    expected = pictures(Settings())
    assert len(expected) == 15
    assert pictures(Settings(LOADING_MODE=loading, COMPRESS_METHOD=storage)) == expected
    assert pictures(Settings(PRELOAD_TO_MEMORY=True)) == expected


@pytest.mark.parametrize(("quality", "milliseconds"), [("low", 40), ("medium", 80), ("high", 120)])
def test_quality_is_how_much_sound_is_known_ahead(quality: str, milliseconds: int) -> None:
    with live(quality=quality) as one:
        one.say(voice(1), last=False)
        spoken = [f for f in one.ticks(25) if f is not None]
        assert len(spoken) == 25 - milliseconds // 40
    with live(quality=quality, lookahead_ms=160) as one:
        one.say(voice(1), last=False)
        assert len([f for f in one.ticks(25) if f is not None]) == 21


def test_threads() -> None:
    assert LiveOptions(num_threads=0).threads() == 1
    assert LiveOptions(num_threads=3).threads() == 3
    assert 1 <= LiveOptions(num_threads=-1).threads() <= 4


def test_threads_that_wait(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from bithuman_ctypes._waiter import THREADS_VARIABLE, _thread_count

    for text, count in (("", 2), ("5", 5), ("0", 2), ("many", 2), ("1000", 2)):
        monkeypatch.setenv(THREADS_VARIABLE, text)
        assert _thread_count() == count
    assert "'many'" in caplog.text


def test_verbosity() -> None:
    log = logging.getLogger("bithuman_ctypes")
    before, handlers = log.level, list(log.handlers)
    try:
        bh.AsyncBithuman(verbose=True)
        assert log.level == logging.DEBUG
        bh.AsyncBithuman(verbose=None)
        assert log.level == logging.DEBUG
        bh.AsyncBithuman(verbose=False)
        assert log.level == logging.WARNING
    finally:
        log.setLevel(before)
        log.handlers[:] = handlers
