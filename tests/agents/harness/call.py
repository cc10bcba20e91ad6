"""A call: an AgentSession without a room, LiveKit's own plugin, and a guest who records."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.voice.avatar import AvatarSession as BaseAvatarSession
from livekit.agents.voice.io import PlaybackFinishedEvent
from livekit.plugins import bithuman

from bithuman_ctypes import AsyncBithuman

from . import RATE, SECRET, TINY, Pcm
from .room import FakeRoom, Recording


@dataclass
class Call:
    session: AgentSession[None]
    avatar: BaseAvatarSession[Any]
    room: FakeRoom
    finished: list[PlaybackFinishedEvent] = field(default_factory=list)

    @property
    def recording(self) -> Recording:
        return self.room.recording

    async def speak(self, pcm: Pcm) -> None:
        """Says it, pushed as fast as it is taken, and waits for its end."""
        await self.session.say("words", audio=at_once(pcm)).wait_for_playout()

    async def pictures(self, count: int) -> None:
        """Waits until so many more pictures have come."""
        wanted = len(self.recording.pictures) + count
        async with asyncio.timeout(count * 0.04 * 5 + 10):
            while len(self.recording.pictures) < wanted:
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def a_call(
    prewarmed: bool = False,
    avatar: BaseAvatarSession[Any] | None = None,
    subscription_delay: float = 0.3,
) -> AsyncIterator[Call]:
    """A call that runs, with its first pictures seen; with the plugin's avatar or another one."""
    session: AgentSession[None] = AgentSession()
    await session.start(Agent(instructions="be brief"))
    if avatar is None:
        settings: dict[str, Any] = {}
        if prewarmed:
            settings["runtime"] = await AsyncBithuman.create(model_path=TINY, api_secret=SECRET)
        avatar = bithuman.AvatarSession(model_path=str(TINY), api_secret=SECRET, **settings)
    call = Call(session, avatar, FakeRoom(subscription_delay))
    try:
        await avatar.start(session, cast("rtc.Room", call.room))
        assert session.output.audio is not None
        session.output.audio.on("playback_finished", call.finished.append)
        await call.pictures(10)
        yield call
    finally:
        await avatar.aclose()
        await session.aclose()
        await call.recording.aclose()
        runner = getattr(avatar, "_avatar_runner", None)
        if runner is not None:  # the plugin leaves it to the end of the process
            await runner.aclose()


async def at_once(
    pcm: Pcm, sizes: Sequence[int] = (160, 1600, 37, 8000)
) -> AsyncIterator[rtc.AudioFrame]:
    """Speech as fast as it is taken, in blocks of these many samples in turn."""
    start = turn = 0
    while start < len(pcm):
        size = sizes[turn % len(sizes)]
        piece = pcm[start : start + size]
        yield rtc.AudioFrame(piece.tobytes(), RATE, 1, len(piece))
        start, turn = start + size, turn + 1


async def live(
    pcm: Pcm, pauses: dict[int, float], block: int = 800
) -> AsyncIterator[rtc.AudioFrame]:
    """Speech as it is made: in real time, 200 ms ahead, and with pauses of so many seconds before
    the samples that are named.
    """
    begin = time.perf_counter() - 0.2
    for start in range(0, len(pcm), block):
        begin += sum(s for at, s in pauses.items() if start <= at < start + block)
        due = begin + start / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        piece = pcm[start : start + block]
        yield rtc.AudioFrame(piece.tobytes(), RATE, 1, len(piece))
