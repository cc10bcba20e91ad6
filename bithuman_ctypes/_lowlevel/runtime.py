"""One stream of audio to frames."""

from __future__ import annotations

from typing import Any, Callable, overload

import numpy as np
from numpy.typing import NDArray

from bithuman_ctypes._ffi import _values as c
from bithuman_ctypes._ffi.library import ffi, library
from bithuman_ctypes._lowlevel import arrays
from bithuman_ctypes._lowlevel.fixture import Fixture
from bithuman_ctypes._lowlevel.gate import check
from bithuman_ctypes._lowlevel.handle import Handle
from bithuman_ctypes._lowlevel.pool import frames
from bithuman_ctypes.errors import AudioError

Frame = NDArray[np.uint8]
"""A picture: uint8, (height, width, 3), blue first."""

Pcm = NDArray[np.float32]
"""Audio: float32 in [-1, 1], one dimension, 16 kHz, mono."""


class Runtime(Handle):
    """A stream on an avatar; it keeps its Fixture alive.

    Batch: ``tick`` and ``tick_compose`` are given the whole utterance every time and keep the
    cursor themselves. Streaming: ``push_audio`` or ``push_chunk``, ``flush`` at the end, and
    ``pull_frame`` while ``ticks_available()``. Both give the same frames bit for bit; one stream
    uses one of them, with ``reset_stream`` in between.

    ``frame_idx_hint`` is the source frame to show (modulo their count); negative takes the
    stream's own cursor. ``out`` is a writable C-contiguous uint8 array (height, width, 3) to write
    into; without it the frame is a new array, the caller's to keep. Arrays of the wrong kind are a
    TypeError (dtype) or ValueError (shape, layout); nothing is copied or converted silently.
    A failed call consumes nothing. RuntimeNotReadyError means that no frame is ready (or that the
    batch utterance is at its end).

    Thread-safety: calls from several threads take turns; the GIL is released while C works.
    """

    def __init__(self, fixture: Fixture) -> None:
        super().__init__()
        if not isinstance(fixture, Fixture):
            raise TypeError(f"a Runtime is made of a Fixture, not of {type(fixture).__name__}")
        self._fixture = fixture
        self._lib = library()
        self._native = (fixture.frame_width, fixture.frame_height)
        self._result = ffi.new("be_compose_result_t *")
        self._size = ffi.new("be_compose_size_t *")
        out = ffi.new("be_runtime_t **")
        with fixture._entered() as avatar:
            check(self._lib.be_runtime_create(avatar, ffi.NULL, out))
        self._own(out[0])

    @property
    def fixture(self) -> Fixture:
        """The avatar."""
        return self._fixture

    # ------------------------------------------------------------------ batch

    def tick(self, pcm: Pcm, embedding_out: Pcm | None = None) -> int:
        """Advances by one tick without a picture and returns the mouth, 0 = at rest.

        ``embedding_out`` receives what the encoder gave: float32, at least ``embedding_dim`` long.
        """
        samples = ffi.from_buffer("float[]", arrays.float_samples("pcm", pcm))
        embedding, room = ffi.NULL, 0
        if embedding_out is not None:
            array = arrays.float_samples("embedding_out", embedding_out, writable=True)
            embedding, room = ffi.from_buffer("float[]", array, require_writable=True), array.size
        result = ffi.new("be_tick_result_t *")
        with self._entered() as pointer:
            check(
                self._lib.be_runtime_tick(pointer, samples, len(samples), embedding, room, result)
            )
        return int(result.cluster_idx)

    @overload
    def tick_compose(
        self, pcm: Pcm, frame_idx_hint: int = -1, out: None = None
    ) -> tuple[int, Frame]: ...

    @overload
    def tick_compose(self, pcm: Pcm, frame_idx_hint: int = -1, *, out: Frame) -> int: ...

    @overload
    def tick_compose(self, pcm: Pcm, frame_idx_hint: int, out: Frame) -> int: ...

    def tick_compose(
        self, pcm: Pcm, frame_idx_hint: int = -1, out: Frame | None = None
    ) -> int | tuple[int, Frame]:
        """Advances by one tick and composes it: (mouth, frame), or the mouth alone with ``out``."""
        return self._tick(pcm, frame_idx_hint, None, out)

    def tick_compose_to_size(
        self,
        pcm: Pcm,
        frame_idx_hint: int = -1,
        target_w: int = 1280,
        target_h: int = 720,
        out: Frame | None = None,
    ) -> int | tuple[int, Frame]:
        """``tick_compose`` at another size, 1 .. 8192 pixels each way.

        The avatar is scaled with its aspect ratio kept and centred; what remains is black.
        """
        return self._tick(pcm, frame_idx_hint, (target_w, target_h), out)

    # ------------------------------------------------------------------ streaming

    def push_audio(self, pcm: Pcm) -> None:
        """Appends audio of any length; it is copied."""
        samples = ffi.from_buffer("float[]", arrays.float_samples("pcm", pcm))
        with self._entered() as pointer:
            check(self._lib.be_runtime_push_audio(pointer, samples, len(samples)), AudioError)

    def push_chunk(self, data: NDArray[Any], sample_rate: int, channels: int | None = None) -> None:
        """Appends audio as its source made it; the engine averages the channels and resamples.

        ``data``: int16 or float32, interleaved or (samples, channels); 4000 .. 384000 Hz; 1 .. 32
        channels, by default what the shape says. Another rate than that of the last push is taken
        only after a ``flush``. Raises AudioError on a rate or channel count that does not do.
        """
        array, count, channels = arrays.interleaved(data, channels)
        samples = ffi.from_buffer("char[]", array)
        chunk = ffi.new("be_audio_chunk_t *")
        chunk.struct_size = ffi.sizeof("be_audio_chunk_t")
        chunk.format = c.BE_SAMPLE_S16 if array.dtype == np.int16 else c.BE_SAMPLE_F32
        chunk.sample_rate = sample_rate
        chunk.channels = channels
        chunk.data = samples
        chunk.frames = count
        with self._entered() as pointer:
            check(self._lib.be_runtime_push_chunk(pointer, chunk), AudioError)

    def flush(self) -> None:
        """Nothing more follows for now: everything pushed can be pulled, padded to a whole tick."""
        with self._entered() as pointer:
            check(self._lib.be_runtime_flush(pointer))

    def ticks_available(self) -> int:
        """How many frames can be pulled now."""
        with self._entered() as pointer:
            return int(self._lib.be_runtime_ticks_available(pointer))

    @overload
    def pull_frame(
        self,
        frame_idx_hint: int = -1,
        out: None = None,
        size: tuple[int, int] | None = None,
    ) -> tuple[int, Frame]: ...

    @overload
    def pull_frame(
        self, frame_idx_hint: int = -1, *, out: Frame, size: tuple[int, int] | None = None
    ) -> int: ...

    @overload
    def pull_frame(
        self, frame_idx_hint: int, out: Frame, size: tuple[int, int] | None = None
    ) -> int: ...

    def pull_frame(
        self,
        frame_idx_hint: int = -1,
        out: Frame | None = None,
        size: tuple[int, int] | None = None,
    ) -> int | tuple[int, Frame]:
        """Composes the next frame: (mouth, frame), or the mouth alone with ``out``.

        ``size`` is (width, height) as in ``tick_compose_to_size``; None is the avatar's own.
        """
        mouth, _, frame = self.pull(frame_idx_hint, out, size)
        return mouth if out is not None else (mouth, frame)

    def pull(
        self,
        frame_idx_hint: int = -1,
        out: Frame | None = None,
        size: tuple[int, int] | None = None,
    ) -> tuple[int, int, Frame]:
        """``pull_frame`` with all that is known: (mouth, source frame shown, frame)."""
        return self._compose(self._lib.be_runtime_pull_frame_to_size, (), frame_idx_hint, size, out)

    def get_source_frame(
        self,
        frame_idx_hint: int = -1,
        out: Frame | None = None,
        size: tuple[int, int] | None = None,
    ) -> Frame:
        """A source frame as it is, without a mouth (``out`` itself when given).

        The stream's cursor advances when ``frame_idx_hint`` is negative.
        """
        call = self._lib.be_runtime_get_source_frame
        return self._compose(call, (), frame_idx_hint, size, out)[2]

    def reset_stream(self) -> None:
        """Forgets all audio and starts anew at the first source frame."""
        with self._entered() as pointer:
            self._lib.be_runtime_reset_stream(pointer)

    # ------------------------------------------------------------------ inside

    def _tick(
        self, pcm: Pcm, hint: int, size: tuple[int, int] | None, out: Frame | None
    ) -> int | tuple[int, Frame]:
        samples = ffi.from_buffer("float[]", arrays.float_samples("pcm", pcm))
        call = self._lib.be_runtime_tick_compose_to_size
        mouth, _, frame = self._compose(call, (samples, len(samples)), hint, size, out)
        return mouth if out is not None else (mouth, frame)

    def _compose(
        self,
        call: Callable[..., int],
        audio: tuple[Any, ...],
        hint: int,
        size: tuple[int, int] | None,
        out: Frame | None,
    ) -> tuple[int, int, Frame]:
        """Makes one picture by one of the library's calls that end in (hint, size, buffer)."""
        width, height = self._native if size is None else arrays.picture_size(size)
        if out is None:
            frame = frames.take(width, height)
        else:
            frame = arrays.picture("out", out, width, height)
        pixels = ffi.from_buffer("uint8_t[]", frame, require_writable=True)
        result = self._result
        with self._entered() as pointer:
            target = ffi.NULL
            if size is not None:
                target = self._size
                target.target_width, target.target_height = width, height
            check(call(pointer, *audio, hint, target, pixels, len(pixels), result))
            return int(result.cluster_idx), int(result.frame_idx_used), frame

    def _release(self, pointer: Any) -> None:
        self._lib.be_runtime_destroy(pointer)

    def __repr__(self) -> str:
        return f"<Runtime of {self._fixture!r}{', closed' if self.closed else ''}>"
