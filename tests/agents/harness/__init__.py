"""What the tests of the integrations share: a room, a recorder, and how to read a recording."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

REPO = Path(__file__).resolve().parents[3]
TINY = REPO / "tests" / "data" / "tiny.imx"
TINY_SIZE = (160, 96)
RATE = 16000
TICK = 640
SECRET = "an open avatar asks for none"

Pcm = NDArray[np.int16]


def speech(start: float, seconds: float, rate: int = RATE) -> Pcm:
    """A piece of the bundled speech, int16, with no sample of 0.

    So silence in a recording is what a transport has put there.
    """
    from bithuman_ctypes.avatar import bundled

    with wave.open(str(bundled("speech.wav"))) as file:
        native = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    times = (start + np.arange(round(seconds * rate)) / rate) * native
    pcm: Pcm = np.interp(times, np.arange(len(samples)), samples).round().astype(np.int16)
    pcm[pcm == 0] = 1
    return pcm
