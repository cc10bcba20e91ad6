"""Who hands sound over next, whichever thread and event loop he is on."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future


class Order:
    """A queue at a door that lets one in at a time, in the order of arrival.

    ``enter`` is awaited on any loop; ``leave`` is called from any thread. An asyncio.Lock would
    belong to the first loop that had to wait for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[Future[None]] = deque()

    async def enter(self) -> None:
        """Returns when it is the caller's turn: without giving way where nobody is before him."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            turn: Future[None] = Future()
            self._waiting.append(turn)
        try:
            await asyncio.wrap_future(turn)
        except BaseException:
            if not turn.cancel():  # it came all the same
                self.leave()
            raise

    def leave(self) -> None:
        """Lets the next one in."""
        with self._lock:
            while self._waiting:
                turn = self._waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    break
            else:
                self._taken = False
                return
        turn.set_result(None)
