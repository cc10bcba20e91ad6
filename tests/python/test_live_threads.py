"""Every call of live avatars from several threads at once, while models change and sessions end."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from typing import Any

import pytest
from live import ACTIONS
from support import TINY

import bithuman_ctypes as bh

OPERATIONS = 1500


def operate(avatar: bh.AsyncBithuman, rng: random.Random, loop: asyncio.AbstractEventLoop) -> None:
    """One call, whichever."""

    def wait(coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    kind = rng.randrange(100)
    if kind < 20:
        avatar.interrupt()
    elif kind < 30:
        avatar.set_muted(rng.random() < 0.5)
    elif kind < 40:
        avatar.stats()
    elif kind < 50:
        avatar.get_first_frame()
    elif kind < 60:
        avatar.set_idle_timeout(rng.uniform(0.001, 1))
    elif kind < 85:
        wait(avatar.push_audio(bytes(2 * rng.randrange(40_000)), 16000, rng.random() < 0.5))
    elif kind < 95:
        action = rng.choice(["nod", "look"])
        wait(avatar.push(bh.VideoControl(action=action, force_action=rng.random() < 0.5)))
    elif kind < 98:
        wait(avatar.set_model(rng.choice([TINY, ACTIONS])))
    else:
        avatar.cleanup()
        wait(avatar.start())


async def consume(avatar: bh.AsyncBithuman, done: threading.Event) -> int:
    """Takes frames, and begins again whenever the session is ended under it."""
    count = 0
    while not done.is_set():
        try:
            async for frame in avatar.run():
                count += 1
                assert frame.bgr_image is not None
                frame.bgr_image[0, 0] = 1  # it is ours
                if done.is_set():
                    break
        except bh.RuntimeNotReadyError:
            pass
        await asyncio.sleep(0.005)
    return count


def test_everything_at_once(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[BaseException] = []

    async def main() -> None:
        loop, done = asyncio.get_running_loop(), threading.Event()
        avatars = [await bh.AsyncBithuman.create(model_path=TINY) for _ in range(4)]

        def work(seed: int) -> None:
            rng = random.Random(seed)
            for _ in range(OPERATIONS):
                try:
                    operate(rng.choice(avatars), rng, loop)
                except bh.RuntimeNotReadyError:
                    pass  # another thread has just ended this one
                except BaseException as error:
                    failures.append(error)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        consumers = [asyncio.create_task(consume(avatar, done)) for avatar in avatars]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            await asyncio.sleep(0.02)
        for avatar in avatars:
            await avatar.stop()
            await avatar.start()
        done.set()
        counts = await asyncio.gather(*consumers)
        assert all(count > 0 for count in counts)
        for avatar in avatars:
            avatar.cleanup()

    with caplog.at_level(logging.ERROR):
        asyncio.run(asyncio.wait_for(main(), 120))
    assert failures == []
    assert caplog.records == []
