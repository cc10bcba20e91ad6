"""Fixture and Runtime: what they give, what they refuse."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import LOOKAHEAD, REPO, TICK, TINY, Pcm, tone

import bithuman_ctypes as bh

WIDTH, HEIGHT = 160, 96


def picture(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.zeros((height, width, 3), np.uint8)


# ------------------------------------------------------------------ the avatar


def test_what_a_fixture_is(fixture: bh.Fixture) -> None:
    assert (fixture.frame_width, fixture.frame_height) == (WIDTH, HEIGHT)
    assert (fixture.source_frame_count, fixture.cluster_count) == (6, 19)
    assert (fixture.audio_sample_rate, fixture.audio_samples_per_tick) == (16000, TICK)
    assert (fixture.mel_bins, fixture.mel_frames_per_chunk) == (40, 4)
    assert fixture.embedding_dim == 23
    assert fixture.active_ep is bh.EP.CPU
    assert "160x96" in repr(fixture)


def test_a_provider_that_is_not_there_becomes_cpu() -> None:
    with bh.Fixture(TINY, bh.EP_COREML, 2) as loaded:
        assert loaded.active_ep is bh.EP.CPU


def test_a_missing_file() -> None:
    with pytest.raises(bh.ModelNotFoundError, match=r"/nonexistent/me\.imx"):
        bh.Fixture("/nonexistent/me.imx")


def test_paths_of_all_kinds(tmp_path: Path) -> None:
    for name in ("ünïcödé 漢字.imx", "with space.imx"):
        path = tmp_path / name
        path.write_bytes(TINY.read_bytes())
        for spelling in (path, str(path)):
            bh.Fixture(spelling).close()
    with pytest.raises(ValueError, match="zero byte"):
        bh.Fixture("a\0b")
    wrong: Any = 5
    with pytest.raises(TypeError):
        bh.Fixture(wrong)


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "flipped"])
def test_a_damaged_file(tmp_path: Path, damage: str) -> None:
    data = bytearray(TINY.read_bytes())
    if damage == "flipped":
        data[len(data) // 2] ^= 1
    kinds = {
        "empty": b"",
        "text": b"not an avatar",
        "cut": bytes(data[:-1]),
        "flipped": bytes(data),
    }
    path = tmp_path / "bad.imx"
    path.write_bytes(kinds[damage])
    with pytest.raises(bh.ModelLoadError) as caught:
        bh.Fixture(path)
    assert isinstance(caught.value, bh.InvalidAvatar)
    assert caught.value.exit_code == 65
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["bad_truncated", "bad_names", "bad_mel_shape"])
def test_a_bad_encoder(tmp_path: Path, name: str) -> None:
    imx = pytest.importorskip("bithuman_ctypes.authoring.imx")
    encoder = (REPO / "tests" / "parity" / "encoders" / f"{name}.onnx").read_bytes()
    imx.write(tmp_path / "bad.imx", dataclasses.replace(imx.read(TINY), encoder=encoder))
    with pytest.raises(bh.ModelLoadError):
        bh.Fixture(tmp_path / "bad.imx")


def test_settings_out_of_range() -> None:
    with pytest.raises(ValueError, match="5 is not a valid EP"):
        bh.Fixture(TINY, 5)
    with pytest.raises(ValueError, match="intra_op_threads"):
        bh.Fixture(TINY, 0, -1)
    with pytest.raises(ValueError, match="intra_op_threads"):
        bh.Fixture(TINY, 0, 1000)


def test_a_runtime_is_made_of_a_fixture() -> None:
    wrong: Any = "tiny.imx"
    with pytest.raises(TypeError, match="Fixture"):
        bh.Runtime(wrong)


# ------------------------------------------------------------------ arrays


BAD_PCM: list[tuple[Any, type[Exception], str]] = [
    ([0.0] * 640, TypeError, "numpy array of float32, not list"),
    (b"\0" * 640, TypeError, "not bytes"),
    (np.zeros(640, np.float64), TypeError, "not of float64"),
    (np.zeros(640, np.int16), TypeError, "not of int16"),
    (np.zeros(640, ">f4"), TypeError, "not of >f4"),
    (np.zeros((640, 1), np.float32), ValueError, "one dimension"),
    (np.float32(0), TypeError, "numpy array"),
    (np.zeros(1280, np.float32)[::2], ValueError, "C-contiguous"),
]


@pytest.mark.parametrize(("pcm", "error", "text"), BAD_PCM)
def test_wrong_audio(runtime: bh.Runtime, pcm: Any, error: type[Exception], text: str) -> None:
    for call in (runtime.push_audio, runtime.tick, runtime.tick_compose):
        with pytest.raises(error, match=re.escape(text)):
            call(pcm)
    assert runtime.ticks_available() == 0


BAD_OUT: list[tuple[Any, type[Exception], str]] = [
    (bytearray(WIDTH * HEIGHT * 3), TypeError, "not bytearray"),
    (np.zeros((HEIGHT, WIDTH, 3), np.int8), TypeError, "not of int8"),
    (picture(HEIGHT, WIDTH), ValueError, f"shape ({HEIGHT}, {WIDTH}, 3)"),
    (np.zeros((HEIGHT, WIDTH, 4), np.uint8), ValueError, "shape"),
    (np.zeros(HEIGHT * WIDTH * 3, np.uint8), ValueError, "shape"),
    (np.zeros((HEIGHT, WIDTH * 2, 3), np.uint8)[:, ::2], ValueError,
     f"C-contiguous: make it by numpy.empty(({HEIGHT}, {WIDTH}, 3), numpy.uint8)"),
    (np.frombuffer(bytes(HEIGHT * WIDTH * 3), np.uint8).reshape(HEIGHT, WIDTH, 3), ValueError,
     "writable"),
]  # fmt: skip


@pytest.mark.parametrize(("out", "error", "text"), BAD_OUT)
def test_wrong_out(runtime: bh.Runtime, out: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=re.escape(text)):
        runtime.tick_compose(np.zeros(TICK, np.float32), out=out)
    with pytest.raises(error, match=re.escape(text)):
        runtime.get_source_frame(out=out)
    runtime.push_audio(np.zeros(TICK, np.float32))
    runtime.flush()
    with pytest.raises(error, match=re.escape(text)):
        runtime.pull_frame(out=out)
    assert runtime.ticks_available() == 1, "a refused call consumes nothing"


def test_wrong_chunks(runtime: bh.Runtime) -> None:
    stereo = np.zeros((100, 2), np.float32)
    wrong: Any = b"\0\0"
    with pytest.raises(TypeError, match="int16 or float32"):
        runtime.push_chunk(wrong, 16000)
    with pytest.raises(TypeError, match="float64"):
        runtime.push_chunk(np.zeros(10), 16000)
    with pytest.raises(ValueError, match="does not have 3 channels"):
        runtime.push_chunk(stereo, 16000, 3)
    with pytest.raises(ValueError, match="whole number of 2 channels"):
        runtime.push_chunk(np.zeros(11, np.int16), 16000, 2)
    with pytest.raises(ValueError, match="dimensions"):
        runtime.push_chunk(np.zeros((1, 2, 3), np.int16), 16000)
    with pytest.raises(ValueError, match="C-contiguous"):
        runtime.push_chunk(np.zeros((2, 100), np.float32).T, 16000)
    for rate in (0, 3999, 384001):
        with pytest.raises(bh.AudioError):
            runtime.push_chunk(stereo, rate)
    with pytest.raises(bh.AudioError):
        runtime.push_chunk(np.zeros((10, 33), np.int16), 16000)


def test_the_rate_changes_only_after_a_flush(runtime: bh.Runtime) -> None:
    runtime.push_chunk(tone(0.1, 48000), 48000)
    with pytest.raises(bh.AudioError):
        runtime.push_chunk(tone(0.1, 44100), 44100)
    runtime.flush()
    runtime.push_chunk(tone(0.1, 44100), 44100)


# ------------------------------------------------------------------ frames


def test_what_the_calls_give(runtime: bh.Runtime, spoken: Pcm) -> None:
    mouth, frame = runtime.tick_compose(spoken)
    assert isinstance(mouth, int)
    assert frame.shape == (HEIGHT, WIDTH, 3)
    assert frame.dtype == np.uint8
    assert frame.flags.c_contiguous
    assert frame.flags.writeable
    assert isinstance(runtime.tick(spoken), int)
    runtime.reset_stream()
    runtime.push_audio(spoken)
    assert runtime.ticks_available() == (len(spoken) - LOOKAHEAD) // TICK
    mouth, frame = runtime.pull_frame()
    assert 0 <= mouth < 19
    assert frame.shape == (HEIGHT, WIDTH, 3)


def test_out_is_written_and_not_returned(runtime: bh.Runtime, spoken: Pcm) -> None:
    out = picture()
    assert isinstance(runtime.tick_compose(spoken, out=out), int)
    assert out.any()
    runtime.reset_stream()
    _, frame = runtime.tick_compose(spoken)
    np.testing.assert_array_equal(out, frame)
    assert runtime.get_source_frame(0, out=out) is out


def test_the_embedding(runtime: bh.Runtime, spoken: Pcm) -> None:
    embedding = np.full(25, np.nan, np.float32)
    for _ in range(20):
        runtime.tick(spoken, embedding)
    assert np.isfinite(embedding[:23]).all()
    assert np.isnan(embedding[23:]).all()
    with pytest.raises(bh.InvalidArgumentError):
        runtime.tick(spoken, np.zeros(22, np.float32))
    with pytest.raises(TypeError):
        runtime.tick(spoken, np.zeros(23))  # type: ignore[arg-type]  # that is the test


def test_the_source_frames_loop(runtime: bh.Runtime) -> None:
    count = runtime.fixture.source_frame_count
    period = 2 * count - 2  # there and back: 0 1 2 3 4 5 4 3 2 1
    shown = [runtime.get_source_frame() for _ in range(2 * period)]
    for i, frame in enumerate(shown):
        np.testing.assert_array_equal(frame, shown[i % period])
        np.testing.assert_array_equal(frame, shown[-i % period])
        np.testing.assert_array_equal(frame, runtime.get_source_frame(min(i % period, -i % period)))
    np.testing.assert_array_equal(runtime.get_source_frame(1 + count), shown[1])


def test_a_hint_beyond_32_bits(runtime: bh.Runtime) -> None:
    with pytest.raises(OverflowError):
        runtime.get_source_frame(2**31)


def test_nothing_is_ready(runtime: bh.Runtime) -> None:
    with pytest.raises(bh.RuntimeNotReadyError) as caught:
        runtime.pull_frame()
    assert caught.value.code == "runtime_not_ready"
    out = picture()
    with pytest.raises(bh.RuntimeNotReadyError):
        runtime.pull_frame(out=out)
    assert not out.any(), "a failed call leaves the buffer alone"


def test_other_sizes(runtime: bh.Runtime, spoken: Pcm) -> None:
    result = runtime.tick_compose_to_size(spoken)
    assert isinstance(result, tuple)
    assert result[1].shape == (720, 1280, 3)
    out = picture(200, 200)
    assert isinstance(runtime.tick_compose_to_size(spoken, -1, 200, 200, out), int)
    assert out[100].any()
    assert not out[:30].any(), "what the avatar does not fill is black"
    runtime.reset_stream()
    runtime.push_audio(spoken)
    assert runtime.pull_frame(size=(64, 48))[1].shape == (48, 64, 3)
    assert runtime.get_source_frame(size=(1, 1)).shape == (1, 1, 3)
    assert runtime.get_source_frame(size=(np.int64(9), np.uint8(7))).shape == (7, 9, 3)  # type: ignore[arg-type]  # numpy's integers are integers


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (-1, 10), (8193, 10), (10, 8193)])
def test_sizes_out_of_range(runtime: bh.Runtime, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="1 to 8192"):
        runtime.get_source_frame(size=size)


@pytest.mark.parametrize("size", [5, (1,), (1, 2, 3), "axb", "12", (None, 2), (64.5, 2), ("1", 2)])
def test_what_is_no_size(runtime: bh.Runtime, size: Any) -> None:
    with pytest.raises(TypeError, match="width, height"):
        runtime.get_source_frame(size=size)
