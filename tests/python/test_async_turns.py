"""Whose turn it is: several event loops that push, and several calls of run() that wait."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Any

import pytest
from live import ACTIONS, voice
from support import TINY
from test_async import made, run, take

import bithuman_ctypes as bh
from bithuman_ctypes._order import Order


def test_pushes_from_several_event_loops_wait_for_each_other() -> None:
    """While a long one of one loop is handed over, and again in a later loop."""
    long = voice(1, 24000).tobytes() * 60
    short = voice(1, 24000).tobytes()

    def say(runtime: bh.AsyncBithuman, failures: list[BaseException]) -> None:
        async def main() -> None:
            await runtime.push_audio(short, 24000, last_chunk=False)
            await runtime.push_audio(long, 24000, last_chunk=False)
            await runtime.flush()

        try:
            run(main())
        except BaseException as error:
            failures.append(error)

    async def main(runtime: bh.AsyncBithuman) -> None:
        failures: list[BaseException] = []
        threads = [threading.Thread(target=say, args=(runtime, failures)) for _ in range(2)]
        await runtime.start()
        pushing = asyncio.create_task(runtime.push_audio(long, 24000, last_chunk=False))
        await asyncio.sleep(0)
        for thread in threads:
            thread.start()
        await asyncio.gather(pushing, runtime.push_audio(short, 24000, last_chunk=False))
        for thread in threads:
            await asyncio.get_running_loop().run_in_executor(None, thread.join)
        assert failures == []
        runtime.interrupt()

    runtime = bh.AsyncBithuman(model_path=TINY)
    run(main(runtime))
    run(main(runtime))
    runtime.cleanup()


def test_an_order_is_kept_and_passed_on() -> None:
    async def main() -> None:
        order, entered = Order(), []

        async def visit(number: int) -> None:
            await order.enter()
            entered.append(number)
            order.leave()

        await order.enter()
        visits = [asyncio.create_task(visit(number)) for number in range(5)]
        await asyncio.sleep(0)
        visits[1].cancel()
        order.leave()
        visits[2].cancel()  # has its turn, perhaps, and does not know it
        await asyncio.gather(*visits, return_exceptions=True)
        assert entered == [0, 3, 4]
        await asyncio.wait_for(visit(9), 5)

    run(main())


def test_a_cancelled_long_push_lets_the_next_one_in() -> None:
    async def main() -> None:
        runtime = await made()
        long = asyncio.create_task(runtime.push_audio(voice(1, 24000).tobytes() * 90, 24000))
        await asyncio.sleep(0.01)
        long.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await long
        await runtime.push_audio(voice(1, 24000).tobytes(), 24000)
        runtime.cleanup()

    run(main())


def test_a_consumer_takes_over_from_one_that_waits_for_its_clock() -> None:
    async def main() -> None:
        runtime = await made()
        first = runtime.run()
        for _ in range(2):
            await first.__anext__()
        await asyncio.sleep(0.5)  # away, so it begins again by a timer
        waiting = asyncio.ensure_future(first.__anext__())
        await asyncio.sleep(0.005)
        assert len(await asyncio.wait_for(take(runtime, 2), 10)) == 2
        with pytest.raises(StopAsyncIteration):
            await waiting
        runtime.cleanup()

    run(main())


def test_run_ends_with_the_session_though_that_begins_anew() -> None:
    async def main() -> None:
        runtime = await made()
        frames = runtime.run()
        await frames.__anext__()
        await runtime.stop()
        await runtime.start()
        with pytest.raises(StopAsyncIteration):
            await frames.__anext__()
        assert len(await take(runtime, 2)) == 2
        await runtime.set_model(ACTIONS)
        assert len(await take(runtime, 2)) == 2
        runtime.cleanup()

    run(main())


def test_what_killed_it_is_said_until_it_is_stopped() -> None:
    async def main() -> None:
        runtime = await made()
        assert runtime._pump is not None
        runtime._pump.failed(bh.Failed("the machine burns", code="inference_failed"))
        assert "failed" in repr(runtime)
        with pytest.raises(bh.Failed, match="burns"):
            await runtime.start()
        with pytest.raises(bh.Failed, match="burns"):
            async with runtime:
                pass
        with pytest.raises(bh.Failed, match="burns"):
            runtime.set_action_triggers({"nod": bh.KeywordTrigger(["yes"])})
        await runtime.stop()
        await runtime.start()
        assert len(await take(runtime, 1)) == 1
        runtime.cleanup()

    run(main())


@pytest.mark.parametrize("seconds", [2.5, 70])
def test_a_refused_push_leaves_nothing(seconds: float) -> None:
    async def main() -> None:
        runtime = await made(ACTIONS, input_buffer_size=64_000)
        sound: Any = bh.AudioChunk(voice(seconds), 16000)
        with pytest.raises(bh.RuntimeNotReadyError) as caught:
            await runtime.push(bh.VideoControl(action="nod", force_action=True, audio=sound))
        assert caught.value.code == "queue_full"
        frames = await take(runtime, 5)
        assert not any(frame.info is not None and frame.info.is_action for frame in frames)
        runtime.cleanup()

    run(main())
