"""A live avatar as LiveKit's avatar runner wants it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Union

import numpy as np
from livekit import rtc
from livekit.agents.voice.avatar import AudioSegmentEnd, AvatarOptions, VideoGenerator
from numpy.typing import NDArray

from bithuman_ctypes.aio import AsyncBithuman
from bithuman_ctypes.errors import InvalidArgumentError
from bithuman_ctypes.livekit._range import VideoRange
from bithuman_ctypes.types import PixelFormat

Media = Union[rtc.VideoFrame, rtc.AudioFrame, AudioSegmentEnd]


class AvatarGenerator(VideoGenerator):
    """Speech in; I420 pictures, speech and its end out, 25 frames a second.

    ``runtime``: an AsyncBithuman that was created with ``pixel_format="i420"``; ``create`` makes
    one. It stays the caller's: close it by ``cleanup()``, which also ends the iteration.
    """

    def __init__(self, runtime: AsyncBithuman) -> None:
        if runtime.pixel_format is not PixelFormat.I420:
            raise InvalidArgumentError(
                "a runtime for LiveKit is created with pixel_format='i420', not "
                f"{runtime.pixel_format.name.lower()!r}"
            )
        self.runtime = runtime

    @classmethod
    async def create(cls, model_path: str | os.PathLike[str], **options: Any) -> AvatarGenerator:
        """Of an avatar file; ``options`` are those of ``AsyncBithuman.create``."""
        runtime = await AsyncBithuman.create(
            model_path=model_path, **{**options, "pixel_format": "i420"}
        )
        return cls(runtime)

    @property
    def options(self) -> AvatarOptions:
        """What LiveKit's AvatarRunner must know."""
        width, height = self.runtime.get_frame_size()
        return AvatarOptions(
            video_width=width,
            video_height=height,
            video_fps=self.runtime.fps,
            audio_sample_rate=self.runtime.sample_rate,
            audio_channels=1,
        )

    async def push_audio(self, frame: rtc.AudioFrame | AudioSegmentEnd) -> None:
        """Says a piece of mono speech, or ends it."""
        if isinstance(frame, AudioSegmentEnd):
            await self.runtime.flush()
        else:
            await self.runtime.push_audio(frame.data, frame.sample_rate, last_chunk=False)

    def clear_buffer(self) -> None:
        """Stops speaking now."""
        self.runtime.interrupt()

    def __aiter__(self) -> AsyncIterator[Media]:
        return self._media()

    async def _media(self) -> AsyncGenerator[Media, None]:
        video_range: VideoRange | None = None
        async for frame in self.runtime.run():
            if frame.image is not None:
                size = self.runtime.get_frame_size()  # another model may have another one
                if video_range is None or video_range.picture != size:
                    video_range = VideoRange(*size)
                yield _video(frame.image, video_range)
            chunk = frame.audio_chunk
            if chunk is not None:
                yield rtc.AudioFrame(chunk.bytes, chunk.sample_rate, 1, len(chunk.array))
            if frame.end_of_speech:
                yield AudioSegmentEnd()


def _video(image: NDArray[np.uint8], video_range: VideoRange) -> rtc.VideoFrame:
    planes = image.reshape(-1)
    video_range.apply(planes)  # the picture is ours: it may be changed in place
    return rtc.VideoFrame(*video_range.picture, rtc.VideoBufferType.I420, planes.data)
