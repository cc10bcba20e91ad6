"""Through a real rtc.Room: published over WebRTC by LiveKit's own plugin, watched by a guest."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from pathlib import Path

import numpy as np
import pytest
from harness import RATE, SECRET, speech
from harness.call import at_once
from harness.face import Faces, enlarged
from harness.measure import Heard, Seen, StillMouth, frame_seconds, lag, looks, metronome, stall
from harness.room import Recording
from harness.server import two_rooms
from livekit.agents import Agent, AgentSession
from livekit.plugins import bithuman


def test_a_guest_sees_and_hears_the_avatar(tmp_path: Path) -> None:
    pcm = speech(0.0, 8.0)
    path = enlarged(6, tmp_path)  # of small pictures LiveKit sends fewer than 25 a second
    faces = Faces([pcm], path=path)
    recording = Recording()
    stalls: list[float] = []

    async def scene() -> None:
        async with two_rooms() as (_, host, guest):
            guest.on("track_subscribed", lambda track, *_: recording.read(track))
            session: AgentSession[None] = AgentSession()
            await session.start(Agent(instructions="be brief"))
            avatar = bithuman.AvatarSession(model_path=str(path), api_secret=SECRET)
            await avatar.start(session, host)
            await avatar.wait_for_join()
            async with asyncio.timeout(30):
                while len(recording.pictures) < 50:  # WebRTC finds its rate and its delay
                    await asyncio.sleep(0.1)
            async with metronome() as late:
                await session.say("words", audio=at_once(pcm)).wait_for_playout()
                await asyncio.sleep(1)
            stalls.append(stall(late))
            await avatar.aclose()
            await session.aclose()
            await recording.aclose()
            if avatar._avatar_runner is not None:
                await avatar._avatar_runner.aclose()

    asyncio.run(scene())
    moments = [picture.at for picture in recording.pictures]
    assert 1 / frame_seconds(moments) == pytest.approx(25.0, abs=0.1)
    errors = [look.error for look in looks(recording, faces)]
    assert np.percentile(errors, 95) < 5, "not the avatar's pictures"

    # Half seconds, because the guest's jitter buffer now and then stretches or shortens the sound.
    parts = [(start, start + RATE // 2) for start in range(0, len(pcm), RATE // 2)]
    seen, apart = Seen.of(recording, faces), []
    for part in parts:
        heard = Heard.alike(recording, pcm, part)
        if heard is not None:
            with contextlib.suppress(StillMouth):
                apart.append(lag(seen, heard, faces, part))
    assert len(apart) > len(parts) / 2, "too little of the speech was heard"
    # What WebRTC adds is its own: its buffer for sound is longer than that for pictures, 50 to
    # 100 ms, and grows where the machine has more to do than this.
    assert -0.2 - stalls[0] <= statistics.median(apart) <= 0.045 + stalls[0], apart
