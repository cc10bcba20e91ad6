"""Avatar: load, compose, render."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from support import TICK, TINY, Pcm, damaged, package_folder, tone

import bithuman_ctypes as bh

SPEECH = package_folder() / "assets" / "speech.wav"


def mouths(frames: Iterator[bh.ComposedFrame]) -> list[int]:
    return [frame.cluster_idx for frame in frames]


def test_what_an_avatar_is(avatar: bh.Avatar) -> None:
    assert (avatar.frame_width, avatar.frame_height, avatar.fps) == (160, 96, 25)
    assert (avatar.sample_rate, avatar.samples_per_tick) == (16000, 640)
    assert (avatar.cluster_count, avatar.source_frame_count) == (19, 6)
    assert avatar.active_ep is bh.EP.CPU
    assert avatar.fixture.frame_width == 160
    assert "160x96" in repr(avatar)


def test_all_arguments_of_load_are_taken() -> None:
    """Code that was written for metered avatars passes a secret; an open avatar does not mind."""
    with bh.Bithuman.load(
        TINY, "secret", bh.EP.AUTO, 2, tags="me", fingerprint="x" * 32, billing_type="minutes"
    ) as loaded:
        assert loaded.frame_width == 160


def test_open_and_close() -> None:
    loaded = bh.open(TINY)
    frames = loaded.compose(tone(0.2))
    next(frames)
    loaded.close()
    loaded.close()
    assert len(list(frames)) == 4, "a stream under way keeps the avatar"
    for call in (loaded.compose, loaded.render):
        with pytest.raises(bh.RuntimeNotReadyError, match="closed"):
            call(tone(1.0))


def test_frames(avatar: bh.Avatar, spoken: Pcm) -> None:
    frames = list(avatar.compose(spoken))
    assert [frame.frame_idx for frame in frames] == list(range(-(-len(spoken) // TICK)))
    assert all(frame.bgr.shape == (96, 160, 3) for frame in frames)
    assert [frame.source_idx for frame in frames[:10]] == [0, 1, 2, 3, 4, 5, 4, 3, 2, 1]
    assert len({frame.bgr.__array_interface__["data"] for frame in frames}) == len(frames)


def test_every_kind_of_audio_says_the_same(avatar: bh.Avatar, spoken: Pcm, tmp_path: Path) -> None:
    integers = np.rint(spoken * 32767).astype(np.int16)
    soundfile.write(tmp_path / "a.flac", integers, 16000)
    raw = integers.tobytes()
    kinds: dict[str, Any] = {
        "array": integers,
        "float array": integers.astype(np.float32) / 32768,
        "bytes": raw,
        "path": tmp_path / "a.flac",
        "string": str(tmp_path / "a.flac"),
        "pieces": (raw[i : i + 999] for i in range(0, len(raw), 999)),
        "arrays": [integers[:1000], integers[1000:]],
    }
    expected = mouths(avatar.compose(integers))
    for name, audio in kinds.items():
        assert mouths(avatar.compose(audio)) == expected, name


def test_one_preallocated_frame(avatar: bh.Avatar) -> None:
    out = np.zeros((96, 160, 3), np.uint8)
    frames = list(avatar.compose(tone(0.2), out))
    assert all(frame.bgr is out for frame in frames)
    with pytest.raises(ValueError, match="preallocated_out"):
        avatar.compose(tone(0.2), np.zeros((10, 10, 3), np.uint8))
    with pytest.raises(TypeError, match="preallocated_out"):
        avatar.compose(tone(0.2), np.zeros((96, 160, 3), np.float32))


def test_another_size(avatar: bh.Avatar) -> None:
    assert next(avatar.compose(tone(0.2), output_size=(64, 48))).bgr.shape == (48, 64, 3)
    out = np.zeros((48, 64, 3), np.uint8)
    assert next(avatar.compose(tone(0.2), out, (64, 48))).bgr is out
    with pytest.raises(ValueError, match="1 to 8192"):
        avatar.compose(tone(0.2), output_size=(0, 48))


def test_it_streams(avatar: bh.Avatar) -> None:
    """An endless source gives frames, and no more is read than they need."""
    read = 0

    def source() -> Iterator[Pcm]:
        nonlocal read
        for _ in itertools.count():
            read += 1
            yield tone(0.04)

    frames = avatar.compose(source())
    for _ in itertools.islice(frames, 50):
        pass
    assert read <= 50 + 3
    frames.close()
    assert list(frames) == []


def test_closing_the_iterator_closes_what_it_reads(avatar: bh.Avatar) -> None:
    closed = []

    def source() -> Iterator[Pcm]:
        try:
            while True:
                yield tone(0.04)
        finally:
            closed.append(True)

    for frames in (avatar.compose(source()), avatar.render(source())):
        next(frames)
        frames.close()
    assert closed == [True, True]


def test_streams_at_the_same_time(avatar: bh.Avatar, spoken: Pcm) -> None:
    alone = mouths(avatar.compose(spoken))
    both = zip(avatar.compose(spoken), avatar.compose(tone(10)))
    assert [frame.cluster_idx for frame, _ in both] == alone[:250]


def test_a_change_of_rate_keeps_time(avatar: bh.Avatar, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "48.wav", tone(1.0, 48000), 48000)
    soundfile.write(tmp_path / "22.wav", tone(1.01, 22050), 22050)
    frames = list(avatar.compose([tone(0.5), tmp_path / "48.wav", tmp_path / "22.wav"]))
    assert len(frames) == 13 + 25 + 26


def test_nothing_gives_no_frames(avatar: bh.Avatar) -> None:
    assert list(avatar.compose(b"")) == []
    assert list(avatar.compose([])) == []


def test_errors_come_when_it_is_called(avatar: bh.Avatar) -> None:
    with pytest.raises(bh.AudioNotFoundError):
        avatar.compose("/nonexistent.wav")
    wrong: Any = 7
    with pytest.raises(TypeError):
        avatar.render(wrong)


def test_an_error_of_the_source_comes_through(avatar: bh.Avatar) -> None:
    def source() -> Iterator[Pcm]:
        yield tone(0.5)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(avatar.compose(source()))


def test_rgb_is_bgr_backwards(avatar: bh.Avatar) -> None:
    pairs = list(zip(avatar.render(tone(0.4)), avatar.compose(tone(0.4))))
    assert len(pairs) == 10
    for rgb, composed in pairs:
        assert rgb.flags.c_contiguous
        np.testing.assert_array_equal(rgb, composed.bgr[:, :, ::-1])


def test_a_whole_file(avatar: bh.Avatar, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    assert avatar.render(tone(1.0), output) == 25
    assert avatar.render(SPEECH, str(output)) == 242
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize("kind", ["mp3", "flac", "opus"])
def test_damaged_audio_makes_no_file(avatar: bh.Avatar, tmp_path: Path, kind: str) -> None:
    path = damaged(tmp_path, kind)
    with pytest.raises(bh.AudioError, match="damaged"):
        list(avatar.compose(path))
    with pytest.raises(bh.AudioError, match="damaged"):
        avatar.render(path, tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written(avatar: bh.Avatar, tmp_path: Path) -> None:
    with pytest.raises(bh.OutputError, match="No such file or directory"):
        avatar.render(tone(1.0), tmp_path / "no" / "out.mp4")
    with pytest.raises(bh.OutputError, match="not a regular file"):
        avatar.render(tone(1.0), tmp_path)
    with pytest.raises(bh.AudioError, match="empty"):
        avatar.render(b"", tmp_path / "out.mp4")

    def source() -> Iterator[Pcm]:
        yield tone(0.5)
        raise KeyError("mine")

    with pytest.raises(KeyError):
        avatar.render(source(), tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []
