"""What the installed engine shows for a sound: mouths and pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

import bithuman_ctypes as bh
from bithuman_ctypes._ffi import _values
from bithuman_ctypes._ffi.library import ffi, library
from bithuman_ctypes._lowlevel.options import StreamOptions
from bithuman_ctypes.authoring import imx
from scripts.train.audio import SAMPLE_RATE, Signal

Picture = npt.NDArray[np.uint8]
"""(height, width, 3), blue first."""

Array = npt.NDArray[np.float64]
Rect = tuple[int, int, int, int]
"""x, y, width, height."""
Look = Callable[[list[Picture]], Array]

TICK = 640
"""Samples of a frame at 16 kHz."""


class Shown(NamedTuple):
    """One sound's frames."""

    mouths: npt.NDArray[np.intp]
    others: npt.NDArray[np.intp]
    """What is mixed into them."""
    shares: Array
    """How much of it, 0 to 0.5."""
    heard: Array
    """What the encoder gave, (ticks, 23)."""
    seen: Array | None
    """What FaceMesh saw in each picture, (ticks, 2); None where it did not look."""

    def of(self, values: Array) -> Array:
        """Of one value for each mouth that of each frame; mixed mouths have some of both."""
        alone, mixed = values[self.mouths], values[self.others]
        return np.asarray(alone + (mixed - alone) * self.shares)


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

    def _mixed(self) -> tuple[float, float, float]:
        """Mouth, other mouth and share of the tick that was given last."""
        floats = ffi.new("float[3]")
        call, size = library().be_runtime_capture, ffi.sizeof(floats)
        self.stream._check(
            self.stream._call(call, _values.BE_DIAG_SHOWN_MOUTHS, floats, size, ffi.NULL)
        )
        return floats[0], floats[1], floats[2]

    def play(self, signal: Signal, rect: Rect, look: Look) -> Shown:
        """All frames of a sound; `look` is given the part `rect` of each."""
        x, y, width, height = rect
        mixed, heard, parts = [], [], []
        for _ in range(self.load(signal)):
            picture = self.stream.pull()[2]
            mixed.append(self._mixed())
            heard.append(np.frombuffer(self.stream.heard(), "<f4"))
            parts.append(picture[y : y + height, x : x + width].copy())
        return _together(mixed, np.array(heard), look(parts))

    def choose(self, signal: Signal) -> Shown:
        """The same without pictures, which takes no time."""
        self.stream.reset_stream()
        heard = np.zeros((len(signal) // TICK, self.fixture.embedding_dim), np.float32)
        mixed = []
        for row in heard:
            self.stream.tick(signal, row)
            mixed.append(self._mixed())
        return _together(mixed, heard, None)

    def hear(self, signal: Signal, rate: int) -> Shown:
        """The same for a sound of another rate, which the engine converts."""
        mixed, heard = [], []
        for _ in range(self.load(signal, rate)):
            self.stream.pull(size=(2, 2))
            mixed.append(self._mixed())
            heard.append(np.frombuffer(self.stream.heard(), "<f4"))
        return _together(mixed, np.array(heard), None)


def _together(
    mixed: list[tuple[float, float, float]], heard: npt.NDArray[np.float32], seen: Array | None
) -> Shown:
    mouths, others, shares = np.array(mixed).reshape(-1, 3).T
    return Shown(mouths.astype(np.intp), others.astype(np.intp), shares, heard.astype("f8"), seen)
