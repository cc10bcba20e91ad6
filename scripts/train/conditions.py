"""Ways in which speech gets worse on its way, or is spoken otherwise; the lips stay what they were.

Nothing here is random but by the generator, so every system hears the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import butter, fftconvolve, lfilter, sosfiltfilt

from . import noise
from .audio import SAMPLE_RATE, Signal, rms_dbfs

Change = Callable[[Signal, np.random.Generator], Signal]

ECHO_S = 0.8
ECHO_DB = -3.0
"""Strong reverberation: the tail falls by 60 dB in ECHO_S and has ECHO_DB of the direct sound."""

VOICE_FLOOR_DB = 40.0
"""Below so much under the loudest 30 ms nobody speaks, for levels of speech."""


def speech_level(signal: Signal) -> float:
    """Level in dBFS of what is spoken, pauses left out."""
    block = SAMPLE_RATE * 30 // 1000
    power = np.square(signal[: len(signal) // block * block].reshape(-1, block)).mean(1)
    loud = power > power.max() * 10.0 ** (-VOICE_FLOOR_DB / 10.0)
    return float(10.0 * np.log10(power[loud].mean() + 1e-12))


def gain(decibel: float) -> Change:
    """Louder or quieter; what does not fit is clipped."""
    factor = np.float32(10.0 ** (decibel / 20.0))
    return lambda signal, _: np.clip(signal * factor, -1.0, 1.0).astype(np.float32)


def telephone(signal: Signal, _: np.random.Generator) -> Signal:
    """300 to 3400 Hz."""
    band = butter(4, (300.0, 3400.0), btype="bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfiltfilt(band, signal), dtype=np.float32)


def reverberate(signal: Signal, generator: np.random.Generator) -> Signal:
    """A hard room, see ECHO_S."""
    samples = int(ECHO_S * SAMPLE_RATE)
    tail = generator.standard_normal(samples) * 10.0 ** (-3.0 * np.arange(samples) / samples)
    tail[: SAMPLE_RATE // 250] = 0.0
    tail *= 10.0 ** (ECHO_DB / 20.0) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(fftconvolve(signal, tail)[: len(signal)], dtype=np.float32)


def pink(snr_db: float) -> Change:
    """Pink noise so far below the speech, all the time."""

    def add(signal: Signal, generator: np.random.Generator) -> Signal:
        level = speech_level(signal) - snr_db
        return np.asarray(signal + noise.room(len(signal), "pink", level, generator))

    return add


def babble(snr_db: float, people: Sequence[Signal]) -> Change:
    """Five of `people` talking at once, so far below the speech, all the time."""

    def add(signal: Signal, generator: np.random.Generator) -> Signal:
        voices = [people[i] for i in generator.permutation(len(people))[:5]]
        mixed = np.zeros(len(signal))
        for voice in voices:
            start = generator.integers(len(voice))
            mixed += np.resize(np.roll(voice, -start), len(signal)) / (rms_of(voice) + 1e-9)
        return signal + noise.scaled(mixed, speech_level(signal) - snr_db)

    return add


def rms_of(signal: Signal) -> float:
    """Root mean square."""
    return float(10.0 ** (rms_dbfs(signal) / 20.0))


def _filter_of(frame: np.ndarray, order: int) -> np.ndarray:
    """Coefficients of the all-pole filter that has the frame's spectrum."""
    product = np.correlate(frame, frame, "full")[len(frame) - 1 : len(frame) + order]
    product[0] = product[0] * 1.0001 + 1e-9
    return np.concatenate([[1.0], -solve_toeplitz(product[:-1], product[1:])])


def whisper(signal: Signal, generator: np.random.Generator) -> Signal:
    """The same vocal tract blown with noise: linear prediction without its voice, 6 dB per octave
    less below 1 kHz, 15 dB quieter.
    """
    size, order = SAMPLE_RATE * 32 // 1000, 18
    window = np.sin(np.pi * (np.arange(size) + 0.5) / size)
    out = np.zeros(len(signal) + size)
    for start in range(0, len(signal) - size, size // 2):
        frame = signal[start : start + size] * window
        poles = _filter_of(frame.astype(np.float64), order)
        rest = lfilter(poles, 1.0, frame)
        blown = lfilter(1.0, poles, generator.standard_normal(size) * np.sqrt(np.mean(rest**2)))
        out[start : start + size] += blown * window
    thin = butter(1, 1000.0, btype="highpass", fs=SAMPLE_RATE, output="sos")
    quiet = sosfiltfilt(thin, out[: len(signal)])
    return noise.scaled(quiet, rms_dbfs(signal) - 15.0)


def shout(signal: Signal, generator: np.random.Generator) -> Signal:
    """A strained voice: 6 dB per octave more from 300 Hz to 3 kHz, one level from the softest sound
    to the loudest, driven into a limiter.
    """
    del generator
    octaves = np.log2(np.clip(np.fft.rfftfreq(len(signal), 1.0 / SAMPLE_RATE), 300, 3000) / 300)
    bright = np.fft.irfft(np.fft.rfft(signal) * 10.0 ** (6.0 * octaves / 20.0), len(signal))
    return np.tanh(2.0 * noise.scaled(bright, -8.0)).astype(np.float32) * np.float32(0.9)


CHANGES: dict[str, Change] = {
    "as it is": lambda signal, _: signal,
    "12 dB quieter": gain(-12.0),
    "12 dB louder, clipped": gain(12.0),
    "telephone band": telephone,
    "strong reverberation": reverberate,
    "pink noise, 20 dB": pink(20.0),
    "pink noise, 10 dB": pink(10.0),
    "whisper, made": whisper,
    "shouting, made": shout,
}
