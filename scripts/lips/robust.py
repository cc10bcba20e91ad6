"""The mouth in noise, rooms and odd voices, with music, in many languages, at other rates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from scripts.train import audio, conditions, score
from scripts.train.audio import SAMPLE_RATE, Signal
from scripts.train.clips import Clip

from . import languages
from .judges import Inside
from .shown import Shown, Stage
from .voices import ENCODER, INSIDE, MOUTHS, System, tracks_of

RATES = (24000, 48000)
EXCERPT_S, EXCERPT_EVERY_S = 30.0, 60.0
SOUNDS = (".ogg", ".mp3", ".wav", ".flac")
COLUMNS = ("hit", "J", "closure_auc", "openness", "stillness")


def _row(name: str, systems: dict[str, System]) -> str:
    encoder, shown, masks = (
        score.summary(score.merged(systems[key])) for key in (ENCODER, MOUTHS, INSIDE)
    )
    cells = [f"{encoder[c]:.3f}" for c in COLUMNS[1:4:2]]
    cells += [f"{row[c]:.3f}" for row in (shown, masks) for c in ("hit", "J", "openness")]
    cells.append(f"{shown['stillness']:.3f}")
    return f"| {name} | " + " | ".join(cells) + " |"


HEAD = (
    "| | encoder: J | openness | mouths: hit | J | openness | pixels: hit | J | openness"
    " | stillness |\n|---|---|---|---|---|---|---|---|---|---|"
)


def _scored(
    stage: Stage, inside: Inside, clips: Sequence[Clip], shown: Sequence[Shown]
) -> dict[str, System]:
    segments = [clip.segments for clip in clips]
    tracks = tracks_of(stage, inside, shown)
    return {name: score.of_sentences(segments, rows) for name, rows in tracks.items()}


def under_conditions(
    stage: Stage, inside: Inside, clips: Sequence[Clip], others: Sequence[Signal]
) -> str:
    """A row for each condition; `others` are voices that talk in the background."""
    changes = dict(conditions.CHANGES)
    changes["babble, 15 dB"] = conditions.babble(15.0, others)
    lines = [HEAD]
    for name, change in changes.items():
        generator = np.random.default_rng(3)
        shown = [stage.choose(change(clip.signal, generator)) for clip in clips]
        lines.append(_row(name, _scored(stage, inside, clips, shown)))
    for rate in RATES:
        shown = [stage.hear(audio.resample(c.signal, SAMPLE_RATE, rate), rate) for c in clips]
        lines.append(_row(f"{rate // 1000} kHz", _scored(stage, inside, clips, shown)))
    return "\n".join(lines)


def in_languages(stage: Stage, inside: Inside) -> str:
    """A row for each language, and the spread of their openness."""
    lines, found = [HEAD], []
    for voice in languages.LANGUAGES:
        clips = languages.clips(voice)
        systems = _scored(stage, inside, clips, [stage.choose(clip.signal) for clip in clips])
        mark = "" if languages.was_trained(voice) else ", never trained on"
        lines.append(_row(f"espeak-ng {voice}{mark}", systems))
        found.append(score.summary(score.merged(systems[MOUTHS]))["openness"])
    lines.append(
        f"\nOpenness from {min(found):.3f} to {max(found):.3f}: {np.ptp(found):.3f} apart."
    )
    return "\n".join(lines)


def excerpts(folder: Path) -> Iterator[tuple[str, Signal]]:
    """Half a minute of each minute of every sound file below a folder."""
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SOUNDS):
        signal = audio.read(path)
        step, length = (int(s * SAMPLE_RATE) for s in (EXCERPT_EVERY_S, EXCERPT_S))
        for start in range(0, len(signal) - length, step):
            yield path.stem, signal[start : start + length]


def with_music(stage: Stage, folder: Path) -> str:
    """How much of the time the mouth is shut while music plays that nobody sings to."""
    shut: dict[str, list[np.ndarray]] = {}
    for name, signal in excerpts(folder):
        shown = stage.choose(signal)
        shut.setdefault(name, []).append(shown.of(stage.coords[:, 0]) <= 0.05)
    if not shut:
        raise FileNotFoundError(f"{folder} has no music: see scripts/lips/README.md")
    lines = ["| music | minutes | mouth shut |", "|---|---|---|"]
    shut["all"] = [part for parts in shut.values() for part in parts]
    for name, parts in shut.items():
        flags = np.concatenate(parts)
        lines.append(f"| {name} | {len(flags) / 1500.0:.1f} | {100.0 * flags.mean():.1f} % |")
    return "\n".join(lines)
