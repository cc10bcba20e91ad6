"""The sync way to stream: sound in and frames out, on any threads, without an event loop.

with avatar.stream() as stream:
    threading.Thread(target=speak, args=(stream,)).start()
    for frame in stream.frames():
        show(frame.bgr_image, frame.audio_chunk)
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from bithuman_ctypes._lowlevel import Fixture, StreamOptions
from bithuman_ctypes._session import Session
from bithuman_ctypes.api import AudioChunk, VideoControl, VideoFrame
from bithuman_ctypes.errors import RuntimeNotReadyError, WrongTypeError
from bithuman_ctypes.types import PixelFormat

if TYPE_CHECKING:
    from bithuman_ctypes.api import AudioData
    from bithuman_ctypes.types import Stats

__all__ = ["AvatarStream"]


class AvatarStream:
    """A live stream of an avatar, from ``Avatar.stream``.

    Thread-safety: any thread; pushing and interrupting never wait for who takes frames. Frames are
    taken by one thread.
    """

    def __init__(self, fixture: Fixture, options: StreamOptions, seed: int | None) -> None:
        self._session = Session(fixture, options, rng=random.Random(seed))
        self._realtime = options.realtime
        self._message: tuple[int, str] | None = None

    def push(self, data: AudioData | VideoControl, sample_rate: int = 16000) -> None:
        """Appends sound of any length (see ``AudioChunk``), or what a VideoControl asks for.

        It waits for nothing. The rate may change only after a flush or an interruption. Raises
        RuntimeNotReadyError: code "queue_full" when ten minutes wait already, "stopped" after
        close.
        """
        if isinstance(data, VideoControl):
            if data.audio is None:
                self._session.cue(data)
            else:
                self._session.push(data.audio, data.message_id, control=data)
            if data.end_of_speech or (data.audio is not None and data.audio.last_chunk):
                self._session.flush()
            return
        self._session.push(AudioChunk(data, sample_rate, False), self._message_id())

    def flush(self) -> None:
        """The utterance ends with what was pushed."""
        self._session.flush()

    def interrupt(self) -> None:
        """Drops all sound that was not given: no frame that is asked for after this has any of
        it."""
        self._session.interrupt()

    def read(self, timeout: float | None = None) -> VideoFrame | None:
        """The next frame; None when none came within ``timeout`` seconds (None: waits for one)."""
        return self._session.wait(timeout)

    def frames(self) -> Iterator[VideoFrame]:
        """The frames until the stream is closed, from whichever thread."""
        while True:
            try:
                frame = self._session.wait(None)
            except RuntimeNotReadyError:
                if self._session.runtime.closed:
                    return
                raise
            if frame is not None:
                yield frame

    def play(self, action: str | list[str], force: bool = False) -> None:
        """Plays clips of the avatar after what was pushed before."""
        if not isinstance(action, (str, list)):
            raise WrongTypeError(f"an action is a name or a list, not {type(action).__name__}")
        self._session.cue(VideoControl(action=action, force_action=force))

    def set_muted(self, muted: bool) -> None:
        """Muted, speech goes on in silence and with the mouth at rest."""
        self._session.runtime.set_muted(muted)

    def set_idle_timeout(self, seconds: float) -> None:
        """How long a pause in mid-utterance is held before frames without sound come."""
        self._session.set_idle_timeout(seconds)

    def stats(self) -> Stats:
        """What the stream has done."""
        return self._session.stats()

    @property
    def frame_size(self) -> tuple[int, int]:
        """(width, height) of the frames, pixels."""
        return self._session.size

    def close(self) -> None:
        """Ends the stream; ``frames()`` ends, on whichever thread it waits."""
        self._session.end()

    def _message_id(self) -> str:
        utterance = self._session.runtime.utterance()
        if self._message is None or self._message[0] != utterance:
            self._message = (utterance, str(uuid.uuid4()))
        return self._message[1]

    def __enter__(self) -> AvatarStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_stream(
    fixture: Fixture,
    *,
    realtime: bool,
    output_size: tuple[int, int] | None,
    pixel_format: str | int,
    lookahead_ms: int,
    seed: int | None,
) -> AvatarStream:
    """See ``Avatar.stream``."""
    options = StreamOptions(
        realtime=realtime,
        pixel_format=PixelFormat.named(pixel_format),
        size=output_size,
        lookahead_ms=lookahead_ms,
    )
    return AvatarStream(fixture, options, seed)
