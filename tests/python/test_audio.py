"""What may be given as audio, and how it is cut."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from support import damaged, tone

import bithuman_ctypes as bh
from bithuman_ctypes._audio import Block, _require_whole, blocks, frames_in_file


def joined(audio: Any) -> tuple[np.ndarray[Any, Any], int, int]:
    parts = list(blocks(audio))
    assert len({(part.rate, part.channels) for part in parts}) == 1
    return np.concatenate([part.data for part in parts]), parts[0].rate, parts[0].channels


def test_arrays() -> None:
    samples = tone(1.3)
    data, rate, channels = joined(samples)
    assert (rate, channels, data.dtype) == (16000, 1, np.float32)
    np.testing.assert_array_equal(data, samples)
    data, _, _ = joined(samples.astype(np.float64))
    np.testing.assert_array_equal(data, samples)
    integers = (samples * 32767).astype(np.int16)
    data, _, _ = joined(integers[::2])
    assert data.dtype == np.int16
    np.testing.assert_array_equal(data, integers[::2])


def test_arrays_are_cut_into_small_blocks_without_copies() -> None:
    samples = tone(10)
    parts = list(blocks(samples))
    assert max(len(part.data) for part in parts) <= 3200
    assert all(np.shares_memory(part.data, samples) for part in parts)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_are_16_bit_samples(kind: Any) -> None:
    integers = (tone(0.5) * 32767).astype(np.int16)
    data, rate, _ = joined(kind(integers.tobytes()))
    assert rate == 16000
    np.testing.assert_array_equal(data, integers)


def test_bytes_may_be_cut_anywhere_in_an_iterable() -> None:
    integers = (tone(0.5) * 32767).astype(np.int16)
    raw = integers.tobytes()
    data, _, _ = joined(raw[i : i + 333] for i in range(0, len(raw), 333))
    np.testing.assert_array_equal(data, integers)


def test_a_view_is_what_its_format_says() -> None:
    samples = tone(0.5)
    for audio in (
        samples.data,
        [samples.data],
        memoryview((ctypes.c_float * 8000)(*samples)),
    ):
        data, rate, channels = joined(audio)
        assert (data.dtype, rate, channels) == (np.float32, 16000, 1)
        np.testing.assert_array_equal(data, samples)
    integers = (samples * 32767).astype(np.int16)
    kinds: Any = "Bbc"
    for kind in kinds:
        view = integers.data.cast("B").cast(kind)
        np.testing.assert_array_equal(joined(view)[0], integers)
    np.testing.assert_array_equal(joined(integers.data)[0], integers)
    np.testing.assert_array_equal(joined(integers[::2].data)[0], integers[::2])


@pytest.mark.parametrize("kind", [">h", ">f4", "f8", "i4", "u2", "?"])
def test_other_views_are_refused(kind: str) -> None:
    view = np.zeros(16, kind).data
    for audio in (view, [view]):
        with pytest.raises(TypeError, match="bytes, int16 or float32, not the format"):
            list(blocks(audio))


def test_half_a_sample() -> None:
    with pytest.raises(ValueError, match="3 bytes"):
        blocks(b"abc")
    with pytest.raises(ValueError, match="half a sample"):
        list(blocks([b"ab", b"c"]))
    with pytest.raises(ValueError, match="half a sample"):
        list(blocks([b"c", np.zeros(5, np.int16)]))


WRONG: list[tuple[Any, type[Exception], str]] = [
    (None, TypeError, "not NoneType"),
    (5, TypeError, "not int"),
    (np.zeros(5, np.int32), TypeError, "int16 or float32"),
    (np.zeros(5, bool), TypeError, "int16 or float32"),
    (np.zeros((5, 2), np.int16), ValueError, "one dimension"),
]


@pytest.mark.parametrize(("audio", "error", "text"), WRONG)
def test_what_is_no_audio_is_refused_at_once(audio: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        blocks(audio)
    if audio is not None and not isinstance(audio, int):
        with pytest.raises(error, match=text):
            list(blocks([audio]))


def test_a_list_of_numbers_is_no_audio() -> None:
    numbers: Any = [0.0, 0.1]
    with pytest.raises(TypeError, match="float"):
        list(blocks(numbers))
    nested: Any = [[b"ab"]]
    with pytest.raises(TypeError, match="list"):
        list(blocks(nested))


def test_an_iterable_is_read_as_it_goes() -> None:
    taken = []

    def source() -> Iterator[bytes]:
        for index in range(5):
            taken.append(index)
            yield b"\0\0" * 100

    stream = blocks(source())
    assert taken == []
    next(stream)
    assert taken == [0]


FORMATS = [
    ("a.wav", "WAV", "PCM_16", 44100, 2),
    ("a.wav", "WAV", "FLOAT", 8000, 1),
    ("a.flac", "FLAC", "PCM_24", 96000, 6),
    ("a.ogg", "OGG", "VORBIS", 48000, 2),
    ("a.mp3", "MP3", "MPEG_LAYER_III", 44100, 2),
]


@pytest.mark.parametrize(("name", "kind", "subtype", "rate", "channels"), FORMATS)
def test_files(
    tmp_path: Path, name: str, kind: str, subtype: str, rate: int, channels: int
) -> None:
    samples = np.stack([tone(2.01, rate, 200 + 50 * c) for c in range(channels)], axis=1)
    soundfile.write(tmp_path / name, samples, rate, subtype, format=kind)
    first = next(blocks(tmp_path / name))
    assert (first.rate, first.channels) == (rate, channels)
    assert first.data.dtype == np.float32
    assert len(first.data) <= rate // 5
    data, _, _ = joined(str(tmp_path / name))
    assert abs(len(data) - len(samples)) <= (0 if kind != "MP3" else 2400)
    lossless = kind in ("WAV", "FLAC")
    assert np.abs(data - samples[: len(data)])[1000:-1000].max() < (1e-4 if lossless else 0.05)
    assert frames_in_file(tmp_path / name) in (51, 52, 53)


def test_files_among_other_pieces(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(0.1, 48000), 48000)
    parts = list(blocks([b"\0\0" * 10, tmp_path / "a.wav", str(tmp_path / "a.wav")]))
    assert [part.rate for part in parts] == [16000, 48000, 48000]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "no.wav", str(tmp_path / "no.wav"), "a\0b"):
        with pytest.raises(bh.AudioNotFoundError) as caught:
            blocks(path)
        assert caught.value.exit_code == 66
    with pytest.raises(bh.AudioError, match="folder"):
        blocks(tmp_path)


@pytest.mark.parametrize("contents", [b"", b"text", b"RIFF\0\0\0\0WAVE", b"fLaC" + b"\0" * 50])
def test_files_that_are_no_audio(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(contents)
    with pytest.raises(bh.AudioError, match=r"cannot read the audio .*bad\.wav: \w") as caught:
        list(blocks(path))
    assert caught.value.exit_code == 65


@pytest.mark.parametrize("kind", ["mp3", "flac", "opus"])
def test_a_damaged_file_is_no_shorter_file(tmp_path: Path, kind: str) -> None:
    """Some decoders report the end in the middle of a damaged file, rather than an error."""
    path = damaged(tmp_path, kind)
    with pytest.raises(bh.AudioError, match=f"damaged.{kind}") as caught:
        list(blocks(path))
    assert caught.value.exit_code == 65


def test_a_length_that_is_not_quite_right_is_no_damage() -> None:
    _require_whole("a.mp3", 99, 100, 16000)
    _require_whole("a.mp3", 110, 100, 16000)
    _require_whole("a.mp3", 0, None, 16000)
    with pytest.raises(bh.AudioError, match=r"ends after 2\.0 of its 4\.0 seconds"):
        _require_whole("a.mp3", 32000, 64000, 16000)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without named pipes")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(bh.AudioError, match=r"pipe\.wav is a pipe, .* give a file"):
        blocks(tmp_path / "pipe.wav")


def test_a_file_with_nothing_in_it(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0, np.float32), 16000)
    assert list(blocks(tmp_path / "empty.wav")) == []
    assert frames_in_file(tmp_path / "empty.wav") is None


def test_blocks_are_what_the_engine_takes(runtime: bh.Runtime) -> None:
    block = Block(np.zeros((100, 2), np.float32), 44100, 2)
    runtime.push_chunk(*block)
