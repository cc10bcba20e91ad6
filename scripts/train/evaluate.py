"""The evaluation: network, loudness and Rhubarb Lip Sync on speech that was not trained on."""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import baselines, export, festvox_ru, quiet, score, speech
from .audio import Signal
from .clips import Clip, pad
from .conditions import CHANGES
from .layout import LOOK, LOOKAHEAD_TICKS, LOOKS, OUTPUTS, TICK_S, VISEMES
from .logmel import TICK, logmel
from .score import Tally, Track
from .targets import merge_silences
from .utterance import Segment

LOG = logging.getLogger(__name__)

SENTENCES = 40
"""So many of each set are scored; Rhubarb takes as long as the sound lasts."""

CONDITIONS_SET = "test-rms"
HALL = "strong reverberation"
WAITING_CLIPS = 5


def relabel(clip: Clip, folder: Path) -> Clip:
    """Take the segments from `folder`/json/NAME.json (ARPAbet, the times of the padded sound)."""
    data = json.loads((folder / "json" / f"{clip.name}.json").read_text(encoding="utf-8"))
    segments = [Segment(p["start"], p["end"], p["phone"]) for p in data["phones"]]
    return clip._replace(segments=merge_silences(segments))


def sets(out: Path, dev_eval: Path | None) -> dict[str, list[Clip]]:
    """The held-out sets: Russian sentences, an unheard English voice, an unheard language in two
    voices.
    """
    result = {}
    for part in speech.PARTS:
        if part.split == "test":
            spoken = speech.load(speech.path_of(out, part))
            result[part.name] = [pad(u, i) for i, u in enumerate(spoken[:SENTENCES])]
    if dev_eval is not None:
        clips = [pad(utterance, i) for i, utterance in enumerate(festvox_ru.held_out())]
        result["test-ru"] = [relabel(clip, dev_eval) for clip in clips]
    return result


def network_runner(model: Path, look: int = LOOK) -> quiet.Runner:
    """A function from sound to coordinates, row k for tick k, by ONNX Runtime; `look` is how many
    ticks more than the encoder must have it has heard.
    """
    session, delay = export.Session(model), LOOKAHEAD_TICKS + look

    def run(signal: Signal) -> np.ndarray:
        heard = np.pad(signal, (0, delay * TICK))
        return session.run(logmel(heard))[delay:, look]

    return run


def to_track(coords: np.ndarray) -> Track:
    """Openness, width and viseme of coordinates (ticks, 23)."""
    visemes = coords[:, len(OUTPUTS) - len(VISEMES) :].argmax(axis=1)
    openness, width = (coords[:, OUTPUTS.index(name)] for name in ("openness", "width"))
    return Track(openness, width, [VISEMES[i] for i in visemes])


