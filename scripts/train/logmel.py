"""Independent numpy reference of the engine's log-mel spectrum, in double precision.

Frame i covers the samples [160 i - 240, 160 i + 160) of a 16 kHz signal, zeros before its start; so
tick k (40 ms) owns the frames 4k .. 4k + 3 and frame i is complete with the last sample of its 10
ms.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16000
HOP = 160
WINDOW = 400
FFT_SIZE = 512
BANDS = 40
LOWEST_HZ = 60.0
HIGHEST_HZ = 7600.0
FLOOR = 1e-5
FRAMES_PER_TICK = 4
TICK = HOP * FRAMES_PER_TICK

Array = npt.NDArray[np.float64]


def hz_to_mel(hertz: npt.ArrayLike) -> Array:
    """The mel scale as HTK defines it."""
    return 2595.0 * np.log10(1.0 + np.asarray(hertz, dtype=np.float64) / 700.0)


def mel_to_hz(mel: npt.ArrayLike) -> Array:
    """Inverse of `hz_to_mel`."""
    return 700.0 * (10.0 ** (np.asarray(mel, dtype=np.float64) / 2595.0) - 1.0)


def window() -> Array:
    """Periodic Hann window, shape (400,)."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WINDOW) / WINDOW)


def filterbank(warp: float = 1.0, bend: float = 0.0) -> Array:
    """Triangular filters of peak 1, shape (40, 257).

    `warp` multiplies the frequency of every FFT bin first; 1 is the engine's filter bank, other
    values (0.84 .. 1.2) imitate a longer or shorter vocal tract when training data are made.
    `bend` (-0.15 .. 0.15) moves 8 kHz by so much more than 2 kHz, and 0 Hz the other way: another
    shape of it.
    """
    edges = mel_to_hz(np.linspace(hz_to_mel(LOWEST_HZ), hz_to_mel(HIGHEST_HZ), BANDS + 2))
    bins = np.arange(FFT_SIZE // 2 + 1) * (SAMPLE_RATE / FFT_SIZE) * warp
    bins = bins * (1.0 + bend * (bins / 6000.0 - 1.0 / 3.0))
    lower, centre, upper = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (bins - lower) / (centre - lower)
    falling = (upper - bins) / (upper - centre)
    return np.maximum(0.0, np.minimum(rising, falling))


def frames(signal: npt.ArrayLike) -> Array:
    """Cut a signal into its complete frames, shape (samples // 160, 400)."""
    samples = np.asarray(signal, dtype=np.float64)
    count = len(samples) // HOP
    padded = np.concatenate([np.zeros(WINDOW - HOP), samples[: count * HOP]])
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]


def logmel(signal: npt.ArrayLike, filters: Array | None = None) -> Array:
    """Natural logarithm of the mel energies, shape (samples // 160, 40).

    `signal` is mono at 16 kHz in [-1, 1]. Digital silence gives ln(1e-5) = -11.51 everywhere.
    """
    bank = filterbank() if filters is None else filters
    spectrum = np.fft.rfft(frames(signal) * window(), FFT_SIZE, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return np.log(power @ bank.T + FLOOR)
