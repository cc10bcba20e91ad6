"""The life of a handle: close, use after close, fork, threads, and that nothing is left behind."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from support import ELSEWHERE, TICK, TINY, Pcm, environment, run_python

import bithuman_ctypes as bh


def test_close_as_often_as_you_like() -> None:
    fixture = bh.Fixture(TINY)
    runtime = bh.Runtime(fixture)
    for handle in (runtime, runtime, fixture, fixture):
        handle.close()
        assert handle.closed
    assert "closed" in repr(fixture)
    assert "closed" in repr(runtime)


def test_use_after_close() -> None:
    fixture = bh.Fixture(TINY)
    runtime = bh.Runtime(fixture)
    runtime.close()
    with pytest.raises(bh.RuntimeNotReadyError, match="this Runtime is closed"):
        runtime.push_audio(np.zeros(TICK, np.float32))
    with pytest.raises(bh.RuntimeNotReadyError, match="closed"):
        runtime.ticks_available()
    fixture.close()
    with pytest.raises(bh.RuntimeNotReadyError, match="this Fixture is closed"):
        bh.Runtime(fixture)
    with pytest.raises(bh.RuntimeNotReadyError, match="this Fixture is closed"):
        _ = fixture.frame_width


def test_a_runtime_keeps_its_avatar() -> None:
    fixture = bh.Fixture(TINY)
    with bh.Runtime(fixture) as runtime:
        fixture.close()
        runtime.push_audio(np.zeros(TICK, np.float32))
        runtime.flush()
        assert runtime.pull_frame()[0] == 0


def test_a_dropped_handle_warns() -> None:
    fixture = bh.Fixture(TINY)
    with pytest.warns(ResourceWarning, match=r"unclosed <Runtime .*call close\(\)"):
        bh.Runtime(fixture).ticks_available()
    fixture.close()
    with pytest.warns(ResourceWarning, match="unclosed <Fixture"):
        bh.Fixture(TINY)


def test_a_handle_that_was_never_made_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(bh.ModelNotFoundError):
            bh.Fixture("/nonexistent")
        gc.collect()


def test_an_avatar_that_cannot_be_described_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen from the C library: a pointer that was never owned is given back."""
    from bithuman_ctypes._ffi.library import library

    released = []
    real = library()
    module = "bithuman_ctypes._lowlevel.fixture"

    def release(pointer: Any) -> None:
        released.append(pointer)
        real.be_fixture_release(pointer)

    class Noting:
        def __getattr__(self, name: str) -> Any:
            return release if name == "be_fixture_release" else getattr(real, name)

    def describe(pointer: Any) -> NoReturn:
        raise KeyError("mine")

    monkeypatch.setattr(f"{module}._describe", describe)
    monkeypatch.setattr(f"{module}.library", Noting)
    with pytest.raises(KeyError, match="mine"):
        bh.Fixture(TINY)
    assert len(released) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_forked_process_is_refused() -> None:
    result = run_python(
        f"""
import os, sys, warnings
import numpy as np
import bithuman_ctypes as bh
fixture = bh.Fixture({str(TINY)!r})
runtime = bh.Runtime(fixture)
warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 and later warn of fork with threads
pid = os.fork()
if pid == 0:
    for use in (lambda: fixture.frame_width, runtime.ticks_available, lambda: bh.Runtime(fixture)):
        try:
            use()
        except bh.RuntimeNotReadyError as error:
            print(error, flush=True)
    runtime.close()
    fixture.close()
    print("closed", flush=True)
    os._exit(0)
os.waitpid(pid, 0)
runtime.push_audio(np.zeros(640, np.float32))
runtime.close()
fixture.close()
print("parent is well")
"""
    )
    lines = result.stdout.splitlines()
    assert result.returncode == 0, result.stderr
    assert lines[-2:] == ["closed", "parent is well"]
    assert len(lines) == 5
    assert all("forked process" in line for line in lines[:3])


