"""What the installed engine shows for a sound: mouths, source frames, and the pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

import bithuman_ctypes as bh
from bithuman_ctypes._lowlevel.options import StreamOptions
from bithuman_ctypes.authoring import imx
from scripts.train.audio import SAMPLE_RATE, Signal

Picture = npt.NDArray[np.uint8]
"""(height, width, 3), blue first."""

Array = npt.NDArray[np.float64]
Look = Callable[[Picture], tuple[float, float]]

TICK = 640
"""Samples of a frame at 16 kHz."""


class Shown(NamedTuple):
    """One sound's frames."""

    mouths: npt.NDArray[np.intp]
    frames: npt.NDArray[np.intp]
    """Source frames."""
    heard: Array
    """What the encoder gave, (ticks, 23)."""
    seen: Array
    """What `look` saw in each picture, (ticks, 2)."""


class Stage:
    """An avatar with one stream on it."""

    def __init__(self, avatar: Path, lookahead_ms: int) -> None:
        self.avatar = imx.read(avatar)
        self.coords: Array = np.array([mouth.coords for mouth in self.avatar.mouths])
        self.fixture = bh.Fixture(avatar)
        self.stream = bh.Runtime(self.fixture, StreamOptions(lookahead_ms=lookahead_ms))
        self.plain = bh.Runtime(self.fixture)

    def load(self, signal: Signal, rate: int = SAMPLE_RATE) -> int:
        """Begin anew with a sound of `rate` Hz; returns how many frames it has."""
        self.stream.reset_stream()
        self.stream.push_chunk(np.ascontiguousarray(signal, np.float32), rate, 1)
        self.stream.flush()
        return self.stream.ticks_available()

    def play(self, signal: Signal, look: Look, rate: int = SAMPLE_RATE) -> Shown:
        """All frames of a sound, each looked at."""
        rows, heard = [], []
        for _ in range(self.load(signal, rate)):
            mouth, frame, picture = self.stream.pull()
            rows.append((mouth, frame, *look(picture)))
            heard.append(np.frombuffer(self.stream.heard(), "<f4"))
        table = np.array(rows, np.float64)
        whole = table[:, :2].astype(np.intp)
        return Shown(whole[:, 0], whole[:, 1], np.array(heard, np.float64), table[:, 2:])

    def choose(self, signal: Signal) -> Shown:
        """The same without pictures, which takes no time; source frames and sights are 0."""
        self.stream.reset_stream()
        heard = np.zeros((len(signal) // TICK, self.fixture.embedding_dim), np.float32)
        mouths = np.array([self.stream.tick(signal, row) for row in heard], np.intp)
        nothing = np.zeros((len(mouths), 2))
        return Shown(mouths, np.zeros_like(mouths), heard.astype(np.float64), nothing)

    def hear(self, signal: Signal, rate: int) -> Shown:
        """The same for a sound of another rate, which the engine converts."""
        return self.play(signal, lambda _: (0.0, 0.0), rate)
