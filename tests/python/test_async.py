"""AsyncBithuman in an event loop: its life, its consumers, its errors."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import warnings
from collections.abc import Awaitable, Coroutine
from pathlib import Path
from typing import Any, Callable, TypeVar

import numpy as np
import pytest
from live import ACTIONS, voice
from support import TINY, run_python

import bithuman_ctypes as bh
from bithuman_ctypes._session import Session

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine, at most a minute."""
    return asyncio.run(asyncio.wait_for(main, 60))


async def made(path: Path = TINY, **options: Any) -> bh.AsyncBithuman:
    return await bh.AsyncBithuman.create(model_path=path, **options)


async def take(runtime: bh.AsyncBithuman, count: int) -> list[bh.VideoFrame]:
    found: list[bh.VideoFrame] = []
    async for frame in runtime.run():
        found.append(frame)
        if len(found) == count:
            break
    return found


def samples(frames: list[bh.VideoFrame]) -> int:
    return sum(len(f.audio_chunk.array) for f in frames if f.audio_chunk is not None)


# ------------------------------------------------------------------ life


def test_both_ways_to_make_one() -> None:
    async def main() -> None:
        new = await made(api_secret="anything", token=None, api_url=None)
        old = bh.AsyncBithuman(model_path=str(TINY))
        assert await old.start() is old
        assert await old.start() is old
        for runtime in (new, old):
            assert bool(runtime) is True
            assert runtime.get_first_frame().shape == (96, 160, 3)
            assert runtime.get_frame_size() == (160, 96)
            assert (runtime.frame_width, runtime.frame_height) == (160, 96)
            assert (runtime.fps, runtime.sample_rate, runtime.samples_per_tick) == (25, 16000, 640)
            assert (runtime.settings.FPS, runtime.settings.INPUT_SAMPLE_RATE) == (25, 16000)
            await runtime.stop()
            await runtime.stop()
            runtime.cleanup()
            await runtime.shutdown()

    run(main())
    assert bh.AsyncAvatar is bh.AsyncBithuman


def test_speech_goes_in_and_frames_come_out() -> None:
    async def main() -> None:
        async with bh.AsyncBithuman(model_path=TINY) as runtime:
            await runtime.push_audio(voice(0.4, 24000).tobytes(), 24000)
            frames = await take(runtime, 15)
            assert samples(frames) == 6400
            assert [f.end_of_speech for f in frames].index(True) == 9
            assert [f.frame_index for f in frames] == list(range(15))
            assert len({f.source_message_id for f in frames[:10]}) == 1
            assert all(f.has_image for f in frames)

    run(main())


def test_run_does_not_end_before_the_session_does() -> None:
    async def main() -> None:
        runtime = await made()
        seen = 0

        async def consume() -> None:
            nonlocal seen
            async for frame in runtime.run():
                assert frame.audio_chunk is None
                seen += 1

        consumer = asyncio.create_task(consume())
        while seen < 5:
            await asyncio.sleep(0.01)
        assert not consumer.done()
        runtime.cleanup()  # a plain call, in the middle of the iteration
        await consumer

    run(main())


@pytest.mark.parametrize("how", ["cleanup", "stop", "shutdown"])
def test_the_session_may_end_within_the_iteration(how: str) -> None:
    async def main() -> int:
        runtime, seen = await made(), 0
        async for _ in runtime.run():
            seen += 1
            if seen == 3:
                result = getattr(runtime, how)()
                if result is not None:
                    await result
        return seen

    assert run(main()) == 3


def test_after_the_end() -> None:
    async def main() -> None:
        runtime = await made()
        runtime.cleanup()
        runtime.interrupt()
        assert await take(runtime, 1) == [], "run() ends at once"
        calls: list[Callable[[], Awaitable[object]]] = [
            lambda: runtime.push_audio(b"\0\0", 16000),
            runtime.flush,
            lambda: runtime.push(bh.VideoControl()),
        ]
        for call in calls:
            with pytest.raises(bh.RuntimeNotReadyError, match="was stopped") as caught:
                await call()
            assert caught.value.code == "stopped"
        with pytest.raises(bh.RuntimeNotReadyError):
            runtime.get_first_frame()
        await runtime.start()
        assert len(await take(runtime, 2)) == 2
        runtime.cleanup()

    run(main())


