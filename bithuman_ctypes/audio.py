"""Helpers that programs written for ``bithuman.audio`` use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from bithuman_ctypes.api import AudioChunk, samples
from bithuman_ctypes.errors import AudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AudioChunk", "float32_to_int16", "int16_to_float32", "load_audio"]


def float32_to_int16(array: NDArray[Any]) -> NDArray[np.int16]:
    """Floats in [-1, 1] as 16-bit samples; what is beyond is clipped."""
    return samples(np.asarray(array, np.float32))


def int16_to_float32(array: NDArray[np.int16]) -> NDArray[np.float32]:
    """16-bit samples as floats in [-1, 1)."""
    return np.asarray(array, np.int16).astype(np.float32) / np.float32(32768)


def load_audio(path: str | os.PathLike[str]) -> tuple[NDArray[np.float32], int]:
    """A sound file as (float32 samples in [-1, 1], rate in Hz), channels averaged.

    Raises AudioNotFoundError, AudioError, NotSupported (soundfile is not installed).
    """
    from bithuman_ctypes._audio import blocks

    parts: list[NDArray[np.float32]] = []
    rate = 0
    for block in blocks(path):
        data = block.data.reshape(-1, block.channels).mean(axis=1, dtype=np.float32)
        parts.append(data)
        rate = block.rate
    if not parts:
        raise AudioError(f"the audio {os.fspath(path)} is empty")
    return np.concatenate(parts), rate
