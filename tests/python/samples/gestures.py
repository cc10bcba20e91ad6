"""What a program for the other package looks like, with another import line: gestures by
keyword."""

import asyncio
import sys

import bithuman_ctypes

bithuman_ctypes.install_as_bithuman()

from bithuman_ctypes import AsyncBithuman, Emotion, EmotionPrediction  # noqa: E402
from bithuman_ctypes.api import AudioChunk, VideoControl  # noqa: E402

KEYWORDS: dict[str, str] = {"hello": "nod", "yes": "nod"}


class Gestures:
    """Sends at most one gesture per text."""

    def __init__(self, runtime: AsyncBithuman) -> None:
        self.runtime = runtime
        self.sent = 0

    async def heard(self, text: str) -> None:
        for word, action in KEYWORDS.items():
            if word in text.lower():
                await self.runtime.push(VideoControl(action=action, force_action=True))
                self.sent += 1
                return


async def main(model: str) -> None:
    runtime = AsyncBithuman(model_path=model, token="token", output_buffer_size=5)
    await runtime.start()
    gestures = Gestures(runtime)
    await gestures.heard("Hello there")
    control = VideoControl(
        audio=AudioChunk(data=bytes(16000), sample_rate=16000, last_chunk=True),
        text="nice",
        emotion_preds=[EmotionPrediction(emotion=Emotion.JOY, score=0.9)],
        message_id="answer",
    )
    assert control.is_speaking
    await runtime.push(control)
    count, said = 0, 0
    async for frame in runtime.run():
        count += 1
        if frame.source_message_id == "answer":
            said += 1
        if frame.end_of_speech:
            await runtime.shutdown()
    print(f"{gestures.sent} gesture, {said} of {count} frames")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
