"""bithuman_ctypes.livekit: I420 to LiveKit, published in one layer at 25 frames a second."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import numpy as np
import pytest
from harness import RATE, TINY, speech
from harness.call import Call, a_call, at_once
from harness.face import Faces
from harness.measure import Heard, Seen, Voice, frame_seconds, lag, looks, metronome, stall
from harness.room import Recording
from harness.server import Server, two_rooms
from livekit import rtc
from livekit.agents import Agent, AgentSession

from bithuman_ctypes import AsyncBithuman, InvalidArgumentError, RuntimeNotReadyError
from bithuman_ctypes.livekit import AvatarGenerator, AvatarSession, publish_options
from bithuman_ctypes.livekit._range import VideoRange


def test_a_speech() -> None:
    """Every sample, the mouths of the speech, in the colours of video, and together."""
    pcm = speech(0.0, 2.4)
    faces = Faces([pcm])
    calls: list[Call] = []
    stalls: list[float] = []

    async def scene() -> None:
        avatar = AvatarSession(model_path=TINY)
        async with a_call(avatar=avatar) as call, metronome() as late:
            calls.append(call)
            await call.speak(pcm)
            await call.pictures(10)
            stalls.append(stall(late))

    asyncio.run(scene())
    recording = calls[0].recording
    assert [event.playback_position for event in calls[0].finished] == [pytest.approx(2.4)]
    np.testing.assert_array_equal(Voice.of(recording).pcm, pcm)
    seen = looks(recording, faces)
    assert max(look.error for look in seen) < 1, "the picture is darker or brighter than the avatar"
    mouths = [look.mouth for look in seen]
    starts = range(len(mouths) - len(faces.mouths) + 1)
    assert any(mouths[i : i + len(faces.mouths)] == faces.mouths for i in starts)
    apart = lag(Seen.of(recording, faces), Heard.exactly(recording), faces, (0, len(pcm)))
    assert abs(apart) <= 0.020 + stalls[0]


def test_an_interruption_and_the_end() -> None:
    """The next speech is whole; after aclose() the avatar is closed."""
    new = speech(5.5, 1.0)
    calls: list[Call] = []

    async def scene() -> None:
        avatar = AvatarSession(model_path=TINY)
        async with a_call(avatar=avatar) as call:
            calls.append(call)
            handle = call.session.say("old words", audio=at_once(speech(0.0, 5.0)))
            await call.pictures(20)
            handle.interrupt()
            await handle.wait_for_playout()
            await call.speak(new)
            await call.pictures(10)
            runtime = avatar.runtime
        with pytest.raises(RuntimeNotReadyError):
            await runtime.push_audio(bytes(2), RATE)
        with pytest.raises(RuntimeNotReadyError, match="not started"):
            avatar.runtime  # noqa: B018  # it raises

    asyncio.run(scene())
    np.testing.assert_array_equal(Voice.of(calls[0].recording).pcm[-len(new) :], new)
    assert [event.interrupted for event in calls[0].finished] == [True, False]


def test_a_runtime_of_the_callers_own() -> None:
    """It stays open after a session, and carries another one."""
    pcm = speech(0.0, 0.8)

    async def scene() -> list[int]:
        async with await AsyncBithuman.create(model_path=TINY, pixel_format="i420") as runtime:
            spoken = []
            for _ in range(2):
                async with a_call(avatar=AvatarSession(runtime=runtime)) as call:
                    await call.speak(pcm)
                    await call.pictures(5)
                    spoken.append(len(Voice.of(call.recording).pcm))
            return spoken

    assert asyncio.run(scene()) == [len(pcm)] * 2


@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_what_a_guest_is_sent(codec: str) -> None:
    """One layer, 25 frames a second, also of a small picture, of which LiveKit sends fewer."""
    faces, recording = Faces([speech(0.0, 1.0)]), Recording()
    servers: list[Server] = []

    async def scene() -> None:
        async with two_rooms() as (server, host, guest):
            servers.append(server)
            guest.on("track_subscribed", lambda track, *_: recording.read(track))
            session: AgentSession[None] = AgentSession()
            await session.start(Agent(instructions="be brief"))
            avatar = AvatarSession(model_path=TINY, codec=codec)
            await avatar.start(session, host)
            async with asyncio.timeout(40):
                while len(recording.pictures) < 100:
                    await asyncio.sleep(0.1)
            await avatar.aclose()
            await session.aclose()
            await recording.aclose()

    asyncio.run(scene())
    moments = [picture.at for picture in recording.pictures[25:]]
    assert 1 / frame_seconds(moments) == pytest.approx(25.0, abs=0.2)
    assert np.median([look.error for look in looks(recording, faces)]) < 5
    (video,) = [track for track in servers[0].added if track.width]
    assert (video.width, video.height, len(video.layers)) == (160, 96, 1)
    assert [c.codec.lower() for c in video.simulcast_codecs] in ([], [codec])


def test_publish_options() -> None:
    options = publish_options(1280, 720, codec="H264", max_bitrate=900_000)
    assert not options.simulcast
    assert options.video_codec == rtc.VideoCodec.H264
    assert options.video_encoding.max_framerate == 25
    assert options.video_encoding.max_bitrate == 900_000
    assert options.source == rtc.TrackSource.SOURCE_CAMERA
    sizes = [(64, 64), (640, 360), (1248, 704), (1920, 1080)]
    rates = [publish_options(*size).video_encoding.max_bitrate for size in sizes]
    assert rates == sorted(rates)
    assert 1_000_000 < rates[2] < 3_000_000
    with pytest.raises(InvalidArgumentError, match="'av9'"):
        publish_options(640, 360, codec="av9")


def test_the_range_of_video() -> None:
    """What JFIF's equations say, to the nearest level."""
    width = height = 32
    planes = np.arange(width * height * 3 // 2).astype(np.uint8)
    full = planes.astype(float)
    VideoRange(width, height).apply(planes)
    luma = width * height
    assert np.abs(planes[:luma] - (16 + full[:luma] * 219 / 255)).max() <= 0.75
    assert np.abs(planes[luma:] - (128 + (full[luma:] - 128) * 224 / 255)).max() <= 0.75
    assert (planes[:luma].min(), planes[:luma].max()) == (16, 235)
    assert (planes[luma:].min(), planes[luma:].max()) == (16, 240)
    assert planes[luma + 128] == 128, "grey has a colour"


def test_wrong_arguments() -> None:
    async def scene() -> None:
        with pytest.raises(InvalidArgumentError, match="either model_path or runtime"):
            AvatarSession()
        with pytest.raises(InvalidArgumentError, match="vp8, h264"):
            AvatarSession(model_path=TINY, codec="mpeg2")
        async with await AsyncBithuman.create(model_path=TINY) as runtime:
            with pytest.raises(InvalidArgumentError, match="'bgr24'"):
                AvatarGenerator(runtime)

    asyncio.run(scene())


def test_without_livekit() -> None:
    """The error says what to install."""
    code = "import sys; sys.modules['livekit'] = None; import bithuman_ctypes.livekit"
    child = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 1
    assert "pip install 'bithuman-ctypes[livekit]'" in child.stderr
