"""A large avatar within a small machine's memory: docs/memory.md promises it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support import ELSEWHERE, REPO, environment, package_folder

from bithuman_ctypes.authoring import imx

pytest.importorskip("PIL")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")

WIDTH, HEIGHT = 1920, 1080
RECT = (608, 144, 704, 800)
PATCH = (336, 264)
FRAMES, MOUTHS = 120, 40


def picture(seed: int, width: int, height: int) -> NDArray[np.uint8]:
    """Detail as a camera would give it, different for each seed."""
    small = np.random.default_rng(seed).integers(60, 200, (height // 8, width // 8, 3), np.uint8)
    return np.ascontiguousarray(small.repeat(8, 0).repeat(8, 1)[:height, :width])


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1920 x 1080; its rectangles alone take 100 MB when all are decoded."""
    frames = [
        imx.SourceFrame(0, RECT, imx.encode_jpeg(picture(i, *RECT[2:]), 90)) for i in range(FRAMES)
    ]
    x, y = RECT[0] + 184, RECT[1] + 400
    place = imx.Placement.from_floats([1, 0, -x, 0, 1, -y])
    mouths = [imx.Mouth.rest()]
    for i in range(1, MOUTHS):
        jpeg = imx.encode_jpeg(picture(1000 + i, *PATCH), 90)
        mouths.append(imx.Mouth((i / MOUTHS, 0.0, 0.0, 0.0, 0.0, 0.0), jpeg))
    manifest = imx.Manifest(
        name="Large",
        identity="large",
        width=WIDTH,
        height=HEIGHT,
        license="Apache-2.0",
        source="noise",
        tool="test_memory",
    )
    base = imx.encode_jpeg(picture(5000, WIDTH, HEIGHT), 90)
    mask = np.full((PATCH[1], PATCH[0]), 255, np.uint8)
    avatar = imx.Avatar(manifest, [base], frames, [place] * FRAMES, mouths, PATCH, mask)
    path = tmp_path_factory.mktemp("large") / "large.imx"
    imx.write(path, avatar)
    return path


def play(avatar: Path, loading: str, store_mb: int) -> dict[str, float]:
    """What tests/bench/memory.py finds."""
    speech = str(package_folder() / "assets" / "speech.wav")
    program = REPO / "tests" / "bench" / "memory.py"
    done = subprocess.run(
        [sys.executable, str(program), str(avatar), speech, loading, "memory", str(store_mb)],
        env=environment(),
        cwd=ELSEWHERE,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return found


def test_a_large_avatar_plays_within_64_mb(large: Path) -> None:
    on_demand = play(large, "on_demand", 24)
    assert on_demand["frames"] > FRAMES
    assert on_demand["over_mb"] < 64
    assert play(large, "async", 0)["over_mb"] > 64, "then nothing was shown"
