"""What several test files need: paths, sounds, and the command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

REPO = Path(__file__).resolve().parents[2]
TINY = REPO / "tests" / "data" / "tiny.imx"
"""160x96, 6 source frames, 19 mouths; no encoder of its own, so the engine's is used."""

TINY_ACTIONS = REPO / "tests" / "data" / "tiny_actions.imx"
"""The same with two clips behind its 6 frames: "nod" (6 to 9, leaves the loop after 2, rejoins it
at 3) and the idle one "look" (10 to 12, leaves and rejoins at 4)."""

RATE = 16000
TICK = 640
LOOKAHEAD = 1280
"""Samples that streaming holds back until a flush: 80 ms."""

ELSEWHERE = tempfile.gettempdir()
"""Where child processes run: Python looks into the current folder first, and in the repository that
is the source tree rather than the package under test."""

Pcm = NDArray[np.float32]


def package_folder() -> Path:
    """The package under test, installed or not."""
    import bithuman_ctypes

    return Path(str(bithuman_ctypes.__file__)).parent


def speech() -> Pcm:
    """The bundled speech at 16 kHz, mono."""
    import av

    resampler = av.AudioResampler("flt", "mono", RATE)
    parts: list[NDArray[Any]] = []
    with av.open(str(package_folder() / "assets" / "speech.wav")) as container:
        for frame in container.decode(audio=0):
            parts += [f.to_ndarray()[0] for f in resampler.resample(frame)]
    parts += [f.to_ndarray()[0] for f in resampler.resample(None)]
    return np.ascontiguousarray(np.concatenate(parts), np.float32)


def tone(seconds: float, rate: int = RATE, frequency: float = 220.0, level: float = 0.5) -> Pcm:
    """A sine, float32."""
    times = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * frequency * times)).astype(np.float32)


def damaged(folder: Path, kind: str) -> Path:
    """A compressed file of five seconds of which the second half is lost."""
    import soundfile

    path = folder / f"damaged.{kind}"
    container = {"mp3": "MP3", "flac": "FLAC", "opus": "OGG"}[kind]
    subtype = {"mp3": "MPEG_LAYER_III", "flac": "PCM_16", "opus": "OPUS"}[kind]
    soundfile.write(path, tone(5.0, 48000), 48000, subtype, format=container)
    data = path.read_bytes()
    half = len(data) // 2
    if kind == "opus":  # its last page has the length
        path.write_bytes(data[:half] + bytes(2000) + data[half + 2000 :])
    else:
        path.write_bytes(data[:half])
    return path


def noise(seconds: float, decibels: float, seed: int = 1) -> Pcm:
    """White noise of a level in dB relative to full scale (RMS), 16 kHz."""
    samples = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return (samples * 10 ** (decibels / 20)).astype(np.float32)


def environment(**changes: str) -> dict[str, str]:
    """This process's environment for a child that shall use the same package and library."""
    parent = str(package_folder().parent)
    path = os.pathsep.join(filter(None, [parent, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "error", **changes}


def run_python(code: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Runs Python code in a process of its own; ``changes`` are environment variables."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment(**changes),
        cwd=ELSEWHERE,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


RENDER = [sys.executable, "-m", "bithuman_ctypes", "render"]


def render(*arguments: object, **changes: str) -> subprocess.CompletedProcess[bytes]:
    """Runs the render command; its output is bytes, because standard output may be video."""
    return subprocess.run(
        [*RENDER, *map(str, arguments)],
        env=environment(**changes),
        cwd=ELSEWHERE,
        capture_output=True,
        timeout=120,
        check=False,
    )
