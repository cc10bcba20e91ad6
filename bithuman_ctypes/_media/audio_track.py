"""The sound of an MP4: the original audio, cut to the length of the picture."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from bithuman_ctypes._media.pace import FPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from av.container import OutputContainer
    from av.packet import Packet
    from numpy.typing import NDArray

    from bithuman_ctypes._audio import Block

AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Rates that are kept (all are whole numbers of samples per video frame); others become 48000."""

CHUNK = 1024
"""Samples per AAC frame, and per piece handed to the encoder."""


class AudioTrack:
    """Takes blocks as they come and encodes only as far as the video has come.

    Mono and stereo are kept; more channels are averaged to mono, as the engine hears them.
    """

    def __init__(self, container: OutputContainer, first: Block) -> None:
        self._rate = first.rate if first.rate in AAC_RATES else 48000
        self._channels = first.channels if first.channels <= 2 else 1
        self._stream: Any = container.add_stream("aac", rate=self._rate)
        self._stream.codec_context.layout = self._layout
        self._stream.codec_context.format = "fltp"
        # 96 kbit/s per channel; a low rate cannot use that many, and its encoder complains.
        self._stream.codec_context.bit_rate = self._channels * min(96000, self._rate * 5)
        self._resampler: Any = None
        self._block_rate: int | None = None
        self._pending: deque[NDArray[np.float32]] = deque()  # (samples, channels) each
        self._pushed = 0  # samples at the track's rate that were ever put into _pending
        self._written = 0

    @property
    def _layout(self) -> str:
        return "stereo" if self._channels == 2 else "mono"

    def push(self, block: Block) -> None:
        """Appends audio. A change of its rate begins on a frame, as in the engine."""
        if self._block_rate not in (None, block.rate):
            self._end_of_rate()
            self._append_silence(-self._pushed % (self._rate // FPS))
        self._block_rate = block.rate
        samples = self._shaped(block)
        if block.rate == self._rate:
            self._append(samples)
            return
        if self._resampler is None:
            self._resampler = av.AudioResampler("flt", self._layout, self._rate)
        frame: Any = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "flt", self._layout)
        frame.sample_rate = block.rate
        self._append_resampled(frame)

    def advance(self, video_frames: int) -> Iterable[Packet[Any]]:
        """Encodes what belongs to the first ``video_frames`` frames of 40 ms."""
        end = video_frames * self._rate // FPS
        while self._written + CHUNK <= min(end, self._pushed):
            yield from self._encode(CHUNK)

    def finish(self, video_frames: int) -> Iterable[Packet[Any]]:
        """Ends the track at exactly ``video_frames`` frames of 40 ms, with silence if need be."""
        end = video_frames * self._rate // FPS
        self._end_of_rate()
        self._append_silence(max(0, end - self._pushed))
        while self._written < end:
            yield from self._encode(min(CHUNK, end - self._written))
        yield from self._stream.encode(None)

    def _shaped(self, block: Block) -> NDArray[np.float32]:
        """A block as float32 (samples, channels of the track), every sample in [-1, 1]."""
        data = block.data.reshape(-1, block.channels)
        samples: NDArray[np.float32]
        if data.dtype == np.int16:
            samples = data.astype(np.float32) / np.float32(32768)
        else:
            # As the engine hears it. FFmpeg's AAC encoder refuses NaN, and never returns from a
            # sample such as 1e9, which one broken file can have.
            samples = np.nan_to_num(data, nan=0.0, posinf=0.0, neginf=0.0).clip(-1, 1)
        if block.channels == self._channels:
            return samples
        mono = samples.mean(axis=1, dtype=np.float32, keepdims=True)
        return np.repeat(mono, self._channels, axis=1)

    def _append(self, samples: NDArray[np.float32]) -> None:
        if len(samples):
            self._pending.append(samples)
            self._pushed += len(samples)

    def _append_silence(self, count: int) -> None:
        self._append(np.zeros((count, self._channels), np.float32))

    def _append_resampled(self, frame: Any) -> None:
        for resampled in self._resampler.resample(frame):
            self._append(resampled.to_ndarray().reshape(-1, self._channels))

    def _end_of_rate(self) -> None:
        if self._resampler is not None:
            self._append_resampled(None)
            self._resampler = None

    def _encode(self, count: int) -> Iterable[Packet[Any]]:
        parts = []
        missing = count
        while missing:
            part = self._pending.popleft()
            if len(part) > missing:
                self._pending.appendleft(part[missing:])
                part = part[:missing]
            parts.append(part)
            missing -= len(part)
        planes = np.ascontiguousarray(np.concatenate(parts).T)
        frame: Any = av.AudioFrame.from_ndarray(planes, "fltp", self._layout)
        frame.sample_rate = self._rate
        frame.pts = self._written
        frame.time_base = Fraction(1, self._rate)
        self._written += count
        return self._stream.encode(frame)  # type: ignore[no-any-return]  # a stream of Any
