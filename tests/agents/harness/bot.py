"""A Pipecat bot: its speech, the avatar service, and what comes out of it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from loguru import logger
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    OutputAudioRawFrame,
    OutputImageRawFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner
from pipecat_bithuman import BitHumanVideoService  # type: ignore[import-untyped]

from . import RATE, SECRET, TINY, Pcm
from .face import luma
from .room import Picture, Recording, Sound

logger.remove()
logger.add(sys.stderr, level="WARNING")


class Tap(FrameProcessor):
    """Keeps the frames that pass in one direction, with the time."""

    def __init__(self, direction: FrameDirection) -> None:
        super().__init__()
        self.frames: list[tuple[float, Frame]] = []
        self._direction = direction

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if direction == self._direction:
            self.frames.append((time.perf_counter(), frame))
        await self.push_frame(frame, direction)

    def of(self, kind: type[Frame]) -> list[Any]:
        return [frame for _, frame in self.frames if isinstance(frame, kind)]


class Stage(BaseOutputTransport):
    """A transport that plays to a recording: sound takes the time that it lasts."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__(
            TransportParams(
                audio_out_enabled=True,
                audio_out_sample_rate=RATE,
                audio_out_10ms_chunks=1,
                video_out_enabled=True,
                video_out_framerate=100,
                video_out_width=size[0],
                video_out_height=size[1],
            )
        )
        self.recording = Recording()
        self._played_until = 0.0

    async def start(self, frame: Any) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        now = time.perf_counter()
        begin = max(now, self._played_until)
        self._played_until = begin + len(frame.audio) / 2 / frame.sample_rate
        await asyncio.sleep(begin - now)
        pcm = np.frombuffer(frame.audio, np.int16)
        self.recording.sounds.append(Sound(time.perf_counter(), pcm))
        return True

    async def write_video_frame(self, frame: OutputImageRawFrame) -> bool:
        now = time.perf_counter()
        self.recording.pictures.append(Picture(now, picture_luma(frame)))
        return True


def picture_luma(frame: OutputImageRawFrame) -> Any:
    rgb = np.frombuffer(frame.image, np.uint8).reshape(frame.size[1], frame.size[0], 3)
    return luma(rgb[:, :, ::-1])


@dataclass
class Bot:
    service: BitHumanVideoService
    worker: PipelineWorker
    before: Tap
    after: Tap
    stage: Stage | None
    runtimes: list[Any] = field(default_factory=list)

    async def speak(self, pcm: Pcm, rate: int, block: int = 480) -> None:
        """One reply, as a text-to-speech service gives it: at once."""
        audio = [
            TTSAudioRawFrame(pcm[i : i + block].tobytes(), rate, 1, context_id="reply")
            for i in range(0, len(pcm), block)
        ]
        await self.worker.queue_frames([TTSStartedFrame(), *audio, TTSStoppedFrame()])

    async def until(self, true: Callable[[], object], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.01)

    async def stopped(self, count: int) -> None:
        """Waits until so many replies have ended."""
        await self.until(lambda: len(self.after.of(TTSStoppedFrame)) >= count)

    def errors(self) -> Sequence[ErrorFrame]:
        return self.before.of(ErrorFrame)


@contextlib.asynccontextmanager
async def a_bot(
    stage: Stage | None = None, factory: Callable[[], Awaitable[Any]] | None = None
) -> AsyncIterator[Bot]:
    """A bot that runs, until the block ends."""
    runtimes: list[Any] = []

    async def create() -> Any:
        from bithuman_ctypes import AsyncBithuman

        runtimes.append(await AsyncBithuman.create(model_path=str(TINY), api_secret=SECRET))
        return runtimes[-1]

    service = BitHumanVideoService(runtime_factory=factory or create)
    before, after = Tap(FrameDirection.UPSTREAM), Tap(FrameDirection.DOWNSTREAM)
    parts = [before, service, after, *([stage] if stage else [])]
    worker = PipelineWorker(Pipeline(parts), enable_rtvi=False, idle_timeout_secs=None)
    runner = WorkerRunner(handle_sigint=False)
    running = asyncio.create_task(_run(runner, worker))
    bot = Bot(service, worker, before, after, stage, runtimes)
    try:
        await bot.until(lambda: after.of(OutputImageRawFrame) or before.of(ErrorFrame))
        yield bot
    finally:
        await worker.cancel()
        await running


async def _run(runner: WorkerRunner, worker: PipelineWorker) -> None:
    await runner.add_workers(worker)
    await runner.run()
