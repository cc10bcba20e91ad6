"""Frames are the caller's to keep; memory is used again only when nobody can see it any more."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import numpy as np
import pytest
from support import Pcm

import bithuman_ctypes as bh
from bithuman_ctypes._lowlevel.pool import FramePool


def address(frame: Any) -> int:
    return int(frame.__array_interface__["data"][0])


def test_kept_frames_are_never_touched(runtime: bh.Runtime) -> None:
    kept = [runtime.get_source_frame(i) for i in range(6)]
    copies = [frame.copy() for frame in kept]
    for _ in range(50):
        runtime.get_source_frame()
    for frame, copy in zip(kept, copies):
        np.testing.assert_array_equal(frame, copy)
    assert len({address(frame) for frame in kept}) == 6


def test_a_loop_over_frames_uses_two_buffers() -> None:
    pool = FramePool()
    seen = set()
    frame = pool.take(100, 50)
    for _ in range(100):
        frame = pool.take(100, 50)
        seen.add(address(frame))
    assert len(seen) == 2


@pytest.mark.parametrize(
    "hold",
    [
        lambda frame: frame[1:2, :3],
        lambda frame: frame.reshape(-1)[5:],
        lambda frame: frame.T[0],
        memoryview,
        lambda frame: frame.view(np.int8),
        lambda frame: frame.view(np.recarray)[1],
        lambda frame: np.asarray(memoryview(frame)),
        lambda frame: frame.base,
        lambda frame: frame.flat,
    ],
)
def test_whatever_sees_the_memory_holds_it(hold: Any) -> None:
    pool = FramePool()
    frame = pool.take(40, 30)
    frame[:] = 7
    held = hold(frame)
    where = address(frame)
    del frame
    gc.collect()
    others = [pool.take(40, 30) for _ in range(8)]
    assert where not in [address(other) for other in others]
    del held, others
    gc.collect()


def test_memory_comes_back() -> None:
    pool = FramePool()
    frame = pool.take(40, 30)
    where = address(frame)
    del frame
    assert address(pool.take(40, 30)) == where


def test_many_sizes_do_not_pile_up() -> None:
    pool = FramePool()
    for side in range(10, 60):
        pool.take(side, side)
    assert len(pool._idle) <= 4
    assert not pool._lent


def test_composing_into_out_allocates_nothing(runtime: bh.Runtime, spoken: Pcm) -> None:
    out = np.zeros((96, 160, 3), np.uint8)
    runtime.push_audio(spoken)
    for _ in range(10):
        runtime.pull_frame(out=out)
    tracemalloc.start()
    try:
        tracemalloc.reset_peak() if hasattr(tracemalloc, "reset_peak") else None
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            runtime.pull_frame(out=out)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 4096
    assert peak - before < out.nbytes // 2
