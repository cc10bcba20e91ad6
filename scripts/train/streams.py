"""Half-minute streams as an engine hears them: sentences of one voice, pauses, noise; and their
features.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.signal import resample_poly

from . import augment, noise, phones, targets
from .audio import SAMPLE_RATE, Signal
from .layout import OUTPUTS, TICK_S
from .logmel import BANDS, FRAMES_PER_TICK, filterbank, logmel
from .utterance import Segment, Utterance
from .whisper import whisper

LOG = logging.getLogger(__name__)

STREAM_S = 30.0
TICKS = round(STREAM_S / TICK_S)


class World(NamedTuple):
    """How bad the sound is: shares of streams, but for the levels."""

    quiet: dict[str, float]
    """Kinds of streams in which nobody speaks."""
    talking: float
    crowd: float
    music: float
    """What is behind the speaker, each instead of the others."""
    room: float
    hall: float
    odd: float
    """Whispered or shouted, half of them each."""
    telephone: float
    bent: float
    noisy: tuple[float, float, float]
    """Share of the streams with bad noise, and how many dB it is below the speech."""


WORLDS = {
    "calm": World({"silent": 0.14}, 0.08, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.6, (0.2, 6.0, 22.0)),
    "harsh": World(
        quiet={"silent": 0.12, "music": 0.05, "crowd": 0.02},
        talking=0.05,
        crowd=0.06,
        music=0.06,
        room=0.25,
        hall=0.1,
        odd=0.1,
        telephone=0.06,
        bent=0.6,
        noisy=(0.35, 4.0, 22.0),
    ),
}
"""Speech is learnt in the calm one, and that the rest is none in the harsh one."""


class Stream(NamedTuple):
    """A sound of STREAM_S seconds and its segments (empty: no speech), and the warp and bend of its
    filter bank.
    """

    signal: Signal
    segments: list[Segment]
    warp: float = 1.0
    bend: float = 0.0


class Sources(NamedTuple):
    """What streams are made of: utterances by voice, all of them, and music."""

    groups: dict[str, list[Utterance]]
    others: Sequence[Utterance]
    music: Sequence[Signal]


def _gap(generator: np.random.Generator) -> float:
    """Length of a pause in seconds: mostly short, sometimes long."""
    return float(
        generator.uniform(2.0, 5.0) if generator.random() < 0.12 else generator.uniform(0.1, 1.2)
    )


def _place(
    sentences: Iterator[Utterance], level: float, generator: np.random.Generator
) -> tuple[Signal, list[Segment], list[float]]:
    """Put sentences one after the other at about `level` dBFS; also returns the starts of the
    pauses.
    """
    samples = round(STREAM_S * SAMPLE_RATE)
    signal = np.zeros(samples, dtype=np.float32)
    segments: list[Segment] = []
    pauses = [0.0]
    time = _gap(generator)
    speed = float(generator.uniform(0.85, 1.19)) if generator.random() < 0.6 else 1.0
    while time < STREAM_S - 1.0:
        sentence = next(sentences)
        if speed != 1.0:
            sentence = augment.change_speed(sentence, speed)
        loud = noise.scaled(sentence.signal, level + generator.normal(0.0, 1.5))
        noise.add_at(signal, loud, time)
        start = segments[-1].end if segments else 0.0
        segments.append(Segment(start, time, phones.SILENCE))
        segments += [Segment(s.start + time, s.end + time, s.phone) for s in sentence.segments]
        time = segments[-1].end
        pauses.append(time)
        time += _gap(generator)
    if segments[-1].end < STREAM_S:
        segments.append(Segment(segments[-1].end, STREAM_S, phones.SILENCE))
    return signal, segments, pauses


def _room_level(level: float, world: World, generator: np.random.Generator) -> float:
    """Noise level in dBFS beside speech at `level`: quiet room, ordinary room, or bad room."""
    kind = generator.random()
    if kind < 0.45:
        return float(generator.uniform(-85.0, -60.0))
    share, nearest, farthest = world.noisy
    if kind < 1.0 - share:
        return level - float(generator.uniform(farthest, 40.0))
    return level - float(generator.uniform(nearest, farthest))


def _surround(
    signal: Signal,
    pauses: Sequence[float],
    level: float,
    world: World,
    generator: np.random.Generator,
) -> Signal:
    """Add room noise, and breaths and clicks in the pauses; one stream in seven stays clean."""
    if generator.random() < 0.15:
        return signal
    kind = str(generator.choice(noise.COLOURS))
    room = noise.room(len(signal), kind, _room_level(level, world, generator), generator)
    signal = signal + room
    for pause in pauses:
        if generator.random() < 0.5:
            noise.add_at(signal, noise.breath(generator), pause + generator.uniform(0.0, 0.3))
        if generator.random() < 0.12:
            noise.add_at(signal, noise.click(generator), pause + generator.uniform(0.0, 0.5))
    return signal


def _tune(music: Sequence[Signal], samples: int, generator: np.random.Generator) -> Signal:
    """A stretch of some music, faster or slower, at 0 dBFS."""
    piece = music[int(generator.integers(len(music)))]
    ratio = Fraction(float(generator.uniform(0.75, 1.3))).limit_denominator(20)
    moved = resample_poly(piece, ratio.numerator, ratio.denominator)
    return noise.scaled(np.roll(np.resize(moved, samples), int(generator.integers(samples))), 0.0)


def _behind(
    signal: Signal, sources: Sources, level: float, world: World, generator: np.random.Generator
) -> Signal:
    """Other people or music in the background, if any; the lips stay the near speaker's."""
    kind, samples = generator.random(), len(signal)
    if kind < world.talking:
        other = augment.talking(sources.others, samples, generator)
        return signal + noise.scaled(other, level - generator.uniform(15.0, 28.0))
    if kind < world.talking + world.crowd:
        crowd = augment.babble(sources.others, samples, int(generator.integers(3, 9)), generator)
        return signal + noise.scaled(crowd, level - generator.uniform(8.0, 25.0))
    if kind < world.talking + world.crowd + world.music:
        tune = _tune(sources.music, samples, generator)
        return signal + noise.scaled(tune, level - generator.uniform(6.0, 25.0))
    return signal


