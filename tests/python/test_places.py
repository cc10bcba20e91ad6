"""Places where packages break: odd paths, no home, folders that stay as they are, two of all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from support import ELSEWHERE, TINY, environment, package_folder

from bithuman_ctypes._ffi import _values as c
from bithuman_ctypes._ffi.library import ffi, library, library_path

COMPOSE = """
import sys, bithuman_ctypes as bh
with bh.open(sys.argv[1]) as avatar:
    print(sum(1 for _ in avatar.compose(bytes(32000))), "frames by", bh.__core_version__)
"""


def copied(folder: Path) -> Path:
    """The package and its library, as an installation puts them, in another folder."""
    target = folder / "bithuman_ctypes"
    shutil.copytree(package_folder(), target, ignore=shutil.ignore_patterns("__pycache__"))
    (target / "_lib").mkdir(exist_ok=True)
    shutil.copy(library_path(), target / "_lib" / "libessence.so")
    return folder


def compose_in(folder: Path, avatar: Path, *before: str, **changes: str | None) -> str:
    """What COMPOSE prints with the package of a folder; None takes a variable away."""
    variables: dict[str, str | None] = {**environment(), "PYTHONPATH": str(folder), **changes}
    for name in ("BITHUMAN_ESSENCE_LIBRARY", "BITHUMAN_ORT_LIBRARY", "LD_PRELOAD"):
        variables.pop(name, None)
    done = subprocess.run(
        [*before, sys.executable, "-c", COMPOSE, str(avatar)],
        env={name: value for name, value in variables.items() if value is not None},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout or done.stderr


def test_paths_with_spaces_and_letters_of_all_kinds(tmp_path: Path) -> None:
    folder = tmp_path / "Ordner für 数字 \U0001f399 'n Stück"
    avatar = folder / "mein Ä.imx"
    copied(folder)
    shutil.copy(TINY, avatar)
    assert compose_in(folder, avatar).startswith("25 frames")
    assert compose_in(folder, avatar, LC_ALL="C").startswith("25 frames")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert "set PYTHONUTF8=1" in compose_in(folder, avatar, **plain)


def test_nothing_is_written_beside_the_package(tmp_path: Path) -> None:
    folder = copied(tmp_path / "site")
    before = sorted(folder.rglob("*"))
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        printed = compose_in(folder, TINY, PYTHONDONTWRITEBYTECODE="1")
        assert printed.startswith("25 frames")
        assert sorted(folder.rglob("*")) == before
    finally:
        for path in before:
            path.chmod(0o755)


def test_without_home_and_temporary_folder(tmp_path: Path) -> None:
    gone = str(tmp_path / "not there")
    printed = compose_in(
        copied(tmp_path / "site"), TINY, HOME=None, USER=None, XDG_CACHE_HOME=None, TMPDIR=gone
    )
    assert printed.startswith("25 frames")


@pytest.mark.skipif(sys.platform != "linux", reason="mounts")
def test_where_nothing_at_all_can_be_written(tmp_path: Path) -> None:
    alone = ["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-ec"]
    once = "mount --bind {0} {0}; mount -o remount,bind,ro {0}; ! touch {0}/x 2>/dev/null; "
    script = once.format("/tmp") + once.format("/var/tmp") + 'exec "$@"'
    site = Path("/dev/shm") / f"essence-test-{os.getpid()}"
    try:
        if subprocess.run([*alone, script, "-", "true"], capture_output=True).returncode != 0:
            pytest.skip("mounts are not allowed here")
        copied(site)
        avatar = site / "a.imx"
        shutil.copy(TINY, avatar)
        printed = compose_in(site, avatar, *alone, script, "-", HOME=None)
        assert printed.startswith("25 frames")
    except OSError as error:
        pytest.skip(f"no unshare or no /dev/shm: {error}")
    finally:
        shutil.rmtree(site, ignore_errors=True)


def test_a_zipped_package_is_refused_with_a_sentence(tmp_path: Path) -> None:
    site = copied(tmp_path / "site")
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in (site / "bithuman_ctypes").rglob("*"):
            file.write(path, path.relative_to(site))
    printed = compose_in(archive, TINY).splitlines()[-1]
    assert f"is imported out of the archive {archive}" in printed
    assert "pip install" in printed


def test_two_copies_of_the_library_in_one_process(tmp_path: Path) -> None:
    other = ffi.dlopen(str(shutil.copy(library_path(), tmp_path / "another.so")))
    frames = []
    for copy in (library(), other):
        avatar, stream = ffi.new("be_fixture_t **"), ffi.new("be_runtime_t **")
        assert copy.be_fixture_load(os.fsencode(TINY), ffi.NULL, avatar) == c.BE_OK
        assert copy.be_runtime_create(avatar[0], ffi.NULL, stream) == c.BE_OK
        frame = bytearray(160 * 96 * 3)
        pixels = ffi.from_buffer("uint8_t[]", frame, require_writable=True)
        status = copy.be_runtime_get_source_frame(
            stream[0], 0, ffi.NULL, pixels, len(frame), ffi.NULL
        )
        assert status == c.BE_OK
        frames.append(bytes(frame))
        copy.be_runtime_destroy(stream[0])
        copy.be_fixture_release(avatar[0])
    assert frames[0] == frames[1] != bytes(len(frames[0]))
    assert other.be_fixture_load(b"/nowhere.imx", ffi.NULL, avatar) == c.BE_ERR_FILE_NOT_FOUND
    mine = ffi.string(library().be_last_error_message())
    assert b"nowhere" not in mine


def count_frames(path: str) -> int:
    """For a spawned process."""
    import bithuman_ctypes as bh

    with bh.open(path) as avatar:
        return sum(1 for _ in avatar.compose(bytes(32000)))


def test_spawned_processes_have_engines_of_their_own() -> None:
    script = """
