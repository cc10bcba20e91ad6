"""Frames are the caller's to keep; memory is used again only when nobody can see it any more."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import numpy as np
import pytest
from support import TINY, Pcm, run_python

import bithuman_ctypes as bh
from bithuman_ctypes._lowlevel.pool import MAX_IDLE, FramePool


def address(frame: Any) -> int:
    return int(frame.__array_interface__["data"][0])


def used_pool() -> FramePool:
    pool = FramePool()
    pool.use(1)
    return pool


def test_kept_frames_are_never_touched(runtime: bh.Runtime) -> None:
    kept = [runtime.get_source_frame(i) for i in range(6)]
    copies = [frame.copy() for frame in kept]
    for _ in range(50):
        runtime.get_source_frame()
    for frame, copy in zip(kept, copies):
        np.testing.assert_array_equal(frame, copy)
    assert len({address(frame) for frame in kept}) == 6


def test_a_loop_over_frames_uses_two_buffers() -> None:
    pool = used_pool()
    seen = set()
    frame = pool.take((50, 100, 3))
    for _ in range(100):
        frame = pool.take((50, 100, 3))
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
    pool = used_pool()
    frame = pool.take((30, 40, 3))
    frame[:] = 7
    held = hold(frame)
    where = address(frame)
    del frame
    gc.collect()
    others = [pool.take((30, 40, 3)) for _ in range(MAX_IDLE)]
    assert where not in [address(other) for other in others]
    del held, others
    gc.collect()


def test_memory_comes_back() -> None:
    pool = used_pool()
    frame = pool.take((30, 40, 3))
    where = address(frame)
    del frame
    assert address(pool.take((30, 40, 3))) == where


def test_idle_memory_is_bounded_in_bytes() -> None:
    pool = used_pool()
    most = 64 << 20
    for side in (*range(10, 60), 1000, 2000, 3000, 4000, 3000, 100):
        held = [pool.take((side, side, 3)) for _ in range(6)]
        del held
        assert pool.idle_bytes <= most
        assert len(pool._idle) <= MAX_IDLE
    assert pool.idle_bytes > 0
    assert not pool._lent


def test_what_is_larger_than_the_bound_is_not_kept() -> None:
    pool = used_pool()
    pool.take((100, 100, 3))
    small = pool.idle_bytes
    pool.take((8192, 8192, 3))
    assert pool.idle_bytes == small == 30000, "and it pushes nothing else out"


def test_nothing_is_kept_without_users() -> None:
    pool = used_pool()
    held = pool.take((100, 100, 3))
    pool.take((100, 100, 3))
    assert pool.idle_bytes == 30000
    pool.leave(1)
    assert pool.idle_bytes == 0
    del held
    assert pool.idle_bytes == 0


def test_a_pool_that_is_busy_is_done_without() -> None:
    """As when a garbage collection frees a frame in the middle of the pool's own work."""
    pool = used_pool()
    pool.take((100, 100, 3))
    with pool._lock:
        frame = pool.take((100, 100, 3))
        del frame
    assert pool.idle_bytes == 30000


def test_the_last_avatar_that_closes_frees_the_pool() -> None:
    result = run_python(
        "import bithuman_ctypes as bh, sys\n"
        "from bithuman_ctypes._lowlevel.pool import frames\n"
        "one, two = bh.Fixture(sys.argv[1]), bh.Fixture(sys.argv[1])\n"
        "with bh.Runtime(one) as runtime: runtime.get_source_frame(size=(2000, 2000))\n"
        "one.close(); print(frames.idle_bytes); two.close(); print(frames.idle_bytes)",
        str(TINY),
    )
    assert result.stdout.split() == ["12000000", "0"], result.stderr


def test_composing_into_out_allocates_nothing(runtime: bh.Runtime, spoken: Pcm) -> None:
    out = np.zeros((96, 160, 3), np.uint8)
    runtime.push_audio(spoken)
    tracemalloc.start()
    try:
        for _ in range(100):  # what is made once, such as caches of the interpreter
            runtime.pull_frame(out=out)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            runtime.pull_frame(out=out)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 4096
    assert peak - before < out.nbytes // 2
