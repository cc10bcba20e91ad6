"""From a session to one event loop: a frame is made when it is asked for and due, not before.

Nothing is made ahead. A consumer that is away for a while (LiveKit publishes its tracks after the
first frame) finds no frames of the past when it comes back, and no burst that it would play late
for ever after.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

from bithuman_ctypes._lowlevel.clock import now_us
from bithuman_ctypes._waiter import WaiterThreads, waiter_threads
from bithuman_ctypes.errors import BithumanError, Failed, TokenError

if TYPE_CHECKING:
    from bithuman_ctypes._session import Session
    from bithuman_ctypes.api import VideoFrame

logger = logging.getLogger("bithuman_ctypes.live")

PERIOD_US = 40_000

SHIFT_US = 20_000
"""Later than this, and the engine's schedule begins anew."""


RIGHT_SECONDS = 0.5
"""How long a metered avatar without a right waits before it looks again."""


class Pump:
    """Gives the frames of a session to one consumer at a time.

    ``next`` runs on the consumer's loop; ``ready`` and ``failed`` on a waiter's thread; the rest
    anywhere. The lock is held for a few statements and never while anything waits or works.
    """

    def __init__(self, session: Session, threads: WaiterThreads | None = None) -> None:
        self.session = session
        self._threads = threads or waiter_threads()
        self._lock = threading.Lock()
        self._frame: VideoFrame | None = None
        self._made_us = 0
        self._hold_until = 0
        self._armed = False
        self._timer: object | None = None  # the call of next() that arms later, by its own loop
        self._closed = False
        self._unauthorised = False  # frames wait for a good heartbeat
        self._failure: BaseException | None = None
        self._waiting: tuple[asyncio.AbstractEventLoop, asyncio.Future[bool]] | None = None
        self._tag = self._threads.add(session.runtime, self)

    @property
    def closed(self) -> bool:
        """Whether ``close()`` was called."""
        return self._closed

    @property
    def dead(self) -> bool:
        """Whether something killed the session."""
        return self._failure is not None

    def check(self) -> None:
        """Raises what killed the session."""
        failure = self._failure
        if failure is None:
            return
        if isinstance(failure, BithumanError):
            raise type(failure)(str(failure), code=failure.code) from failure
        raise Failed(f"the session died of {failure!r}", code="internal") from failure

    async def next(
        self, not_before_us: int | None = None, patience_us: int = PERIOD_US
    ) -> VideoFrame | None:
        """The next frame; None when the pump was closed. Raises what killed the session.

        ``not_before_us``: a time of the engine's clock before which a new stream must not begin.
        ``patience_us``: a consumer that asks later than this after its frame was due was away, see
        ``_arm_when_in_time``. Cancelling it loses nothing. It gives None early after ``release``.
        """
        loop = asyncio.get_running_loop()
        while True:
            with self._lock:
                frame, self._frame = self._frame, None
                if frame is None and self._failure is None and not self._closed:
                    future = loop.create_future()
                    self._waiting = (loop, future)
                    # Whoever is to arm by a timer waits no more: this call has taken its place.
                    arm, self._armed = not self._armed or self._timer is not None, True
                    self._timer = None
                else:
                    future, arm = None, False
            if frame is not None:
                if self._is_of_the_past(frame):
                    continue
                self._taken(frame)
                return frame
            if future is None:
                if self._closed:
                    return None
                self.check()
                continue
            timer = None
            try:
                if arm:
                    timer = self._arm_when_in_time(loop, future, not_before_us, patience_us)
                if await future:
                    return None
            finally:
                self._leave(future, timer)

    def _leave(self, future: asyncio.Future[bool], timer: asyncio.TimerHandle | None) -> None:
        """A call of ``next`` ends; where it was to arm later, whoever waits now is to arm."""
        if timer is not None:
            timer.cancel()  # the loop may never run again
        with self._lock:
            own = self._waiting is not None and self._waiting[1] is future
            if own:
                self._waiting = None
            unarmed = self._timer is future
            if unarmed:
                self._timer, self._armed = None, False
        if unarmed and not own:
            self._wake(look_again=True)

    def _taken(self, frame: VideoFrame) -> None:
        """A frame of speech that reaches the consumer late moves those after it as well: what plays
        its sound has run dry meanwhile, and will not catch up."""
        taken = now_us()
        late = frame.info is not None and taken - frame.info.timestamp_us > SHIFT_US
        self._hold_until = taken + PERIOD_US if late and frame.audio_chunk is not None else 0

    def _is_of_the_past(self, frame: VideoFrame) -> bool:
        """Whether it was made for a consumer that gave up waiting for it, and nothing is lost with
        it."""
        if frame.audio_chunk is not None or frame.end_of_speech:
            return False
        return now_us() - self._made_us > 2 * PERIOD_US

    def _arm_when_in_time(
        self,
        loop: asyncio.AbstractEventLoop,
        call: object,
        not_before_us: int | None,
        patience_us: int,
    ) -> asyncio.TimerHandle | None:
        """Arms now, or later for a consumer that was away, when the engine begins a new schedule.

        One that was away (it published its tracks, say) shows the frame that it has just now, and
        whatever follows within less than a period would be early by its own clock, for ever.
        """
        now = now_us()
        try:
            due = self.session.runtime.next_due()
        except BithumanError:
            if self._closed:
                return None
            raise
        begin = now
        if due is not None:
            if due < 0 and not_before_us is not None:
                begin = max(now, not_before_us)
            elif 0 <= due <= now - patience_us:
                begin = now + PERIOD_US
        begin = max(begin, self._hold_until)
        if begin <= now:
            self._arm()
            return None
        with self._lock:
            self._timer = call
        return loop.call_later((begin - now) / 1e6, self._arm_for, call)

    def _arm_for(self, call: object) -> None:
        with self._lock:
            if self._timer is not call:
                return
            self._timer = None
        self._arm()

    def _arm(self) -> None:
        try:
            self._threads.arm(self.session.runtime)
        except BithumanError as error:
            if not self._closed:
                self.failed(error)

    # ------------------------------------------------------------------ a waiter's thread

    def ready(self) -> None:
        """Takes the frame that is due."""
        try:
            frame = self.session.step()
        except TokenError as error:
            if error.code != "not_authorised":
                raise
            self._wait_for_right(error)
            return
        self._unauthorised = False
        with self._lock:
            if self._closed:
                return
            if frame is not None:
                # An interruption marks its utterance first and looks here second.
                self._frame = self.session.silence(frame)
                self._made_us = now_us()
                self._armed = False
        if frame is None:
            self._threads.arm(self.session.runtime)
        else:
            self._wake()

    def _wait_for_right(self, error: TokenError) -> None:
        """A metered avatar whose heartbeat fails gives no frames, and goes on after a good one."""
        if not self._unauthorised:
            logger.warning("a live avatar waits for its authorisation: %s", error)
        self._unauthorised = True
        timer = threading.Timer(RIGHT_SECONDS, self._arm_again)
        timer.daemon = True
        timer.start()

    def _arm_again(self) -> None:
        if not self._closed:
            self._arm()

    def failed(self, error: BaseException) -> None:
        """The session cannot go on: the consumer and the next caller are told."""
        with self._lock:
            if self._closed or self._failure is not None:
                return
            self._failure = error
        logger.error("a live avatar failed: %s", error, exc_info=error)
        self._wake()

    def _wake(self, look_again: bool = False) -> None:
        with self._lock:
            waiting = self._waiting
        if waiting is None:
            return
        loop, future = waiting
        try:
            loop.call_soon_threadsafe(_finish, future, look_again)
        except RuntimeError:  # the loop was closed under its consumer
            logger.debug("a consumer's event loop is closed")

    # ------------------------------------------------------------------ anywhere

    def interrupted(self) -> None:
        """Takes the sound off a frame that waits and belongs to what was interrupted."""
        with self._lock:
            if self._frame is not None:
                self._frame = self.session.silence(self._frame)

    def release(self) -> None:
        """Makes a consumer that waits look again at whether it is still the one."""
        self._wake(look_again=True)

    def close(self) -> None:
        """Ends it: a consumer that waits gets None."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._frame = None
        self._threads.remove(self.session.runtime, self._tag)
        self._wake()


def _finish(future: asyncio.Future[bool], look_again: bool) -> None:
    if not future.done():
        future.set_result(look_again)
