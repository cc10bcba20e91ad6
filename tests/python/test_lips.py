"""What viewers notice first, on the pictures of the bundled avatar: a mouth that stays open, that
stirs in silence, that comes late, or whose edge shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from support import RATE, TICK, Pcm, package_folder

import bithuman_ctypes as bh
from bithuman_ctypes._lowlevel.frame import StreamFrame
from bithuman_ctypes._lowlevel.options import StreamOptions
from bithuman_ctypes.authoring import imx

TO_REST = 4
"""Frames within which an interrupted mouth must be at rest: 160 ms."""

Frame = NDArray[np.uint8]


@pytest.fixture(scope="module")
def bundled() -> Iterator[bh.Fixture]:
    with bh.Fixture(package_folder() / "assets" / "default.imx") as loaded:
        yield loaded


@pytest.fixture(scope="module")
def placed() -> imx.Avatar:
    """The same avatar as its file has it."""
    return imx.read(package_folder() / "assets" / "default.imx")


def frames(stream: bh.Runtime, count: int, start_us: int) -> list[StreamFrame]:
    """The next frames of a stream on a clock of our own."""
    found = [stream.poll(start_us + k * 40_000) for k in range(count)]
    assert None not in found
    return [frame for frame in found if frame is not None]


def mouths(stream: bh.Runtime, said: Pcm) -> NDArray[np.intp]:
    """The mouth of every frame of a sound."""
    stream.reset_stream()
    return np.array([stream.tick(said) for _ in range(len(said) // TICK)], np.intp)


@pytest.mark.parametrize("part", range(4))
def test_an_interruption_shuts_the_lips_within_160_ms(
    bundled: bh.Fixture, placed: imx.Avatar, spoken: Pcm, part: int
) -> None:
    """Where they are open widest; from then on every frame is its source frame."""
    coords = np.array([mouth.coords for mouth in placed.mouths])
    with bh.Runtime(bundled) as plain:
        parts = np.array_split(coords[mouths(plain, spoken), 0], 4)
        at = sum(map(len, parts[:part])) + int(np.argmax(parts[part])) + 1
        with bh.Runtime(bundled, StreamOptions(realtime=True)) as stream:
            stream.push_audio(spoken)
            before = frames(stream, at, 0)
            assert before[-1].cluster_idx != 0
            stream.interrupt()
            after = frames(stream, 20, at * 40_000)
        openness = [coords[frame.cluster_idx, 0] for frame in after]
        assert openness == sorted(openness, reverse=True), "the lips close and do not open again"
        for frame in after[TO_REST - 1 :]:
            assert frame.cluster_idx == 0
            np.testing.assert_array_equal(frame.image, plain.get_source_frame(frame.source_idx))


def alpha(avatar: imx.Avatar, frame: int, size: tuple[int, int]) -> NDArray[np.int64]:
    """Where a mouth can show on a source frame: the mask, sampled as docs/imx.md says, and one
    pixel around it, because four pixels share a colour."""
    m = np.array(avatar.placements[frame].affine, np.int64)
    y, x = np.mgrid[: size[0], : size[1]]
    u, v = m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]
    height, width = avatar.mask.shape
    column, row = (np.clip(place >> 16, -1, most) for place, most in ((u, width), (v, height)))
    padded = np.pad(avatar.mask, 3).astype(np.int64)
    corners = [
        padded[row + 3 + dy, column + 3 + dx] for dy in (-1, 0, 1, 2) for dx in (-1, 0, 1, 2)
    ]
    reached: NDArray[np.int64] = np.max(corners, axis=0)
    return reached


def test_no_pixel_outside_the_mask_differs_from_the_source_frame(
    bundled: bh.Fixture, placed: imx.Avatar, spoken: Pcm
) -> None:
    with bh.Runtime(bundled) as stream, bh.Runtime(bundled) as plain:
        stream.push_audio(spoken)
        stream.flush()
        examined = 0
        for number in range(stream.ticks_available()):
            mouth, source, picture = stream.pull()
            if mouth and number % 8 == 0:
                changed = (picture != plain.get_source_frame(source)).any(axis=2)
                assert changed.any()
                assert not (changed & (alpha(placed, source, changed.shape) == 0)).any()
                examined += 1
    assert examined >= 20


def test_ten_minutes_later_the_mouth_is_no_later(bundled: bh.Fixture, spoken: Pcm) -> None:
    """Words after ten minutes of silence begin and end in the same frames as at once."""
    wait = 10 * 60 * 25
    said = spoken[: 4 * RATE]
    with bh.Runtime(bundled) as stream:
        at_once = mouths(stream, said)
        later = mouths(stream, np.concatenate([np.zeros(wait * TICK, np.float32), said]))
    assert not later[: wait - 1].any(), "the lips rest until somebody speaks"
    first, last = np.flatnonzero(at_once)[[0, -1]]
    np.testing.assert_array_equal(np.flatnonzero(later)[[0, -1]] - wait, (first, last))
