"""Finds the package, its library and LiveKit, and puts the package in the place of ``bithuman``.

The package is the installed one, else the source tree with the library of build/release or
build/dev. Everything here is skipped where the agents' packages are not installed: see
requirements.txt.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
LIBRARY = "BITHUMAN_ESSENCE_LIBRARY"

# ``python -m`` puts the current folder first, and the source tree would hide the installed package.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != REPO]
if importlib.util.find_spec("bithuman_ctypes") is None:
    sys.path.insert(0, str(REPO))
sys.path.insert(0, str(HERE))  # for the harness

import bithuman_ctypes as bh  # noqa: E402  # only now can it be found

NEEDS = {
    "test_livekit": ("livekit.agents", "livekit.plugins.bithuman"),
    "test_webrtc": ("livekit.agents", "livekit.plugins.bithuman", "aiohttp"),
    "test_generator": ("livekit.agents",),
    "test_pipecat": ("pipecat", "pipecat_bithuman"),
    "test_pages": ("livekit.agents", "livekit.plugins.bithuman", "pipecat", "pipecat_bithuman"),
}


def missing(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is None
    except ModuleNotFoundError:  # of a parent
        return True


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
    bh.install_as_bithuman()


class _Skipped(pytest.Module):
    """A test file that cannot even be imported, and why."""

    reason = ""

    def collect(self) -> list[pytest.Item]:
        pytest.skip(self.reason, allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> object:
    absent = [name for name in NEEDS.get(module_path.stem, ()) if missing(name)]
    if not absent:
        return None
    module = _Skipped.from_parent(parent, path=module_path)
    module.reason = f"not installed: {', '.join(absent)}; see tests/agents/requirements.txt"
    return module