def test_without_an_avatar() -> None:
    async def main() -> None:
        runtime = await bh.AsyncBithuman.create(token="t")
        assert not runtime.is_token_validated()
        assert runtime.model_hash is None
        with pytest.raises(bh.RuntimeNotReadyError, match="set_model"):
            await runtime.start()
        with pytest.raises(bh.RuntimeNotReadyError, match="no avatar is loaded"):
            await runtime.push_audio(b"", 16000)
        with pytest.raises(bh.RuntimeNotReadyError):
            await take(runtime, 1)
        await runtime.set_model(TINY)
        assert len(await take(runtime, 1)) == 1
        runtime.cleanup()

    run(main())


def test_what_cannot_be_loaded() -> None:
    async def main() -> None:
        with pytest.raises(bh.ModelNotFoundError) as caught:
            await made(Path("/nonexistent.imx"))
        assert (caught.value.code, caught.value.exit_code) == ("model_not_found", 66)
        with pytest.raises(bh.ModelLoadError):
            await made(Path(__file__))

    run(main())


def test_cancelled_while_it_loads() -> None:
    async def main() -> None:
        for delay in (0, 0.001, 0.01):
            loading = asyncio.create_task(made())
            await asyncio.sleep(delay)
            loading.cancel()
            try:
                (await loading).cleanup()
            except asyncio.CancelledError:
                continue
        runtime = await made()
        runtime.cleanup()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(main())
        gc.collect()


# ------------------------------------------------------------------ consumers


def test_a_cancelled_consumer_loses_nothing() -> None:
    async def main() -> None:
        runtime = await made()
        await runtime.push_audio(voice(0.4).tobytes(), 16000)
        total = 0
        while total < 6400:
            frames: list[bh.VideoFrame] = []

            async def consume(into: list[bh.VideoFrame] = frames) -> None:
                async for frame in runtime.run():
                    into.append(frame)

            task = asyncio.create_task(consume())
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            total += samples(frames)
        assert total == 6400
        runtime.cleanup()

    run(main())


def test_a_second_consumer_takes_over() -> None:
    async def main() -> None:
        runtime = await made()
        first: list[bh.VideoFrame] = []

        async def consume() -> None:
            async for frame in runtime.run():
                first.append(frame)

        task = asyncio.create_task(consume())
        while len(first) < 2:
            await asyncio.sleep(0.01)
        assert len(await take(runtime, 3)) == 3
        await asyncio.wait_for(task, 10)
        runtime.cleanup()

    run(main())


def test_idle_frames_only_when_they_are_wanted() -> None:
    async def main() -> None:
        runtime = await made()
        wanted = False
        frames: list[bh.VideoFrame] = []

        async def consume() -> None:
            async for frame in runtime.run(lambda: wanted):
                frames.append(frame)

        task = asyncio.create_task(consume())
        await asyncio.sleep(0.2)
        assert frames == []
        await runtime.push_audio(voice(0.2).tobytes(), 16000)
        while not (frames and frames[-1].end_of_speech):
            await asyncio.sleep(0.01)
        assert samples(frames) == 3200
        wanted = True
        while frames[-1].audio_chunk is not None:
            await asyncio.sleep(0.01)
        runtime.cleanup()
        await task

    run(main())


@pytest.mark.parametrize(("away", "late"), [(0.1, 100_000), (0.6, 600_000)])
@pytest.mark.parametrize("speech", [False, True])
def test_a_consumer_that_was_away_finds_no_frames_of_the_past(
    away: float, late: int, speech: bool
) -> None:
    """LiveKit publishes its tracks after the first frame, for as long as that takes, and begins a
    clock of its own with it: what comes next is a period later or more, and nothing in a hurry."""

    async def main() -> None:
        runtime = await made()
        if speech:
            await runtime.push_audio(voice(1).tobytes(), 16000)
        iterator = runtime.run()
        await iterator.__anext__()
        before = runtime.stats().frames
        await asyncio.sleep(away)
        assert runtime.stats().frames == before, "nothing is made ahead"
        frames = [await iterator.__anext__() for _ in range(6)]
        assert runtime.stats().max_late_us >= late
        times = [frame.info.timestamp_us for frame in frames if frame.info is not None]
        assert min(np.diff(times[1:])) >= 40_000, "and on a machine that is busy more"
        assert samples(frames) == (6 * 640 if speech else 0)
        runtime.cleanup()

    run(main())