def write_tracks(folder: Path, clips: Sequence[Clip], tracks: Sequence[Track]) -> None:
    """Keep tracks as NAME.csv (frame, openness, width, viseme), for other scoring programs."""
    folder.mkdir(parents=True, exist_ok=True)
    for clip, track in zip(clips, tracks):
        columns: dict[str, Sequence[Any]] = {"openness": list(track.openness)}
        if track.width is not None:
            columns["width"] = list(track.width)
        if track.visemes is not None:
            columns["viseme"] = track.visemes
        with (folder / f"{clip.name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["frame", *columns])
            writer.writerows([k, *row] for k, row in enumerate(zip(*columns.values())))


def pooled(clips: Sequence[Clip], tracks: Sequence[Track]) -> dict[str, float]:
    """Scores of one system on one set."""
    tally = Tally()
    for clip, track in zip(clips, tracks):
        score.add(tally, clip.segments, track)
    return score.summary(tally)


def compare(out: Path, model: Path, dev_eval: Path | None, rhubarb: Path | None) -> dict[str, Any]:
    """Score all systems on all sets; keeps the tracks in `out`/tracks. `rhubarb` is where its
    package lies.
    """
    run = network_runner(model)
    held_out = sets(out, dev_eval)
    report: dict[str, Any] = {"sets": {}, "silence": quiet.measure_silence(run), "speech": {}}
    for name, clips in held_out.items():
        systems = {
            "loudness": [baselines.loudness(clip.signal) for clip in clips],
            "network": [to_track(run(clip.signal)) for clip in clips],
        }
        if rhubarb is not None:
            signals = [clip.signal for clip in clips]
            systems["rhubarb"] = baselines.rhubarb(signals, rhubarb, out / "rhubarb" / name)
        for system, tracks in systems.items():
            write_tracks(out / "tracks" / name / system, clips, tracks)
        scores = {system: pooled(clips, tracks) for system, tracks in systems.items()}
        report["sets"][name] = {"sentences": len(clips), "systems": scores}
        report["speech"][name] = quiet.measure_speech([c[1:] for c in clips], run)
        LOG.info("evaluate: %s done", name)
    waiting = [clip[1:] for clip in held_out[CONDITIONS_SET][:WAITING_CLIPS]]
    report["waking"] = quiet.measure_waking(waiting, run)
    report["conditions"] = under_conditions(held_out[CONDITIONS_SET], run)
    report["looks"] = look_by_look(model, held_out)
    return report


def under_conditions(clips: Sequence[Clip], run: quiet.Runner) -> dict[str, dict[str, float]]:
    """Scores of the network on changed sound, and on all clips as one long stream."""
    result = {}
    for name, change in CHANGES.items():
        generator = np.random.default_rng(3)
        tracks = [to_track(run(change(clip.signal, generator))) for clip in clips]
        result[name] = pooled(clips, tracks)
    whole = [clip.signal[: len(clip.signal) // TICK * TICK] for clip in clips]
    borders = np.cumsum([len(signal) // TICK for signal in whole])
    rows = np.split(run(np.concatenate(whole)), borders)[: len(clips)]
    result[f"one stream of {borders[-1] * TICK_S:.0f} s"] = pooled(
        clips, [to_track(r) for r in rows]
    )
    return result


def look_by_look(model: Path, held_out: dict[str, list[Clip]]) -> dict[str, dict[str, float]]:
    """Scores of each look, by the ms that it has heard beyond its tick: on all sets together, and
    on one of them in a hall.
    """
    clips = [clip for name in held_out for clip in held_out[name]]
    generator = np.random.default_rng(3)
    inside = held_out[CONDITIONS_SET]
    echoes = [CHANGES[HALL](clip.signal, generator) for clip in inside]
    result = {}
    for look in range(LOOKS):
        run = network_runner(model, look)
        scores = pooled(clips, [to_track(run(clip.signal)) for clip in clips])
        hall = pooled(inside, [to_track(run(signal)) for signal in echoes])
        heard = round((LOOKAHEAD_TICKS + look) * TICK_S * 1000)
        result[f"{heard} ms"] = {**scores, "hall_J": hall["J"], "hall_openness": hall["openness"]}
    return result


COLUMNS = (
    *("hit", "J", "closure_auc", "openness", "lag_ms", "stillness", "silence", "width_auc"),
    *("visemes", "viseme_pp"),
)
LOOK_COLUMNS = ("hit", "J", "closure_auc", "openness", "width_auc", "hall_J", "hall_openness")


def _cell(scores: dict[str, float], column: str) -> str:
    if column not in scores:
        return "-"
    return f"{scores[column]:.0f}" if column == "lag_ms" else f"{scores[column]:.3f}"


def markdown(report: dict[str, Any]) -> str:
    """The report as tables."""
    lines = ["| set | system | " + " | ".join(COLUMNS) + " |", "|---|---|" + "---|" * len(COLUMNS)]
    for name, entry in report["sets"].items():
        for system in ("loudness", "rhubarb", "network"):
            scores = entry["systems"].get(system)
            if scores:
                cells = [_cell(scores, column) for column in COLUMNS]
                lines.append(
                    f"| {name} ({entry['sentences']}) | {system} | " + " | ".join(cells) + " |"
                )
    lines += ["", f"| {CONDITIONS_SET}, network | hit | J | openness | silence |"]
    lines.append("|---|---|---|---|---|")
    for condition, row in report["conditions"].items():
        cells = [_cell(row, column) for column in ("hit", "J", "openness", "silence")]
        lines.append(f"| {condition} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| look | " + " | ".join(LOOK_COLUMNS) + " |",
        "|---" * (len(LOOK_COLUMNS) + 1) + "|",
    ]
    for look, row in report["looks"].items():
        lines.append(f"| {look} | " + " | ".join(_cell(row, c) for c in LOOK_COLUMNS) + " |")
    lines += [
        "",
        "| no speech | ticks called speech | ticks visibly open | widest |",
        "|---|---|---|---|",
    ]
    for kind, row in report["silence"].items():
        lines.append(f"| {kind} | {row['speech']:.4f} | {row['open']:.4f} | {row['widest']:.3f} |")
    lines += ["", "| speech | ticks missed | ticks open 160 ms after the end |", "|---|---|---|"]
    for name, row in report["speech"].items():
        lines.append(f"| {name} | {row['missed']:.4f} | {row['lingering']:.4f} |")
    lines += ["", f"| after {quiet.WAIT_S:.0f} s of | ticks of the first second missed |"]
    lines.append("|---|---|")
    lines += [f"| {kind} | {share:.3f} |" for kind, share in report["waking"].items()]
    return "\n".join(lines) + "\n"


def evaluate(out: Path, model: Path, dev_eval: Path | None, rhubarb: Path | None) -> dict[str, Any]:
    """Compare, and write `out`/report.json and `out`/report.md."""
    report = compare(out, model, dev_eval, rhubarb)
    (out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    (out / "report.md").write_text(markdown(report), encoding="utf-8")
    return report
