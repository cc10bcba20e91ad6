"""What callers give as audio, cut into blocks that the engine takes."""

from __future__ import annotations

import math
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Union

import numpy as np
from numpy.typing import NDArray

from bithuman_ctypes.errors import AudioError, AudioNotFoundError, NotSupported

if TYPE_CHECKING:
    import soundfile

ENGINE_RATE = 16000
"""Rate of audio that says nothing about its own, Hz."""

FPS = 25
BLOCKS_PER_SECOND = 5

WHOLE = 0.99
"""How much of the length that a file states must be there; an MP3 may state it not quite right."""

AudioPiece = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, NDArray[Any]]
"""A path, bytes (16 kHz mono s16, native order), or a 1-D int16 or float array (16 kHz mono).

A memoryview is what its format says: bytes (B, b, c), int16 (h) or float32 (f)."""

Audio = Union[AudioPiece, Iterable[AudioPiece]]


class Block(NamedTuple):
    """A piece of audio: int16 or float32, C-contiguous, interleaved or (samples, channels)."""

    data: NDArray[Any]
    rate: int
    channels: int


def blocks(audio: Audio) -> Iterator[Block]:
    """Cuts audio into blocks of a fifth of a second or less; files are read as they are needed.

    What can be wrong without reading it (the type, a missing file) is raised at once, the rest when
    the block is asked for. Raises TypeError, ValueError, AudioNotFoundError, AudioError,
    NotSupported (a file, and soundfile is not installed).
    """
    if isinstance(audio, (str, os.PathLike)):
        return _file_blocks(_existing(audio))
    if isinstance(audio, memoryview):
        audio = _without_view(audio)
    if isinstance(audio, (bytes, bytearray)):
        return _array_blocks(_samples_of_bytes(bytes(audio)))
    if isinstance(audio, np.ndarray):
        return _array_blocks(_samples_of_array(audio))
    if isinstance(audio, Iterable):
        return _iterable_blocks(audio)
    raise TypeError(
        "audio is a path, bytes, an int16 or float32 array, or an iterable of those, not "
        f"{type(audio).__name__}"
    )


def frames_in_file(path: str | os.PathLike[str]) -> int | None:
    """How many video frames an audio file will give; None where its length is not known."""
    with _open(_existing(path)) as file:
        length = _length(file)
        return None if length is None else math.ceil(length * FPS / file.samplerate)


# ------------------------------------------------------------------ files


def _existing(path: str | os.PathLike[str]) -> str:
    name = os.fspath(path)
    try:
        mode = os.stat(name).st_mode
        readable = os.access(name, os.R_OK)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioNotFoundError(f"cannot open the audio {name}: {reason}") from None
    if not readable:
        raise AudioNotFoundError(f"cannot open the audio {name}: Permission denied")
    if stat.S_ISDIR(mode):
        raise AudioError(f"the audio {name} is a folder")
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        raise AudioError(f"the audio {name} is a pipe, which cannot be read: give a file")
    return name


def _open(path: str) -> soundfile.SoundFile:
    try:
        import soundfile
    except ImportError:
        raise NotSupported(
            "reading audio files needs the soundfile package: pip install av soundfile tqdm"
        ) from None

    class Forward(soundfile.SoundFile):  # type: ignore[misc]  # soundfile publishes no types
        """Never seeks. SoundFile seeks after each read, and an MP3 decoder that is made to seek
        loses what it holds of the frames before: clicks and silence, once per block."""

        def seekable(self) -> bool:
            return False

    try:
        return Forward(path)
    except soundfile.SoundFileError as error:
        raise AudioError(f"cannot read the audio {path}: {_reason(error)}") from None


def _length(file: soundfile.SoundFile) -> int | None:
    """Samples per channel that the file says it has; None where it does not say."""
    # libsndfile answers with a huge number for a stream whose length it does not know.
    return int(file.frames) if 0 < file.frames < 1 << 48 else None


def _file_blocks(path: str) -> Iterator[Block]:
    with _open(path) as file:
        count = max(1, file.samplerate // BLOCKS_PER_SECOND)
        read = 0
        while True:
            try:
                data = file.read(count, dtype="float32", always_2d=True)
            except RuntimeError as error:  # soundfile's errors are RuntimeErrors
                raise AudioError(f"cannot read the audio {path}: {_reason(error)}") from None
            if not len(data):
                break
            read += len(data)
            yield Block(data, file.samplerate, file.channels)
        _require_whole(path, read, _length(file), file.samplerate)


def _require_whole(path: str, read: int, length: int | None, rate: int) -> None:
    """Some decoders end in the middle of a damaged file without an error."""
    if length is not None and read < WHOLE * length:
        raise AudioError(
            f"the audio {path} is damaged: it ends after {read / rate:.1f} of its "
            f"{length / rate:.1f} seconds"
        )


def _reason(error: Exception) -> str:
    """libsndfile's own sentence, without the path that soundfile puts before it."""
    return str(getattr(error, "error_string", error)).strip().rstrip(".")


# ------------------------------------------------------------------ memory


def _iterable_blocks(pieces: Iterable[Any]) -> Iterator[Block]:
    odd = b""  # half a sample, when pieces of bytes are cut between its two bytes
    for piece in pieces:
        if isinstance(piece, memoryview):
            piece = _without_view(piece)
        if isinstance(piece, (bytes, bytearray)):
            data = odd + bytes(piece)
            whole = len(data) & ~1
            odd = data[whole:]
            yield from _array_blocks(_samples_of_bytes(data[:whole]))
            continue
        if not isinstance(piece, (str, os.PathLike, np.ndarray)):
            raise TypeError(
                f"an iterable of audio gives paths, bytes or arrays, not {type(piece).__name__}"
            )
        if odd:
            raise ValueError("bytes of 16-bit samples end in half a sample")
        yield from blocks(piece)
    if odd:
        raise ValueError("bytes of 16-bit samples end in half a sample")


def _without_view(view: memoryview) -> bytes | NDArray[Any]:
    """What a memoryview shows: bytes of 16-bit samples, or an array of floats."""
    kind = view.format.lstrip("@=" + ("<" if sys.byteorder == "little" else ">"))
    if kind in ("B", "b", "c", "h"):
        return bytes(view)
    if kind == "f":
        return np.asarray(view)
    raise TypeError(
        f"a memoryview of audio has bytes, int16 or float32, not the format {view.format!r}"
    )


def _samples_of_bytes(data: bytes) -> NDArray[Any]:
    if len(data) % 2:
        raise ValueError(f"{len(data)} bytes are not a whole number of 16-bit samples")
    return np.frombuffer(data, dtype=np.int16)


def _samples_of_array(array: NDArray[Any]) -> NDArray[Any]:
    if array.ndim != 1:
        raise ValueError(
            f"an audio array has one dimension (16 kHz mono), not the shape {array.shape}"
        )
    if array.dtype != np.int16 and array.dtype.kind != "f":
        raise TypeError(f"an audio array is int16 or float32, not {array.dtype}")
    return array


def _array_blocks(array: NDArray[Any]) -> Iterator[Block]:
    step = ENGINE_RATE // BLOCKS_PER_SECOND
    dtype = np.int16 if array.dtype == np.int16 else np.float32
    for start in range(0, len(array), step):
        yield Block(np.ascontiguousarray(array[start : start + step], dtype), ENGINE_RATE, 1)
