"""Avatar.stream: streaming without an event loop."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from live import ends, sound, voice

import bithuman_ctypes as bh


def test_sound_of_another_thread_comes_out_with_frames(avatar: bh.Avatar) -> None:
    said = voice(0.8)
    with avatar.stream() as stream:

        def speak() -> None:
            for start in range(0, len(said), 1000):
                stream.push(said[start : start + 1000].tobytes())
            stream.flush()

        speaker = threading.Thread(target=speak)
        speaker.start()
        frames = []
        for frame in stream.frames():
            frames.append(frame)
            if frame.end_of_speech:
                break
        speaker.join()
        np.testing.assert_array_equal(sound(frames), said)
        assert frames[-1].has_image
        assert stream.frame_size == (160, 96)


def test_without_pacing_frames_come_as_fast_as_they_are_made(avatar: bh.Avatar) -> None:
    said = voice(60)
    with avatar.stream(realtime=False, pixel_format="i420", output_size=(64, 64)) as stream:
        assert stream.read(0) is None
        stream.push(said)
        stream.flush()
        frames = []
        while (frame := stream.read(0)) is not None:
            frames.append(frame)
        assert len(frames) == 1500
        assert ends(frames) == [1499]
        np.testing.assert_array_equal(sound(frames), said)
        assert frames[0].image is not None
        assert frames[0].image.shape == (96, 64)
        assert stream.read(0.01) is None


def test_an_interruption_from_another_thread_does_not_wait_for_the_reader(
    avatar: bh.Avatar,
) -> None:
    with avatar.stream(realtime=False) as stream:
        waiting = threading.Event()
        found: list[bh.VideoFrame | None] = []

        def read() -> None:
            waiting.set()
            found.append(stream.read(60))

        reader = threading.Thread(target=read)
        reader.start()
        waiting.wait()
        time.sleep(0.05)
        for _ in range(100):
            stream.push(voice(0.03))
            stream.interrupt()
        stream.push(voice(0.04))
        stream.flush()
        reader.join(30)
        assert found[0] is not None
        assert found[0].end_of_speech


def test_closing_ends_the_frames_of_another_thread(avatar: bh.Avatar) -> None:
    for realtime in (True, False):
        stream = avatar.stream(realtime=realtime)
        count = [0]

        def read(stream: object = stream, count: list[int] = count) -> None:
            assert isinstance(stream, bh.AvatarStream)
            for _ in stream.frames():
                count[0] += 1

        reader = threading.Thread(target=read)
        reader.start()
        time.sleep(0.1)
        stream.close()
        stream.close()
        reader.join(30)
        assert not reader.is_alive()
        assert (count[0] > 0) == realtime
        with pytest.raises(bh.RuntimeNotReadyError, match="closed"):
            stream.push(b"\0\0")
        with pytest.raises(bh.RuntimeNotReadyError, match="closed"):
            stream.read(0)


def test_controls_of_the_sync_stream(avatar: bh.Avatar) -> None:
    with avatar.stream(realtime=False) as stream:
        chunk = bh.AudioChunk(voice(0.2, 24000), 24000, last_chunk=False)
        stream.push(bh.VideoControl(audio=chunk, message_id="a"))
        stream.push(bh.VideoControl(end_of_speech=True))
        stream.set_muted(True)
        frames = [stream.read(5) for _ in range(5)]
        assert [frame and frame.source_message_id for frame in frames] == ["a"] * 5
        assert stream.stats().speech_frames == 5
        stream.set_muted(False)
        stream.push(voice(0.04).tobytes(), 16000)
        stream.flush()
        stream.push(voice(0.04, 48000).tobytes(), 48000)
        stream.flush()
        assert [frame.end_of_speech for _ in range(2) if (frame := stream.read(5))] == [True] * 2
        with pytest.raises(bh.WrongTypeError):
            stream.push(5)  # type: ignore[arg-type]


def test_the_avatar_may_be_closed_before_its_streams() -> None:
    from support import TINY

    with bh.open(TINY) as avatar:
        stream = avatar.stream()
    assert stream.read(5) is not None
    stream.close()