def test_a_consumer_that_gave_up_waiting_finds_nothing_stale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was made for it meanwhile is left out when it says nothing, and kept when it does."""

    async def main(speech: bool) -> int:
        runtime = await made()
        iterator = runtime.run()
        await iterator.__anext__()
        if speech:
            await runtime.push_audio(voice(1).tobytes(), 16000)
        waiting = asyncio.ensure_future(iterator.__anext__())
        await asyncio.sleep(0)
        waiting.cancel()
        pump = runtime._pump
        assert pump is not None
        while pump._frame is None:
            await asyncio.sleep(0.01)
        stale = pump._frame
        await asyncio.sleep(0.1)
        frame = await runtime.run().__anext__()
        assert (frame is stale) == speech
        runtime.cleanup()
        return samples([frame])

    assert run(main(False)) == 0
    assert run(main(True)) == 640


def test_one_runtime_in_two_event_loops_one_after_the_other() -> None:
    runtime = bh.AsyncBithuman(model_path=TINY)

    async def part() -> int:
        await runtime.start()
        await runtime.push_audio(voice(0.2).tobytes(), 16000)
        return samples(await take(runtime, 6))

    assert run(part()) == 3200
    assert run(part()) == 3200
    runtime.cleanup()


def test_a_loop_that_was_closed_does_not_disturb_the_next() -> None:
    """Its consumer left in the middle of a wait."""
    runtime = bh.AsyncBithuman(model_path=TINY)

    async def leave() -> None:
        await runtime.start()
        iterator = runtime.run()
        await iterator.__anext__()
        await asyncio.sleep(0.3)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(iterator.__anext__(), 0.005)

    for _ in range(3):
        run(leave())
    assert len(run(take(runtime, 3))) == 3
    runtime.cleanup()


def test_the_loop_given_to_run_is_that_of_the_consumer() -> None:
    async def main() -> None:
        runtime = await made()
        other = asyncio.new_event_loop()
        with pytest.raises(ValueError, match="loop"):
            await runtime.run(loop=other).__anext__()
        other.close()
        await runtime.run(loop=asyncio.get_running_loop()).__anext__()
        runtime.cleanup()

    run(main())


def test_twenty_sessions_in_one_loop() -> None:
    async def one(number: int) -> int:
        runtime = await made()
        await runtime.push_audio(voice(1, seed=number).tobytes(), 16000)
        frames = await take(runtime, 30)
        runtime.cleanup()
        assert [f.end_of_speech for f in frames].count(True) == 1
        return samples(frames)

    async def main() -> list[int]:
        return await asyncio.gather(*(one(number) for number in range(20)))

    before = threading.active_count()
    assert run(main()) == [16000] * 20
    assert threading.active_count() <= before + 2 + 2, "waiting does not take a thread each"


def test_sessions_in_several_threads() -> None:
    found: list[int] = []

    async def main() -> None:
        runtime = await made()
        await runtime.push_audio(voice(0.4).tobytes(), 16000)
        found.append(samples(await take(runtime, 12)))
        runtime.cleanup()

    threads = [threading.Thread(target=run, args=(main(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [6400] * 4


# ------------------------------------------------------------------ sound in


def test_what_is_refused_and_the_session_goes_on() -> None:
    wrong: list[tuple[Any, Any, type[Exception], str]] = [
        (b"\0", 16000, bh.InvalidArgumentError, "1 bytes"),
        (b"\0\0", 0, bh.AudioError, "not 0"),
        (b"\0\0", 10_000_000, bh.AudioError, "not 10000000"),
        (b"\0\0", "16k", bh.WrongTypeError, "'16k'"),
        (b"\0\0", 16000.5, bh.WrongTypeError, "16000.5"),
        ("text", 16000, bh.WrongTypeError, "str"),
        (None, 16000, bh.WrongTypeError, "NoneType"),
        (np.zeros((2, 2), np.int16), 16000, bh.InvalidArgumentError, "shape"),
        (np.zeros(2, np.int32), 16000, bh.WrongTypeError, "int32"),
    ]

    async def main() -> None:
        runtime = await made()
        for data, rate, kind, text in wrong:
            with pytest.raises(kind, match=text) as caught:
                await runtime.push_audio(data, rate)
            assert isinstance(caught.value, bh.AvatarError)
            assert caught.value.code in ("invalid_argument", "audio_unreadable")
        not_a_control: Any = b"\0\0"
        with pytest.raises(bh.WrongTypeError, match="VideoControl"):
            await runtime.push(not_a_control)
        for data in (b"", np.zeros(0, np.int16)):
            await runtime.push_audio(data, 16000)
        await runtime.push_audio(np.zeros(640, np.float32), np.int64(16000))  # type: ignore[arg-type]
        frames = await take(runtime, 3)
        assert samples(frames) == 640
        runtime.cleanup()

    run(main())


def test_a_push_does_not_give_way_before_the_sound_is_handed_over() -> None:
    """Else an interruption from another task could come between."""

    async def main() -> None:
        runtime = await made()
        pushing = runtime.push_audio(voice(2).tobytes(), 16000, last_chunk=False)
        with pytest.raises(StopIteration):
            pushing.send(None)
        assert runtime.stats().samples_queued == 32000
        flushing = runtime.flush()
        with pytest.raises(StopIteration):
            flushing.send(None)
        runtime.cleanup()

    run(main())


def test_long_sound_is_handed_over_in_order() -> None:
    async def main() -> None:
        runtime = await made()
        said = voice(80)
        pushes = [
            runtime.push_audio(said[: 16000 * 70].tobytes(), 16000, last_chunk=False),
            runtime.push_audio(said[16000 * 70 : 16000 * 71].tobytes(), 16000, last_chunk=False),
            runtime.push_audio(said[16000 * 71 :].tobytes(), 16000, last_chunk=False),
            runtime.flush(),
        ]
        await asyncio.gather(*pushes)
        session = runtime._session
        assert session is not None
        now, heard = 0, []
        while True:
            frame = session.step(now)
            now += 40_000
            assert frame is not None
            assert frame.audio_chunk is not None
            heard.append(frame.audio_chunk.array)
            if frame.end_of_speech:
                break
        np.testing.assert_array_equal(np.concatenate(heard), said)
        runtime.cleanup()

    run(main())


def test_an_interruption_ends_pushes_that_are_under_way() -> None:
    async def main() -> None:
        runtime = await made()
        for delay in (0, 0.001, 0.01, 0.05):
            pushing = [
                asyncio.create_task(runtime.push_audio(voice(60, 24000).tobytes(), 24000)),
                asyncio.create_task(runtime.push_audio(voice(1, 24000).tobytes(), 24000)),
                asyncio.create_task(runtime.flush()),
            ]
            await asyncio.sleep(delay)
            runtime.interrupt()
            await asyncio.gather(*pushing)
            assert runtime.stats().samples_queued == 0
        await runtime.push_audio(voice(0.2).tobytes(), 16000)
        assert samples(await take(runtime, 8)) == 3200
        runtime.cleanup()

    run(main())


def test_a_full_inbox() -> None:
    """Refused whole, whether it is handed over at once or in pieces."""

    async def main() -> None:
        runtime = await made(input_buffer_size=32_000 * 20)
        await runtime.push_audio(voice(15).tobytes(), 16000, last_chunk=False)
        for seconds in (6, 70):
            with pytest.raises(bh.RuntimeNotReadyError) as caught:
                await runtime.push_audio(voice(seconds).tobytes(), 16000)
            assert (caught.value.code, caught.value.exit_code) == ("queue_full", 75)
            assert runtime.stats().samples_queued == 15 * 16000
        await runtime.push_audio(voice(4.5).tobytes(), 16000, last_chunk=False)
        runtime.interrupt()
        with pytest.raises(bh.RuntimeNotReadyError, match="do not fit"):
            await runtime.push_audio(voice(21, 48000).tobytes(), 48000)
        await runtime.push_audio(voice(19, 48000).tobytes(), 48000)
        assert abs(runtime.stats().samples_queued - 19 * 16000) <= 1
        runtime.cleanup()

    run(main())


def test_interrupted_among_many_tasks() -> None:
    """After interrupt() no frame has anything of the old utterance, wherever it was."""

    async def main() -> None:
        runtime = await made()
        heard: list[tuple[str | None, bool]] = []

        async def consume() -> None:
            async for frame in runtime.run():
                if frame.audio_chunk is not None or frame.end_of_speech:
                    heard.append((frame.source_message_id, frame.end_of_speech))

        consumer = asyncio.create_task(consume())
        generator = np.random.default_rng(3)
        for number in range(60):
            chunk = bh.AudioChunk(voice(0.3), 16000)
            await runtime.push(bh.VideoControl(audio=chunk, message_id=str(number)))
            await asyncio.sleep(float(generator.uniform(0, 0.09)))
            runtime.interrupt()
            heard.clear()
            await asyncio.sleep(float(generator.uniform(0, 0.05)))
            assert heard == []
        runtime.cleanup()
        await consumer

    run(main())


def test_interrupted_between_the_engine_and_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame has left the engine, on the waiter's thread, and is not handed over yet."""
    real = Session.step

    def step(self: Session, now_us: int | None = None) -> bh.VideoFrame | None:
        frame = real(self, now_us)
        assert frame is None or frame.audio_chunk is not None
        self.interrupt()
        return frame

    async def main() -> None:
        runtime = await made()
        await runtime.push_audio(voice(0.4).tobytes(), 16000)
        with monkeypatch.context() as patch:
            patch.setattr(Session, "step", step)
            frames = await take(runtime, 1)
        assert samples(frames) == 0
        assert not frames[0].end_of_speech
        assert frames[0].has_image
        assert runtime.stats().frames_silenced == 1
        runtime.cleanup()

    run(main())


