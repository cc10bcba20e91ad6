"""Changes of speech that leave the lips as they were: speed, colour, room, level, noise, other
people.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

from .audio import SAMPLE_RATE, Signal
from .noise import scaled
from .utterance import Segment, Utterance


def change_speed(utterance: Utterance, factor: float) -> Utterance:
    """Play faster (`factor` > 1) or slower; pitch and formants move along, as with someone else."""
    ratio = Fraction(1.0 / factor).limit_denominator(24)
    signal = resample_poly(utterance.signal, ratio.numerator, ratio.denominator)
    scale = float(ratio)
    segments = [Segment(s.start * scale, s.end * scale, s.phone) for s in utterance.segments]
    return Utterance(utterance.name, utterance.voice, signal.astype(np.float32), segments)


def colour(signal: Signal, generator: np.random.Generator) -> Signal:
    """A random microphone or line: tilt, bumps, low-pass 3 to 6.5 kHz, high-pass 100 to 400 Hz."""
    frequency = np.linspace(0.0, SAMPLE_RATE / 2.0, 129)
    octaves = np.log2(np.maximum(frequency, 60.0) / 1000.0)
    decibel = generator.uniform(-3.0, 3.0) * octaves
    for centre in generator.uniform(-3.0, 3.0, 3):
        decibel += generator.normal(0.0, 3.0) * np.exp(-((octaves - centre) ** 2))
    if generator.random() < 0.35:
        cutoff = generator.uniform(3000.0, 6500.0)
        decibel -= 40.0 * np.clip((frequency - cutoff) / 600.0, 0.0, 1.5)
    if generator.random() < 0.3:
        cutoff = generator.uniform(100.0, 400.0)
        decibel -= 25.0 * np.clip((cutoff - frequency) / 150.0, 0.0, 1.5)
    spectrum = np.fft.rfft(signal)
    position = np.linspace(0.0, 1.0, len(spectrum))
    gain = np.interp(position, np.linspace(0.0, 1.0, 129), 10.0 ** (decibel / 20.0))
    return np.fft.irfft(spectrum * gain, len(signal)).astype(np.float32)


def reverberate(signal: Signal, generator: np.random.Generator) -> Signal:
    """A synthetic room: noise that decays in 0.15 to 0.7 s, 4 to 20 dB below the direct sound."""
    return _echo(signal, generator.uniform(0.15, 0.7), None, generator)


def _echo(
    signal: Signal, seconds: float, softer: float | None, generator: np.random.Generator
) -> Signal:
    samples = int(seconds * SAMPLE_RATE)
    decay = 10.0 ** (-3.0 * np.arange(samples) / samples)
    tail = generator.standard_normal(samples) * decay
    tail[: int(0.004 * SAMPLE_RATE)] = 0.0
    if softer is None:
        softer = generator.uniform(4.0, 20.0)
    tail *= 10.0 ** (-softer / 20.0) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(fftconvolve(signal, tail)[: len(signal)], dtype=np.float32)


def hall(signal: Signal, generator: np.random.Generator) -> Signal:
    """A bad room: decays in 0.4 to 1.2 s, the tail as loud as the direct sound or up to 8 dB
    softer.
    """
    return _echo(signal, generator.uniform(0.4, 1.2), generator.uniform(0.0, 8.0), generator)


def babble(
    others: Sequence[Utterance], samples: int, people: int, generator: np.random.Generator
) -> Signal:
    """`people` others talking at once, somewhere in the room or all quite near."""
    mixed = np.zeros(samples, dtype=np.float32)
    for _ in range(people):
        voice = talking(others, samples, generator)
        mixed += scaled(voice, generator.uniform(-6.0, 0.0))
    return hall(mixed, generator) if generator.random() < 0.6 else mixed


def talking(others: Sequence[Utterance], samples: int, generator: np.random.Generator) -> Signal:
    """Someone else talking without a pause."""
    pieces: list[Signal] = []
    length = -int(generator.integers(SAMPLE_RATE))
    while length < samples:
        other = others[int(generator.integers(len(others)))]
        pieces.append(scaled(other.signal, 0.0))
        length += len(other.signal)
    return np.concatenate(pieces)[-samples:]


def shout(signal: Signal, level: float, generator: np.random.Generator) -> Signal:
    """A raised voice at `level` dBFS: 3 to 8 dB per octave more from 500 Hz to 4 kHz, and even."""
    frequency = np.fft.rfftfreq(len(signal), 1.0 / SAMPLE_RATE)
    octaves = np.log2(np.clip(frequency, 500.0, 4000.0) / 500.0)
    gain = 10.0 ** (generator.uniform(3.0, 8.0) * octaves / 20.0)
    bright = np.fft.irfft(np.fft.rfft(signal) * gain, len(signal))
    drive = generator.uniform(1.0, 4.0) / (np.sqrt(np.mean(np.square(bright))) * 4.0 + 1e-9)
    return scaled(np.tanh(bright * drive), level)


def telephone(signal: Signal, generator: np.random.Generator) -> Signal:
    """300 to 3400 Hz, in the eight logarithmic bits of G.711."""
    edges = (300.0, generator.uniform(3100.0, 3700.0))
    band = butter(4, edges, "bandpass", fs=SAMPLE_RATE, output="sos")
    narrow = np.clip(sosfilt(band, signal), -1.0, 1.0)
    steps = np.round(np.log1p(255.0 * np.abs(narrow)) / np.log(256.0) * 127.0) / 127.0
    return np.asarray(np.sign(narrow) * np.expm1(steps * np.log(256.0)) / 255.0, dtype=np.float32)
