"""How well the mouths that an avatar shows follow the speech, at every lookahead.

    python -m scripts.lips.selection                       the package's speech, without labels
    python -m scripts.lips.selection FOLDER                labelled speech, see clips.py
    python -m scripts.lips.selection --out /tmp/train      the held-out sets of a training

It runs the installed engine, not a model of it: what is scored are the mouths that a stream showed.
The first row is the encoder itself, before the choice. docs/lips.md explains the columns.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bithuman_ctypes._assets import bundled
from bithuman_ctypes._lowlevel.options import LOOKAHEADS
from scripts.train import audio, phones, score
from scripts.train.clips import Clip, in_folder
from scripts.train.layout import OUTPUTS, TICK_S
from scripts.train.score import Array, Tally, Track

from .shown import Shown, Stage

Flags = npt.NDArray[np.bool_]

SHUT = 0.05
"""Openness up to which lips count as shut, as in the engine."""

COLUMNS = (
    *("hit", "J", "closure_auc", "openness", "lag_ms", "width_auc"),
    *("shut", "precision", "false", "jitter", "turns"),
)
MEETING = phones.BILABIAL | phones.LABIODENTAL | {phones.SILENCE}
NARROW = MEETING | {"W", "UW", "UH"}


@dataclass
class Motion:
    """What is counted beyond `score`; all of it in speech, over all sentences."""

    shut: list[bool] = field(default_factory=list)
    right: int = 0
    wrong: int = 0
    false: list[bool] = field(default_factory=list)
    bends: list[float] = field(default_factory=list)
    allowed: list[float] = field(default_factory=list)
    turns: list[bool] = field(default_factory=list)


def _near(clip: Clip, count: int, wanted: frozenset[str], margin: float) -> Flags:
    """Ticks whose centre is within `margin` seconds of a wanted phone."""
    centres = (np.arange(count) + 0.5) * TICK_S
    near = np.zeros(count, dtype=bool)
    for start, end, phone in clip.segments:
        if phone in wanted:
            near |= (centres >= start - margin) & (centres <= end + margin)
    return near


def _runs(flags: Flags) -> list[tuple[int, int]]:
    """First and last + 1 of each run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(edges[::2], edges[1::2]))


def _count_closures(motion: Motion, clip: Clip, openness: Array, speech: Flags) -> None:
    count = len(openness)
    closed = openness <= SHUT
    for start, end, phone in clip.segments:
        if phone in phones.BILABIAL:
            ticks = np.arange(round(start / TICK_S), max(round(end / TICK_S), 1))
            middle = min(count - 1, int((start + end) / 2.0 / TICK_S))
            motion.shut.append(bool(closed[np.append(ticks[ticks < count], middle)].any()))
    elsewhere = speech & ~_near(clip, count, NARROW, TICK_S)
    motion.false += list(closed[elsewhere])
    meeting, bilabial = (
        _near(clip, count, names, 1.5 * TICK_S) for names in (MEETING, phones.BILABIAL)
    )
    for first, after in _runs(closed & speech):
        motion.right += bool(bilabial[first:after].any())
        motion.wrong += not meeting[first:after].any()


def count_motion(motion: Motion, openness: Array, speech: Flags, allowed: Array) -> None:
    """Adds the trembling of one sentence; `allowed` is a track that moves as it should."""
    inner = speech[1:-1] & speech[2:] & speech[:-2]
    change = np.diff(openness)
    motion.bends += list(np.abs(np.diff(openness, 2))[inner])
    motion.allowed += list(np.abs(np.diff(allowed, 2))[inner])
    motion.turns += list((change[1:] * change[:-1] < -1e-4)[inner])


def is_long_silence(clip: Clip, count: int) -> Flags:
    """Ticks in silences that count as such in `score`."""
    long = [
        s
        for s in clip.segments
        if s.phone == phones.SILENCE and s.end - s.start >= score.LONG_SILENCE_S
    ]
    return _near(clip._replace(segments=long), count, frozenset({phones.SILENCE}), 0.0)


