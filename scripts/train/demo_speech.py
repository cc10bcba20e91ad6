"""The bundled demonstration speech, `bithuman_ctypes/assets/speech.wav`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from . import audio, festival
from .audio import Signal
from .utterance import Reading

RATE = 24000
TEXT = (
    "Hi there, and a big warm welcome! I am a talking picture. Every bit of speech you bring "
    "becomes the movement of my lips. Please, put your own voice in it!"
)
VOICE = "slt"
PITCH = 170.0
SPEED = 0.95
"""Festival's duration stretch: slightly brisk, since the voice reads slowly."""

EDGE_S = 0.4
ROOM_DBFS = -72.0
PEAK = 0.7
SPEECH_THRESHOLD = 0.01


def room(samples: int, generator: np.random.Generator) -> Signal:
    """A quiet room: noise at `ROOM_DBFS` whose spectrum falls with frequency."""
    spectrum = np.fft.rfft(generator.standard_normal(samples))
    frequency = np.arange(len(spectrum)) * RATE / samples
    noise = np.fft.irfft(spectrum / np.sqrt(1.0 + (frequency / 300.0) ** 2), samples)
    return np.asarray(noise / noise.std() * 10.0 ** (ROOM_DBFS / 20.0), dtype=np.float32)


def trim(signal: Signal) -> Signal:
    """Cut what lies more than 30 ms outside the first and last audible sample."""
    loud = np.flatnonzero(np.abs(signal) > SPEECH_THRESHOLD * np.abs(signal).max())
    margin = int(0.03 * RATE)
    return signal[max(0, loud[0] - margin) : loud[-1] + margin]


def make(path: Path) -> float:
    """Write the demonstration speech to `path`; returns its length in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        festival.run(VOICE, [Reading(TEXT, SPEED, PITCH)], Path(folder))
        speech = trim(audio.read(Path(folder) / "0.wav", RATE))
    edge = np.zeros(int(EDGE_S * RATE), dtype=np.float32)
    signal = np.concatenate([edge, speech / np.abs(speech).max() * PEAK, edge])
    signal += room(len(signal), np.random.default_rng(1))
    audio.write(path, signal, RATE)
    return len(signal) / RATE
