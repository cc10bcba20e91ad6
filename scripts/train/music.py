"""Music without words, composed at random and played by FluidSynth, so that music can be told from
speech.

Chords, a bass, a melody and mostly drums, over one of a few progressions, each part on a random
instrument of General MIDI. The sound font is Debian's fluid-soundfont-gm (MIT licence).
"""

from __future__ import annotations

import logging
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import audio
from .audio import SAMPLE_RATE, Signal

SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
TICKS_PER_BEAT = 96
DRUMS = 9
BASS_DRUM, SNARE, CLOSED_HAT, OPEN_HAT, CRASH = 36, 38, 42, 46, 49
VOICES = frozenset({52, 53, 54, 85})
"""Programs that imitate a choir; effects (from 112 on) are left out too."""
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 4, 4), (1, 4, 0, 5), (0, 6, 5, 6))
TIMEOUT_S = 300
PIECES, PIECE_S = 48, 30.0


LOG = logging.getLogger(__name__)


class Note(NamedTuple):
    """A key pressed from `start` to `end`, both in beats."""

    start: float
    end: float
    channel: int
    key: int
    force: int


class Piece(NamedTuple):
    """Notes, the program of each channel, and beats per minute."""

    notes: list[Note]
    programs: dict[int, int]
    tempo: float


def _drums(bar: float, pattern: float, generator: np.random.Generator) -> list[Note]:
    """Four beats: bass drum on 1 and 3, snare on 2 and 4, a hat between, sometimes more."""
    hits = [(0.0, BASS_DRUM), (1.0, SNARE), (2.0, BASS_DRUM), (3.0, SNARE)]
    step = 0.5 if pattern < 0.7 else 0.25
    hits += [(float(beat), CLOSED_HAT) for beat in np.arange(0.0, 4.0, step)]
    hits += [(float(generator.integers(16)) / 4.0, BASS_DRUM) for _ in range(generator.integers(3))]
    if generator.random() < 0.2:
        hits.append((0.0, CRASH))
    if generator.random() < 0.2:
        hits.append((3.5, OPEN_HAT))
    return [
        Note(bar + beat, bar + beat + 0.1, DRUMS, key, int(generator.integers(50, 115)))
        for beat, key in hits
    ]


def _melody(
    bar: float, scale: list[int], busy: float, generator: np.random.Generator
) -> list[Note]:
    notes, beat, degree = [], 0.0, int(generator.integers(len(scale)))
    while beat < 4.0:
        length = float(generator.choice([0.25, 0.5, 1.0, 2.0]))
        degree = int(np.clip(degree + generator.integers(-3, 4), 0, len(scale) - 1))
        if generator.random() < busy:
            end = bar + beat + length * float(generator.uniform(0.5, 1.0))
            force = int(generator.integers(60, 120))
            notes.append(Note(bar + beat, end, 2, scale[degree], force))
        beat += length
    return notes


def _chord(bar: float, keys: list[int], style: float, generator: np.random.Generator) -> list[Note]:
    """Held, struck on each beat, or broken."""
    force = int(generator.integers(45, 90))
    if style < 0.35:
        return [Note(bar, bar + 3.9, 0, key, force) for key in keys]
    if style < 0.7:
        return [Note(bar + b, bar + b + 0.6, 0, key, force) for b in range(4) for key in keys]
    steps = np.arange(0.0, 4.0, 0.5)
    return [
        Note(bar + float(b), bar + float(b) + 0.7, 0, keys[i % len(keys)], force)
        for i, b in enumerate(steps)
    ]


