"""Where the frames of ``render`` go: an MP4, or raw to standard output."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from bithuman_ctypes._media.output import atomic_output, cannot_write
from bithuman_ctypes._media.pace import Pace
from bithuman_ctypes._media.render import heard_by, mp4_writer
from bithuman_ctypes.cli.guard import StdoutClosed
from bithuman_ctypes.errors import AudioError, InvalidArgumentError, OutputError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from bithuman_ctypes._audio import Block


class Sink(Protocol):
    """Where frames go: ``prepared`` before the avatar is loaded (so that what cannot be written
    fails early), ``opened`` when the size is known, then ``write`` for each frame, then
    ``summary``."""

    frames_in: int

    def __init__(self, arguments: argparse.Namespace) -> None: ...
    def prepared(self) -> AbstractContextManager[None]: ...
    def opened(self, width: int, height: int) -> AbstractContextManager[None]: ...
    def heard(self, blocks: Iterable[Block]) -> Iterable[Block]: ...
    def write(self, bgr: NDArray[np.uint8]) -> None: ...
    def summary(self) -> str: ...


class Mp4Sink:
    """Writes the file under a temporary name and renames it when it is complete."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._path: str = arguments.output
        self._writer_class = mp4_writer()
        self._temporary = ""
        self.frames_in = 0
        if not self._path.lower().endswith((".mp4", ".m4v")):
            raise InvalidArgumentError(f"the output is an MP4 file or -, not {self._path}")
        if arguments.size is not None and any(side % 2 for side in arguments.size):
            raise InvalidArgumentError("the sides of an MP4 are even numbers of pixels")

    @contextmanager
    def prepared(self) -> Iterator[None]:
        with atomic_output(self._path) as self._temporary:
            yield

    @contextmanager
    def opened(self, width: int, height: int) -> Iterator[None]:
        with self._writer_class(
            self._temporary,
            width,
            height,
            fps=self._arguments.fps,
            quality=self._arguments.quality,
            name=self._path,
        ) as self._writer:
            yield
            if not self.frames_in:
                raise AudioError(f"the audio {self._arguments.audio} is empty")

    def heard(self, blocks: Iterable[Block]) -> Iterable[Block]:
        return blocks if self._arguments.no_audio else heard_by(self._writer, blocks)

    def write(self, bgr: NDArray[np.uint8]) -> None:
        self._writer.push_frame(bgr)
        self.frames_in += 1

    def summary(self) -> str:
        frames = self._writer.frames_out
        seconds = float(frames / self._arguments.fps)
        megabytes = os.path.getsize(self._path) / 1e6
        return f"{self._path}: {frames} frames, {seconds:.2f} s, {megabytes:.2f} MB"


class NoSink:
    """Counts the frames: what is asked for is something else."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self.frames_in = 0
        if not arguments.visemes:
            raise InvalidArgumentError("nothing to write: give --output, --visemes or both")

    @contextmanager
    def prepared(self) -> Iterator[None]:
        yield

    @contextmanager
    def opened(self, width: int, height: int) -> Iterator[None]:
        yield
        if not self.frames_in:
            raise AudioError(f"the audio {self._arguments.audio} is empty")

    def heard(self, blocks: Iterable[Block]) -> Iterable[Block]:
        return blocks

    def write(self, bgr: NDArray[np.uint8]) -> None:
        self.frames_in += 1

    def summary(self) -> str:
        return ""


class RawSink:
    """Writes packed BGR24 frames to standard output and nothing else."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        if sys.stdout is None:
            raise OutputError("cannot write to standard output: it is closed")
        if sys.stdout.isatty():
            raise InvalidArgumentError("raw video does not go to a terminal: use a pipe or a file")
        self._arguments = arguments
        self._pace = Pace(arguments.fps)
        self._frames_out = 0
        self._bytes = 0
        self.frames_in = 0

    @contextmanager
    def prepared(self) -> Iterator[None]:
        yield

    @contextmanager
    def opened(self, width: int, height: int) -> Iterator[None]:
        yield
        if not self.frames_in:
            raise AudioError(f"the audio {self._arguments.audio} is empty")

    def heard(self, blocks: Iterable[Block]) -> Iterable[Block]:
        return blocks

    def write(self, bgr: NDArray[np.uint8]) -> None:
        self.frames_in += 1
        for _ in range(self._pace.copies()):
            try:
                sys.stdout.buffer.write(bgr.data)
                sys.stdout.buffer.flush()
            except BrokenPipeError:
                raise StdoutClosed from None
            except OSError as error:
                raise cannot_write("to standard output", error) from None
            self._frames_out += 1
            self._bytes += bgr.nbytes

    def summary(self) -> str:
        return f"standard output: {self._frames_out} frames, {self._bytes / 1e6:.2f} MB"
