"""Reading, resampling and writing of mono speech."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from scipy.signal import resample_poly

SAMPLE_RATE = 16000
"""The rate in Hz at which the engine works."""

Signal = npt.NDArray[np.float32]
"""Mono samples in [-1, 1], shape (samples,)."""


def read(path: Path, rate: int = SAMPLE_RATE) -> Signal:
    """Read a sound file as mono at `rate` Hz."""
    samples, source_rate = soundfile.read(path, dtype="float32", always_2d=True)
    return resample(samples.mean(axis=1), source_rate, rate)


def resample(signal: Signal, source_rate: float, rate: float) -> Signal:
    """Band-limited conversion from `source_rate` to `rate`, both in Hz."""
    if source_rate == rate:
        return signal.astype(np.float32)
    ratio = Fraction(rate / source_rate).limit_denominator(640)
    converted = resample_poly(signal, ratio.numerator, ratio.denominator)
    return np.asarray(converted, dtype=np.float32)


def write(path: Path, signal: Signal, rate: int = SAMPLE_RATE) -> None:
    """Write 16-bit mono PCM."""
    soundfile.write(path, np.clip(signal, -1.0, 1.0), rate, subtype="PCM_16")


def rms_dbfs(signal: Signal) -> float:
    """Level in dB relative to full scale (a square wave of amplitude 1 has 0 dB)."""
    return float(10.0 * np.log10(np.mean(np.square(signal, dtype=np.float64)) + 1e-12))
