"""Programs written for the other package run when their import line is changed; mypy --strict
checks them with the rest of the tests."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from live import ACTIONS
from support import ELSEWHERE, REPO, TINY, environment, package_folder

SAMPLES = Path(__file__).parent / "samples"


def run(name: str, *arguments: object) -> str:
    result = subprocess.run(
        [sys.executable, str(SAMPLES / name), *map(str, arguments)],
        env=environment(),
        cwd=ELSEWHERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_speak() -> None:
    out = run("speak.py", TINY, package_folder() / "assets" / "speech.wav")
    assert "160x96 at 25" in out
    assert out.splitlines()[-1].endswith("pictures, 1.00 s")


def test_gestures() -> None:
    assert run("gestures.py", ACTIONS).startswith("1 gesture, 13 of ")


PAGE = (REPO / "docs" / "live-python.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S))
def test_the_page_on_live_avatars(block: str, tmp_path: Path) -> None:
    shutil.copy(ACTIONS, tmp_path / "me.imx")
    result = subprocess.run(
        [sys.executable, "-c", block.replace("9100", "0")],
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
