"""Speech without its voice: the same mouth, excited by noise instead of the vocal folds."""

from __future__ import annotations

import numpy as np

from .audio import SAMPLE_RATE, Signal

FRAME = 480
HOP = 160
ORDER = 18
FFT_SIZE = 512
EVENNESS = 0.6
"""Exponent of the loudness: vowels lose more of theirs than consonants, which were noise before."""
LOW_CUT_HZ = 500.0


def _frames(signal: Signal) -> np.ndarray:
    padded = np.pad(signal, (FRAME, FRAME + HOP))
    windows = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    return windows * np.hanning(FRAME).astype(np.float32)


def _envelopes(frames: np.ndarray) -> np.ndarray:
    """Amplitude of the all-pole filter of each frame, at the FFT's frequencies, loudness
    included.
    """
    power = np.square(np.abs(np.fft.rfft(frames, 2 * FFT_SIZE)))
    lags = np.fft.irfft(power)[:, : ORDER + 1]
    lags[:, 0] = lags[:, 0] * 1.0001 + 1e-7
    index = np.abs(np.subtract.outer(np.arange(ORDER), np.arange(ORDER)))
    predictor = np.linalg.solve(lags[:, index], lags[:, 1:, None])[..., 0]
    gain = np.sqrt(np.maximum(lags[:, 0] - np.sum(predictor * lags[:, 1:], axis=1), 1e-9))
    inverse = np.concatenate([np.ones((len(frames), 1)), -predictor], axis=1)
    return np.asarray(gain[:, None] / np.maximum(np.abs(np.fft.rfft(inverse, FFT_SIZE)), 1e-4))


def whisper(signal: Signal, generator: np.random.Generator) -> Signal:
    """`signal` as a whisper, of the same length and about the same level."""
    envelopes = _envelopes(_frames(signal))
    loudness = np.sqrt(np.mean(np.square(envelopes), axis=1, keepdims=True))
    envelopes *= (loudness / loudness.max()) ** (EVENNESS - 1.0)
    frequency = np.linspace(0.0, SAMPLE_RATE / 2.0, FFT_SIZE // 2 + 1)
    envelopes *= np.clip(frequency / LOW_CUT_HZ, 0.15, 1.0)
    noise = generator.standard_normal(HOP * len(envelopes) + FFT_SIZE).astype(np.float32)
    window = np.sqrt(np.hanning(FFT_SIZE))
    pieces = np.lib.stride_tricks.sliding_window_view(noise, FFT_SIZE)[::HOP][: len(envelopes)]
    shaped = np.fft.irfft(np.fft.rfft(pieces * window) * envelopes) * window
    out = np.zeros(HOP * len(envelopes) + FFT_SIZE)
    for number, piece in enumerate(shaped):
        out[number * HOP : number * HOP + FFT_SIZE] += piece
    first = FRAME + (FFT_SIZE - FRAME) // 2
    result = out[first : first + len(signal)]
    result *= np.sqrt(np.mean(np.square(signal)) / (np.mean(np.square(result)) + 1e-12))
    return result.astype(np.float32)