def speaking(
    utterances: Sequence[Utterance],
    sources: Sources,
    world: World,
    generator: np.random.Generator,
) -> Stream:
    """One augmented stream of the voice of `utterances`."""
    level = float(generator.uniform(-44.0, -11.0))
    signal, segments, pauses = _place(_cycle(utterances, generator), level, generator)
    manner, room = generator.random(), generator.random()
    if manner < world.odd / 2.0:
        signal = whisper(signal, generator)
    elif manner < world.odd:
        level = float(generator.uniform(-18.0, -9.0))
        signal = augment.shout(signal, level, generator)
    if generator.random() < 0.5:
        signal = augment.colour(signal, generator)
    if room < world.hall:
        signal = augment.hall(signal, generator)
    elif room < world.hall + world.room:
        signal = augment.reverberate(signal, generator)
    signal = _behind(signal, sources, level, world, generator)
    signal = _surround(signal, pauses, level, world, generator)
    if generator.random() < world.telephone:
        signal = augment.telephone(signal, generator)
    warp = float(generator.uniform(0.82, 1.22)) if generator.random() < 0.75 else 1.0
    bend = float(generator.uniform(-0.12, 0.12)) if generator.random() < world.bent else 0.0
    return Stream(np.clip(signal, -1.0, 1.0).astype(np.float32), segments, warp, bend)


def _resting(signal: Signal) -> Stream:
    return Stream(signal, [Segment(0.0, STREAM_S, phones.SILENCE)])


def silent(generator: np.random.Generator) -> Stream:
    """Noise that changes its kind and level from -85 to -28 dBFS, with digital zeros between."""
    pieces: list[Signal] = []
    total = 0
    while total < STREAM_S * SAMPLE_RATE:
        seconds = float(generator.uniform(2.0, 15.0))
        if generator.random() < 0.15:
            piece = np.zeros(int(seconds * SAMPLE_RATE / 3), dtype=np.float32)
        else:
            level = generator.uniform(-85.0, -40.0 if generator.random() < 0.7 else -28.0)
            piece = noise.silence_clip(seconds, level, generator)
        pieces.append(piece)
        total += len(piece)
    return _resting(np.concatenate(pieces)[: round(STREAM_S * SAMPLE_RATE)])


