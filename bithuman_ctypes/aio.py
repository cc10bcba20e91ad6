"""The live API: an avatar in an event loop.

avatar = await AsyncBithuman.create(model_path="me.imx")
await avatar.push_audio(pcm, 24000)
async for frame in avatar.run():
    show(frame.bgr_image, frame.audio_chunk)
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import uuid
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from bithuman_ctypes._frames import FrameIterator
from bithuman_ctypes._live_options import LiveOptions, OutputSize, open_session
from bithuman_ctypes._once import warn_once
from bithuman_ctypes._order import Order
from bithuman_ctypes._pump import Pump
from bithuman_ctypes._session import ENGINE_RATE, Session, require_idle_timeout
from bithuman_ctypes._token import TokenMixin
from bithuman_ctypes.actions import Emotion, KeywordTrigger, Triggers
from bithuman_ctypes.api import AudioChunk, VideoControl
from bithuman_ctypes.auth import Authorisation, Credentials
from bithuman_ctypes.errors import InvalidArgumentError, RuntimeNotReadyError, WrongTypeError
from bithuman_ctypes.settings import Settings, load_settings
from bithuman_ctypes.types import PixelFormat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bithuman_ctypes.api import AudioData
    from bithuman_ctypes.types import Stats

__all__ = ["AsyncAvatar", "AsyncBithuman"]

T = TypeVar("T")

logger = logging.getLogger("bithuman_ctypes.live")

AT_ONCE_SECONDS = 3.0
"""Sound up to this length is handed over before ``push_audio`` first gives way to other tasks."""

AT_ONCE_SECONDS_PLAIN = 60.0
"""The same for sound of 16 kHz, which is only copied."""


class AsyncBithuman(TokenMixin):
    """A live avatar: sound in at any time and any speed, 25 frames a second out.

    Sound waits in the engine, at most ``input_buffer_size`` bytes of it at 16 kHz and 16 bits (0:
    ten minutes); more raises RuntimeNotReadyError (queue_full). A frame is made when it is due and
    asked for, so none waits; a consumer that is late moves the clock of what is left; one that is
    late by more than ``output_buffer_size`` frames was away, and its next frame comes a period
    after it came back. ``num_threads``: of the audio encoder, 0 one, < 0 as many as
    are sensible. ``quality``: "low", "medium" or "high", which is how much sound beyond a frame is
    known: 40, 80 or 120 ms; more is smoother and later; ``lookahead_ms`` says it directly.
    ``output_size``: (width, height), or the longest side, 16 .. 8192. ``pixel_format``: "bgr24",
    or another one for ``VideoFrame.image``, such as "i420", which costs nothing. ``identity`` names
    the session in logs and metrics. ``seed``: of what is left to chance. ``verbose``: True logs
    everything, False warnings only. ``settings``: instead of those of the environment. The rest is
    for metered avatars (docs/auth.md); an open one takes and ignores it, and never opens a socket:
    ``api_secret`` (or BITHUMAN_API_SECRET) or ``token``, ``api_url`` (or BITHUMAN_API_URL),
    ``tags``, ``agent_code``, ``billing_type``, ``fingerprint`` (32 characters).

    ``create`` makes and loads; the constructor alone needs ``await start()``. Close it by
    ``stop()`` or ``cleanup()``, or use it in an ``async with``. Methods may be called from any
    thread that has an event loop of its own. What an argument of a call is refused for is an
    InvalidArgumentError, WrongTypeError or AudioError, and the session goes on. What kills the
    session is raised by ``run()`` and by every later call.
    """

    def __init__(
        self,
        *,
        model_path: str | os.PathLike[str] | None = None,
        token: str | None = None,
        api_secret: str | None = None,
        api_url: str | None = None,
        tags: str | None = "bithuman",
        insecure: bool = False,
        input_buffer_size: int = 0,
        output_buffer_size: int = 5,
        num_threads: int = 0,
        verbose: bool | None = None,
        batch_workers: int = 1,
        quality: str = "medium",
        identity: str | None = None,
        output_size: OutputSize | None = None,
        billing_type: str | None = None,
        agent_code: str | None = None,
        fingerprint: str | None = None,
        pixel_format: str | int = "bgr24",
        lookahead_ms: int | None = None,
        seed: int | None = None,
        settings: Settings | None = None,
    ) -> None:
        self._credentials = Credentials(
            api_secret,
            token,
            api_url,
            tags,
            fingerprint,
            billing_type,
            agent_code,
            str(uuid.uuid4()),
            insecure,
        )
        self._identity = identity
        self._path = None if model_path is None else os.fspath(model_path)
        self._options = LiveOptions(
            input_buffer_size,
            output_buffer_size,
            num_threads,
            verbose,
            batch_workers,
            quality,
            output_size,
            pixel_format,
            lookahead_ms,
            seed,
        )
        self._options.check()
        self.settings = settings or load_settings()
        self._session: Session | None = None
        self._pump: Pump | None = None
        self._stopped = False
        self._muted = False
        self._idle_timeout: float | None = None
        self._triggers = Triggers()
        self._order = Order()  # of pushes and flushes
        self._generation = 0  # raised by each end
        self._message: tuple[Session, int, str] | None = None
        self._consumer: FrameIterator | None = None
        self._hash: tuple[str, str] | None = None

    @classmethod
    async def create(
        cls,
        *,
        model_path: str | os.PathLike[str] | None = None,
        token: str | None = None,
        api_secret: str | None = None,
        api_url: str | None = None,
        tags: str | None = "bithuman",
        insecure: bool = False,
        input_buffer_size: int = 0,
        output_buffer_size: int = 5,
        num_threads: int = 0,
        verbose: bool | None = None,
        batch_workers: int = 1,
        quality: str = "medium",
        identity: str | None = None,
        output_size: OutputSize | None = None,
        billing_type: str | None = None,
        agent_code: str | None = None,
        fingerprint: str | None = None,
        pixel_format: str | int = "bgr24",
        lookahead_ms: int | None = None,
        seed: int | None = None,
        settings: Settings | None = None,
    ) -> AsyncBithuman:
        """Makes a live avatar and loads it, on another thread; see the class for the arguments.

        Without ``model_path`` it waits for ``set_model``. Raises ModelNotFoundError,
        ModelLoadError, RuntimeNotReadyError, NotAuthorised, InvalidArgumentError.
        """
        made = cls(
            model_path=model_path,
            token=token,
            api_secret=api_secret,
            api_url=api_url,
            tags=tags,
            insecure=insecure,
            input_buffer_size=input_buffer_size,
            output_buffer_size=output_buffer_size,
            num_threads=num_threads,
            verbose=verbose,
            batch_workers=batch_workers,
            quality=quality,
            identity=identity,
            output_size=output_size,
            billing_type=billing_type,
            agent_code=agent_code,
            fingerprint=fingerprint,
            pixel_format=pixel_format,
            lookahead_ms=lookahead_ms,
            seed=seed,
            settings=settings,
        )
        if made._path is not None:
            await made.start()
        return made

    # ------------------------------------------------------------------ life

    async def start(self) -> AsyncBithuman:
        """Loads the avatar, unless that was done, and returns the runtime."""
        self._check_alive()
        if self._session is None:
            if self._path is None:
                raise RuntimeNotReadyError("no avatar: give model_path, or await set_model(path)")
            await self._load(self._path)
        return self

    async def set_model(self, model_path: str | os.PathLike[str]) -> AsyncBithuman:
        """Changes to another avatar, also in mid-session.

        It is loaded on another thread while the present one goes on; then it takes over at the next
        frame. Speech in progress is interrupted, and the size of frames may change. When loading
        fails the present one stays.
        """
        self._check_alive()
        await self._load(os.fspath(model_path))
        return self

    async def _load(self, path: str) -> None:
        loop = asyncio.get_running_loop()
        loading = loop.run_in_executor(
            None, open_session, path, self._options, self.settings, self._credentials
        )
        self._stopped = False
        try:
            session = await asyncio.shield(loading)
        except asyncio.CancelledError:
            loading.add_done_callback(_stop_unwanted)
            raise
        if self._stopped:
            session.stop()
            raise self._stopped_error()
        try:
            session.triggers = self._triggers
            session.runtime.set_muted(self._muted)
            if self._idle_timeout is not None:
                session.set_idle_timeout(self._idle_timeout)
            pump = Pump(session)
        except BaseException:
            session.stop()
            raise
        old, old_pump = self._session, self._pump
        self._session, self._pump, self._path = session, pump, path
        if old_pump is not None:
            old_pump.close()
        if old is not None:
            old.stop()
        logger.info("%s plays %s, %dx%d", self._name(), path, *session.size)

    def cleanup(self) -> None:
        """Ends the session: ``run()`` ends, what waits is dropped. May be called at any time, again
        and again, and while ``run()`` is iterated."""
        self._stopped = True
        self._generation += 1
        session, pump = self._session, self._pump
        self._session = self._pump = None
        if pump is not None:
            pump.close()
        if session is not None:
            session.stop()
            logger.info("%s stopped", self._name())

    async def stop(self) -> None:
        """``cleanup()``. ``start()`` begins anew."""
        self.cleanup()

    async def shutdown(self) -> None:
        """``cleanup()``."""
        self.cleanup()

    async def __aenter__(self) -> AsyncBithuman:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cleanup()

    # ------------------------------------------------------------------ sound in

    async def push_audio(self, data: AudioData, sample_rate: int, last_chunk: bool = True) -> None:
        """Says a piece of mono sound of any length, 16-bit samples at 4000 .. 384000 Hz.

        It is handed over at once and shown as fast as it is spoken; nothing waits for that. Sound
        that takes long to resample (more than three seconds; sixty at 16 kHz) is handed over on
        another thread, in order. ``last_chunk`` ends the utterance, as ``flush()`` does; the rate
        may change only after that or an interruption.
        """
        session = self._ready()
        await self._say(
            session, AudioChunk(data, sample_rate, last_chunk), self._message_of(session)
        )

    async def push(self, control: VideoControl) -> None:
        """Says or plays what a VideoControl asks for, after all that was pushed before."""
        if not isinstance(control, VideoControl):
            raise WrongTypeError(f"push takes a VideoControl, not {type(control).__name__}")
        session = self._ready()
        if control.target_video is not None:
            warn_once(
                "VideoControl.target_video has no effect: an avatar has one loop; its clips are "
                "played by VideoControl(action=...)"
            )
        if control.audio is None:
            await self._in_turn(session, lambda: session.cue(control))
        else:
            await self._say(session, control.audio, control.message_id, control)
        if control.end_of_speech:
            await self.flush()

    async def flush(self) -> None:
        """The utterance ends with what was pushed: its last frame has ``end_of_speech``. Without
        sound since the last end or interruption nothing happens."""
        session = self._ready()
        epoch = session.epoch
        await self._in_turn(session, lambda: session.flush(epoch))

    async def _in_turn(self, session: Session, act: Callable[[], None]) -> None:
        """Acts after the pushes that are under way, at once without any; not at all when it was
        interrupted meanwhile."""
        epoch = session.epoch
        await self._order.enter()
        try:
            if epoch == session.epoch:
                act()
        finally:
            self._order.leave()

    async def _say(
        self,
        session: Session,
        chunk: AudioChunk,
        message: str,
        control: VideoControl | None = None,
    ) -> None:
        epoch = session.epoch
        await self._order.enter()
        if not _is_quick(chunk):
            await self._say_long(session, chunk, message, control, epoch)
            return
        # Without giving way: who interrupts now must find it handed over, or not yet begun.
        try:
            session.push(chunk, message, epoch, control)
            if chunk.last_chunk:
                session.flush(epoch)
        except RuntimeNotReadyError:
            if not self._has_left(session):
                raise
            self._ready()  # raises when it was stopped; replaced, it is interrupted
        finally:
            self._order.leave()

    async def _say_long(
        self,
        session: Session,
        chunk: AudioChunk,
        message: str,
        control: VideoControl | None,
        epoch: int,
    ) -> None:
        """One worker does all of it and leaves the order itself, so that nothing depends on the
        caller's loop, which may end before."""
        given_up = threading.Event()

        def work() -> None:
            try:
                session.push_slices(chunk, message, epoch, control, given_up)
            finally:
                self._order.leave()

        try:
            working = asyncio.get_running_loop().run_in_executor(None, work)
        except BaseException:
            self._order.leave()
            raise
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            given_up.set()
            raise

    def interrupt(self) -> None:
        """Stops speaking now: all sound that was not given is dropped, and the end of the utterance
        is never reported. No frame that ``run()`` gives after this has any of it."""
        session, pump = self._session, self._pump
        if session is None or pump is None:
            return
        pump.check()
        try:
            session.interrupt()
        except RuntimeNotReadyError:
            if not self._has_left(session):
                raise
            return  # stopped or replaced by another thread, and that interrupts too
        pump.interrupted()

    def _message_of(self, session: Session) -> str:
        """The message of sound that came without one: one for each utterance."""
        utterance = session.runtime.utterance()
        known = self._message
        if known is None or known[0] is not session or known[1] != utterance:
            self._message = known = (session, utterance, str(uuid.uuid4()))
        return known[2]

    # ------------------------------------------------------------------ frames out

    def run(
        self,
        out_buffer_empty: Callable[[], bool] | None = None,
        *,
        idle_timeout: float | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> FrameIterator:
        """The frames, as an async iterator that ends with ``cleanup()``, ``stop()`` or
        ``shutdown()``.

        A frame comes every 40 ms of an absolute clock, never two at once, and none of the past (see
        ``output_buffer_size`` for a consumer that is late). While nobody speaks the frames
        have no ``audio_chunk``; with ``out_buffer_empty`` they are given only when it returns true.
        In the middle of an utterance that has no sound left nothing comes for ``idle_timeout``
        seconds (see ``set_idle_timeout``). One consumer at a time: a second ``run()`` takes over
        and the first ends. ``loop`` is that of the consumer.
        """
        if idle_timeout is not None:
            self.set_idle_timeout(idle_timeout)
        return FrameIterator(self, out_buffer_empty, loop)

    def get_first_frame(self) -> NDArray[np.uint8]:
        """The avatar as it looks at first: BGR, uint8 (height, width, 3). Uses nothing up."""
        return self._with_session(Session.first_picture)

    def get_frame_size(self) -> tuple[int, int]:
        """(width, height) of the frames, pixels."""
        return self._ready().size

    # ------------------------------------------------------------------ settings

    def set_idle_timeout(self, seconds: float) -> None:
        """How long a pause in mid-utterance is held before frames without sound come, 0.001 .. 3600
        seconds; 0.4 at first."""
        require_idle_timeout(seconds)
        self._idle_timeout = seconds
        if self._session is not None:
            self._with_session(lambda session: session.set_idle_timeout(seconds))

    def set_muted(self, muted: bool) -> None:
        """Muted, speech goes on in silence and with the mouth at rest."""
        self._muted = bool(muted)
        if self._session is not None:
            self._with_session(lambda session: session.runtime.set_muted(self._muted))

    def set_action_triggers(
        self,
        keywords: Mapping[str, KeywordTrigger] | None = None,
        emotions: Mapping[Emotion, str | Sequence[str]] | None = None,
    ) -> None:
        """Which action belongs to which words of ``VideoControl.text`` and which emotions.

        ``keywords``: action → KeywordTrigger. ``emotions``: emotion → action, or several of which
        one is drawn; one counts from a score of 0.1.
        """
        if not self.settings.ALLOW_VIDEO_SCRIPT_UPDATE:
            raise InvalidArgumentError(
                "triggers may not be changed: ALLOW_VIDEO_SCRIPT_UPDATE is false"
            )
        self._check_alive()
        self._triggers = Triggers(keywords, emotions)
        if self._session is not None:
            self._session.triggers = self._triggers

    # ------------------------------------------------------------------ what it is

    @property
    def fps(self) -> int:
        """Frames per second: 25."""
        return 25

    @property
    def frame_width(self) -> int:
        """Pixels."""
        return self._ready().size[0]

    @property
    def frame_height(self) -> int:
        """Pixels."""
        return self._ready().size[1]

    @property
    def sample_rate(self) -> int:
        """Rate of the sound of frames, Hz: 16000."""
        return 16000

    @property
    def samples_per_tick(self) -> int:
        """Samples of sound per frame: 640."""
        return 640

    @property
    def pixel_format(self) -> PixelFormat:
        """Of ``VideoFrame.image``."""
        return PixelFormat.named(self._options.pixel_format)

    @property
    def model_path(self) -> str | None:
        """The avatar's file."""
        return self._path

    @property
    def model_hash(self) -> str | None:
        """SHA-256 of the avatar's file in hexadecimal; None without one."""
        if self._path is None:
            return None
        if self._hash is None or self._hash[0] != self._path:
            self._hash = (self._path, _file_hash(self._path))
        return self._hash[1]

    def stats(self) -> Stats:
        """What the session has done: queue, underruns, interruptions, time per stage."""
        return self._with_session(Session.stats)

    def _is_loaded(self) -> bool:
        return self._session is not None

    def _right(self) -> Authorisation | None:
        session = self._session
        right = None if session is None else session.fixture.auth
        return right if isinstance(right, Authorisation) else None

    def _check_alive(self) -> None:
        if self._pump is not None:
            self._pump.check()

    def _ready(self) -> Session:
        """The session. Raises what killed it, or why there is none."""
        self._check_alive()
        session = self._session
        if session is None:
            if self._stopped:
                raise self._stopped_error()
            raise RuntimeNotReadyError("no avatar is loaded: await start() or set_model(path)")
        return session

    def _with_session(self, act: Callable[[Session], T]) -> T:
        """What ``act`` gives for the session, also when another thread replaces it meanwhile."""
        while True:
            session = self._ready()
            try:
                return act(session)
            except RuntimeNotReadyError:
                if not self._has_left(session):
                    raise

    def _has_left(self, session: Session) -> bool:
        return session.runtime.closed and self._session is not session

    @staticmethod
    def _stopped_error() -> RuntimeNotReadyError:
        return RuntimeNotReadyError("this live avatar was stopped", code="stopped")

    def _name(self) -> str:
        return self._identity or self.transaction_id

    def __repr__(self) -> str:
        if self._pump is not None and self._pump.dead:
            state = "failed"
        else:
            state = "stopped" if self._stopped else "live" if self._session else "not loaded"
        return f"<{type(self).__name__} of {self._path!r}, {state}>"


AsyncAvatar = AsyncBithuman


def _is_quick(chunk: AudioChunk) -> bool:
    plain = chunk.sample_rate == ENGINE_RATE
    return chunk.duration <= (AT_ONCE_SECONDS_PLAIN if plain else AT_ONCE_SECONDS)


def _stop_unwanted(loading: asyncio.Future[Session]) -> None:
    if not loading.cancelled() and loading.exception() is None:
        loading.result().stop()


def _file_hash(path: str) -> str:
    import hashlib

    digest: Any = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return str(digest.hexdigest())
