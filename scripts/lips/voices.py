"""Held-out speech: how well the mouth follows it, read off coordinates and off output pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from scripts.train import baselines, score
from scripts.train.clips import Clip
from scripts.train.evaluate import to_track
from scripts.train.score import Tally, Track

from .judges import FaceMesh, Inside
from .shown import Shown, Stage


class Judges(NamedTuple):
    """What looks at the pictures; FaceMesh is None where there is no Python for it."""

    inside: Inside
    facemesh: FaceMesh | None


System = list[Tally]
"""A tally for each sentence."""

LOUDNESS, RHUBARB = "loudness", "Rhubarb"
ENCODER, MOUTHS = "encoder", "mouths shown"
INSIDE, FACEMESH = "pixels: exact masks", "pixels: FaceMesh"


def tracks_of(stage: Stage, judges: Judges, shown: Sequence[Shown]) -> dict[str, list[Track]]:
    """The same frames as each judge reads them."""
    coords = [stage.coords[s.mouths] for s in shown]
    tracks = {
        ENCODER: [to_track(s.heard) for s in shown],
        MOUTHS: [Track(rows[:, 0], rows[:, 1]) for rows in coords],
        INSIDE: [Track(judges.inside.gap[s.mouths]) for s in shown],
    }
    if judges.facemesh is not None:
        tracks[FACEMESH] = [Track(s.seen[:, 0], s.seen[:, 1]) for s in shown]
    return tracks


def play(stage: Stage, judges: Judges, clips: Sequence[Clip]) -> list[Shown]:
    """All sentences of a set."""
    if judges.facemesh is None:
        return [stage.choose(clip.signal) for clip in clips]
    return [stage.play(clip.signal, judges.facemesh.look) for clip in clips]


def systems(
    stage: Stage,
    judges: Judges,
    clips: Sequence[Clip],
    shown: Sequence[Shown],
    rhubarb: tuple[Path, Path] | None,
) -> dict[str, System]:
    """Every system on the same sentences. `rhubarb`: its package's folder, and one for answers."""
    signals = [clip.signal for clip in clips]
    tracks = {LOUDNESS: [baselines.loudness(signal) for signal in signals]}
    if rhubarb is not None:
        tracks[RHUBARB] = baselines.rhubarb(signals, *rhubarb)
    tracks |= tracks_of(stage, judges, shown)
    segments = [clip.segments for clip in clips]
    return {name: score.of_sentences(segments, rows) for name, rows in tracks.items()}


COLUMNS = ("hit", "J", "closure_auc", "openness", "width_auc", "visemes", "lag_ms", "stillness")
TITLES = ("hit", "J", "closure AUC", "openness", "width AUC", "visemes", "lag, ms", "stillness")


def cell(row: dict[str, float], column: str, between: dict[str, tuple[float, float]]) -> str:
    """A score with its interval."""
    if column not in row:
        return "-"
    digits = 0 if column == "lag_ms" else 3
    text = f"{row[column]:.{digits}f}"
    if column in between:
        text += " ({:.{d}f} to {:.{d}f})".format(*between[column], d=digits)
    return text


def table(name: str, rows: dict[str, System]) -> str:
    """Markdown: a row for each system, with intervals of 95 %."""
    sentences = len(next(iter(rows.values())))
    lines = [f"| {name} ({sentences}) | " + " | ".join(TITLES) + " |"]
    lines.append("|---|" + "---|" * len(TITLES))
    for system, tallies in rows.items():
        row = score.summary(score.merged(tallies))
        between = score.intervals(tallies)
        cells = [cell(row, column, between) for column in COLUMNS]
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def joined(sets: Sequence[dict[str, System]]) -> dict[str, System]:
    """Several sets as one."""
    return {name: [tally for rows in sets for tally in rows[name]] for name in sets[0]}
