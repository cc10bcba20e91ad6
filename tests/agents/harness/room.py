"""A room without a server: it publishes to itself and records what a guest would get."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from livekit import rtc
from numpy.typing import NDArray

from . import RATE
from .face import Luma, thumbnail


@dataclass
class Picture:
    at: float  # seconds of time.perf_counter()
    luma: Luma  # at the size of the tiny avatar


@dataclass
class Sound:
    at: float
    pcm: NDArray[np.int16]  # 10 ms


@dataclass
class Recording:
    """What came out of the tracks, with the moment of its arrival."""

    pictures: list[Picture] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)

    streams: list[rtc.VideoStream | rtc.AudioStream] = field(default_factory=list)
    _readers: list[asyncio.Task[None]] = field(default_factory=list)

    def read(self, track: rtc.Track) -> None:
        """Begins to record a track."""
        if track.kind == rtc.TrackKind.KIND_VIDEO:
            video = rtc.VideoStream.from_track(track=track, format=rtc.VideoBufferType.I420)
            self.streams.append(video)
            self._readers.append(asyncio.create_task(self._read_video(video)))
        else:
            audio = rtc.AudioStream.from_track(
                track=track, sample_rate=RATE, num_channels=1, frame_size_ms=10
            )
            self.streams.append(audio)
            self._readers.append(asyncio.create_task(self._read_audio(audio)))

    async def aclose(self) -> None:
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        for stream in self.streams:
            await stream.aclose()

    async def _read_video(self, stream: rtc.VideoStream) -> None:
        async for event in stream:
            at, frame = time.perf_counter(), event.frame
            plane = np.frombuffer(frame.data, np.uint8, frame.width * frame.height)
            if not self.pictures and plane.max() <= 16:
                continue  # LiveKit sends black until it is given a first picture
            self.pictures.append(Picture(at, thumbnail(plane.reshape(frame.height, frame.width))))

    async def _read_audio(self, stream: rtc.AudioStream) -> None:
        async for event in stream:
            pcm = np.frombuffer(event.frame.data, np.int16).copy()
            self.sounds.append(Sound(time.perf_counter(), pcm))


class _Publication:
    def __init__(self, sid: str, track: rtc.Track, delay: float) -> None:
        self.sid, self.kind, self.track = sid, track.kind, track
        self._delay = delay

    async def wait_for_subscription(self) -> None:
        await asyncio.sleep(self._delay)


class _Participant:
    identity, sid, name = "agent", "PA_agent", "agent"
    kind = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT

    def __init__(self, room: FakeRoom) -> None:
        self._room = room
        self.attributes: dict[str, str] = {}
        self.track_publications: dict[str, _Publication] = {}

    async def publish_track(
        self, track: rtc.Track, options: rtc.TrackPublishOptions
    ) -> _Publication:
        sid = f"TR_{len(self.track_publications)}"
        publication = _Publication(sid, track, self._room.subscription_delay)
        self.track_publications[sid] = publication
        self._room.published(track, options)
        return publication


class FakeRoom(rtc.EventEmitter[str]):
    """What LiveKit's avatar runner asks of an rtc.Room, without a connection.

    ``subscription_delay``: seconds until a guest has subscribed; the runner waits for that.
    """

    name, metadata = "room", ""
    connection_state = rtc.ConnectionState.CONN_CONNECTED

    def __init__(self, subscription_delay: float = 0.3) -> None:
        super().__init__()
        self.subscription_delay = subscription_delay
        self.local_participant = _Participant(self)
        self.remote_participants: dict[str, Any] = {}
        self.options: dict[int, rtc.TrackPublishOptions] = {}
        self.recording = Recording()

    def isconnected(self) -> bool:
        return True

    def published(self, track: rtc.Track, options: rtc.TrackPublishOptions) -> None:
        self.options[track.kind] = options
        self.recording.read(track)
