"""What decides whether a call works, on a clock that the test turns: speech, ends, interruption."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from live import PERIOD, ends, live, sound, voice

import bithuman_ctypes as bh

# ------------------------------------------------------------------ 1: the inbox


def test_a_whole_answer_is_taken_at_once_and_shown_at_its_own_speed() -> None:
    """Two minutes in pieces of 10 ms: as many chunks as you like, bounded by bytes alone."""
    with live() as one:
        said = voice(120)
        for start in range(0, len(said), 160):
            one.say(said[start : start + 160], last=False)
        one.session.flush()
        assert one.session.stats().samples_queued == len(said)
        frames = one.frames(120 * 25)
        np.testing.assert_array_equal(sound(frames), said)
        assert ends(frames) == [len(frames) - 1]


def test_an_interruption_empties_the_inbox() -> None:
    with live() as one:
        one.say(voice(60))
        one.frames(10)
        one.session.interrupt()
        assert one.session.stats().samples_queued == 0
        assert all(frame.audio_chunk is None for frame in one.frames(50))


def test_more_than_fits_is_refused_whole_and_the_session_goes_on() -> None:
    with live(input_buffer_size=64_000) as one:  # two seconds
        one.say(voice(1.5), last=False)
        with pytest.raises(bh.RuntimeNotReadyError) as caught:
            one.say(voice(1), last=False)
        assert caught.value.code == "queue_full"
        with pytest.raises(bh.RuntimeNotReadyError, match="do not fit"):
            one.session.check_room(bh.AudioChunk(voice(1), 16000))
        one.say(voice(0.25))
        assert len(sound(one.until_silent())) == 28_000


# ------------------------------------------------------------------ 2: silence


def test_while_silent_pictures_go_on_without_sound() -> None:
    with live() as one:
        frames = one.frames(100)
        assert [frame.frame_index for frame in frames] == list(range(100))
        assert all(frame.has_image and frame.audio_chunk is None for frame in frames)
        assert ends(frames) == []


# ------------------------------------------------------------------ 3: the end of speech


@pytest.mark.parametrize("count", [1, 639, 640, 641, 6400, 16001])
def test_the_end_is_told_once_on_the_frame_with_the_last_samples(count: int) -> None:
    with live() as one:
        said = voice(2)[:count]
        one.say(said)
        frames = one.frames(-(-count // 640) + 20)
        last = -(-count // 640) - 1
        assert ends(frames) == [last]
        chunk = frames[last].audio_chunk
        assert chunk is not None
        assert chunk.last_chunk
        assert len(chunk.array) == count - 640 * last, "padding is not counted"
        np.testing.assert_array_equal(sound(frames), said)


def test_a_flush_without_sound_tells_nothing() -> None:
    with live() as one:
        one.session.flush()
        assert ends(one.frames(10)) == []
        one.say(voice(0.1))
        one.session.flush()
        one.session.flush()
        assert len(ends(one.frames(20))) == 1
        one.say(voice(1))
        one.frames(5)
        one.session.interrupt()
        one.session.flush()
        assert ends(one.frames(50)) == []


def test_each_of_many_utterances_ends_once() -> None:
    with live() as one:
        for length in (0.1, 0.03, 1.0, 0.5):
            one.say(voice(length))
        frames = one.frames(60)
        assert len(ends(frames)) == 4
        assert len(sound(frames)) == round(16000 * 1.63)


def test_an_interruption_cancels_a_pending_end_and_the_next_utterance_is_whole() -> None:
    with live() as one:
        one.say(voice(1))
        one.frames(5)
        one.session.interrupt()
        following = voice(0.4, seed=2)
        one.say(following)
        frames = one.frames(30)
        np.testing.assert_array_equal(sound(frames), following)
        assert ends(frames) == [9]


# ------------------------------------------------------------------ 4: the position


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("milliseconds", [1, 20, 333, 10_000])
def test_the_durations_add_up(rate: int, milliseconds: int) -> None:
    seconds = 3 if milliseconds > 1 else 0.5
    with live() as one:
        said = voice(seconds, rate)
        step = rate * milliseconds // 1000
        for start in range(0, len(said), step):
            one.say(said[start : start + step], rate, last=False)
        one.session.flush()
        frames = one.until_silent()
        chunks = [frame.audio_chunk for frame in frames if frame.audio_chunk is not None]
        assert {chunk.sample_rate for chunk in chunks} == {16000}
        total = sum(chunk.duration for chunk in chunks)
        assert abs(total - len(said) / rate) < 1.5 / 16000
        assert len(ends(frames)) == 1


# ------------------------------------------------------------------ 5: interruption


def test_a_frame_that_left_the_engine_before_an_interruption_loses_what_it_says() -> None:
    with live() as one:
        one.say(voice(0.08))
        frame, last = one.frames(2)
        assert last.end_of_speech
        assert one.session.silence(frame) is frame
        one.session.interrupt()
        for old in (frame, last):
            left = one.session.silence(old)
            assert (left.audio_chunk, left.end_of_speech, left.source_message_id) == (
                None, False, None,
            )  # fmt: skip
            assert left.bgr_image is old.bgr_image, "the rhythm of pictures goes on"
        assert one.session.stats().frames_silenced == 2
        one.say(voice(0.04))
        following = one.tick()
        assert following is not None
        assert one.session.silence(following) is following


def test_a_thousand_interruptions_at_random_moments() -> None:
    """None leaves a sample of the old utterance, nor takes one of the next, nor an end."""
    generator = np.random.default_rng(7)
    with live() as one:
        for number in range(1000):
            said = voice(float(generator.uniform(0.01, 1.0)), seed=number)
            cut = int(generator.integers(0, len(said) + 1))
            one.say(said[:cut], last=False, name=f"m{number}")
            one.say(said[cut:], last=bool(generator.integers(0, 2)), name=f"m{number}")
            before = [frame for frame in one.ticks(int(generator.integers(0, 12))) if frame]
            heard = sound(before)
            np.testing.assert_array_equal(heard, said[: len(heard)])
            one.session.interrupt()
            if generator.integers(0, 4) == 0:
                one.session.interrupt()
            after = [frame for frame in one.ticks(int(generator.integers(0, 3))) if frame]
            assert len(sound(after)) == 0
            assert ends(after) == []
        one.say(voice(0.2))
        assert ends(one.frames(20)) == [4]
        assert one.session.stats().samples_queued == 0


def test_after_an_interruption_another_rate_is_taken() -> None:
    with live() as one:
        one.say(voice(1, 24000), 24000, last=False)
        with pytest.raises(bh.AudioError):
            one.say(voice(1, 48000), 48000, last=False)
        one.session.interrupt()
        one.say(voice(0.4, 48000), 48000)
        assert len(sound(one.until_silent())) == 6400


# ------------------------------------------------------------------ 6: the clock


def test_never_two_frames_for_one_moment() -> None:
    with live() as one:
        one.say(voice(10))
        for _ in range(20):
            assert one.session.step(one.now) is not None
            for early in (0, 1, PERIOD // 2, PERIOD - 1):
                assert one.session.step(one.now + early) is None
            one.now += PERIOD


def test_a_late_caller_gets_no_burst() -> None:
    with live() as one:
        one.say(voice(10))
        one.frames(5)
        one.now += 1_000_000
        assert one.tick() is not None
        assert one.session.step(one.now - PERIOD // 2) is None
        assert len(one.frames(5)) == 5


def test_starved_in_mid_utterance_nothing_comes_then_idle_frames_and_it_recovers() -> None:
    with live() as one:
        said = voice(1)
        one.say(said[:8000], last=False)
        spoken = [frame for frame in one.ticks(12) if frame]
        # 8000 samples less the lookahead of 1280 are ten frames.
        assert len(spoken) == 10
        rest = one.ticks(20)
        held = [frame is None for frame in rest].index(False)
        assert 7 <= held <= 10, "400 ms, less what was awaited above"
        idle = [frame for frame in rest[held:] if frame]
        assert len(idle) == 20 - held
        assert all(frame.audio_chunk is None and not frame.end_of_speech for frame in idle)
        one.say(said[8000:])
        frames = one.frames(30)
        np.testing.assert_array_equal(sound(spoken + frames), said)
        assert len(ends(frames)) == 1
        assert one.session.stats().underruns == 1


def test_how_long_a_pause_is_held_can_be_set() -> None:
    def held(seconds: float) -> int:
        with live() as one:
            one.session.set_idle_timeout(seconds)
            one.say(voice(0.2), last=False)
            frames = one.ticks(60)
            return sum(frame is None for frame in frames)

    assert held(0.04) < held(0.4) < held(1.2)
    with live() as one, pytest.raises(ValueError, match="idle timeout"):
        one.session.set_idle_timeout(0)


# ------------------------------------------------------------------ what is said


def test_messages_travel_with_their_sound() -> None:
    with live() as one:
        one.say(voice(0.4), last=False, name="a")
        one.say(voice(0.4), name="b")
        one.say(voice(0.2), name="c")
        names = [frame.source_message_id for frame in one.frames(30)]
        assert names == ["a"] * 10 + ["b"] * 10 + ["c"] * 5 + [None] * 5


def test_messages_of_other_rates_change_at_the_right_frame() -> None:
    with live() as one:
        for name in "abc":
            one.say(voice(0.4, 44100), 44100, last=name == "c", name=name)
        names = [frame.source_message_id for frame in one.frames(30)]
        assert names == ["a"] * 10 + ["b"] * 10 + ["c"] * 10


def test_messages_of_an_interrupted_utterance_are_forgotten() -> None:
    with live() as one:
        one.say(voice(1), name="old")
        one.frames(3)
        one.session.interrupt()
        one.say(voice(0.2), name="new")
        names = {frame.source_message_id for frame in one.frames(20)}
        assert names == {"new", None}


def test_a_push_that_is_refused_leaves_no_message() -> None:
    with live() as one:
        one.say(voice(0.4), last=False, name="a")
        with pytest.raises(bh.AudioError):
            one.say(voice(0.4, 48000), 48000, last=False, name="refused")
        one.say(voice(0.4), name="b")
        names = [frame.source_message_id for frame in one.frames(20)]
        assert names == ["a"] * 10 + ["b"] * 10


def test_muted_speech_is_silence_of_the_same_length() -> None:
    with live() as one:
        one.session.runtime.set_muted(True)
        one.say(voice(0.4))
        frames = one.frames(12)
        assert len(sound(frames)) == 6400
        assert not sound(frames).any()
        assert ends(frames) == [9]
        one.session.runtime.set_muted(False)
        one.say(voice(0.4))
        assert sound(one.frames(12)).any()


def test_filler_frames_have_no_picture() -> None:
    from bithuman_ctypes.settings import Settings

    with live(settings=Settings(PROCESS_IDLE_VIDEO=False)) as one:
        assert not any(frame.has_image for frame in one.frames(30))
        one.say(voice(0.4))
        assert all(frame.has_image for frame in one.frames(10))


@pytest.mark.parametrize(
    ("name", "shape"),
    [("bgr24", (96, 160, 3)), ("rgb24", (96, 160, 3)), ("bgra32", (96, 160, 4)),
     ("i420", (144, 160)), ("nv12", (144, 160))],
)  # fmt: skip
def test_pictures_of_every_format(name: str, shape: tuple[int, ...]) -> None:
    with live(pixel_format=name) as one, live() as other:
        frame, bgr = one.frames(1)[0], other.frames(1)[0].bgr_image
        assert frame.image is not None
        assert bgr is not None
        assert frame.image.shape == shape
        assert (frame.bgr_image is None) == (name != "bgr24")
        if name == "rgb24":
            np.testing.assert_array_equal(frame.image, bgr[:, :, ::-1])
        if name == "bgra32":
            np.testing.assert_array_equal(frame.image[:, :, :3], bgr)


def test_the_lips_are_told_beside_the_frame(spoken: Any) -> None:
    with live() as one:
        one.say((spoken[:32000] * 32767).astype(np.int16))
        mouths = [frame.info.mouth for frame in one.frames(50) if frame.info is not None]
        assert max(mouth.openness for mouth in mouths) > 0.3
        assert all(0 <= mouth.strongest < 15 and len(mouth.visemes) == 15 for mouth in mouths)
        assert len({mouth.strongest for mouth in mouths}) > 3


def test_statistics_count() -> None:
    with live() as one:
        one.say(voice(1))
        one.frames(10)
        one.session.interrupt()
        one.frames(10)
        stats = one.session.stats()
        assert (stats.frames, stats.speech_frames) == (20, 10)
        assert (stats.samples_in, stats.samples_out) == (16000, 6400)
        assert (stats.samples_dropped, stats.interruptions) == (9600, 1)
        assert stats.stages["compose"].count >= 20
        assert stats.stages["encoder"].mean_ns > 0
