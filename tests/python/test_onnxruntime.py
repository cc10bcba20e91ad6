"""Real ONNX Runtimes, from the oldest that will do to the newest: what the encoder gives is the
same, many avatars cost one session, and nothing of it runs, writes or talks beside the encoder.
The engine's own forward pass, which needs none of them on the CPU, gives the same too.

The long tests fetch libraries by pip and npm into build/onnxruntime, where they stay.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import REPO, TINY, Pcm, environment, run_python

from bithuman_ctypes._ffi import onnxruntime

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="looks at /proc, and fetches libraries of Linux"
)

KEPT = REPO / "build" / "onnxruntime"
VARIABLE = onnxruntime.ENVIRONMENT_VARIABLE


def using(library: Path) -> dict[str, str]:
    """Environment variables by which the built-in encoder runs by that library, on the CPU too."""
    return {VARIABLE: str(library), "BITHUMAN_ENCODER": "onnxruntime"}


# ------------------------------------------------------------------ getting them


def fetch(label: str, get: Callable[[Path], Path]) -> Path:
    """The library kept under ``label``; ``get`` finds it in a folder that it fills."""
    folder = KEPT / f"{label}-{platform.machine()}"
    kept = sorted(folder.glob("libonnxruntime.so*"))
    if not kept:
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as work:
            found = get(Path(work))
            folder.mkdir(exist_ok=True)
            found.replace(folder / found.name)
        kept = [folder / found.name]
    return kept[-1]


def download(what: str, command: list[str], folder: Path) -> None:
    result = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=280, check=False
    )
    if result.returncode != 0:
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        pytest.skip(f"{what} cannot be downloaded here: {lines[-1] if lines else 'no reason'}")


def from_pypi(requirement: str, folder: Path) -> Path:
    """Out of a wheel for any Python, which is only unpacked: the library in it knows no Python."""
    tags = ("manylinux2014", "manylinux_2_17", "manylinux_2_27", "manylinux_2_28", "manylinux_2_34")
    command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--python-version=3.12", "--timeout=15"]
    command += [f"--platform={tag}_{platform.machine()}" for tag in tags]
    download(requirement, [*command, requirement], folder)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        names = [n for n in content.namelist() if "/libonnxruntime.so" in n]
        assert len(names) == 1, f"{wheel.name} has {names}"
        return Path(content.extract(names[0], folder))


def from_npm(version: str, folder: Path) -> Path:
    """Out of the package for Node.js: wheels before 1.19 have no library of its own."""
    if not shutil.which("npm"):
        pytest.skip("no npm to fetch the oldest ONNX Runtime with")
    what = f"onnxruntime-node@{version}"
    download(what, ["npm", "pack", "--loglevel=error", "--fetch-retries=0", what], folder)
    (archive,) = folder.glob("*.tgz")
    machine = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
    with tarfile.open(archive) as content:
        place = f"linux/{machine}/libonnxruntime.so"
        (member,) = [m for m in content.getmembers() if place in m.name and m.isfile()]
        library = content.extractfile(member)
        assert library is not None
        found = folder / Path(member.name).name
        found.write_bytes(library.read())
    return found


def least_minor() -> int:
    """16 of 1.16, the oldest that the core takes."""
    header = (REPO / "c_core" / "src" / "encoder" / "ort.h").read_text()
    found = re.search(r"BEI_ORT_MIN_API = (\d+)", header)
    assert found
    return int(found[1])


def bound_of_the_package() -> str:
    """The oldest that the Python package asks for."""
    found = re.search(r'"onnxruntime>=([\d.]+)[;"]', (REPO / "pyproject.toml").read_text())
    assert found
    return found[1]


def newest() -> Path:
    return fetch("newest", lambda folder: from_pypi("onnxruntime", folder))


def oldest_of_the_core() -> Path:
    version = f"1.{least_minor()}.0"
    return fetch(version, lambda folder: from_npm(version, folder))


def oldest_of_the_package() -> Path:
    version = bound_of_the_package() + ".0"
    return fetch(version, lambda folder: from_pypi(f"onnxruntime=={version}", folder))


def installed() -> Path:
    named = os.environ.get(VARIABLE)
    found = Path(named) if named else onnxruntime.find()
    assert found is not None
    return found


# ------------------------------------------------------------------ the same from all of them

SPEAK = """
import hashlib, json, sys
import numpy as np
import bithuman_ctypes as bh
pcm = np.load(sys.argv[1])
coords = np.zeros((len(pcm) // 640, 23), np.float32)
frames = []
with bh.Fixture(sys.argv[2]) as fixture:
    with bh.Runtime(fixture) as runtime:
        for row in coords:
            runtime.tick(pcm, row)
    with bh.Runtime(fixture) as runtime:
        runtime.push_audio(pcm)
        runtime.flush()
        for _ in range(runtime.ticks_available()):
            mouth, source, frame = runtime.pull()
            frames.append((mouth, source, hashlib.sha256(frame.tobytes()).hexdigest()))
    print(json.dumps([fixture.provider.runtime, coords.tolist(), frames]))
"""


def speak(changes: dict[str, str], pcm: Pcm, folder: Path) -> tuple[str, Any, list[Any]]:
    """What ran the encoder, coords of every tick and a fingerprint of every frame."""
    audio = folder / "speech.npy"
    np.save(audio, pcm)
    result = run_python(SPEAK, str(audio), str(TINY), **changes)
    assert result.returncode == 0, result.stderr
    runtime, coords, frames = json.loads(result.stdout)
    return runtime, np.array(coords, np.float32), frames


@pytest.mark.long
@pytest.mark.parametrize("other", [oldest_of_the_core, oldest_of_the_package, newest])
def test_every_version_gives_the_same(
    other: Callable[[], Path], spoken: Pcm, tmp_path: Path
) -> None:
    library = other()
    runtime, *found = speak(using(library), spoken, tmp_path)
    _, *expected = speak(using(installed()), spoken, tmp_path)
    assert runtime == "ONNX Runtime " + library.name.split(".so.")[1]
    expect_same(found, expected)


def expect_same(found: list[Any], expected: list[Any]) -> None:
    (coords, frames), (expected_coords, expected_frames) = found, expected
    assert expected_coords.std(axis=0).max() > 0.1, "somebody speaks"
    np.testing.assert_allclose(coords, expected_coords, rtol=0, atol=1e-4)
    # A mouth may turn on the last bit of a coordinate; equal coordinates leave no choice.
    assert len(frames) == len(expected_frames)
    same = sum(a == b for a, b in zip(frames, expected_frames)) / len(frames)
    assert same == 1.0 if np.array_equal(coords, expected_coords) else same > 0.99


def test_our_own_forward_pass_gives_the_same(spoken: Pcm, tmp_path: Path) -> None:
    runtime, *found = speak({VARIABLE: "", "BITHUMAN_ENCODER": ""}, spoken, tmp_path)
    assert runtime == "built in"
    other, *expected = speak(using(installed()), spoken, tmp_path)
    assert other.startswith("ONNX Runtime 1.")
    expect_same(found, expected)


@pytest.mark.long
def test_the_one_before_the_oldest_is_refused(tmp_path: Path) -> None:
    version = f"1.{least_minor() - 1}"
    library = fetch(version, lambda folder: from_npm(version, folder))
    code = (
        "import sys, bithuman_ctypes as bh\ntry: bh.Fixture(sys.argv[1])\n"
        "except bh.AvatarError as error: print(error)"
    )
    result = run_python(code, str(TINY), **using(library))
    assert f"ONNX Runtime {version}." in result.stdout, result.stderr
    assert f"1.{least_minor()} or a later 1.x is needed" in result.stdout


# ------------------------------------------------------------------ one session for all

TWENTY = """
import os, sys, time
import numpy  # may have threads of its own
import bithuman_ctypes as bh
def threads():
    # The worker that decodes pictures ends by itself when it has decoded all.
    counts = [0]
    while len(counts) < 10 or len(set(counts[-10:])) > 1:
        counts.append(len(os.listdir("/proc/self/task")))
        time.sleep(0.02)
    return counts[-1]
def memory(): return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
load = lambda: bh.Fixture(sys.argv[1], intra_op_threads=3)
before = threads()
avatars = [load()]
one, room = threads(), memory()
avatars += [load() for _ in range(19)]
print(one - before, threads() - before, memory() - room)
for avatar in avatars: avatar.close()
print(threads() - before)
"""


def test_twenty_avatars_cost_one_session() -> None:
    result = run_python(TWENTY, str(TINY), **using(installed()))
    assert result.returncode == 0, result.stderr
    one, twenty, growth, after = map(int, result.stdout.split())
    assert one == 2, "the calling thread is the third"
    assert twenty == 2, "the threads of one session"
    assert growth < 4 << 20, "bytes; a session takes some 2.5 MB"
    assert after == 0, "they end with the last avatar"


# ------------------------------------------------------------------ telemetry

QUIET = """
import os, sys, time
import numpy as np
import bithuman_ctypes as bh
def threads(): return set(os.listdir("/proc/self/task"))
pcm = 0.1 * np.random.default_rng(1).standard_normal(32000).astype(np.float32)
before = threads()
os.path.exists("/begin-of-the-avatar")
with bh.Fixture(sys.argv[1]) as fixture, bh.Runtime(fixture) as runtime:
    runtime.push_audio(pcm)
    runtime.flush()
    for _ in range(runtime.ticks_available()): runtime.pull()
    # The worker that decodes pictures ends by itself when it has decoded all.
    for _ in range(100):
        if threads() <= before: break
        time.sleep(0.1)
    print(len(threads() - before), "threads")
    for name in os.listdir("/proc/self/fd"):
        try: print(os.readlink("/proc/self/fd/" + name))
        except OSError: pass
"""


def quiet_environment(library: Path, home: Path) -> dict[str, str]:
    """One in which ONNX Runtime has no reason of its own to hold back, and an empty home."""
    home.mkdir()
    changes = {name: str(home) for name in ("HOME", "TMPDIR", "TMP", "TEMP")}
    child = environment(**changes, **using(library), PYTHONDONTWRITEBYTECODE="1")
    for name in list(child):
        if name.startswith(("XDG_", "ORT_", "GITHUB_")) or name in ("CI", "TF_BUILD"):
            del child[name]
    return child


def expect_quiet(library: Path, folder: Path, *before: str) -> None:
    home = folder / "home"
    result = subprocess.run(
        [*before, sys.executable, "-c", QUIET, str(TINY)],
        env=quiet_environment(library, home),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    threads, *files = result.stdout.splitlines()
    assert threads == "0 threads"
    assert not [f for f in files if f.startswith("socket:")]
    assert not [f for f in files if f.startswith(str(home))]
    assert list(home.iterdir()) == []


def test_nothing_runs_beside_the_encoder(tmp_path: Path) -> None:
    expect_quiet(installed(), tmp_path)


@pytest.mark.long
def test_nothing_runs_beside_the_newest(tmp_path: Path) -> None:
    expect_quiet(newest(), tmp_path)


WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|\b(mkdir|rename|unlink|symlink|link)(at|at2)?\(")
TALKING = re.compile(r"\b(socket|connect|bind|sendto|sendmsg)\(")


def test_no_call_of_the_system_writes_or_talks(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    strace = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=%file,%network"]
    try:
        subprocess.run([*strace, "true"], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("strace is not here, or may not trace")
    expect_quiet(installed(), tmp_path, *strace)
    lines = trace.read_text(errors="replace").splitlines()
    (begin,) = [i for i, line in enumerate(lines) if "/begin-of-the-avatar" in line]
    assert any("libonnxruntime" in line or str(installed()) in line for line in lines[begin:])
    assert [line for line in lines[begin:] if WRITING.search(line) or TALKING.search(line)] == []
