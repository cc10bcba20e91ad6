"""A live session on a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from support import REPO, TINY

import bithuman_ctypes as bh
from bithuman_ctypes._live_options import LiveOptions, open_session
from bithuman_ctypes._session import Session
from bithuman_ctypes.settings import Settings

ACTIONS = REPO / "tests" / "data" / "tiny_actions.imx"
"""tiny.imx and two clips: ``nod``, and ``look_aside`` for idle moments."""

PERIOD = 40_000


class Live:
    """A session and its clock: ``tick`` goes on by 40 ms and gives the frame that is due."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.now = 1_000_000

    def tick(self) -> bh.VideoFrame | None:
        frame = self.session.step(self.now)
        self.now += PERIOD
        return frame

    def ticks(self, count: int) -> list[bh.VideoFrame | None]:
        return [self.tick() for _ in range(count)]

    def frames(self, count: int) -> list[bh.VideoFrame]:
        """``ticks`` that all give a frame."""
        found = [frame for frame in self.ticks(count) if frame is not None]
        assert len(found) == count
        return found

    def say(
        self, data: NDArray[Any], rate: int = 16000, last: bool = True, name: str = "m"
    ) -> None:
        """Pushes sound, and ends the utterance with it."""
        self.session.push(bh.AudioChunk(data, rate, last), name)
        if last:
            self.session.flush()

    def until_silent(self, most: int = 100_000) -> list[bh.VideoFrame]:
        """The frames up to the first that has no sound, without it."""
        found: list[bh.VideoFrame] = []
        for _ in range(most):
            frame = self.tick()
            if frame is not None:
                if frame.audio_chunk is None:
                    return found
                found.append(frame)
        raise AssertionError("it goes on speaking")


@contextmanager
def live(path: Path = TINY, settings: Settings | None = None, **options: Any) -> Iterator[Live]:
    """A session that is stopped in the end."""
    session = open_session(str(path), LiveOptions(**options), settings or Settings())
    try:
        yield Live(session)
    finally:
        session.stop()


def voice(seconds: float, rate: int = 16000, seed: int = 1) -> NDArray[np.int16]:
    """Noise, no two samples of which can be mistaken for each other for long."""
    generator = np.random.default_rng(seed)
    return generator.integers(-8000, 8000, round(seconds * rate), dtype=np.int16)


def sound(frames: list[bh.VideoFrame]) -> NDArray[np.int16]:
    """The samples of frames, one after another."""
    chunks = [frame.audio_chunk.array for frame in frames if frame.audio_chunk is not None]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.int16)


def ends(frames: list[bh.VideoFrame]) -> list[int]:
    """Which of them end an utterance."""
    return [index for index, frame in enumerate(frames) if frame.end_of_speech]
