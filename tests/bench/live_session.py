"""One live avatar in a process of its own, measured: what scripts/bench_settings starts.

usage: live_session.py MODEL.imx SPEECH.wav SPEC

SPEC is JSON: ``scenario``, one of SCENARIOS; ``create``, arguments of AsyncBithuman.create;
``settings``, values of Settings; ``profile``, the name of a profile instead; ``options``, of the
scenario. Prints one JSON object: times in ms, memory in MB (1e6 bytes), see ``report``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import sys
import threading
import time
import wave
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bithuman_ctypes import AsyncBithuman, Fixture, Runtime, RuntimeNotReadyError, VideoFrame
from bithuman_ctypes._lowlevel import StreamOptions
from bithuman_ctypes._lowlevel.clock import now_us
from bithuman_ctypes.settings import Settings

PERIOD = 40_000
UTTERANCES = 8
SPOKEN = 0.8  # seconds of each
SPOKEN_LONG = 1.4  # where something happens in the middle
WARM = 1.5  # seconds until the worker that decodes is done


# ---------------------------------------------------------------- what is measured


@dataclass
class Seen:
    """A frame, when it came; microseconds of the engine's clock."""

    came: int
    due: int
    speech: bool
    utterance: int
    position: int


@dataclass
class Record:
    """The frames of one session, and when its utterances were spoken."""

    seen: list[Seen] = field(default_factory=list)
    spoken: dict[int, int] = field(default_factory=dict)

    def note(self, info: Any, came: int) -> None:
        """Adds a frame."""
        self.seen.append(
            Seen(came, info.timestamp_us, info.is_speech, info.utterance, info.position)
        )

    def of(self, utterance: int) -> list[Seen]:
        """Its frames with sound."""
        return [s for s in self.seen if s.speech and s.utterance == utterance]

    def latencies(self) -> list[float]:
        """Of every frame, from the first sample of its own 40 ms to the frame."""
        found = []
        for utterance, start in self.spoken.items():
            frames = self.of(utterance)
            for s in frames:
                heard = start + (s.position - frames[0].position) * 1_000_000 // 16000
                found.append((s.came - heard) / 1e3)
        return found

    def late(self) -> list[float]:
        """From when each frame was due to when it came."""
        return [(s.came - s.due) / 1e3 for s in self.seen]

    def uneven(self) -> list[float]:
        """How far the time between two frames is from 40 ms."""
        times = [s.came for s in self.seen]
        return [abs(b - a - PERIOD) / 1e3 for a, b in zip(times, times[1:])]

    def pauses(self, utterance: int) -> list[float]:
        """The times between the frames of an utterance."""
        times = [s.came for s in self.of(utterance)]
        return [(b - a) / 1e3 for a, b in zip(times, times[1:])]


def quantiles(values: list[float]) -> dict[str, float]:
    """p50, p95, p99 and max; zeros of nothing."""
    ordered = sorted(values) or [0.0]
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(ordered[round(q * (len(ordered) - 1))], 3) for name, q in at.items()}


def on_cpu() -> tuple[float, float]:
    """CPU seconds so far: of the process, and of all threads but this one, which is the program's;
    those that have ended count."""
    everything = time.process_time()
    return everything, everything - time.thread_time()


def memory() -> dict[str, float]:
    """Resident memory: the most ever, and now, private and in files."""
    kb = {}
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in ("VmHWM", "RssAnon", "RssFile", "RssShmem"):
            kb[name] = int(value.split()[0])
    return {
        "peak_mb": kb["VmHWM"] * 1024 / 1e6,
        "private_mb": kb["RssAnon"] * 1024 / 1e6,
        "file_mb": (kb["RssFile"] + kb["RssShmem"]) * 1024 / 1e6,
    }


