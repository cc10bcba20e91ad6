"""MP4 files: right colours and tags, sound that is as long as the picture and is the original's."""

from __future__ import annotations

import os
import stat
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from support import tone

import bithuman_ctypes as bh
from bithuman_ctypes._audio import Block
from bithuman_ctypes._media.mp4 import Mp4Writer, crf_of_quality
from bithuman_ctypes._media.output import atomic_output
from bithuman_ctypes._media.pace import Pace

SIDE = 64


def write(path: Path, frames: int, audio: list[Block], **options: Any) -> None:
    picture = np.full((SIDE, SIDE, 3), 90, np.uint8)
    with Mp4Writer(str(path), SIDE, SIDE, **options) as writer:
        for block in audio:
            writer.push_audio(block)
        for _ in range(frames):
            writer.push_frame(picture)


def decoded(path: Path) -> tuple[NDArray[np.float32], int]:
    with av.open(str(path)) as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
        return np.concatenate(parts, axis=1), container.streams.audio[0].rate


def seconds(stream: Any) -> Fraction:
    return Fraction(stream.duration * stream.time_base)


def test_colours_survive(tmp_path: Path) -> None:
    """Patches are written, and read back by the formulas of BT.709 rather than by a library."""
    levels = (0, 100, 255)
    colours = [(b, g, r) for b in levels for g in levels for r in levels]
    picture = np.zeros((SIDE, 32 * len(colours), 3), np.uint8)
    for i, colour in enumerate(colours):
        picture[:, 32 * i : 32 * i + 32] = colour
    with Mp4Writer(str(tmp_path / "c.mp4"), picture.shape[1], SIDE, quality=100) as writer:
        for _ in range(5):
            writer.push_frame(picture)
    with av.open(str(tmp_path / "c.mp4")) as container:
        context = container.streams.video[0].codec_context
        frame = list(container.decode(video=0))[-1]
        tags = (context.colorspace, context.color_primaries, context.color_trc)
        assert tags == (1, 1, 1), "BT.709"
        assert context.color_range == 1, "limited range"
        assert context.pix_fmt == "yuv420p"
    planes = frame.to_ndarray().astype(float)  # Y above, then U and V in rows of half the width
    width = picture.shape[1]
    chroma = planes[SIDE:].reshape(2, SIDE // 2, width // 2)
    for i, colour in enumerate(colours):
        x = 32 * i + 16
        y = (planes[SIDE // 2, x] - 16) / 219
        u, v = (chroma[:, SIDE // 4, x // 2] - 128) / 224
        red = y + 1.5748 * v
        blue = y + 1.8556 * u
        green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
        found = np.array([blue, green, red]) * 255
        assert np.abs(found - colour).max() < 6, colour


RATES = [8000, 16000, 22050, 24000, 44100, 48000, 96000, 37000]


@pytest.mark.parametrize("rate", RATES)
def test_sound_is_as_long_as_the_picture(tmp_path: Path, rate: int) -> None:
    samples = tone(2.013, rate, 440)
    step = rate // 5
    audio = [Block(samples[i : i + step], rate, 1) for i in range(0, len(samples), step)]
    write(tmp_path / "a.mp4", 51, audio)
    with av.open(str(tmp_path / "a.mp4")) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.frames, seconds(video)) == (51, Fraction(51, 25))
        assert abs(seconds(sound) - seconds(video)) < Fraction(1, 25)
        assert sound.rate == (rate if rate <= 48000 and rate != 37000 else 48000)
    heard, out_rate = decoded(tmp_path / "a.mp4")
    said = tone(2.013, out_rate, 440)
    middle = slice(out_rate // 4, out_rate)
    assert np.corrcoef(heard[0, middle], said[middle])[0, 1] > 0.99


def test_stereo_stays_stereo_and_in_place(tmp_path: Path) -> None:
    left, right = tone(1.0, 48000, 300), tone(1.0, 48000, 700)
    data = np.ascontiguousarray(np.stack([left, right], axis=1))
    write(tmp_path / "s.mp4", 25, [Block(data, 48000, 2)])
    heard, _ = decoded(tmp_path / "s.mp4")
    for channel, said in enumerate((left, right)):
        part = slice(4800, 43200)
        assert np.corrcoef(heard[channel, part], said[part])[0, 1] > 0.99


def test_six_channels_become_their_average(tmp_path: Path) -> None:
    data = np.ascontiguousarray(
        np.stack([tone(1.0, 48000, 300 + 100 * i) for i in range(6)], axis=1)
    )
    write(tmp_path / "s.mp4", 25, [Block(data, 48000, 6)])
    heard, _ = decoded(tmp_path / "s.mp4")
    assert heard.shape[0] == 1
    part = slice(4800, 43200)
    assert np.corrcoef(heard[0, part], data.mean(axis=1)[part])[0, 1] > 0.99


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_the_level_stays(tmp_path: Path, dtype: type) -> None:
    samples = tone(1.0, 48000, 440, 0.5)
    data = (samples * 32767).astype(np.int16) if dtype is np.int16 else samples
    write(tmp_path / "l.mp4", 25, [Block(data, 48000, 1)])
    heard, _ = decoded(tmp_path / "l.mp4")
    assert np.abs(heard[0, 10000:40000]).max() == pytest.approx(0.5, abs=0.03)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e9, -1e30])
@pytest.mark.parametrize(("rate", "channels"), [(48000, 1), (37000, 2), (16000, 6)])
def test_samples_that_no_encoder_takes(
    tmp_path: Path, bad: float, rate: int, channels: int
) -> None:
    data = np.repeat(tone(1.0, rate, 440, 0.5)[:, None], channels, axis=1)
    data[rate // 2 : rate // 2 + 40] = bad
    write(tmp_path / "n.mp4", 25, [Block(data, rate, channels)])
    heard, out_rate = decoded(tmp_path / "n.mp4")
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() < 2
    part = slice(out_rate // 10, out_rate // 3)
    assert np.corrcoef(heard[0, part], tone(1.0, out_rate, 440)[part])[0, 1] > 0.99


def test_only_the_file_is_called_unwritable(tmp_path: Path) -> None:
    """An encoder that refuses says so itself, rather than blaming the file."""
    with Mp4Writer(str(tmp_path / "e.mp4"), SIDE, SIDE) as writer:

        def encode() -> Any:
            raise av.FFmpegError(22, "refused by the encoder")

        with pytest.raises(av.FFmpegError, match="refused by the encoder"):
            writer._mux(encode() for _ in range(1))
        writer.push_frame(np.zeros((SIDE, SIDE, 3), np.uint8))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_is_full_is_unwritable() -> None:
    with pytest.raises(bh.OutputError, match=r"cannot write my\.mp4: ") as caught:
        write(Path("/dev/full"), 3, [], name="my.mp4")
    assert caught.value.exit_code == 73


def test_sound_is_cut_and_filled(tmp_path: Path) -> None:
    write(tmp_path / "cut.mp4", 25, [Block(tone(9.0, 24000), 24000, 1)])
    write(tmp_path / "fill.mp4", 25, [Block(tone(0.2, 24000), 24000, 1)])
    for name in ("cut.mp4", "fill.mp4"):
        with av.open(str(tmp_path / name)) as container:
            assert seconds(container.streams.audio[0]) == 1
    heard, rate = decoded(tmp_path / "fill.mp4")
    assert np.abs(heard[0, rate // 2 :]).max() < 0.01


def test_a_change_of_rate_keeps_sound_and_picture_together(tmp_path: Path) -> None:
    """The second piece begins with a whole video frame, as in the engine."""
    audio = [Block(tone(0.21, 24000, 200, 0.0), 24000, 1), Block(tone(0.5, 16000, 440), 16000, 1)]
    write(tmp_path / "r.mp4", 19, audio)
    heard, rate = decoded(tmp_path / "r.mp4")
    start = np.flatnonzero(np.abs(heard[0]) > 0.25)[0]
    assert start / rate == pytest.approx(0.24, abs=0.01)


def test_a_picture_without_sound(tmp_path: Path) -> None:
    write(tmp_path / "v.mp4", 3, [])
    with av.open(str(tmp_path / "v.mp4")) as container:
        assert not container.streams.audio
        assert container.streams.video[0].frames == 3


def test_the_index_stands_before_the_data(tmp_path: Path) -> None:
    write(tmp_path / "f.mp4", 3, [Block(tone(0.2), 16000, 1)])
    data = (tmp_path / "f.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("fps", [Fraction(10), Fraction(30000, 1001), Fraction(50), Fraction(25)])
def test_other_rates_of_frames(tmp_path: Path, fps: Fraction) -> None:
    write(tmp_path / "p.mp4", 50, [Block(tone(2.0), 16000, 1)], fps=fps)
    with av.open(str(tmp_path / "p.mp4")) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert video.average_rate == fps
        assert video.frames == -(-50 * fps // 25)
        assert abs(seconds(video) - seconds(sound)) <= 1 / fps


def test_what_is_repeated_and_what_is_left_out() -> None:
    def copies(fps: Fraction) -> list[int]:
        pace = Pace(fps)
        return [pace.copies() for _ in range(6)]

    assert copies(Fraction(25)) == [1, 1, 1, 1, 1, 1]
    assert copies(Fraction(50)) == [2, 2, 2, 2, 2, 2]
    assert copies(Fraction(10)) == [1, 0, 1, 0, 0, 1]
    assert copies(Fraction(30)) == [2, 1, 1, 1, 1, 2]


def test_quality() -> None:
    assert [crf_of_quality(q) for q in (1, 50, 80, 100)] == [44, 29, 20, 14]
    for wrong in (0, 101):
        with pytest.raises(ValueError, match="1 to 100"):
            crf_of_quality(wrong)


def test_odd_sides() -> None:
    with pytest.raises(ValueError, match="even"):
        Mp4Writer("never.mp4", 3, 4)


def test_late_sound(tmp_path: Path) -> None:
    with Mp4Writer(str(tmp_path / "l.mp4"), SIDE, SIDE) as writer:
        writer.push_frame(np.zeros((SIDE, SIDE, 3), np.uint8))
        with pytest.raises(ValueError, match="before its first frame"):
            writer.push_audio(Block(tone(0.1), 16000, 1))


# ------------------------------------------------------------------ the file itself


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    final = tmp_path / "a.txt"
    final.write_text("old")
    with atomic_output(final) as temporary:
        Path(temporary).write_text("new")
        assert final.read_text() == "old"
        assert os.path.dirname(temporary) == str(tmp_path)
    assert final.read_text() == "new"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_name_as_long_as_the_system_allows(tmp_path: Path) -> None:
    name = "a" * (os.pathconf(tmp_path, "PC_NAME_MAX") - 4) + ".mp4"
    with atomic_output(tmp_path / name):
        pass
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_nothing_is_left_behind(tmp_path: Path, error: type[BaseException]) -> None:
    def interrupted() -> None:
        with atomic_output(tmp_path / "a.txt") as temporary:
            Path(temporary).write_text("half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_the_umask_and_links_are_respected(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    old = os.umask(0o027)
    try:
        with atomic_output(tmp_path / "link") as temporary:
            Path(temporary).write_text("x")
    finally:
        os.umask(old)
    assert (tmp_path / "link").is_symlink()
    assert stat.S_IMODE((tmp_path / "target").stat().st_mode) == 0o640


def test_devices_and_folders_are_not_replaced(tmp_path: Path) -> None:
    for path in ("/dev/null", tmp_path):
        with pytest.raises(bh.OutputError, match="not a regular file"), atomic_output(path):
            pass
    with pytest.raises(bh.OutputError) as caught, atomic_output(tmp_path / "no" / "a"):
        pass
    assert caught.value.exit_code == 73