def musical(sources: Sources, generator: np.random.Generator) -> Stream:
    """Music at -45 to -12 dBFS, in one stream of three only from somewhere on."""
    samples = round(STREAM_S * SAMPLE_RATE)
    signal = noise.scaled(_tune(sources.music, samples, generator), generator.uniform(-45.0, -12.0))
    if generator.random() < 0.33:
        signal[: int(generator.integers(samples // 2))] = 0.0
    if generator.random() < 0.5:
        signal = augment.colour(signal, generator)
    room = noise.room(samples, "pink", generator.uniform(-85.0, -55.0), generator)
    return _resting(np.clip(signal + room, -1.0, 1.0).astype(np.float32))


def crowded(sources: Sources, generator: np.random.Generator) -> Stream:
    """Many people far away, and nobody near."""
    samples = round(STREAM_S * SAMPLE_RATE)
    crowd = augment.babble(sources.others, samples, int(generator.integers(6, 13)), generator)
    room = noise.room(samples, "pink", generator.uniform(-85.0, -55.0), generator)
    return _resting(noise.scaled(crowd, generator.uniform(-60.0, -38.0)) + room)


def _cycle(utterances: Sequence[Utterance], generator: np.random.Generator) -> Iterator[Utterance]:
    while True:
        for index in generator.permutation(len(utterances)):
            yield utterances[index]


def _group(utterances: Sequence[Utterance]) -> dict[str, list[Utterance]]:
    """Utterances by voice; espeak-ng's many timbres form one group each."""
    groups: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        groups[utterance.voice].append(utterance)
    return groups


def plan(groups: dict[str, list[Utterance]], world: World, copies: float, seed: int) -> list[str]:
    """What each stream holds, in random order: a voice, so often that every sentence comes about
    `copies` times, or one of the quiet kinds.
    """
    generator = np.random.default_rng(seed)
    plans: list[str] = []
    for voice, group in groups.items():
        seconds = sum(u.seconds + 0.9 for u in group) * copies
        whole, part = divmod(seconds / STREAM_S, 1.0)
        plans += [voice] * (int(whole) + int(generator.random() < part))
    total = len(plans) / (1.0 - sum(world.quiet.values()))
    for kind, share in world.quiet.items():
        plans += [kind] * round(total * share)
    return [plans[i] for i in generator.permutation(len(plans))]


def make(kind: str, number: int, seed: int, world: World, sources: Sources) -> Stream:
    """Stream `number` of a plan."""
    generator = np.random.default_rng((seed, number))
    if kind == "silent":
        return silent(generator)
    if kind == "music":
        return musical(sources, generator)
    if kind == "crowd":
        return crowded(sources, generator)
    return speaking(sources.groups[kind], sources, world, generator)


def features(stream: Stream) -> tuple[np.ndarray, np.ndarray]:
    """Log-mel (4 TICKS, 40) and targets (TICKS, 23) of a stream, both as float16."""
    mel = logmel(stream.signal, filterbank(stream.warp, stream.bend))
    wanted = targets.make(stream.segments, TICKS)
    return mel.astype(np.float16), wanted.astype(np.float16)


_sources: Sources | None = None
"""Of the worker processes, which inherit it."""


def _work(job: tuple[str, int, int, World]) -> tuple[np.ndarray, np.ndarray]:
    assert _sources is not None
    return features(make(*job, _sources))


def cache(
    out: Path, utterances: Sequence[Utterance], music: Sequence[Signal], copies: float, seed: int
) -> None:
    """Write the features of the streams of each world to `out`/WORLD/mel.npy and targets.npy, and
    what they hold to streams.json.
    """
    global _sources
    _sources = Sources(_group(utterances), utterances, music)
    for number, (name, world) in enumerate(WORLDS.items()):
        _cache_world(out / name, world, copies, seed + number)


def _cache_world(folder: Path, world: World, copies: float, seed: int) -> None:
    assert _sources is not None
    kinds = plan(_sources.groups, world, copies, seed)
    mel = np.empty((len(kinds), TICKS * FRAMES_PER_TICK, BANDS), dtype=np.float16)
    wanted = np.empty((len(kinds), TICKS, len(OUTPUTS)), dtype=np.float16)
    with multiprocessing.get_context("fork").Pool() as pool:
        jobs = [(kind, number, seed, world) for number, kind in enumerate(kinds)]
        for number, pair in enumerate(pool.imap(_work, jobs, chunksize=8)):
            mel[number], wanted[number] = pair
            if number % 100 == 99:
                LOG.info("streams: %s, %d/%d", folder.name, number + 1, len(kinds))
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "mel.npy", mel)
    np.save(folder / "targets.npy", wanted)
    (folder / "streams.json").write_text(json.dumps(kinds))
