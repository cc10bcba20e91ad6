"""Long conversations, on a clock that the test turns."""

from __future__ import annotations

import resource
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live import PERIOD, Live, ends, live, sound, voice
from numpy.typing import NDArray
from support import TINY

import bithuman_ctypes as bh

RATES = (8000, 16000, 22050, 24000, 44100, 48000)


def resampled(avatar: bh.Avatar, said: NDArray[np.int16], rate: int) -> NDArray[np.int16]:
    """What the engine makes of sound that it is given in one piece, without a clock."""
    with avatar.stream(realtime=False) as stream:
        stream.push(said, rate)
        stream.flush()
        frames: list[bh.VideoFrame] = []
        while (frame := stream.read(0)) is not None:
            frames.append(frame)
    return sound(frames)


def converse(one: Live, avatar: bh.Avatar, generator: Any, number: int) -> None:
    """An utterance in pieces of 1 ms to 10 s, some of them late, and perhaps an interruption."""
    rate = RATES[number % len(RATES)]
    said = voice(float(generator.uniform(0.05, 12)), rate, seed=number)
    expected = resampled(avatar, said, rate)
    interrupted = number % 3 == 0
    heard: list[bh.VideoFrame] = []
    start = 0
    while start < len(said):
        step = max(1, round(rate * 10 ** float(generator.uniform(-3, 1))))
        one.say(said[start : start + step], rate, last=False, name=str(number))
        start += step
        heard += [f for f in one.ticks(int(generator.integers(0, 3))) if f is not None]
        if interrupted and start > len(said) // 2:
            one.session.interrupt()
            break
    else:
        one.session.flush()
        while not (heard and heard[-1].end_of_speech):
            frame = one.tick()
            heard += [frame] if frame is not None else []
    spoken = [frame for frame in heard if frame.audio_chunk is not None]
    got = sound(spoken)
    np.testing.assert_array_equal(got, expected[: len(got)])
    if not interrupted:
        assert len(got) == len(expected), "no sample is lost or said twice"
        assert ends(heard) == [len(heard) - 1]
    else:
        assert ends(heard) == []
    assert {frame.source_message_id for frame in spoken} <= {str(number)}
    silent = one.frames(int(generator.integers(1, 30)))
    assert sound(silent).size == 0


@pytest.mark.parametrize("minutes", [5, pytest.param(30, marks=pytest.mark.long)])
def test_a_long_conversation(avatar: bh.Avatar, minutes: int) -> None:
    generator = np.random.default_rng(11)
    with live() as one:
        begun, number, memory = one.now, 0, 0
        tracemalloc.start()
        try:
            while one.now - begun < minutes * 60_000_000:
                converse(one, avatar, generator, number)
                number += 1
                if number == 20:
                    memory = tracemalloc.get_traced_memory()[0]
            assert tracemalloc.get_traced_memory()[0] - memory < 256 << 10
        finally:
            tracemalloc.stop()
        stats = one.session.stats()
        assert stats.samples_in == stats.samples_out + stats.samples_dropped
        assert stats.samples_queued == 0


def test_frames_of_a_long_utterance_keep_the_schedule_to_the_microsecond() -> None:
    with live() as one:
        one.say(voice(300))
        times = [f.info.timestamp_us for f in one.frames(7500) if f.info is not None]
        assert set(np.diff(times)) == {PERIOD}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_sessions_that_come_and_go_leave_nothing() -> None:
    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    def once(number: int) -> None:
        with live(TINY) as one:
            one.say(voice(0.5, seed=number))
            one.frames(5)
            one.session.interrupt()
            one.frames(3)

    for number in range(30):
        once(number)
    before = resident()
    for number in range(200):
        once(number)
    assert resident() - before < 8 << 20