class Work:
    """CPU time and frames since it was made."""

    def __init__(self, records: list[Record]) -> None:
        self._records = records
        self._cpu = on_cpu()
        self._frames = sum(len(r.seen) for r in records)

    def per_frame(self) -> dict[str, float]:
        """ms of CPU time a frame: of the engine's threads, and of the whole process."""
        frames = max(1, sum(len(r.seen) for r in self._records) - self._frames)
        everything, workers = (b - a for a, b in zip(self._cpu, on_cpu()))
        return {"frame_ms": workers / frames * 1e3, "process_ms": everything / frames * 1e3}


# ---------------------------------------------------------------- speech


class Voice:
    """The speech, in pieces, over and over; ``rate``: another one than the file's."""

    def __init__(self, path: str, rate: int | None) -> None:
        with wave.open(path, "rb") as file:
            self.rate = file.getframerate()
            self._data = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        if rate is not None:
            times = np.arange(len(self._data) * rate // self.rate) * self.rate / rate
            data = np.interp(times, np.arange(len(self._data)), self._data)
            self.rate, self._data = rate, data.astype(np.int16)
        self._at = 0

    def next(self, seconds: float) -> NDArray[np.int16]:
        """The next piece."""
        count = round(self.rate * seconds)
        if self._at + count > len(self._data):
            self._at = 0
        self._at += count
        return self._data[self._at - count : self._at]


async def sleep_until(moment: int) -> None:
    """Waits for a time of the engine's clock."""
    await asyncio.sleep(max(0, moment - now_us()) / 1e6)


async def speak(
    avatar: AsyncBithuman, voice: Voice, start: int, seconds: float, piece: float = 0.01
) -> None:
    """Says speech from ``start`` on as somebody who speaks: each piece when it is over."""
    for i in range(round(seconds / piece)):
        await sleep_until(start + round((i + 1) * piece * 1e6))
        await avatar.push_audio(voice.next(piece), voice.rate, last_chunk=False)


def next_start(record: Record, turn: int) -> int:
    """A moment soon, at another place between two due frames each turn."""
    schedule = record.seen[-1].due
    soon = schedule + PERIOD * ((now_us() - schedule) // PERIOD + 5)
    return soon + PERIOD * turn // UTTERANCES


async def said(record: Record, utterance: int) -> None:
    """Waits until an utterance is over and 0.2 s more."""
    while not record.of(utterance) or record.seen[-1].speech:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)


# ---------------------------------------------------------------- a session


Stall = Callable[[VideoFrame, Record], Awaitable[None]]


class Session:
    """A live avatar with its consumer, begun and warm."""

    def __init__(self, model: str, arguments: dict[str, Any], stall: Stall | None = None) -> None:
        self._model, self._arguments, self._stall = model, arguments, stall
        self.record = Record()
        self.times: dict[str, float] = {}
        self._begun = asyncio.Event()

    async def __aenter__(self) -> Session:
        begun = time.perf_counter()
        self.avatar = await AsyncBithuman.create(model_path=self._model, **self._arguments)
        created = time.perf_counter()
        self._consumer = asyncio.create_task(self._consume())
        await self._begun.wait()
        self.times = {
            "create_ms": (created - begun) * 1e3,
            "first_ms": (time.perf_counter() - created) * 1e3,
        }
        await asyncio.sleep(WARM)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.avatar.stop()
        await self._consumer

    async def _consume(self) -> None:
        async for frame in self.avatar.run():
            self.record.note(frame.info, now_us())
            self._begun.set()
            if self._stall:
                await self._stall(frame, self.record)

    def utterance(self) -> int:
        """The number of the utterance that the next push belongs to."""
        session = self.avatar._session
        assert session is not None
        return session.runtime.utterance()


def arguments_of(spec: dict[str, Any]) -> dict[str, Any]:
    """Of AsyncBithuman.create."""
    if spec.get("profile"):
        from bithuman_ctypes import profiles

        return dict(getattr(profiles, spec["profile"]))
    settings = replace(Settings(), **spec.get("settings", {}))
    return {**spec.get("create", {}), "settings": settings}


# ---------------------------------------------------------------- scenarios


async def utterances(session: Session, voice: Voice, count: int, seconds: float = SPOKEN) -> None:
    """Says them one after another, each at another place between two due frames."""
    for turn in range(count):
        number, start = session.utterance(), next_start(session.record, turn)
        session.record.spoken[number] = start
        await speak(session.avatar, voice, start, seconds)
        await session.avatar.flush()
        await said(session.record, number)


async def speech(model: str, voice: Voice, spec: dict[str, Any]) -> dict[str, Any]:
    """Utterances as they are spoken."""
    async with Session(model, arguments_of(spec)) as session:
        session.record.seen = session.record.seen[-1:]
        work = Work([session.record])
        await utterances(session, voice, UTTERANCES)
        return {**memory(), **session.times, **work.per_frame(), **shown(session.record)}


def shown(record: Record) -> dict[str, Any]:
    """What frames' times say."""
    return {
        "latency": quantiles(record.latencies()),
        "late": quantiles(record.late()),
        "jitter": quantiles(record.uneven()),
    }


async def idle(model: str, voice: Voice, spec: dict[str, Any]) -> dict[str, Any]:
    """Nobody speaks."""
    async with Session(model, arguments_of(spec)) as session:
        work = Work([session.record])
        await asyncio.sleep(4)
        return {**memory(), **session.times, **work.per_frame(), **shown(session.record)}


async def stall(model: str, voice: Voice, spec: dict[str, Any]) -> dict[str, Any]:
    """The consumer stops for ``stop_ms`` once in each utterance."""
    stop = spec["options"]["stop_ms"] / 1e3

    async def once(frame: VideoFrame, record: Record) -> None:
        info = frame.info
        if info is not None and info.is_speech and len(record.of(info.utterance)) == 8:
            await asyncio.sleep(stop)

    async with Session(model, arguments_of(spec), once) as session:
        record = session.record
        await utterances(session, voice, 4, SPOKEN_LONG)
        behind, fastest = [], []
        for number in record.spoken:
            frames = record.of(number)
            apart = (frames[-1].position - frames[0].position) / 16
            behind.append((frames[-1].came - frames[0].came) / 1e3 - apart)
            fastest.append(sum(p < 30 for p in record.pauses(number)))
        return {
            "behind_ms": statistics.median(behind),
            "fast_frames": statistics.median(fastest),
            "pause_ms": statistics.median(max(record.pauses(n)) for n in record.spoken),
        }


async def gap(model: str, voice: Voice, spec: dict[str, Any]) -> dict[str, Any]:
    """Speech whose source falls silent for ``gap_ms`` in mid-utterance, as a voice that is computed
    too slowly."""
    options = spec["options"]
    async with Session(model, arguments_of(spec)) as session:
        record = session.record
        session.avatar.set_idle_timeout(options["idle_timeout"])
        for turn in range(4):
            number, start = session.utterance(), next_start(record, turn)
            record.spoken[number] = start
            await speak(session.avatar, voice, start, SPOKEN_LONG / 2)
            again = start + round(SPOKEN_LONG / 2 * 1e6) + options["gap_ms"] * 1000
            await speak(session.avatar, voice, again, SPOKEN_LONG / 2)
            await session.avatar.flush()
            await said(record, number)
        idles, after, still = [], [], []
        for number, start in record.spoken.items():
            frames = record.of(number)
            first, last = record.seen.index(frames[0]), record.seen.index(frames[-1])
            within = record.seen[first : last + 1]
            idles.append(sum(not s.speech for s in within))
            times = [s.came for s in within]
            still.append(max(b - a for a, b in zip(times, times[1:])) / 1e3)
            spoken = (frames[-1].position - frames[0].position) / 16 + options["gap_ms"]
            after.append((frames[-1].came - start) / 1e3 - spoken)
        return {
            "idle_frames": statistics.median(idles),
            "still_ms": statistics.median(still),
            "after_ms": statistics.median(after),
            "underruns": session.avatar.stats().underruns / len(record.spoken),
        }


async def queue(model: str, voice: Voice, spec: dict[str, Any]) -> dict[str, Any]:
    """As much speech as is taken, at once."""
    async with Session(model, arguments_of(spec)) as session:
        accepted = 0
        try:
            while accepted < 7200:
                await session.avatar.push_audio(voice.next(1), voice.rate, last_chunk=False)
                accepted += 1
        except RuntimeNotReadyError as error:
            if error.code != "queue_full":
                raise
        return {**memory(), "accepted_s": accepted}


async def many(model: str, voice: Voice, spec: dict[str, Any]) -> dict[str, Any]:
    """``sessions`` of them, which all hear a piece of ``piece_ms`` of speech as often."""
    options = spec["options"]
    sessions = [Session(model, arguments_of(spec)) for _ in range(options["sessions"])]
    piece = options.get("piece_ms", 100) * 1000
    async with contextlib.AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(s) for s in sessions))
        records = [s.record for s in sessions]
        for record in records:
            record.seen = record.seen[-1:]
        work, start = Work(records), now_us() + 100_000
        await asyncio.gather(
            *(
                speak(s.avatar, voice, start + i * piece // len(sessions), 6, piece / 1e6)
                for i, s in enumerate(sessions)
            )
        )
        together = Record([s for r in records for s in r.seen])
        return {
            **memory(),
            **work.per_frame(),
            "late": quantiles(together.late()),
            "jitter": quantiles([value for r in records for value in r.uneven()]),
        }


def engine(model: str, voice: Voice, spec: dict[str, Any]) -> dict[str, Any]:
    """``speech`` without an event loop: a thread in be_runtime_pull, a Fixture with ``options``."""
    record, begun = Record(), time.perf_counter()
    with Fixture(model, **spec["options"]) as fixture:
        runtime = Runtime(fixture, StreamOptions(realtime=True))
        created = time.perf_counter()

        def consume() -> None:
            with contextlib.suppress(RuntimeNotReadyError):
                while True:
                    frame = runtime.next_frame(None)
                    if frame is not None:
                        record.note(frame, now_us())

        thread = threading.Thread(target=consume)
        thread.start()
        while not record.seen:
            time.sleep(0.0002)
        first = time.perf_counter()
        time.sleep(WARM)
        record.seen = record.seen[-1:]
        work = Work([record])
        for turn in range(UTTERANCES):
            _say_to(runtime, voice, record, turn)
        result = {
            **memory(),
            "create_ms": (created - begun) * 1e3,
            "first_ms": (first - created) * 1e3,
            **work.per_frame(),
            **shown(record),
            "runtime": fixture.provider.runtime,
        }
        runtime.close()
        thread.join()
    return result


def _say_to(runtime: Runtime, voice: Voice, record: Record, turn: int) -> None:
    number, start = runtime.utterance(), next_start(record, turn)
    record.spoken[number] = start
    for i in range(round(SPOKEN / 0.01)):
        time.sleep(max(0, start + (i + 1) * 10_000 - now_us()) / 1e6)
        runtime.push_chunk(voice.next(0.01), voice.rate)
    runtime.flush()
    while not record.of(number) or record.seen[-1].speech:
        time.sleep(0.02)
    time.sleep(0.2)


SCENARIOS: dict[str, Any] = {
    "speech": speech,
    "idle": idle,
    "stall": stall,
    "gap": gap,
    "queue": queue,
    "many": many,
    "engine": engine,
}


def report(model: str, wav: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Runs the scenario; its figures, and the memory of the process."""
    voice = Voice(wav, spec.get("options", {}).get("rate"))
    before, scenario = memory(), SCENARIOS[spec["scenario"]]
    if scenario is engine:
        result = engine(model, voice, spec)
    else:
        result = asyncio.run(scenario(model, voice, spec))
    return {**memory(), **result, "before_mb": before["peak_mb"]}


if __name__ == "__main__":
    print(json.dumps(report(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))))
