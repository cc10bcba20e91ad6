"""pipecat-bithuman, unmodified, on this engine, in a real Pipecat pipeline."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from harness import RATE, TICK, Pcm, speech
from harness.bot import Bot, Stage, Tap, a_bot, picture_luma
from harness.face import Faces
from harness.measure import Heard, Seen, frame_seconds, lag, looks, metronome, stall
from pipecat.frames.frames import (
    EndFrame,
    Frame,
    InterruptionFrame,
    OutputImageRawFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
)
from pipecat.utils.errors import ErrorCategory

import bithuman_ctypes as bh

TTS = 24000  # Hz, as most text-to-speech services speak


def spoken(frames: list[Frame]) -> Pcm:
    """The speech among frames, 16 kHz."""
    audio = [frame for frame in frames if isinstance(frame, TTSAudioRawFrame)]
    assert {(frame.sample_rate, frame.num_channels) for frame in audio} == {(RATE, 1)}
    return np.frombuffer(b"".join(frame.audio for frame in audio), np.int16)


def same_speech(got: Pcm, wanted: Pcm) -> bool:
    """Is it this speech, from its beginning to its end? It was resampled, so not to the bit."""
    if len(got) != len(wanted):
        return False
    return bool(np.corrcoef(got.astype(float), wanted.astype(float))[0, 1] > 0.98)


def frames_of(tap: Tap) -> list[Frame]:
    return [frame for _, frame in tap.frames]


def test_a_reply() -> None:
    """24 kHz in: each picture comes right before its own 40 ms of voice, and the end comes last."""
    pcm = speech(0.0, 2.0, TTS)
    faces = Faces([pcm], TTS)
    bots: list[Bot] = []

    async def scene() -> None:
        async with a_bot() as bot:
            bots.append(bot)
            await bot.speak(pcm, TTS)
            await bot.stopped(1)
            await asyncio.sleep(0.5)

    asyncio.run(scene())
    bot, frames = bots[0], frames_of(bots[0].after)
    assert not bot.errors()
    assert same_speech(spoken(frames), speech(0.0, 2.0))
    assert bot.service.frame_size == faces.size

    shown, mouths = 0, []
    for frame in frames:
        if isinstance(frame, OutputImageRawFrame):
            look = faces.look(picture_luma(frame))
            assert look.error < 2
            shown = look.mouth
        elif isinstance(frame, TTSAudioRawFrame):
            mouths.append(shown)
    assert mouths == faces.mouths

    kinds = [type(f) for f in frames if isinstance(f, (TTSAudioRawFrame, TTSStoppedFrame))]
    assert kinds == [TTSAudioRawFrame] * len(faces.mouths) + [TTSStoppedFrame]
    images = [at for at, frame in bot.after.frames if isinstance(frame, OutputImageRawFrame)]
    assert 1 / frame_seconds(images) == pytest.approx(25.0, abs=0.05)


def test_an_interruption() -> None:
    """No voice of the old reply after it, and the next reply is whole, at another rate too."""
    old, new = speech(0.0, 5.0, TTS), speech(5.5, 1.2, 48000)
    bots: list[Bot] = []

    async def scene() -> None:
        async with a_bot() as bot:
            bots.append(bot)
            await bot.speak(old, TTS)
            await bot.until(lambda: len(bot.after.of(TTSAudioRawFrame)) > 20)
            await bot.worker.queue_frame(InterruptionFrame())
            await bot.speak(new, 48000)
            await bot.stopped(1)
            await asyncio.sleep(0.3)

    asyncio.run(scene())
    frames = frames_of(bots[0].after)
    cut = next(i for i, frame in enumerate(frames) if isinstance(frame, InterruptionFrame))
    before, after = spoken(frames[:cut]), spoken(frames[cut:])
    assert 20 * TICK < len(before) < 4 * RATE
    assert same_speech(before, speech(0.0, 5.0)[: len(before)])
    assert same_speech(after, speech(5.5, 1.2))
    assert len(bots[0].after.of(TTSStoppedFrame)) == 1  # that of the new reply
    assert not bots[0].errors()


def test_what_is_seen_and_heard() -> None:
    """Through a transport that plays in real time, picture and voice are together."""
    pcm = speech(0.0, 3.0, TTS)
    faces = Faces([pcm], TTS)
    stage = Stage(faces.size)
    stalls: list[float] = []

    async def scene() -> None:
        async with a_bot(stage) as bot, metronome() as late:
            await bot.speak(pcm, TTS)
            await bot.stopped(1)
            await asyncio.sleep(0.5)
            stalls.append(stall(late))

    asyncio.run(scene())
    heard = np.concatenate([sound.pcm for sound in stage.recording.sounds])
    assert same_speech(heard[: 3 * RATE], speech(0.0, 3.0))
    assert max(look.error for look in looks(stage.recording, faces)) < 2
    # A picture is shown when the voice before it has been handed over, and at 100 looks a second.
    apart = lag(
        Seen.of(stage.recording, faces), Heard.exactly(stage.recording), faces, (0, 3 * RATE)
    )
    assert abs(apart) <= 0.020 + 0.010 + stalls[0]


def test_the_end_waits_for_the_speech() -> None:
    """What was said before EndFrame is heard; then the avatar is closed."""
    pcm = speech(0.0, 1.0, TTS)
    bots: list[Bot] = []

    async def scene() -> None:
        async with a_bot() as bot:
            bots.append(bot)
            await bot.speak(pcm, TTS)
            await bot.worker.queue_frame(EndFrame())
            await bot.until(lambda: bot.after.of(EndFrame))
            assert not bot.service.is_avatar_ready
            with pytest.raises(bh.RuntimeNotReadyError):
                await bot.runtimes[0].push_audio(bytes(2), RATE)

    asyncio.run(scene())
    frames = frames_of(bots[0].after)
    assert same_speech(spoken(frames), speech(0.0, 1.0))
    assert isinstance(frames[-1], EndFrame)


def test_an_avatar_that_is_not_there() -> None:
    """The bot is told in a word what is wrong, and goes on speaking without a face."""
    pcm = speech(0.0, 0.5, TTS)
    bots: list[Bot] = []

    async def nowhere() -> object:
        return await bh.AsyncBithuman.create(model_path="/nowhere/face.imx", api_secret="x")

    async def scene() -> None:
        async with a_bot(factory=nowhere) as bot:
            bots.append(bot)
            await bot.speak(pcm, TTS)
            await bot.stopped(1)

    asyncio.run(scene())
    (error,) = bots[0].errors()
    assert error.category is ErrorCategory.INVALID_REQUEST
    assert "/nowhere/face.imx" in error.error
    heard = b"".join(frame.audio for frame in bots[0].after.of(TTSAudioRawFrame))
    np.testing.assert_array_equal(np.frombuffer(heard, np.int16), pcm)