def measure(
    clips: Sequence[Clip], tracks: Sequence[Track], coords: Sequence[Array]
) -> dict[str, float]:
    """Scores of one row; sentences without segments are scored for their motion only."""
    tally, motion = Tally(), Motion()
    for clip, track, heard in zip(clips, tracks, coords):
        openness = np.asarray(track.openness, dtype=np.float64)
        count = len(openness)
        if not clip.segments:
            speech = heard[:, OUTPUTS.index("speech")] > 0.5
            count_motion(motion, openness, speech, heard[:, 0])
            continue
        centres = (np.arange(count, dtype=np.float64) + 0.5) * TICK_S
        speech = ~is_long_silence(clip, count)
        count_motion(motion, openness, speech, score.reference(clip.segments, centres))
        score.add(tally, clip.segments, track)
        _count_closures(motion, clip, openness, speech)
    return _row(tally, motion)


def _row(tally: Tally, motion: Motion) -> dict[str, float]:
    row = {
        "jitter": float(np.mean(motion.bends) / np.mean(motion.allowed)),
        "turns": float(np.mean(motion.turns) / TICK_S),
    }
    if tally.correlations:
        row |= score.summary(tally)
        row["shut"] = float(np.mean(motion.shut))
        row["precision"] = motion.right / max(1, motion.right + motion.wrong)
        row["false"] = float(np.mean(motion.false))
    return row


def table(avatar: Path, clips: Sequence[Clip], lookaheads: Sequence[int]) -> str:
    """Markdown, a row per lookahead."""
    lines = ["| mouths | " + " | ".join(COLUMNS) + " |", "|---|" + "---|" * len(COLUMNS)]
    for lookahead in lookaheads:
        stage = Stage(avatar, lookahead)
        shown = [stage.choose(clip.signal) for clip in clips]
        coords = [frames.heard for frames in shown]
        if lookahead == lookaheads[0]:
            heard = [Track(rows[:, 0], rows[:, 1]) for rows in coords]
            lines.append(_line("encoder", measure(clips, heard, coords)))
        lines.append(_line(f"{lookahead} ms", measure(clips, tracks_of(stage, shown), coords)))
    return "\n".join(lines)


def tracks_of(stage: Stage, shown: Sequence[Shown]) -> list[Track]:
    """Openness and width of the mouths shown."""
    openness, width = stage.coords[:, 0], stage.coords[:, 1]
    return [Track(frames.of(openness), frames.of(width)) for frames in shown]


def _line(name: str, row: dict[str, float]) -> str:
    digits = {"lag_ms": 0, "turns": 1}
    cells = [f"{row[c]:.{digits.get(c, 3)}f}" if c in row else "-" for c in COLUMNS]
    return f"| {name} | " + " | ".join(cells) + " |"


def groups(options: argparse.Namespace) -> dict[str, list[Clip]]:
    """The speech that was asked for, in named sets."""
    if options.out is not None:
        from scripts.train import evaluate

        return evaluate.sets(options.out, options.dev_eval)
    if options.folder is not None:
        return {options.folder.name: list(in_folder(options.folder))}
    signal = audio.read(bundled("speech.wav"))
    return {"speech.wav (no labels)": [Clip("speech", signal, [])]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.lips.selection",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", nargs="?", type=Path, help="labelled speech")
    parser.add_argument("--out", type=Path, help="working folder of a training")
    parser.add_argument("--dev-eval", type=Path, help="as for python -m scripts.train")
    parser.add_argument("--avatar", type=Path, default=bundled("default.imx"), help=".imx file")
    parser.add_argument(
        "--lookahead", type=int, nargs="+", default=LOOKAHEADS, choices=LOOKAHEADS, metavar="MS"
    )
    options = parser.parse_args(arguments)
    try:
        sets = groups(options)
    except (OSError, ValueError) as error:
        print(f"selection: {error}", file=sys.stderr)
        return 1
    for name, clips in sets.items():
        print(f"\n{name}\n\n{table(options.avatar, clips, options.lookahead)}", flush=True)
    if len(sets) > 1:
        together = [clip for clips in sets.values() for clip in clips]
        print(f"\nall\n\n{table(options.avatar, together, options.lookahead)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
