"""Ways in which speech gets worse on its way; the network is scored under each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, sosfiltfilt

from . import augment, noise
from .audio import SAMPLE_RATE, Signal, rms_dbfs

Change = Callable[[Signal, np.random.Generator], Signal]


def _gain(decibel: float) -> Change:
    factor = np.float32(10.0 ** (decibel / 20.0))
    return lambda signal, _: np.clip(signal * factor, -1.0, 1.0).astype(np.float32)


def _telephone(signal: Signal, _: np.random.Generator) -> Signal:
    band = butter(4, (300.0, 3400.0), btype="bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfiltfilt(band, signal), dtype=np.float32)


def _pink(snr_db: float) -> Change:
    def add(signal: Signal, generator: np.random.Generator) -> Signal:
        level = rms_dbfs(signal) - snr_db
        return np.asarray(signal + noise.room(len(signal), "pink", level, generator))

    return add


CHANGES: dict[str, Change] = {
    "as it is": lambda signal, _: signal,
    "20 dB quieter": _gain(-20.0),
    "10 dB louder, clipped": _gain(10.0),
    "telephone band": _telephone,
    "reverberant room": augment.reverberate,
    "pink noise, 20 dB": _pink(20.0),
    "pink noise, 10 dB": _pink(10.0),
}
