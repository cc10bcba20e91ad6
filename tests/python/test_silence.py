"""A mouth that moves or hangs open in silence is the fault that people mind most. Ours does not:
where nobody speaks every frame is the source frame, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from support import RATE, TICK, Pcm, noise

import bithuman_ctypes as bh

SETTLING = 12
"""Ticks after the end of speech until every frame must be at rest: 480 ms."""


def mouths(runtime: bh.Runtime, pcm: Pcm) -> list[int]:
    """Plays ``pcm``; each frame whose mouth is at rest must equal its source frame."""
    runtime.reset_stream()
    runtime.push_audio(pcm)
    runtime.flush()
    found = []
    with bh.Runtime(runtime.fixture) as plain:
        for _ in range(runtime.ticks_available()):
            mouth, source, frame = runtime.pull()
            if mouth == 0:
                np.testing.assert_array_equal(frame, plain.get_source_frame(source))
            found.append(mouth)
    return found


def room(seconds: float, decibels: float) -> Pcm:
    """Room noise: brown, as of a fan or a street, with mains hum in it."""
    white = np.random.default_rng(3).standard_normal(round(seconds * RATE))
    brown = np.cumsum(white - white.mean())
    brown -= np.convolve(brown, np.ones(800) / 800, "same")
    times = np.arange(len(brown)) / RATE
    mixed = brown / brown.std() + 0.5 * np.sin(2 * np.pi * 50 * times)
    return np.asarray(mixed / mixed.std() * 10 ** (decibels / 20), np.float32)


def breath(decibels: float) -> Pcm:
    """Two breaths: noise around 1.5 kHz that swells and fades within 0.8 s."""
    white = np.random.default_rng(4).standard_normal(4 * RATE)
    spectrum = np.fft.rfft(white)
    frequencies = np.fft.rfftfreq(len(white), 1 / RATE)
    shaped = np.fft.irfft(spectrum * np.exp(-(((frequencies - 1500) / 900) ** 2)))
    times = np.arange(len(white)) / RATE
    swell = sum(np.exp(-(((times - at) / 0.25) ** 2)) for at in (1.0, 3.0))
    shaped *= swell
    return np.asarray(shaped / np.abs(shaped).max() * 10 ** (decibels / 20), np.float32)


SILENCES = {
    "zeros": np.zeros(5 * RATE, np.float32),
    "offset": np.full(5 * RATE, 0.01, np.float32),
    "white noise at -60 dBFS": noise(5, -60),
    "white noise at -75 dBFS": noise(5, -75),
    "room noise at -55 dBFS": room(5, -55),
    "breath at -45 dBFS": breath(-45),
}


@pytest.mark.parametrize("name", SILENCES)
def test_silence_is_the_source_frame(runtime: bh.Runtime, name: str) -> None:
    assert set(mouths(runtime, SILENCES[name])) == {0}


@pytest.mark.parametrize("pause", ["zeros", "white noise at -60 dBFS"])
def test_the_time_after_speech_is_silent(runtime: bh.Runtime, spoken: Pcm, pause: str) -> None:
    loud = np.flatnonzero(np.abs(spoken) > 0.02)
    said = spoken[: loud[-1] + 1]
    found = mouths(runtime, np.concatenate([said, SILENCES[pause]]).astype(np.float32))
    end = len(said) // TICK
    assert set(found[:end]) != {0}, "somebody speaks"
    assert set(found[end + SETTLING :]) == {0}


def test_silence_between_two_utterances(runtime: bh.Runtime, spoken: Pcm) -> None:
    loud = np.flatnonzero(np.abs(spoken) > 0.02)
    said = spoken[loud[0] : loud[-1] + 1]
    pcm = np.concatenate([said, SILENCES["zeros"], said]).astype(np.float32)
    found = mouths(runtime, pcm)
    first, second = len(said) // TICK, (len(said) + 5 * RATE) // TICK
    assert set(found[first + SETTLING : second - 3]) == {0}
    assert set(found[second:]) != {0}


def test_a_stream_without_audio_shows_the_source(runtime: bh.Runtime) -> None:
    count = runtime.fixture.source_frame_count
    found = []
    runtime.push_audio(np.zeros(TICK * count, np.float32))
    runtime.flush()
    for index in range(count):
        _, source, frame = runtime.pull()
        np.testing.assert_array_equal(frame, runtime.get_source_frame(source))
        found.append((index, source))
    assert found == [(i, i) for i in range(count)]
