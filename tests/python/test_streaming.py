"""The same audio gives the same frames: batch or streaming, and however it is cut up."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support import LOOKAHEAD, TICK, Pcm, tone

import bithuman_ctypes as bh

Frames = list[tuple[int, bytes]]


def digest(frame: NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(frame.data).digest()


def batch(runtime: bh.Runtime, pcm: Pcm) -> Frames:
    runtime.reset_stream()
    frames: Frames = []
    while True:
        try:
            mouth, frame = runtime.tick_compose(pcm)
        except bh.RuntimeNotReadyError:
            return frames
        frames.append((mouth, digest(frame)))


def drained(runtime: bh.Runtime) -> Frames:
    frames: Frames = []
    while runtime.ticks_available():
        mouth, frame = runtime.pull_frame()
        frames.append((mouth, digest(frame)))
    return frames


def streamed(runtime: bh.Runtime, pcm: Pcm, sizes: Any) -> Frames:
    runtime.reset_stream()
    frames: Frames = []
    start = 0
    while start < len(pcm):
        size = int(next(sizes))
        runtime.push_audio(pcm[start : start + size])
        start += size
        frames += drained(runtime)
    runtime.flush()
    return frames + drained(runtime)


def constant(size: int) -> Any:
    while True:
        yield size


def random_sizes(seed: int, high: int) -> Any:
    generator = np.random.default_rng(seed)
    while True:
        yield generator.integers(0, high)


@pytest.fixture
def whole(spoken: Pcm) -> Pcm:
    """Speech of a whole number of ticks."""
    return spoken[: len(spoken) // TICK * TICK]


@pytest.mark.parametrize("size", [1000000, 640, 641, 160, 4096, 37])
def test_streaming_is_batch_bit_for_bit(runtime: bh.Runtime, whole: Pcm, size: int) -> None:
    expected = batch(runtime, whole)
    assert len(expected) == len(whole) // TICK
    assert streamed(runtime, whole, constant(size)) == expected


def test_random_pieces_change_nothing(runtime: bh.Runtime, whole: Pcm) -> None:
    expected = batch(runtime, whole)
    for seed in range(3):
        assert streamed(runtime, whole, random_sizes(seed, 3000)) == expected


def test_single_samples_change_nothing(runtime: bh.Runtime, whole: Pcm) -> None:
    short = whole[16000 : 16000 + 8 * TICK]
    assert streamed(runtime, short, constant(1)) == batch(runtime, short)


def test_speech_moves_the_mouth(runtime: bh.Runtime, whole: Pcm) -> None:
    assert len({mouth for mouth, _ in batch(runtime, whole)}) >= 4


@pytest.mark.parametrize(
    ("samples", "frames"), [(0, 0), (1, 1), (639, 1), (640, 1), (641, 2), (1280, 2), (16000, 25)]
)
def test_how_many_frames_a_flush_gives(runtime: bh.Runtime, samples: int, frames: int) -> None:
    runtime.push_audio(tone(samples / 16000))
    runtime.flush()
    assert runtime.ticks_available() == frames
    runtime.flush()
    assert runtime.ticks_available() == frames, "a second flush does nothing"


def test_when_frames_come(runtime: bh.Runtime) -> None:
    """Tick k needs 640 (k + 1) samples and the lookahead."""
    one = np.zeros(1, np.float32)
    runtime.push_audio(np.zeros(TICK + LOOKAHEAD - 1, np.float32))
    assert runtime.ticks_available() == 0
    runtime.push_audio(one)
    assert runtime.ticks_available() == 1
    runtime.push_audio(np.zeros(TICK - 1, np.float32))
    assert runtime.ticks_available() == 1
    runtime.push_audio(one)
    assert runtime.ticks_available() == 2


def test_a_batch_ends_and_stays_ended(runtime: bh.Runtime) -> None:
    pcm = tone(0.1)  # 1600 samples: two ticks and a half
    assert len(batch(runtime, pcm)) == 2
    with pytest.raises(bh.RuntimeNotReadyError):
        runtime.tick(pcm)


def test_reset_forgets_everything(runtime: bh.Runtime, whole: Pcm) -> None:
    first = streamed(runtime, whole[:32000], constant(999))
    runtime.push_audio(tone(1.23, level=0.9))
    runtime.pull_frame()
    assert streamed(runtime, whole[:32000], constant(999)) == first


def test_two_streams_do_not_touch_each_other(fixture: bh.Fixture, whole: Pcm) -> None:
    pcm = whole[:48000]
    with bh.Runtime(fixture) as one, bh.Runtime(fixture) as two:
        expected = batch(one, pcm)
        one.reset_stream()
        two.push_audio(tone(3.0))
        mixed: Frames = []
        for _ in expected:
            mouth, frame = one.tick_compose(pcm)
            mixed.append((mouth, digest(frame)))
            if two.ticks_available():
                two.pull_frame()
    assert mixed == expected


# ------------------------------------------------------------------ audio as its source made it


def as_chunks(runtime: bh.Runtime, data: NDArray[Any], rate: int, step: int) -> Frames:
    runtime.reset_stream()
    frames: Frames = []
    for start in range(0, len(data), step):
        runtime.push_chunk(data[start : start + step], rate)
        frames += drained(runtime)
    runtime.flush()
    return frames + drained(runtime)


def test_16_khz_floats_in_chunks_are_push_audio(runtime: bh.Runtime, whole: Pcm) -> None:
    assert as_chunks(runtime, whole, 16000, 1234) == batch(runtime, whole)


def test_int16_is_the_float_of_it(runtime: bh.Runtime, whole: Pcm) -> None:
    integers = np.rint(whole * 32767).astype(np.int16)
    floats = integers.astype(np.float32) / np.float32(32768)
    assert as_chunks(runtime, integers, 16000, 1000) == batch(runtime, floats)


def test_equal_channels_are_one(runtime: bh.Runtime, whole: Pcm) -> None:
    stereo = np.ascontiguousarray(np.stack([whole, whole], axis=1))
    assert as_chunks(runtime, stereo, 16000, 1000) == batch(runtime, whole)
    runtime.reset_stream()
    runtime.push_chunk(stereo.reshape(-1), 16000, 2)
    runtime.flush()
    assert drained(runtime) == batch(runtime, whole)


@pytest.mark.parametrize("rate", [8000, 22050, 24000, 44100, 48000, 96000])
def test_other_rates_do_not_depend_on_the_pieces(runtime: bh.Runtime, rate: int) -> None:
    seconds = 2.0
    sweep = (tone(seconds, rate, 150) * np.linspace(0, 1, round(seconds * rate))).astype(np.float32)
    expected = as_chunks(runtime, sweep, rate, len(sweep))
    assert len(expected) == 50
    for step in (rate // 100, 441, 3001):
        assert as_chunks(runtime, sweep, rate, step) == expected
