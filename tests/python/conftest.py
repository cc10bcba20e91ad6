"""Finds the package and its library, and holds what the tests share.

The tests run against the installed package, also when they are started in the repository by
``python -m pytest``. Without one they run against the source tree, with the library that
scripts/build left in build/release or build/dev.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import REPO, TINY, Pcm, speech

LIBRARY = "BITHUMAN_ESSENCE_LIBRARY"

# ``python -m`` puts the current folder first, and the source tree would hide the installed package.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != REPO]
if importlib.util.find_spec("bithuman_ctypes") is None:
    sys.path.insert(0, str(REPO))

import bithuman_ctypes as bh  # noqa: E402  # only now can it be found

# A shell starts its background jobs deaf to Ctrl-C, nohup and some servers to a hang-up, and they
# hand that on: the tests that interrupt a child process need one that listens.
signal.signal(signal.SIGINT, signal.default_int_handler)
for name in ("SIGHUP", "SIGTERM"):
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.SIG_DFL)


HAS_ISSUER = all(importlib.util.find_spec(name) for name in ("uvicorn", "sqlalchemy", "hypothesis"))
collect_ignore_glob = [] if HAS_ISSUER else ["test_issuer*"]


def pytest_report_header() -> list[str]:
    return [] if HAS_ISSUER else ["no tests of the issuer: pip install 'bithuman-ctypes[test]'"]


def pytest_configure() -> None:
    from bithuman_ctypes._ffi.library import library_path

    try:
        library_path()
    except bh.RuntimeNotReadyError as error:
        built = [REPO / "build" / preset / "libessence.so" for preset in ("release", "dev")]
        found = [path for path in built if path.is_file()]
        if not found:
            pytest.exit(f"no library to test: {error}", returncode=3)
        os.environ[LIBRARY] = str(found[0])


@pytest.fixture(scope="session")
def fixture() -> Iterator[bh.Fixture]:
    """The tiny avatar."""
    with bh.Fixture(TINY) as loaded:
        yield loaded


@pytest.fixture
def runtime(fixture: bh.Fixture) -> Iterator[bh.Runtime]:
    """A stream on the tiny avatar."""
    with bh.Runtime(fixture) as stream:
        yield stream


@pytest.fixture(scope="session")
def avatar() -> Iterator[bh.Avatar]:
    """The tiny avatar, as most people hold it."""
    with bh.Avatar.load(TINY) as loaded:
        yield loaded


@pytest.fixture(scope="session")
def spoken() -> Pcm:
    """Ten seconds of speech: float32, 16 kHz, mono."""
    samples = speech()
    samples.flags.writeable = False
    return samples
