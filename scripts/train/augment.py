"""Changes of speech that leave the lips as they were: speed, colour, room, level, noise, other
people.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.signal import fftconvolve, resample_poly

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
    seconds = generator.uniform(0.15, 0.7)
    samples = int(seconds * SAMPLE_RATE)
    decay = 10.0 ** (-3.0 * np.arange(samples) / samples)
    tail = generator.standard_normal(samples) * decay
    tail[: int(0.004 * SAMPLE_RATE)] = 0.0
    tail *= 10.0 ** (-generator.uniform(4.0, 20.0) / 20.0) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(fftconvolve(signal, tail)[: len(signal)], dtype=np.float32)


def talk_behind(signal: Signal, other: Signal, decibel: float, level: float) -> Signal:
    """Add another speaker `decibel` dB below `level` dBFS; the lips stay the near speaker's."""
    repeated = np.resize(other, len(signal))
    return (signal + scaled(repeated, level - decibel)).astype(np.float32)