import multiprocessing, sys
from test_places import count_frames
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(count_frames, [sys.argv[1]] * 2), count_frames(sys.argv[1]))
"""
    program = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", script, str(TINY)],
        env=environment(PYTHONPATH=os.pathsep.join([str(program), environment()["PYTHONPATH"]])),
        cwd=ELSEWHERE,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == "[25, 25] 25", done.stderr


@pytest.mark.skipif(sys.version_info < (3, 13), reason="_interpreters came with 3.13")
def test_a_subinterpreter_refuses_and_the_process_goes_on() -> None:
    script = """
import _interpreters, sys
import bithuman_ctypes as bh
code = '''
import bithuman_ctypes
try:
    bithuman_ctypes.__core_version__
    import numpy
except ImportError as error:
    print("refused", flush=True)
'''
number = _interpreters.create()
failed = _interpreters.run_string(number, code)
_interpreters.destroy(number)
print(failed, bh.__core_version__ > "")
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(),
        cwd=ELSEWHERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == ["refused", "None", "True"], done.stderr


FROZEN = """
import sys
import bithuman_ctypes as bh
with bh.open() as avatar:
    print(sum(1 for _ in avatar.compose(bytes(6400))), "frames by", bh.__version__, sys.frozen)
"""


@pytest.mark.long
def test_a_frozen_program_runs(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller")
    try:
        metadata.version("bithuman-ctypes")
    except metadata.PackageNotFoundError:
        pytest.skip("the package is not installed")
    (tmp_path / "talk.py").write_text(FROZEN)
    folders = [f"--{name}path={tmp_path / name}" for name in ("dist", "work", "spec")]
    freeze = [sys.executable, "-m", "PyInstaller", "--onedir", "--log-level=WARN", *folders]
    subprocess.run([*freeze, str(tmp_path / "talk.py")], cwd=tmp_path, check=True, timeout=280)
    moved = tmp_path / "dist" / "talk"
    moved = moved.rename(tmp_path / "anders wo")
    done = subprocess.run(
        [str(moved / "talk")], env={}, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.stdout == f"5 frames by {metadata.version('bithuman-ctypes')} True\n", done.stderr