def test_a_control_has_its_turn_after_sound_that_is_under_way() -> None:
    async def main() -> None:
        runtime = await made(ACTIONS)
        await asyncio.gather(
            runtime.push_audio(voice(7, 24000).tobytes(), 24000, last_chunk=False),
            runtime.push(bh.VideoControl(action="nod", force_action=True)),
            runtime.push_audio(voice(1, 24000).tobytes(), 24000),
        )
        session, now = runtime._session, 0
        assert session is not None
        shown = []
        for number in range(200):
            frame = session.step(now)
            now += 40_000
            if frame is not None and frame.info is not None and frame.info.is_action:
                shown.append(number)
        assert 174 <= shown[0] <= 177
        runtime.cleanup()

    run(main())


# ------------------------------------------------------------------ another avatar


def test_another_avatar_in_mid_session(tmp_path: Path) -> None:
    async def main() -> None:
        runtime = await made(output_size=(320, 192))
        await runtime.push_audio(voice(2).tobytes(), 16000)
        frames: list[bh.VideoFrame] = []

        async def consume() -> None:
            async for frame in runtime.run():
                frames.append(frame)

        consumer = asyncio.create_task(consume())
        while len(frames) < 5:
            await asyncio.sleep(0.01)
        runtime.set_muted(True)
        await runtime.set_model(ACTIONS)
        count = len(frames)
        with pytest.raises(bh.ModelNotFoundError):
            await runtime.set_model("/nonexistent.imx")
        while len(frames) < count + 5:
            await asyncio.sleep(0.01)
        assert samples(frames[count:]) == 0, "speech in progress is interrupted"
        await runtime.push_audio(voice(0.2).tobytes(), 16000)
        while not frames[-1].end_of_speech:
            await asyncio.sleep(0.01)
        assert [f.frame_index for f in frames] == list(range(len(frames)))
        last = frames[-1].audio_chunk
        assert last is not None
        assert not last.array.any(), "still muted"
        assert runtime.model_path == str(ACTIONS)
        runtime.cleanup()
        await consumer

    run(main())


