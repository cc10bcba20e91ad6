"""What a microphone hears when nobody speaks: rooms, hum, breaths, clicks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .audio import SAMPLE_RATE, Signal

COLOURS = ("white", "pink", "brown", "hum", "fan")


def scaled(signal: npt.NDArray[np.floating], dbfs: float) -> Signal:
    """Give `signal` the RMS level `dbfs`."""
    rms = float(np.sqrt(np.mean(np.square(signal)) + 1e-20))
    return np.asarray(signal * (10.0 ** (dbfs / 20.0) / rms), dtype=np.float32)


def shaped(samples: int, response: np.ndarray, generator: np.random.Generator) -> Signal:
    """Gaussian noise with the amplitude `response` at the len(response) frequencies 0 .. 8 kHz."""
    size = max(samples, 512)
    spectrum = np.fft.rfft(generator.standard_normal(size).astype(np.float32))
    position = np.linspace(0.0, 1.0, len(spectrum))
    gain = np.interp(position, np.linspace(0.0, 1.0, len(response)), response)
    return np.fft.irfft(spectrum * gain, size)[:samples].astype(np.float32)


def hum(samples: int, generator: np.random.Generator) -> Signal:
    """Mains hum of 50 or 60 Hz with decaying harmonics."""
    base = float(generator.choice([50.0, 60.0]))
    time = np.arange(samples) / SAMPLE_RATE
    parts = [
        generator.uniform(0.2, 1.0)
        / n
        * np.sin(2 * np.pi * (n * base * time + generator.uniform()))
        for n in range(1, 9)
    ]
    return np.asarray(np.sum(parts, axis=0), dtype=np.float32)


def room(samples: int, colour: str, dbfs: float, generator: np.random.Generator) -> Signal:
    """Stationary noise of one of COLOURS at `dbfs` RMS."""
    frequency = np.linspace(0.0, SAMPLE_RATE / 2.0, 257) + 15.0
    if colour == "hum":
        noise = hum(samples, generator)
        noise += scaled(shaped(samples, 1.0 / np.sqrt(frequency), generator), -6.0)
    elif colour == "fan":
        bumps = np.exp(-(((frequency - generator.uniform(100, 900)) / 150.0) ** 2)) * 0.2
        noise = shaped(samples, 1.0 / frequency + bumps / 100.0, generator)
    else:
        power = {"white": 0.0, "pink": 0.5, "brown": 1.0}[colour]
        noise = shaped(samples, frequency**-power, generator)
    return scaled(noise, dbfs)


def breath(generator: np.random.Generator) -> Signal:
    """One breath, 0.1 to 0.8 s, -45 to -28 dBFS: broad resonances, fading in and out."""
    samples = int(generator.uniform(0.1, 0.8) * SAMPLE_RATE)
    frequency = np.linspace(0.0, SAMPLE_RATE / 2.0, 129)
    response = np.full(129, 0.05)
    for centre in generator.uniform((300, 1000, 2000, 4000), (900, 2000, 4000, 7000)):
        width = generator.uniform(200.0, 900.0)
        response += generator.uniform(0.1, 1.0) * np.exp(-(((frequency - centre) / width) ** 2))
    peak = generator.uniform(0.25, 0.75)
    position = np.linspace(0.0, 1.0, samples)
    envelope = np.interp(position, (0.0, peak, 1.0), (0.0, 1.0, 0.0)) ** generator.uniform(0.5, 2.0)
    return scaled(shaped(samples, response, generator) * envelope, generator.uniform(-45.0, -28.0))


def click(generator: np.random.Generator) -> Signal:
    """A lip smack, key or knock: one to three decaying impulses within 60 ms, peak .003 to .25."""
    signal = np.zeros(int(0.12 * SAMPLE_RATE), dtype=np.float32)
    for _ in range(generator.integers(1, 4)):
        start = int(generator.uniform(0.0, 0.06) * SAMPLE_RATE)
        time = np.arange(len(signal) - start) / SAMPLE_RATE
        decay = np.exp(-time / generator.uniform(0.0005, 0.008))
        tone = np.sin(2 * np.pi * generator.uniform(150.0, 5000.0) * time)
        signal[start:] += (
            decay * (0.6 * tone + 0.4 * generator.standard_normal(len(time)))
        ).astype(np.float32)
    peak = 10.0 ** generator.uniform(-2.5, -0.6)
    return np.asarray(signal / np.abs(signal).max() * peak, dtype=np.float32)


def silence_clip(seconds: float, dbfs: float, generator: np.random.Generator) -> Signal:
    """A stretch without speech: room noise at `dbfs` with some breaths and clicks."""
    samples = int(seconds * SAMPLE_RATE)
    signal = room(samples, str(generator.choice(COLOURS)), dbfs, generator)
    for _ in range(generator.poisson(seconds / 1.8)):
        add_at(signal, breath(generator), generator.uniform(0.0, seconds))
    for _ in range(generator.poisson(seconds / 5.0)):
        add_at(signal, click(generator), generator.uniform(0.0, seconds))
    return signal


def add_at(signal: Signal, event: Signal, seconds: float) -> None:
    """Add `event` to `signal` from `seconds` on, cut at its end."""
    start = int(seconds * SAMPLE_RATE)
    count = min(len(event), len(signal) - start)
    if count > 0:
        signal[start : start + count] += event[:count]
