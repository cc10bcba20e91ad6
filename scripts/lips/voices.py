"""Held-out speech: how well the mouth follows it, read off coordinates and off output pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scripts.train import baselines, score
from scripts.train.clips import Clip
from scripts.train.evaluate import to_track
from scripts.train.score import Tally, Track

from . import selection
from .judges import FaceMesh, Inside
from .shown import Shown, Stage

System = list[Tally]
"""A tally for each sentence."""

LOUDNESS, RHUBARB = "loudness", "Rhubarb"
ENCODER, MOUTHS = "encoder", "mouths shown"
INSIDE, FACEMESH = "pixels: exact masks", "pixels: FaceMesh"


def tracks_of(stage: Stage, inside: Inside, shown: Sequence[Shown]) -> dict[str, list[Track]]:
    """The same frames as each judge reads them."""
    tracks = {
        ENCODER: [to_track(s.heard) for s in shown],
        MOUTHS: selection.tracks_of(stage, shown),
        INSIDE: [Track(s.of(inside.gap)) for s in shown],
    }
    seen = [s.seen for s in shown if s.seen is not None]
    if len(seen) == len(shown):
        tracks[FACEMESH] = [Track(gaps[:, 0], gaps[:, 1]) for gaps in seen]
    return tracks


def play(stage: Stage, facemesh: FaceMesh | None, clips: Sequence[Clip]) -> list[Shown]:
    """All sentences of a set, looked at by FaceMesh if there is one."""
    if facemesh is None:
        return [stage.choose(clip.signal) for clip in clips]
    return [stage.play(clip.signal, facemesh.rect, facemesh.look) for clip in clips]


def systems(
    stage: Stage,
    inside: Inside,
    clips: Sequence[Clip],
    shown: Sequence[Shown],
    rhubarb: tuple[Path, Path] | None,
) -> dict[str, System]:
    """Every system on the same sentences. `rhubarb`: its package's folder, and one for answers."""
    signals = [clip.signal for clip in clips]
    tracks = {LOUDNESS: [baselines.loudness(signal) for signal in signals]}
    if rhubarb is not None:
        tracks[RHUBARB] = baselines.rhubarb(signals, *rhubarb)
    tracks |= tracks_of(stage, inside, shown)
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
    """Several sets as one, by the systems that all of them have."""
    names = [name for name in sets[0] if all(name in rows for rows in sets)]
    return {name: [tally for rows in sets for tally in rows[name]] for name in names}
