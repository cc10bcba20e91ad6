"""What the encoder is compared with: the loudness envelope and Rhubarb Lip Sync."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .audio import SAMPLE_RATE, Signal
from .layout import TICK_S
from .logmel import HOP
from .score import Track

PACKAGE = "rhubarb-lip-sync-wasm@0.1.8"

SHAPES = {
    "A": (0.0, 0.0),
    "B": (0.25, 0.8),
    "C": (0.6, 0.4),
    "D": (1.0, 0.0),
    "E": (0.55, -0.5),
    "F": (0.2, -1.0),
    "G": (0.1, 0.1),
    "H": (0.4, 0.1),
    "X": (0.0, 0.0),
}
"""Openness and width of Rhubarb's mouth shapes, read off its documentation's drawings."""

RATE = 200
SMOOTH_S = 0.06
LOUDNESS_RANGE_DB = 45.0


def _read_ticks(track: np.ndarray, rate: float, ticks: int) -> np.ndarray:
    """Smooth a track over SMOOTH_S and read it at the centres of the ticks."""
    kernel = np.hanning(round(SMOOTH_S * rate) + 3)[1:-1]
    half = len(kernel) // 2
    padded = np.pad(track, (half, len(kernel) - 1 - half), mode="edge")
    smooth = np.convolve(padded, kernel / kernel.sum(), "valid")
    times = (np.arange(len(smooth)) + 0.5) / rate
    return np.asarray(np.interp((np.arange(ticks) + 0.5) * TICK_S, times, smooth))


def loudness(signal: Signal) -> Track:
    """Openness from the level in dB, over the 45 dB below the loudest 10 ms."""
    blocks = signal[: len(signal) // HOP * HOP].reshape(-1, HOP)
    level = 10.0 * np.log10(np.mean(np.square(blocks, dtype=np.float64), axis=1) + 1e-10)
    openness = np.clip((level - level.max()) / LOUDNESS_RANGE_DB + 1.0, 0.0, 1.0)
    return Track(_read_ticks(openness, SAMPLE_RATE / HOP, int(len(signal) / SAMPLE_RATE / TICK_S)))


def install_rhubarb(folder: Path) -> None:
    """Install Rhubarb's npm package below `folder` (which must be outside the repository) if it is
    missing.
    """
    if not (folder / "node_modules" / "rhubarb-lip-sync-wasm").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--prefix", str(folder), PACKAGE], check=True)


def _track_of(cues: list[dict[str, object]], ticks: int) -> Track:
    times = (np.arange(round(ticks * TICK_S * RATE)) + 0.5) / RATE
    openness, width = np.zeros(len(times)), np.zeros(len(times))
    for cue in cues:
        inside = (times >= float(str(cue["start"]))) & (times < float(str(cue["end"])))
        openness[inside], width[inside] = SHAPES[str(cue["value"])]
    return Track(_read_ticks(openness, RATE, ticks), _read_ticks(width, RATE, ticks))


def rhubarb(signals: Sequence[Signal], folder: Path, work: Path) -> list[Track]:
    """Tracks of Rhubarb, from sound alone, for each signal.

    It needs about a second of time for each second of sound, so `work` keeps its answers by the
    hash of the sound.
    """
    install_rhubarb(folder)
    work.mkdir(parents=True, exist_ok=True)
    jobs = []
    for signal in signals:
        data = (np.clip(signal, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
        stem = hashlib.sha256(data).hexdigest()[:16]
        (work / f"{stem}.pcm").write_bytes(data)
        jobs.append({"pcm": str(work / f"{stem}.pcm"), "cues": str(work / f"{stem}.json")})
    missing = [job for job in jobs if not Path(job["cues"]).exists()]
    (work / "jobs.json").write_text(json.dumps(missing))
    program = Path(__file__).with_name("rhubarb.mjs")
    command = ["node", str(program), str(folder), str(work / "jobs.json")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    tracks = []
    for job, signal in zip(jobs, signals):
        cues = json.loads(Path(job["cues"]).read_text())
        tracks.append(_track_of(cues, int(len(signal) / SAMPLE_RATE / TICK_S)))
    return tracks
