"""An avatar in memory."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from bithuman_ctypes._ffi import _values as c
from bithuman_ctypes._ffi import onnxruntime
from bithuman_ctypes._ffi.library import ffi, library
from bithuman_ctypes._lowlevel.gate import check, error_of
from bithuman_ctypes._lowlevel.handle import Handle
from bithuman_ctypes.errors import RuntimeNotReadyError
from bithuman_ctypes.types import EP

MAX_THREADS = 256


class FixtureInfo(NamedTuple):
    """be_fixture_info_t: sizes in pixels, the rate in Hz, the rest are counts."""

    audio_sample_rate: int
    audio_samples_per_tick: int
    mel_bins: int
    mel_frames_per_chunk: int
    embedding_dim: int
    cluster_count: int
    active_ep: EP
    frame_width: int
    frame_height: int
    source_frame_count: int


class Fixture(Handle):
    """An avatar: immutable, loaded once, shared by any number of Runtimes on any threads.

    ``path`` is the .imx file. ``preferred_ep`` is an EP or its number; ``active_ep`` tells what it
    became. ``intra_op_threads`` are the threads of the audio encoder, 1 .. 256 (0 is 1).

    Raises ModelNotFoundError, ModelLoadError (damaged, another engine's file, or an encoder that
    cannot run), RuntimeNotReadyError (no engine library, no ONNX Runtime), NotAuthorised,
    OutOfMemoryError.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        preferred_ep: int = EP.CPU,
        intra_op_threads: int = 1,
    ) -> None:
        super().__init__()
        self._path = os.fspath(path)
        encoded = os.fsencode(self._path)
        if b"\0" in encoded:
            raise ValueError("a path cannot have a zero byte in it")
        if not 0 <= intra_op_threads <= MAX_THREADS:
            raise ValueError(f"intra_op_threads is 0 to {MAX_THREADS}, not {intra_op_threads}")
        options = ffi.new("be_fixture_options_t *")
        options.abi_version = c.BE_ABI_VERSION
        options.preferred_ep = int(EP(preferred_ep))
        options.intra_op_threads = intra_op_threads
        pointer = _load(encoded, options)
        try:
            self._info = _describe(pointer)
        except BaseException:
            self._release(pointer)
            raise
        self._own(pointer)

    @property
    def info(self) -> FixtureInfo:
        """Everything about the avatar at once."""
        with self._entered():
            return self._info

    @property
    def audio_sample_rate(self) -> int:
        """Rate of the audio inside the engine, Hz: 16000."""
        return self.info.audio_sample_rate

    @property
    def audio_samples_per_tick(self) -> int:
        """Samples per frame: 640, 40 ms."""
        return self.info.audio_samples_per_tick

    @property
    def mel_bins(self) -> int:
        """Bands of the spectrum that the encoder hears."""
        return self.info.mel_bins

    @property
    def mel_frames_per_chunk(self) -> int:
        """Spectra per tick."""
        return self.info.mel_frames_per_chunk

    @property
    def embedding_dim(self) -> int:
        """Numbers that the encoder gives per tick."""
        return self.info.embedding_dim

    @property
    def cluster_count(self) -> int:
        """Mouths of the avatar, the mouth at rest (0) included."""
        return self.info.cluster_count

    @property
    def active_ep(self) -> EP:
        """The execution provider that runs the encoder."""
        return self.info.active_ep

    @property
    def frame_width(self) -> int:
        """Width of a frame in pixels."""
        return self.info.frame_width

    @property
    def frame_height(self) -> int:
        """Height of a frame in pixels."""
        return self.info.frame_height

    @property
    def source_frame_count(self) -> int:
        """Pictures in the avatar's loop."""
        return self.info.source_frame_count

    def _release(self, pointer: Any) -> None:
        library().be_fixture_release(pointer)

    def __repr__(self) -> str:
        if self.closed:
            return f"<Fixture {self._path!r}, closed>"
        info = self._info
        return (
            f"<Fixture {self._path!r}, {info.frame_width}x{info.frame_height}, "
            f"{info.cluster_count} mouths, {info.source_frame_count} source frames>"
        )


def _load(path: bytes, options: Any) -> Any:
    hint = onnxruntime.announce()
    out = ffi.new("be_fixture_t **")
    try:
        status = library().be_fixture_load(path, options, out)
    except BaseException:  # Ctrl-C while C was at work
        if out[0] != ffi.NULL:
            library().be_fixture_release(out[0])
        raise
    if status == c.BE_ERR_MODEL_LOAD_FAILED and hint is not None:
        # Nothing is wrong with the avatar: the library that runs its encoder is not there.
        raise RuntimeNotReadyError(f"{error_of(status)}; {hint}")
    check(status)
    return out[0]


def _describe(pointer: Any) -> FixtureInfo:
    info = ffi.new("be_fixture_info_t *")
    check(library().be_fixture_get_info(pointer, info))
    values = {name: getattr(info, name) for name in FixtureInfo._fields}
    return FixtureInfo(**{**values, "active_ep": EP(info.active_ep)})
