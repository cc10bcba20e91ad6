"""Gathers the beats that come while a transaction is on its way: they share the next one.

So a disk that takes ten milliseconds to be sure costs ten milliseconds, and not each beat of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

from bithuman_ctypes.issuer.ledger import Answer, Beat

BATCH = 400
"""Beats in a transaction at most."""

QUEUE = 5000
"""Beats that wait at most."""


class Overloaded(Exception):
    """Too many wait, or the database fails: come again."""


class Writer:
    """Has beats applied, on a thread of its own. Thread-safety: that of its event loop."""

    def __init__(
        self,
        apply: Callable[[Sequence[Beat]], list[Answer]],
        failed: Callable[[Exception], None],
    ) -> None:
        self._apply = apply
        self._failed = failed
        self._waiting: deque[tuple[Beat, asyncio.Future[Answer]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "ledger")

    async def book(self, beat: Beat) -> Answer:
        """The answer, when it is on the disk. Raises Overloaded."""
        if len(self._waiting) >= QUEUE:
            raise Overloaded
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((beat, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return await answer

    async def close(self) -> None:
        """Ends the thread, after what waits."""
        while self._task is not None:
            await asyncio.wait([self._task])
        self._thread.shutdown()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            try:
                answers = await loop.run_in_executor(
                    self._thread, self._apply, [beat for beat, _ in batch]
                )
            except Exception as error:  # whatever it is, nobody waits for ever
                self._failed(error)
                for _, waiter in batch:
                    if not waiter.done():
                        waiter.set_exception(Overloaded())
                continue
            for (_, waiter), answer in zip(batch, answers):
                if not waiter.done():  # its client may have left
                    waiter.set_result(answer)
        self._task = None