def compose(seconds: float, generator: np.random.Generator) -> Piece:
    """A piece of at least `seconds`."""
    tempo = float(generator.uniform(60.0, 170.0))
    scale = MAJOR if generator.random() < 0.6 else MINOR
    root = int(generator.integers(48, 60))
    allowed = [program for program in range(112) if program not in VOICES]
    programs = {0: int(generator.choice(allowed)), 1: int(generator.integers(32, 40))}
    programs[2] = int(generator.choice(allowed))
    style, busy, pattern = (float(generator.random()) for _ in range(3))
    has = generator.random(4) < (0.85, 0.75, 0.75, 0.65)
    if not has.any():
        has[0] = True
    high = [root + 12 * octave + step for octave in (1, 2) for step in scale]
    progression = PROGRESSIONS[int(generator.integers(len(PROGRESSIONS)))]
    notes: list[Note] = []
    for number in range(int(seconds * tempo / 60.0 / 4.0) + 1):
        bar, degree = number * 4.0, progression[number % 4]
        keys = [root + scale[(degree + i) % 7] + 12 * ((degree + i) // 7) for i in (0, 2, 4)]
        if has[0]:
            notes += _chord(bar, keys, style, generator)
        if has[1]:
            beats = (0.0, 2.0) if pattern < 0.5 else (0.0, 1.0, 2.0, 3.0)
            notes += [Note(bar + b, bar + b + 0.8, 1, keys[0] - 12, 90) for b in beats]
        if has[2]:
            notes += _melody(bar, high, 0.3 + 0.7 * busy, generator)
        if has[3]:
            notes += _drums(bar, pattern, generator)
    return Piece(notes, programs, tempo)


def _length(value: int) -> bytes:
    """A number in MIDI's groups of seven bits."""
    groups = [value & 127]
    while value := value >> 7:
        groups.append(value & 127 | 128)
    return bytes(reversed(groups))


def midi(piece: Piece) -> bytes:
    """The piece as a MIDI file of one track."""
    rows = [(0, bytes([0xC0 | channel, program])) for channel, program in piece.programs.items()]
    for start, end, channel, key, force in piece.notes:
        rows.append((round(start * TICKS_PER_BEAT), bytes([0x90 | channel, key, force])))
        rows.append((round(end * TICKS_PER_BEAT), bytes([0x80 | channel, key, 0])))
    track = b"\x00\xff\x51\x03" + round(60e6 / piece.tempo).to_bytes(3, "big")
    now = 0
    for tick, event in sorted(rows):
        track += _length(tick - now) + event
        now = tick
    track += b"\x00\xff\x2f\x00"
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS_PER_BEAT)
    return header + b"MTrk" + struct.pack(">I", len(track)) + track


def play(piece: Piece, seconds: float, folder: Path) -> Signal:
    """The sound of a piece, cut to `seconds`, its peak at 1."""
    score, sound = folder / "piece.mid", folder / "piece.wav"
    score.write_bytes(midi(piece))
    command = ["fluidsynth", "-ni", "-q", "-g", "0.4", "-r", str(SAMPLE_RATE), "-F", str(sound)]
    subprocess.run(
        [*command, str(SOUND_FONT), str(score)],
        check=True,
        capture_output=True,
        timeout=TIMEOUT_S,
    )
    signal = audio.read(sound)[: round(seconds * SAMPLE_RATE)]
    return np.asarray(signal / max(float(np.abs(signal).max()), 1e-6), dtype=np.float32)


def path_of(out: Path) -> Path:
    """File of the pieces below the working folder."""
    return out / "speech" / "music.npy"


def make(out: Path, seed: int, quick: bool) -> None:
    """Make all pieces, if they are not there; `quick` makes a tenth."""
    if path_of(out).exists():
        return
    generator = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        pieces = [
            play(compose(PIECE_S, generator), PIECE_S, Path(folder))
            for _ in range(PIECES // 10 if quick else PIECES)
        ]
    path_of(out).parent.mkdir(parents=True, exist_ok=True)
    np.save(path_of(out), np.round(np.stack(pieces) * 32767.0).astype(np.int16))
    LOG.info("speech: %d pieces of music", len(pieces))


def load(out: Path) -> list[Signal]:
    """What `make` made."""
    return list(np.load(path_of(out)).astype(np.float32) / 32767.0)
