"""What a program for the other package looks like, with another import line: speak and show."""

import asyncio
import sys
from typing import Optional

import numpy as np

from bithuman_ctypes import AsyncBithuman, AudioChunk, VideoFrame
from bithuman_ctypes.audio import float32_to_int16, load_audio
from bithuman_ctypes.utils import FPSController


class Screen:
    """Where frames and sound would go."""

    def __init__(self) -> None:
        self.pictures = 0
        self.seconds = 0.0
        self.last: Optional[np.ndarray] = None

    def show(self, frame: VideoFrame) -> None:
        if frame.has_image:
            self.last = frame.bgr_image
            self.pictures += 1

    def play(self, chunk: AudioChunk) -> None:
        assert len(chunk.bytes) == 2 * len(chunk.array)
        self.seconds += len(chunk.array) / chunk.sample_rate


async def push(runtime: AsyncBithuman, path: str) -> None:
    """As a voice that comes in pieces of 100 ms."""
    audio, rate = load_audio(path)
    data = float32_to_int16(audio)
    step = rate // 10
    for start in range(0, min(len(data), rate), step):
        await runtime.push_audio(data[start : start + step].tobytes(), rate, last_chunk=False)
    await runtime.flush()


async def main(model: str, audio: str) -> None:
    runtime = await AsyncBithuman.create(model_path=model, api_secret="secret")
    width, height = runtime.get_frame_size()
    print(f"{width}x{height} at {runtime.settings.FPS}")
    screen, fps = Screen(), FPSController(target_fps=25)
    await runtime.start()
    task = asyncio.create_task(push(runtime, audio))
    async for frame in runtime.run(out_buffer_empty=lambda: True):
        wait = fps.wait_next_frame(sleep=False)
        if wait > 0:
            await asyncio.sleep(wait)
        screen.show(frame)
        if frame.audio_chunk is not None:
            screen.play(frame.audio_chunk)
        fps.update()
        if frame.end_of_speech:
            break
    await task
    runtime.interrupt()
    await runtime.stop()
    print(f"{screen.pictures} pictures, {screen.seconds:.2f} s")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
