"""One live avatar without threads and event loops: what both shells, sync and async, stand on.

The engine owns the clock, the queue and the frames. What is added here is what the engine does not
know of: which message a frame belongs to, and when clips are played. The time is an argument of
``step``, so a test drives the clock.
"""

from __future__ import annotations

import numbers
import random
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bithuman_ctypes._lowlevel import Fixture, Runtime, StreamOptions
from bithuman_ctypes._messages import Ledger
from bithuman_ctypes.actions import Director, Request, Triggers
from bithuman_ctypes.api import AudioChunk, VideoControl, VideoFrame
from bithuman_ctypes.errors import InvalidArgumentError, RuntimeNotReadyError, WrongTypeError
from bithuman_ctypes.types import PixelFormat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bithuman_ctypes._lowlevel import StreamFrame
    from bithuman_ctypes.types import Stats

ENGINE_RATE = 16000
DEFAULT_QUEUE_MS = 600_000

SLICE_SECONDS = 2
"""Sound that is handed over at a time: an interruption never waits for more."""


class Session:
    """A stream of an avatar with its messages and actions.

    Thread-safety: ``step`` and ``wait`` are called by one thread at a time; the rest by any thread.
    """

    def __init__(
        self,
        fixture: Fixture,
        options: StreamOptions,
        *,
        rng: random.Random | None = None,
        idle_actions: bool = True,
        greet: bool = False,
    ) -> None:
        self.fixture = fixture
        self.runtime = Runtime(fixture, options)
        self.triggers = Triggers()
        self._rng = rng or random.Random()
        self._limit_ms = options.max_queued_ms or DEFAULT_QUEUE_MS
        self._bgr = options.pixel_format is PixelFormat.BGR24
        self._ledger = Ledger()
        self._turn = threading.Lock()  # pushes, flushes and interruptions, each a moment's work
        self._epoch = 0
        self._first_valid = 0  # utterances before this were interrupted
        self._silenced = 0
        self._directing = threading.Lock()
        self._director = Director(
            fixture.actions, self._play, self._rng, idle_actions=idle_actions, greet=greet
        )

    # ------------------------------------------------------------------ sound in

    @property
    def epoch(self) -> int:
        """A number that each interruption changes."""
        return self._epoch

    def check_room(self, chunk: AudioChunk) -> None:
        """Raises RuntimeNotReadyError (queue_full) when a chunk does not fit into what may wait."""
        waiting = self.runtime.stats().samples_queued * 1000 / ENGINE_RATE
        if waiting + chunk.duration * 1000 > self._limit_ms:
            raise RuntimeNotReadyError(
                f"{chunk.duration:.1f} s of audio do not fit: {waiting / 1000:.1f} s wait already, "
                f"and at most {self._limit_ms / 1000:.1f} s may",
                code="queue_full",
            )

    def push(
        self,
        chunk: AudioChunk,
        message: str,
        epoch: int | None = None,
        control: VideoControl | None = None,
    ) -> bool:
        """Hands over sound at once; False when ``epoch`` is over: it was interrupted meanwhile.

        The clips of ``control`` are played where the sound begins, and not when it is refused. A
        chunk longer than SLICE_SECONDS holds up an interruption for as long as it takes.
        """
        data, rate = chunk.data, chunk.sample_rate
        request = None if control is None else self._request(control)
        if epoch is not None and epoch != self._epoch:
            return False  # ended, perhaps
        self.runtime.require_usable()  # in a forked process the lock may be held for ever
        with self._turn:
            if epoch is not None and epoch != self._epoch:
                return False
            if len(data):
                count = len(data) * ENGINE_RATE / rate
                # First, because its frames may be asked for as soon as the engine has the sound.
                entry = self._ledger.push(self.runtime.utterance(), count, message)
                try:
                    self.runtime.push_chunk(data, rate)
                except BaseException:
                    self._ledger.take_back(entry)
                    raise
                if request is not None:
                    self._ledger.cue(entry[0], request, entry)
            elif request is not None:
                self._ledger.cue(self.runtime.utterance(), request)
            return True

    def push_slices(
        self,
        chunk: AudioChunk,
        message: str,
        epoch: int,
        control: VideoControl | None,
        given_up: threading.Event,
    ) -> None:
        """``push`` and ``flush`` of sound that takes long: all of it or, where there is no room,
        nothing; until it is interrupted or given up."""
        if epoch == self._epoch:
            self.check_room(chunk)
        step = SLICE_SECONDS * chunk.sample_rate
        for start in range(0, len(chunk.data), step):
            piece = AudioChunk(chunk.data[start : start + step], chunk.sample_rate)
            if given_up.is_set() or not self.push(piece, message, epoch, control):
                return
            control = None
        if chunk.last_chunk:
            self.flush(epoch)

    def flush(self, epoch: int | None = None) -> None:
        """The utterance ends with what was pushed; nothing happens when ``epoch`` is over."""
        if epoch is not None and epoch != self._epoch:
            return
        self.runtime.require_usable()
        with self._turn:
            if epoch is None or epoch == self._epoch:
                self.runtime.flush()

    def cue(self, control: VideoControl) -> None:
        """Plays the clips of a control when all that was pushed before was given."""
        request = self._request(control)
        if request is not None:
            self._ledger.cue(self.runtime.utterance(), request)

    def _request(self, control: VideoControl) -> Request | None:
        names = control.actions
        if not names:
            source = "agent" if control.audio is not None else "user"
            chosen = self.triggers.choose(control.text, control.emotion_preds, source, self._rng)
            names = [chosen] if chosen else []
        if not names:
            return None
        return Request(
            names,
            control.force_action,
            bool(control.stop_on_user_speech),
            bool(control.stop_on_agent_speech),
        )

    def interrupt(self) -> None:
        """Drops all sound that was not given, its messages and its actions."""
        self.runtime.require_usable()
        with self._turn:
            self._epoch += 1
            self.runtime.interrupt()
            first = self._first_valid = self.runtime.utterance()
        self._ledger.forget(first)
        with self._directing:
            self._director.interrupted()

    # ------------------------------------------------------------------ frames out

    def step(self, now_us: int | None = None) -> VideoFrame | None:
        """The next frame if it is due: on the engine's clock, or at ``now_us`` of the caller's."""
        frame = self.runtime.next_frame(0) if now_us is None else self.runtime.poll(now_us)
        return None if frame is None else self._finish(frame)

    def wait(self, timeout: float | None) -> VideoFrame | None:
        """The next frame, waiting for it up to ``timeout`` seconds (None: without end)."""
        frame = self.runtime.next_frame(timeout)
        return None if frame is None else self._finish(frame)

    def silence(self, frame: VideoFrame) -> VideoFrame:
        """A frame that was made before an interruption: it keeps its picture, so that the rhythm of
        pictures goes on, and loses what it says."""
        info = frame.info
        if info is None or info.utterance >= self._first_valid:
            return frame
        if frame.audio_chunk is None and not frame.end_of_speech:
            return frame
        self._silenced += 1
        return VideoFrame(frame.bgr_image, frame_index=frame.frame_index, image=frame.image)

    def _finish(self, frame: StreamFrame) -> VideoFrame:
        message = None
        if frame.pcm is not None:
            message = self._ledger.speak(frame.utterance, len(frame.pcm))
        with self._directing:
            speech = None if frame.is_idle else frame.utterance
            for request in self._ledger.due(frame.is_idle):
                self._director.request(request, speech)
            self._director.frame(frame.pcm is not None, frame.is_action)
        chunk = None
        if frame.pcm is not None:
            chunk = AudioChunk(frame.pcm, ENGINE_RATE, frame.end_of_speech)
        return VideoFrame(
            frame.image if self._bgr else None,
            chunk,
            frame.index,
            message,
            frame.end_of_speech,
            frame.image,
            frame,
        )

    def _play(self, name: str | None, at_once: bool) -> None:
        self.runtime.play_action(name, at_once)

    # ------------------------------------------------------------------ the rest

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of its pictures."""
        return self.runtime.output_size

    def first_picture(self) -> NDArray[np.uint8]:
        """The avatar as it looks before it says anything, BGR; nothing is used up."""
        return self.runtime.get_source_frame(0, size=self.size)

    def stats(self) -> Stats:
        """What the stream has done."""
        return replace(self.runtime.stats(), frames_silenced=self._silenced)

    def set_idle_timeout(self, seconds: float) -> None:
        """How long a pause in mid-utterance is held before idle frames, 0.001 .. 3600 s."""
        require_idle_timeout(seconds)
        self.runtime.set_starvation(round(seconds * 1000))

    def end(self) -> None:
        """Ends the stream; calls that wait end too, and pushes under way are given up."""
        if not self.runtime.foreign:
            with self._turn:
                self._epoch += 1
        self.runtime.close()

    def stop(self) -> None:
        """``end()``, and lets the avatar go."""
        self.end()
        self.fixture.close()


def require_idle_timeout(seconds: Any) -> None:
    """Raises InvalidArgumentError and WrongTypeError."""
    if not isinstance(seconds, numbers.Real):
        raise WrongTypeError(
            f"an idle timeout is a number of seconds, not {type(seconds).__name__} {seconds!r}"
        )
    if not 0.001 <= float(seconds) <= 3600:
        raise InvalidArgumentError(f"an idle timeout is 0.001 to 3600 seconds, not {seconds}")
