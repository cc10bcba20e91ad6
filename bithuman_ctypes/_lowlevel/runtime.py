"""One stream of audio to frames."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, overload

import numpy as np
from numpy.typing import NDArray

from bithuman_ctypes._ffi import _values as c
from bithuman_ctypes._ffi.library import ffi, library
from bithuman_ctypes._lowlevel import arrays
from bithuman_ctypes._lowlevel.fixture import Fixture
from bithuman_ctypes._lowlevel.frame import StreamFrame, of_c
from bithuman_ctypes._lowlevel.gate import check
from bithuman_ctypes._lowlevel.handle import Handle
from bithuman_ctypes._lowlevel.options import StreamOptions, picture_shape, to_c
from bithuman_ctypes._lowlevel.pool import frames
from bithuman_ctypes.errors import AudioError, AvatarError
from bithuman_ctypes.types import StageTime, Stats

WAIT_SLICE = 0.1
"""Seconds that a call waits in C at a time."""

STAGES = ("resample", "mel", "encoder", "select", "compose", "output")
COUNTERS = (
    "frames",
    "speech_frames",
    "samples_in",
    "samples_out",
    "samples_queued",
    "samples_dropped",
    "utterances",
    "interruptions",
    "underruns",
    "late_frames",
    "max_late_us",
)

_RESULT = ffi.typeof("be_compose_result_t *")

Frame = NDArray[np.uint8]
"""A picture: uint8, (height, width, 3), blue first."""

Pcm = NDArray[np.float32]
"""Audio: float32 in [-1, 1], one dimension, 16 kHz, mono."""


class Runtime(Handle):
    """A stream on an avatar; it keeps its Fixture alive.

    Batch: ``tick`` and ``tick_compose`` are given the whole utterance every time and keep the
    cursor themselves. Streaming: ``push_audio`` or ``push_chunk``, ``flush`` at the end, and
    ``pull_frame`` while ``ticks_available()``. Both give the same frames bit for bit; one stream
    uses one of them, with ``reset_stream`` in between. A stream that was made with ``options`` is
    asked by ``next_frame`` or ``poll``, which know of utterances, interruptions and actions.

    ``frame_idx_hint`` is the source frame to show (modulo their count); negative takes the
    stream's own cursor. ``out`` is a writable C-contiguous uint8 array (height, width, 3) to write
    into; without it the frame is a new array, the caller's to keep. Arrays of the wrong kind are a
    TypeError (dtype) or ValueError (shape, layout); nothing is copied or converted silently.
    A failed call consumes nothing. RuntimeNotReadyError means that no frame is ready (or that the
    batch utterance is at its end).

    Thread-safety: any thread; the GIL is released while C works, and no lock is held here. Calls
    that push or interrupt do not wait for calls that give frames; those take turns.
    """

    def __init__(self, fixture: Fixture, options: StreamOptions | None = None) -> None:
        if not isinstance(fixture, Fixture):
            raise TypeError(f"a Runtime is made of a Fixture, not of {type(fixture).__name__}")
        self._fixture = fixture
        self._lib = library()
        self._native = (fixture.frame_width, fixture.frame_height)
        self._native_shape = (fixture.frame_height, fixture.frame_width, 3)
        self._options = options or StreamOptions()
        self._shape = picture_shape(self._options.pixel_format, *self.output_size)
        self._giving = threading.Lock()
        out = ffi.new("be_runtime_t **")
        settings = ffi.NULL if options is None else to_c(options)
        right = None if fixture.auth is None else fixture.auth._enter()
        if right is not None:
            settings = to_c(self._options)
            settings.auth = right.pointer
        check(fixture._call(self._lib.be_runtime_open, settings, out))
        del right  # the stream keeps it in C
        self._own(out[0], self._lib.be_runtime_destroy)

    @property
    def fixture(self) -> Fixture:
        """The avatar."""
        return self._fixture

    @property
    def output_size(self) -> tuple[int, int]:
        """(width, height) of the pictures of ``next_frame`` and ``poll``."""
        return self._options.size or self._native

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
        tick = self._lib.be_runtime_tick
        self._check(self._call(tick, samples, len(samples), embedding, room, result))
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
        push = self._lib.be_runtime_push_audio
        self._check(self._call(push, samples, len(samples)), AudioError)

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
        self._check(self._call(self._lib.be_runtime_push_chunk, chunk), AudioError)

    def flush(self) -> None:
        """Nothing more follows for now: everything pushed can be pulled, padded to a whole tick."""
        self._check(self._call(self._lib.be_runtime_flush))

    def ticks_available(self) -> int:
        """How many frames can be pulled now."""
        return int(self._call(self._lib.be_runtime_ticks_available))

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
        call = self._lib.be_runtime_pull_frame_to_size
        mouth, _, frame = self._compose(call, (), frame_idx_hint, size, out)
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

    def heard(self) -> bytes:
        """What the encoder gave for the tick that was given last: ``types.MOUTH_FLOATS``."""
        floats = ffi.new("float[23]")
        call = self._lib.be_runtime_capture
        size = ffi.sizeof(floats)
        self._check(self._call(call, c.BE_DIAG_ENCODER_LOGITS, floats, size, ffi.NULL))
        return bytes(ffi.buffer(floats))

    def reset_stream(self) -> None:
        """Forgets all audio and starts anew at the first source frame."""
        self._call(self._lib.be_runtime_reset_stream)

    # ------------------------------------------------------------------ live

    def next_frame(self, timeout: float | None = None) -> StreamFrame | None:
        """The next frame; None when none was due within ``timeout`` seconds (None: waits for one).

        See be_runtime_pull for when a frame is due. Two threads that ask take turns. Raises
        RuntimeNotReadyError (code "stopped") when the stream was or is stopped meanwhile.
        """
        deadline = None if timeout is None else time.monotonic() + max(0.0, timeout)
        while True:
            left = WAIT_SLICE if deadline is None else deadline - time.monotonic()
            wait = int(max(0.0, min(left, WAIT_SLICE)) * 1e6)
            frame = self._next(self._lib.be_runtime_pull, wait)
            # A wait in C cannot be left by Ctrl-C: between two slices it is.
            if frame is not None or (deadline is not None and time.monotonic() >= deadline):
                return frame

    def poll(self, now_us: int) -> StreamFrame | None:
        """The next frame if it is due at ``now_us`` of the caller's own clock, in microseconds;
        else None. A stream is driven by one clock only: this or that of ``next_frame``."""
        return self._next(self._lib.be_runtime_poll, now_us)

    def next_due(self) -> int | None:
        """When the next frame is due, in microseconds of the stream's clock; None when there is
        none without more audio. A time long past is now."""
        due = int(self._call(self._lib.be_runtime_next_due))
        return None if due == (1 << 63) - 1 else due

    def interrupt(self) -> None:
        """Drops all audio that was not shown, and the utterance that is open; its end is never
        told."""
        self._check(self._call(self._lib.be_runtime_interrupt))

    def stop(self) -> None:
        """Ends the stream for good: calls that wait and all later ones that push or give frames
        raise RuntimeNotReadyError (code "stopped")."""
        self._call(self._lib.be_runtime_stop)

    def utterance(self) -> int:
        """The number of the utterance that the next push belongs to, from 0."""
        return int(self._call(self._lib.be_runtime_get_utterance))

    def play_action(self, name: str | None, at_once: bool = False) -> None:
        """Plays an action once, from where it fits or at once; None takes one that waits back.

        Raises InvalidArgumentError when the avatar has none of this name."""
        encoded = ffi.NULL if name is None else name.encode()
        self._check(self._call(self._lib.be_runtime_play_action, encoded, int(at_once)))

    def set_muted(self, muted: bool) -> None:
        """Muted, audio is consumed as ever, but frames have silence and the mouth at rest."""
        self._check(self._call(self._lib.be_runtime_set_muted, int(bool(muted))))

    def set_starvation(self, milliseconds: int) -> None:
        """How long a pause in mid-utterance is held before idle frames; 0 = 400 ms."""
        self._check(self._call(self._lib.be_runtime_set_starvation, milliseconds))

    def stats(self) -> Stats:
        """What the stream has done."""
        found = ffi.new("be_stats_t *")
        found.struct_size = ffi.sizeof("be_stats_t")
        self._check(self._call(self._lib.be_runtime_get_stats, found))
        values = {name: int(getattr(found, name)) for name in COUNTERS}
        stages = {
            name: StageTime(stage.count, stage.total_ns, stage.max_ns)
            for name, stage in zip(STAGES, found.stage)
        }
        return Stats(**values, stages=stages)

    # ------------------------------------------------------------------ inside

    def _tick(
        self, pcm: Pcm, hint: int, size: tuple[int, int] | None, out: Frame | None
    ) -> int | tuple[int, Frame]:
        samples = ffi.from_buffer("float[]", arrays.float_samples("pcm", pcm))
        call = self._lib.be_runtime_tick_compose_to_size
        mouth, _, frame = self._compose(call, (samples, len(samples)), hint, size, out)
        return mouth if out is not None else (mouth, frame)

    def _next(self, call: Callable[..., int], when: int) -> StreamFrame | None:
        image = frames.take(self._shape)
        pixels = ffi.from_buffer("uint8_t[]", image, require_writable=True)
        into = ffi.new("be_buffer_t *")
        into.struct_size = ffi.sizeof("be_buffer_t")
        into.data = pixels
        into.capacity = len(pixels)
        frame = ffi.new("be_frame_t *")
        frame.struct_size = ffi.sizeof("be_frame_t")
        # The sound of a frame belongs to the stream until the next one is asked for. Nobody but
        # another caller of this waits for the lock, and that one would wait in C anyway.
        with self._giving:
            owned = self._enter()
            try:
                status = call(owned.pointer, when, into, frame)
                if status == c.BE_OK:
                    return of_c(frame, image, self._options.pixel_format)
            finally:
                del owned  # not before the sound is copied
            if status != c.BE_ERR_TIMEOUT:
                self._check(status)
            return None

    def _compose(
        self,
        call: Callable[..., int],
        audio: tuple[Any, ...],
        hint: int,
        size: tuple[int, int] | None,
        out: Frame | None,
    ) -> tuple[int, int, Frame]:
        """Makes one picture by one of the library's calls that end in (hint, size, buffer)."""
        if size is None:
            shape, target = self._native_shape, ffi.NULL
        else:
            width, height = arrays.picture_size(size)
            shape, target = (height, width, 3), ffi.new("be_compose_size_t *")
            target.target_width, target.target_height = width, height
        frame = frames.take(shape) if out is None else out
        pixels = arrays.picture("out", frame, shape)
        result = ffi.new(_RESULT)
        owned = self._enter()
        try:
            status = call(owned.pointer, *audio, hint, target, pixels, len(pixels), result)
        finally:
            del owned  # which a traceback would keep
        if status:
            self._check(status)
        return result.cluster_idx, result.frame_idx_used, frame

    def _check(self, status: int, audio_format: type[AvatarError] | None = None) -> None:
        """``gate.check``; a stream that was stopped because it was closed says so."""
        if status == c.BE_ERR_STOPPED and self.closed:
            raise self._closed()
        check(status, audio_format)

    def _stop(self, pointer: Any) -> None:
        self._lib.be_runtime_stop(pointer)

    def __repr__(self) -> str:
        return f"<Runtime of {self._fixture!r}{', closed' if self.closed else ''}>"
