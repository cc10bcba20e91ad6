"""How the mouth moves, rests and stops: trembling, endings, pauses, drift."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scripts.train import phones, score
from scripts.train.clips import Clip
from scripts.train.layout import OUTPUTS, TICK_S
from scripts.train.score import Array, Track

from .judges import Inside
from .selection import Motion, count_motion, is_long_silence
from .shown import TICK, Shown, Stage
from .voices import ENCODER, FACEMESH, INSIDE, MOUTHS

DRIFT_S = 600.0
PAUSE_S = 0.12
STEP = 0.1


def centres_of(count: int) -> Array:
    """The middle of each tick in seconds."""
    return (np.arange(count, dtype=np.float64) + 0.5) * TICK_S


def openness_of(stage: Stage, inside: Inside, shown: Shown) -> dict[str, Array]:
    """Openness by each judge, on the scale of the coordinates."""
    wide = stage.coords[:, 0] >= 1.0
    exact = inside.gap / inside.gap[wide].mean()
    result = {
        ENCODER: shown.heard[:, OUTPUTS.index("openness")],
        MOUTHS: shown.of(stage.coords[:, 0]),
        INSIDE: shown.of(exact),
    }
    if shown.seen is not None:
        gap = np.nan_to_num(shown.seen[:, 0])
        result[FACEMESH] = gap * shown.of(exact).sum() / max(gap.sum(), 1e-9)
    return result


def trembling(stage: Stage, inside: Inside, clips: Sequence[Clip], shown: Sequence[Shown]) -> str:
    """Jitter and changes of direction in speech, relative to the phone table's own."""
    found: dict[str, Motion] = {}
    largest: dict[str, list[float]] = {}
    beyond: list[float] = []
    for clip, frames in zip(clips, shown):
        count = len(frames.mouths)
        speech = ~is_long_silence(clip, count)
        wanted = score.reference(clip.segments, centres_of(count))
        tracks = {"phone table": wanted, **openness_of(stage, inside, frames)}
        for name, openness in tracks.items():
            count_motion(found.setdefault(name, Motion()), openness, speech, wanted)
            largest.setdefault(name, []).extend(np.abs(np.diff(openness))[speech[1:]])
        beyond += list(_beyond(stage, frames)[speech[1:]])
    lines = ["| | jitter | turns a second | step, 95 % | step, 99 % |", "|---|---|---|---|---|"]
    for name, motion in found.items():
        jitter = np.mean(motion.bends) / np.mean(motion.allowed)
        steps = np.percentile(largest[name], (95, 99))
        turns = np.mean(motion.turns) / TICK_S
        lines.append(f"| {name} | {jitter:.2f} | {turns:.1f} | {steps[0]:.2f} | {steps[1]:.2f} |")
    lines.append(
        f"\nFrames in which the mouth shown gets more than {STEP:.1f} wider or narrower than what"
        f" was heard: {100.0 * np.mean(np.array(beyond) > STEP):.1f} %."
    )
    return "\n".join(lines)


def _beyond(stage: Stage, shown: Shown) -> Array:
    """By how much the width changes more than what was heard, from frame to frame."""
    heard = shown.heard[:, OUTPUTS.index("width")]
    return np.asarray(np.abs(np.diff(shown.of(stage.coords[:, 1]))) - np.abs(np.diff(heard)))


def _ends(clips: Sequence[Clip], shown: Sequence[Shown]) -> tuple[list[float], int]:
    """Seconds from the end of the last phone to the last frame that is not at rest, and in how many
    sentences the mouth moves again after it had come to rest.
    """
    seconds, quivers = [], 0
    for clip, frames in zip(clips, shown):
        end = max(s.end for s in clip.segments if s.phone != phones.SILENCE)
        moving = np.flatnonzero(frames.mouths)
        last = (moving[-1] + 1) * TICK_S if len(moving) else 0.0
        seconds.append(max(0.0, last - end))
        after = frames.mouths[int(np.ceil(end / TICK_S)) :]
        quivers += int(np.sum((after[:-1] == 0) & (after[1:] != 0)))
    return seconds, quivers


def endings(clips: Sequence[Clip], shown: Sequence[Shown]) -> str:
    """How soon after speech every frame is the source frame, bit for bit."""
    seconds, quivers = _ends(clips, shown)
    middle, most, worst = (1000.0 * np.percentile(seconds, q) for q in (50, 95, 100))
    share = np.mean(np.array(seconds) <= 0.2)
    return (
        f"Source frames from {middle:.0f} ms after the end of speech on (median; 95 %: {most:.0f},"
        f" most: {worst:.0f} ms); within 200 ms in {100.0 * share:.1f} % of {len(seconds)}"
        f" sentences. Movements after the mouth had come to rest: {quivers}."
    )


def pauses(stage: Stage, inside: Inside, clips: Sequence[Clip], shown: Sequence[Shown]) -> str:
    """The greatest drop of openness within a tick where a pause begins."""
    drops: dict[str, list[float]] = {}
    for clip, frames in zip(clips, shown):
        tracks = openness_of(stage, inside, frames)
        tracks["phone table"] = score.reference(clip.segments, centres_of(len(frames.mouths)))
        for before, segment in zip(clip.segments, clip.segments[1:]):
            if segment.phone != phones.SILENCE or segment.end - segment.start < PAUSE_S:
                continue
            first = max(0, int(before.end / TICK_S) - 2)
            for name, openness in tracks.items():
                part = np.diff(openness[first : first + 8])
                drops.setdefault(name, []).append(float(-part.min(initial=0.0)))
    cells = [
        f"{name} {np.median(values):.2f} and {np.percentile(values, 90):.2f}"
        for name, values in drops.items()
    ]
    count = len(next(iter(drops.values())))
    return f"Greatest drop in a tick, median and 90 %, of {count} pauses: " + ", ".join(cells) + "."


def drift(stage: Stage, clips: Sequence[Clip]) -> str:
    """How much later the mouth is in the last minutes of a long stream than in the first ones."""
    whole = [clip.signal[: len(clip.signal) // TICK * TICK] for clip in clips]
    rounds = int(np.ceil(DRIFT_S / (sum(map(len, whole)) / 16000.0)))
    shown = stage.choose(np.concatenate(whole * rounds))
    borders = np.cumsum([len(signal) // TICK for signal in whole * rounds])[:-1]
    openness = np.split(shown.of(stage.coords[:, 0]), borders)
    lags = []
    for part in (openness[: len(clips)], openness[-len(clips) :]):
        rows = score.of_sentences([c.segments for c in clips], [Track(o) for o in part])
        lags.append(score.summary(score.merged(rows))["lag_ms"])
    minutes = len(shown.mouths) * TICK_S / 60.0
    samples = sum(map(len, whole)) * rounds
    return (
        f"Lag of the same {len(clips)} sentences at the beginning and at the end of {minutes:.1f}"
        f" minutes: {lags[0]:.1f} and {lags[1]:.1f} ms; {samples} samples gave {len(shown.mouths)}"
        f" frames, {samples // TICK} were due."
    )
