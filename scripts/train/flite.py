"""Speech from Flite's statistical voices, with the phone end times that `-psdur` prints."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import audio, phones
from .utterance import Reading, Utterance, from_ends

VOICES = ("awb", "rms", "slt")
"""The voices whose printed times match their sound; those of kal and kal16 do not."""


def parse(line: str) -> list[tuple[float, str]]:
    """Rows (end time in s, phone) from output such as `pau:0.164 hh:0.255`."""
    fields = (field.rpartition(":") for field in line.split())
    return [(float(end), phone) for phone, _, end in fields]


def say(voice: str, reading: Reading, sound: Path) -> list[tuple[float, str]]:
    """Write a reading to `sound` and return its phone end times; empty if Flite failed."""
    settings = [f"duration_stretch={reading.stretch:.3f}"]
    settings += [f"int_f0_target_mean={reading.pitch:.0f}"]
    command = ["flite", "-voice", voice, *(part for s in settings for part in ("--setf", s))]
    done = subprocess.run(
        [*command, "-psdur", "-t", reading.text, "-o", str(sound)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return parse(done.stdout) if done.returncode == 0 and sound.exists() else []


def synthesise(voice: str, readings: Sequence[Reading], folder: Path) -> Iterator[Utterance]:
    """Yield one utterance per reading that Flite could say."""
    folder.mkdir(parents=True, exist_ok=True)
    sound = folder / "say.wav"
    for number, reading in enumerate(readings):
        ends = say(voice, reading, sound)
        if not ends:
            continue
        signal = audio.read(sound)
        sound.unlink()
        rows = phones.front_american_u(phones.translate(ends, phones.FESTIVAL))
        segments = from_ends(rows, len(signal) / audio.SAMPLE_RATE)
        yield Utterance(f"flite-{voice}-{number:04d}", f"flite-{voice}", signal, segments)
