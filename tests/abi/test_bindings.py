"""The declarations for other languages do what they say, where their compilers are installed.

That they are those of the header is scripts/gen_ffi --check, which test_ffi.py runs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support import REPO, TINY, package_folder

from bithuman_ctypes._ffi._tables import ffi
from bithuman_ctypes._ffi.library import library_path

INCLUDE = REPO / "c_core" / "include"
SPEECH = package_folder() / "assets" / "speech.wav"
SMOKE = (REPO / "wheels" / "smoke.c").read_text(encoding="utf-8")
DIGEST = f"25 frames, digest 0x{re.findall(r'#define DIGEST 0x([0-9A-F]+)u', SMOKE)[0].lower()}"


def output(*command: object, **variables: str) -> str:
    """What a command printed; its failure is the test's."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


def jna() -> str:
    """JNA's archive: JNA_JAR, or Debian's libjna-java."""
    path = os.environ.get("JNA_JAR", "/usr/share/java/jna.jar")
    if shutil.which("javac") is None or not Path(path).is_file():
        pytest.skip("no javac, or no JNA (apt install libjna-java, or JNA_JAR=FILE)")
    return path


def class_name(struct: str) -> str:
    return "".join(word.capitalize() for word in struct[3:-2].split("_"))


def test_java_sees_the_same_structs_and_pictures(tmp_path: Path) -> None:
    jar = jna()
    sources = [
        REPO / "c_core/bindings/java/essence/Essence.java",
        REPO / "tests/abi/java/Check.java",
    ]
    output("javac", "-Werror", "-cp", jar, "-d", tmp_path, *sources)
    path = f"{tmp_path}:{jar}"
    printed = output(
        "java", "-Dfile.encoding=UTF-8", "-cp", path, "Check", library_path(), TINY, SPEECH
    ).splitlines()

    header = (INCLUDE / "essence.h").read_text(encoding="utf-8")
    wanted = {}
    for name in re.findall(r"^\} (be_\w+_t);$", header, re.M):
        wanted[class_name(name)] = ffi.sizeof(name)
        for field, details in ffi.typeof(name).fields:
            wanted[f"{class_name(name)}.{field}"] = details.offset
    seen = {line.split()[0]: int(line.split()[1]) for line in printed[:-4]}
    assert seen == wanted
    assert (printed[-4], printed[-2]) == ("stats 25 25", "called 3")
    assert printed[-3].startswith("refused 2 /nö avatar: ")
    assert printed[-1].startswith(DIGEST)


def test_swift_and_clang_import_the_module(tmp_path: Path) -> None:
    if shutil.which("clang") is None:
        pytest.skip("no clang")
    for file in (
        INCLUDE / "essence.h",
        REPO / "c_core" / "bindings" / "swift" / "module.modulemap",
    ):
        shutil.copy(file, tmp_path)
    source = tmp_path / "import.m"
    source.write_text("@import Essence;\nint revision(void) { return (int)be_abi_revision(); }\n")
    flags = ("-fmodules", f"-fmodules-cache-path={tmp_path}/cache", f"-I{tmp_path}")
    output("clang", "-fsyntax-only", "-Werror", "-Wno-incompatible-sysroot", *flags, source)


def test_swift_runs(tmp_path: Path) -> None:
    if shutil.which("swiftc") is None:
        pytest.skip("no swiftc")
    include = tmp_path / "include"
    include.mkdir()
    for file in (
        INCLUDE / "essence.h",
        REPO / "c_core" / "bindings" / "swift" / "module.modulemap",
    ):
        shutil.copy(file, include)
    program = tmp_path / "check"
    source = REPO / "tests" / "abi" / "swift" / "check.swift"
    shutil.copy(library_path(), tmp_path / "libessence.so")
    output("swiftc", "-I", include, "-L", tmp_path, source, "-o", program)
    printed = output(program, TINY, SPEECH, LD_LIBRARY_PATH=str(tmp_path))
    assert printed.startswith(DIGEST)