def test_another_avatar_while_long_sound_is_handed_over() -> None:
    """The sound was for the old one: the push ends, and the new one has nothing of it."""

    async def main() -> None:
        runtime = await made()
        pushing = asyncio.create_task(runtime.push_audio(voice(300, 48000).tobytes(), 48000))
        await asyncio.sleep(0.01)
        await runtime.set_model(ACTIONS)
        await pushing
        assert runtime.stats().samples_in == 0
        await runtime.push_audio(voice(0.1).tobytes(), 16000)
        assert samples(await take(runtime, 4)) == 1600
        runtime.cleanup()

    run(main())


def test_stopped_while_long_sound_is_handed_over() -> None:
    async def main() -> None:
        runtime = await made()
        pushing = asyncio.create_task(runtime.push_audio(voice(300, 48000).tobytes(), 48000))
        await asyncio.sleep(0.01)
        runtime.cleanup()
        await asyncio.wait([pushing])
        error = pushing.exception()
        assert error is None or isinstance(error, bh.RuntimeNotReadyError)

    run(main())


# ------------------------------------------------------------------ failures


def test_what_kills_the_worker_is_logged_and_raised_everywhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def step(self: Session, now_us: int | None = None) -> None:
        raise KeyError("a fault")

    async def main() -> None:
        runtime, other = await made(), await made()
        await take(runtime, 1)
        with monkeypatch.context() as patch:
            patch.setattr(Session, "step", step)
            with caplog.at_level(logging.ERROR), pytest.raises(bh.Failed, match="a fault") as first:
                await take(runtime, 1)
        assert "a live avatar failed" in caplog.text
        assert isinstance(first.value.__cause__, KeyError)
        calls: list[Callable[[], Awaitable[object]]] = [
            lambda: runtime.push_audio(b"\0\0", 16000),
            runtime.flush,
            lambda: take(runtime, 1),
            lambda: runtime.set_model(TINY),
        ]
        for call in calls:
            with pytest.raises(bh.Failed, match="a fault") as caught:
                await call()
            assert caught.value.code == "internal"
        with pytest.raises(bh.Failed):
            runtime.interrupt()
        assert len(await take(other, 3)) == 3, "the others go on"
        runtime.cleanup()
        assert await take(runtime, 1) == []
        other.cleanup()

    run(main())


