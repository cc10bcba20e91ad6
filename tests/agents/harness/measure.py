"""Reads a recording the way somebody who watches does: when does the mouth move, when the voice?"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import TICK, Pcm
from .face import Faces, Look
from .room import Recording

STEP = 0.001  # seconds: the resolution of a lag
REACH = 150  # steps: the largest lag that is looked for

Times = NDArray[np.float64]


class StillMouth(Exception):
    """In this part of the speech the mouth hardly moves: there is nothing to compare."""


@dataclass(frozen=True)
class Voice:
    """Speech as it arrived: blocks of 10 ms, without the silence that a transport put between."""

    at: Times  # of each block
    pcm: Pcm  # all of them
    block: int

    @classmethod
    def of(cls, recording: Recording) -> Voice:
        spoken = [sound for sound in recording.sounds if sound.pcm.any()]
        block = len(spoken[0].pcm)
        assert {len(sound.pcm) for sound in spoken} == {block}
        pcm = np.concatenate([sound.pcm for sound in spoken])
        return cls(np.array([sound.at for sound in spoken]), pcm, block)


def frame_seconds(times: Sequence[float], span: int = 25) -> float:
    """Seconds per frame: the median over all spans of a second, which a hiccup cannot move."""
    t = np.asarray(times)
    assert len(t) > 2 * span, f"only {len(t)} frames"
    return float(np.median(t[span:] - t[:-span]) / span)


def looks(recording: Recording, faces: Faces) -> list[Look]:
    return [faces.look(picture.luma) for picture in recording.pictures]


def held(times: Times, values: NDArray[np.float64], grid: Times) -> NDArray[np.float64]:
    """A signal that keeps each value until the next one, read at ``grid``."""
    return values[np.clip(np.searchsorted(times, grid, side="right") - 1, 0, None)]


@dataclass(frozen=True)
class Heard:
    """Where in a speech each 10 ms of a recording lie."""

    at: Times
    sample: NDArray[np.int64]  # of the speech; beyond its ends where something else is heard

    @classmethod
    def exactly(cls, recording: Recording, first: int = 0) -> Heard:
        """For a transport that hands samples on as they are, and zeros where it has none.

        The speech begins with sample ``first`` of all that is not silence.
        """
        counts = np.array([len(sound.pcm) * bool(sound.pcm.any()) for sound in recording.sounds])
        sample = np.cumsum(counts) - counts - first
        silent = counts == 0
        quiet = np.convolve(silent, np.ones(3), "full")[: len(silent)] >= 3  # more than a hiccup
        sample[quiet | ~np.logical_or.accumulate(~silent)] = -1
        return cls(np.array([sound.at for sound in recording.sounds]), sample)

    @classmethod
    def alike(cls, recording: Recording, pcm: Pcm, part: tuple[int, int]) -> Heard | None:
        """For a transport that changes the sound: where a part of a speech fits best, or None."""
        got = np.concatenate([sound.pcm for sound in recording.sounds]).astype(float)
        wanted = pcm[part[0] : part[1]].astype(float)
        size = 1 << (len(got) + len(wanted)).bit_length()
        spectrum = np.fft.rfft(got, size) * np.conj(np.fft.rfft(wanted, size))
        product = np.fft.irfft(spectrum, size)[: len(got) - len(wanted) + 1]
        energy = np.convolve(got**2, np.ones(len(wanted)), "valid")
        likeness = product / np.sqrt(np.maximum(energy, 1) * (wanted**2).sum())
        start = int(np.argmax(likeness))
        if likeness[start] < 0.8:
            return None
        lengths = np.array([len(sound.pcm) for sound in recording.sounds])
        sample = np.cumsum(lengths) - lengths - start + part[0]
        return cls(np.array([sound.at for sound in recording.sounds]), sample)


@dataclass(frozen=True)
class Seen:
    """How open the mouth is in each picture of a recording."""

    at: Times
    opening: NDArray[np.float64]

    @classmethod
    def of(cls, recording: Recording, faces: Faces) -> Seen:
        opening = [faces.opening(look.mouth) for look in looks(recording, faces)]
        return cls(np.array([picture.at for picture in recording.pictures]), np.array(opening))


def lag(seen: Seen, heard: Heard, faces: Faces, part: tuple[int, int]) -> float:
    """Seconds by which the picture comes after the voice, in a part of the speech of ``faces``.

    The mouth that each sound should have, at the time when it is heard, is laid over the mouths
    that are seen; where nothing is heard nothing is compared.
    """
    within = (heard.sample >= part[0]) & (heard.sample < part[1])
    at, sample = heard.at[within], heard.sample[within]
    wanted = np.array([faces.opening(faces.mouths[n // TICK]) for n in sample])
    grid = np.arange(at[0], at[-1], STEP)
    grid = grid[held(heard.at, within.astype(float), grid) > 0]
    expected = held(at, wanted, grid)
    if expected.std() < 0.05:
        raise StillMouth
    lags = np.arange(-REACH, REACH + 1) * STEP
    errors = np.array(
        [np.abs(held(seen.at, seen.opening, grid + by) - expected).mean() for by in lags]
    )
    assert errors.min() < 0.5 * np.abs(expected - expected.mean()).mean(), (
        "the mouth does not follow"
    )
    return float(lags[errors <= errors.min() * 1.02 + 1e-9].mean())


@contextlib.asynccontextmanager
async def metronome(period: float = 0.005) -> AsyncIterator[list[float]]:
    """How late the event loop was, in seconds, tick by tick: what the machine did to a test."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(period)
            late.append(time.perf_counter() - before - period)

    task = asyncio.create_task(tick())
    try:
        yield late
    finally:
        task.cancel()


def stall(late: Sequence[float]) -> float:
    """What a limit has to allow for: the worst hold-up, unless that is nothing special."""
    worst = max(late, default=0.0)
    return worst if worst > 0.015 else 0.0
