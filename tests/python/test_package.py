"""What is installed: one library, no compiled Python module, the same files for every Python."""

from __future__ import annotations

import re
from importlib import metadata

import pytest
from support import REPO, package_folder

import bithuman_ctypes as bh

COMPILED = {".so", ".pyd", ".dll", ".dylib", ".a", ".o", ".pyx", ".c"}


def installed_files() -> list[str]:
    """The files of the installed distribution, without byte code; skips in the source tree."""
    try:
        files = metadata.files("bithuman-ctypes") or []
    except metadata.PackageNotFoundError:
        files = []
    if not files or not (package_folder() / "_lib").is_dir():
        pytest.skip("the package is not installed")
    return [str(file) for file in files if not str(file).endswith(".pyc")]


def test_the_library_is_the_only_thing_compiled() -> None:
    compiled = [
        str(path.relative_to(package_folder()))
        for path in package_folder().rglob("*")
        if path.suffix in COMPILED or ".so." in path.name
    ]
    assert compiled in ([], ["_lib/libessence.so"])


def test_the_wheel_is_for_every_python() -> None:
    installed_files()
    wheel = metadata.distribution("bithuman-ctypes").read_text("WHEEL") or ""
    assert "Tag: py3-none-" in wheel
    assert "Root-Is-Purelib: false" in wheel


def test_what_is_installed() -> None:
    files = installed_files()
    for needed in ("_lib/libessence.so", "_ffi/_tables.py", "py.typed", "assets/speech.wav"):
        assert f"bithuman_ctypes/{needed}" in files
    assert all(
        file.startswith(("bithuman_ctypes/", "bithuman_ctypes-", "../../../bin/")) for file in files
    )
    assert not [file for file in files if file.endswith(".h") or "/tests/" in file]


def test_the_metadata() -> None:
    installed_files()
    described = metadata.metadata("bithuman-ctypes")
    assert described["Requires-Python"] == ">=3.9"
    assert {"cli", "authoring", "metrics", "test", "dev"} <= set(
        described.get_all("Provides-Extra") or []
    )
    entries = metadata.distribution("bithuman-ctypes").entry_points
    commands = {entry.name for entry in entries if entry.group == "console_scripts"}
    assert commands == {"bithuman-ctypes", "essence-render"}


def test_the_version_is_written_in_one_place() -> None:
    project = (REPO / "c_core" / "CMakeLists.txt").read_text(encoding="utf-8")
    header = (REPO / "c_core" / "include" / "essence.h").read_text(encoding="utf-8")
    assert re.findall(r"project\(essence VERSION (\S+)", project) == [bh.__version__]
    assert bh.__core_version__ == bh.__version__
    assert re.findall(r"#define BE_ABI_VERSION (\d+)", header) == [str(bh.__abi_version__)]