def test_a_failure_wakes_a_consumer_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the engine keeps its class and its code."""

    async def main() -> None:
        runtime = await made()

        async def consume() -> None:
            async for _ in runtime.run():
                pass

        consumer = asyncio.create_task(consume())
        await asyncio.sleep(0.05)

        def step(self: Session, now_us: int | None = None) -> None:
            raise bh.Failed("the encoder failed", code="inference_failed")

        monkeypatch.setattr(Session, "step", step)
        with pytest.raises(bh.Failed, match="the encoder failed") as caught:
            await consumer
        assert caught.value.code == "inference_failed"
        runtime.cleanup()

    run(main())


def test_a_killed_worker_does_not_kill_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        runtime, other = await made(), await made()
        with monkeypatch.context() as patch:

            def step(self: Session, now_us: int | None = None) -> None:
                raise SystemExit(3)

            patch.setattr(Session, "step", step)
            with pytest.raises(bh.Failed, match="SystemExit"):
                await take(runtime, 1)
        for _ in range(2):
            assert len(await take(other, 5)) == 5
        runtime.cleanup()
        other.cleanup()

    run(main())


# ------------------------------------------------------------------ the process


def test_a_dropped_runtime_warns_and_is_freed() -> None:
    async def main() -> None:
        runtime = await made()
        await take(runtime, 2)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(main())
        gc.collect()
    said = [str(warning.message) for warning in caught]
    assert [text.partition(" '")[0] for text in sorted(said)] == [
        "unclosed <Fixture", "unclosed <Runtime of <Fixture",
    ]  # fmt: skip


def test_a_program_that_closes_nothing_ends() -> None:
    result = run_python(
        f"""
import asyncio, warnings
import bithuman_ctypes as bh
warnings.simplefilter("ignore")
keep = []
async def main():
    runtime = await bh.AsyncBithuman.create(model_path={str(TINY)!r})
    keep.append(runtime)
    n = 0
    async for frame in runtime.run():
        n += 1
        if n == 3:
            return
asyncio.run(main())
print("ended")
""",
        PYTHONWARNINGS="ignore",
    )
    assert (result.returncode, result.stdout) == (0, "ended\n"), result.stderr
    assert "Traceback" not in result.stderr


def test_a_forked_process_is_refused_and_may_make_its_own() -> None:
    result = run_python(
        f"""
import asyncio, os, signal
import bithuman_ctypes as bh
async def main(runtime, count):
    await runtime.start()
    await runtime.push_audio(bytes(6400), 16000)
    n = 0
    async for frame in runtime.run():
        n += 1
        if n == count:
            return n
runtime = bh.AsyncBithuman(model_path={str(TINY)!r})
print(asyncio.run(main(runtime, 5)), flush=True)
pid = os.fork()
if pid == 0:
    signal.alarm(20)
    try:
        asyncio.run(main(runtime, 1))
    except bh.RuntimeNotReadyError as error:
        print("forked process" in str(error), flush=True)
    try:
        runtime.interrupt()
    except bh.RuntimeNotReadyError as error:
        print("forked process" in str(error), flush=True)
    runtime.cleanup()
    own = bh.AsyncBithuman(model_path={str(TINY)!r})
    print(asyncio.run(main(own, 5)), flush=True)
    own.cleanup()
    os._exit(0)
status = os.waitpid(pid, 0)[1]
print(status, asyncio.run(main(runtime, 5)))
runtime.cleanup()
""",
        PYTHONWARNINGS="ignore",
    )
    assert result.stdout.split() == ["5", "True", "True", "5", "0", "5"], result.stderr