FORK_IN_A_CALL = """
import os, signal, sys, threading, time, warnings
import numpy as np
import bithuman_ctypes as bh

warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 and later warn of fork with threads
fixture = bh.Fixture(sys.argv[1])
runtime = bh.Runtime(fixture)
pcm, done = np.zeros(640, np.float32), threading.Event()

def work():
    while not done.is_set():
        runtime.get_source_frame(size=(4096, 4096))

CALLS = [
    runtime.ticks_available, runtime.flush, runtime.reset_stream, runtime.pull_frame,
    runtime.get_source_frame, lambda: runtime.push_audio(pcm), lambda: runtime.tick(pcm),
    lambda: runtime.push_chunk(pcm, 16000), lambda: runtime.tick_compose(pcm),
    lambda: bh.Runtime(fixture), lambda: fixture.info,
]

def child():
    signal.alarm(20)  # a hang ends as a signal
    for call in CALLS:
        try:
            call()
            os._exit(1)
        except bh.RuntimeNotReadyError as error:
            if "forked process" not in str(error):
                os._exit(2)
    runtime.close()
    fixture.close()
    os._exit(0)

threading.Thread(target=work).start()
time.sleep(0.05)  # most of the time it is in C
statuses = []
for _ in range(5):
    pid = os.fork()
    if pid == 0:
        child()
    statuses.append(os.waitpid(pid, 0)[1])
done.set()
print(statuses)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_process_forked_in_the_middle_of_a_call_does_not_hang() -> None:
    """Whatever the call held is held for ever in the child, which does not have its thread."""
    result = run_python(FORK_IN_A_CALL, str(TINY), PYTHONWARNINGS="ignore")
    assert result.stdout.strip() == "[0, 0, 0, 0, 0]", result.stderr


def test_calls_from_several_threads(fixture: bh.Fixture, spoken: Pcm) -> None:
    failures: list[BaseException] = []
    with bh.Runtime(fixture) as runtime:

        def work(seed: int) -> None:
            generator = np.random.default_rng(seed)
            try:
                for _ in range(60):
                    runtime.push_audio(spoken[: int(generator.integers(0, 2000))])
                    try:
                        runtime.pull_frame()
                    except bh.RuntimeNotReadyError:
                        continue
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


def test_closing_while_another_thread_works(fixture: bh.Fixture) -> None:
    for _ in range(5):
        runtime = bh.Runtime(fixture)
        seen: list[str] = []
        ready = threading.Event()

        def work(runtime: bh.Runtime = runtime, ready: threading.Event = ready) -> None:
            ready.set()
            try:
                while True:  # unlike pulling, this ends only when the stream is closed
                    runtime.get_source_frame()
            except bh.RuntimeNotReadyError as error:
                seen.append(str(error))  # noqa: B023  # joined before the next round

        thread = threading.Thread(target=work)
        thread.start()
        ready.wait()
        runtime.close()
        thread.join()
        assert len(seen) == 1
        assert "this Runtime is closed" in seen[0]


LEAKS = """
import gc, resource, sys, tracemalloc
import numpy as np
import bithuman_ctypes as bh

pcm = (0.3 * np.sin(np.arange(6400) / 20)).astype(np.float32)

def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

def round():
    with bh.Fixture(sys.argv[1]) as fixture, bh.Runtime(fixture) as runtime:
        runtime.push_audio(pcm)
        runtime.push_chunk(pcm, 16000)
        runtime.flush()
        while runtime.ticks_available():
            runtime.pull_frame()
        for size in ((64, 64), (100, 50)):
            runtime.get_source_frame(size=size)
        try:
            runtime.pull_frame()
        except bh.RuntimeNotReadyError:
            pass
    try:
        bh.Fixture("/nonexistent")
    except bh.ModelNotFoundError:
        pass

for _ in range(30):
    round()
gc.collect()
tracemalloc.start()
before, blocks = memory(), tracemalloc.get_traced_memory()[0]
for _ in range(200):
    round()
gc.collect()
print(memory() - before, tracemalloc.get_traced_memory()[0] - blocks)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_two_hundred_avatars_leave_nothing() -> None:
    result = run_python(LEAKS, str(TINY))
    assert result.returncode == 0, result.stderr
    resident, traced = map(int, result.stdout.split())
    assert traced < 64 << 10
    assert resident < 8 << 20


def test_other_threads_run_while_c_works(runtime: bh.Runtime) -> None:
    """A call that held the GIL would stop the counting for as long as it lasts."""
    count, done = 0, threading.Event()

    def work() -> None:
        nonlocal count
        while not done.is_set():
            count += 1
            time.sleep(0)  # offers the GIL, so that we are not kept waiting for our turn

    out = np.empty((4096, 4096, 3), np.uint8)
    thread = threading.Thread(target=work)
    interval = sys.getswitchinterval()
    thread.start()
    try:
        runtime.get_source_frame(0, out, (4096, 4096))
        sys.setswitchinterval(10)  # from here on the GIL is had only from one who gives it up
        before = count
        runtime.get_source_frame(0, out, (4096, 4096))
        after = count
    finally:
        sys.setswitchinterval(interval)
        done.set()
        thread.join()
    assert after - before > 10


ENDURANCE = """
import resource, sys
import numpy as np
import bithuman_ctypes as bh

def source():
    generator = np.random.default_rng(1)
    for second in range(1800):
        level = 0.2 * (second // 5 % 2)
        yield (level * generator.standard_normal(16000)).astype(np.float32)
        if second in (60, 1799):
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

with bh.open(sys.argv[1]) as avatar:
    print(sum(1 for _ in avatar.compose(source())))
"""


@pytest.mark.long
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss in KiB")
def test_half_an_hour_needs_no_more_memory_than_a_minute() -> None:
    result = run_python(ENDURANCE, str(TINY))
    assert result.returncode == 0, result.stderr
    early, late, frames = map(int, result.stdout.split())
    assert frames == 1800 * 25
    assert late - early < 4096


def test_an_interpreter_ends_with_handles_open() -> None:
    """No crash and no hang when a program ends without closing anything."""
    code = (
        f"import bithuman_ctypes as bh, numpy as np\nf = bh.Fixture({str(TINY)!r})\n"
        "r = bh.Runtime(f); r.push_audio(np.zeros(6400, np.float32)); print(r.pull_frame()[0])"
    )
    result = subprocess.run(
        [sys.executable, "-W", "default", "-c", code],
        env={**environment(), "PYTHONWARNINGS": "default"},
        cwd=ELSEWHERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
