"""The doctor command: a line for each check, what to do about what fails, and the exit status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from live import ACTIONS
from support import ELSEWHERE, environment


def doctor(*arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bithuman_ctypes", "doctor", *map(str, arguments)],
        env=environment(**changes),
        cwd=ELSEWHERE,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def states(result: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What each check came to."""
    found = [line.split(maxsplit=2) for line in result.stdout.splitlines() if line[:1] != " "]
    return {line[1]: line[0] for line in found}


def test_all_is_well() -> None:
    result = doctor(ACTIONS)
    assert result.returncode == 0, result.stdout + result.stderr
    found = states(result)
    for what in ("system", "library", "onnxruntime", "avatar", "provider", "actions", "frames"):
        assert found[what] == "ok", result.stdout
    assert "160x96" in result.stdout
    assert "nod" in result.stdout
    assert "CPU" in result.stdout


@pytest.mark.parametrize(
    ("avatar", "status", "text"),
    [("/nonexistent.imx", 66, "model_not_found"), (__file__, 65, "model_load_failed")],
)
def test_an_avatar_that_is_none(avatar: str, status: int, text: str) -> None:
    result = doctor(avatar)
    assert result.returncode == status
    assert states(result)["avatar"] == "fail"
    assert text in result.stdout
    assert states(result)["audio"] == "ok", "the other checks go on"
    assert "Traceback" not in result.stderr


def test_no_library(tmp_path: Path) -> None:
    result = doctor(BITHUMAN_ESSENCE_LIBRARY=str(tmp_path / "none.so"))
    assert result.returncode == 69
    assert states(result)["library"] == "fail"
    assert "names no file" in result.stdout
    assert "avatar" not in states(result)


def test_no_onnx_runtime(tmp_path: Path) -> None:
    result = doctor(ACTIONS, BITHUMAN_ORT_LIBRARY=str(tmp_path / "none.so"))
    assert result.returncode == 69
    assert states(result)["onnxruntime"] == "fail"
    assert "-> unset BITHUMAN_ORT_LIBRARY" in result.stdout


def test_a_reader_that_goes_away() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "bithuman_ctypes", "doctor", str(ACTIONS)],
        env=environment(),
        cwd=ELSEWHERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    assert child.wait(60) == 141
    assert child.stderr.read() == b""
    child.stderr.close()
