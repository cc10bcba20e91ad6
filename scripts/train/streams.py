"""Half-minute streams as an engine hears them: sentences of one voice, pauses, noise; and their
features.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import augment, noise, phones, targets
from .audio import SAMPLE_RATE, Signal
from .layout import OUTPUTS, TICK_S
from .logmel import BANDS, FRAMES_PER_TICK, filterbank, logmel
from .utterance import Segment, Utterance

LOG = logging.getLogger(__name__)

STREAM_S = 30.0
TICKS = round(STREAM_S / TICK_S)
SILENT_SHARE = 0.14
"""Share of streams without any speech."""


class Stream(NamedTuple):
    """A sound of STREAM_S seconds and its segments (empty: no speech), and the warp of its filter
    bank.
    """

    signal: Signal
    segments: list[Segment]
    warp: float


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
    speed = float(generator.uniform(0.87, 1.16)) if generator.random() < 0.6 else 1.0
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


def _room_level(level: float, generator: np.random.Generator) -> float:
    """Noise level in dBFS beside speech at `level`: quiet room, ordinary room, or bad room."""
    kind = generator.random()
    if kind < 0.45:
        return float(generator.uniform(-85.0, -60.0))
    if kind < 0.8:
        return level - float(generator.uniform(22.0, 40.0))
    return level - float(generator.uniform(6.0, 22.0))


def _surround(
    signal: Signal, pauses: Sequence[float], level: float, generator: np.random.Generator
) -> Signal:
    """Add room noise, and breaths and clicks in the pauses; one stream in seven stays clean."""
    if generator.random() < 0.15:
        return signal
    kind = str(generator.choice(noise.COLOURS))
    signal = signal + noise.room(len(signal), kind, _room_level(level, generator), generator)
    for pause in pauses:
        if generator.random() < 0.5:
            noise.add_at(signal, noise.breath(generator), pause + generator.uniform(0.0, 0.3))
        if generator.random() < 0.12:
            noise.add_at(signal, noise.click(generator), pause + generator.uniform(0.0, 0.5))
    return signal


def speaking(
    sentences: Iterator[Utterance], others: Sequence[Utterance], generator: np.random.Generator
) -> Stream:
    """One augmented stream of the voice that `sentences` yields."""
    level = float(generator.uniform(-44.0, -13.0))
    signal, segments, pauses = _place(sentences, level, generator)
    if generator.random() < 0.5:
        signal = augment.colour(signal, generator)
    if generator.random() < 0.3:
        signal = augment.reverberate(signal, generator)
    if generator.random() < 0.08:
        other = others[int(generator.integers(len(others)))].signal
        signal = augment.talk_behind(signal, other, generator.uniform(15.0, 28.0), level)
    signal = _surround(signal, pauses, level, generator)
    warp = float(generator.uniform(0.82, 1.22)) if generator.random() < 0.75 else 1.0
    return Stream(np.clip(signal, -1.0, 1.0).astype(np.float32), segments, warp)


def silent(generator: np.random.Generator) -> Stream:
    """Noise that changes its kind and level from -85 to -40 dBFS, with digital zeros between."""
    pieces: list[Signal] = []
    total = 0
    while total < STREAM_S * SAMPLE_RATE:
        seconds = float(generator.uniform(2.0, 15.0))
        if generator.random() < 0.15:
            piece = np.zeros(int(seconds * SAMPLE_RATE / 3), dtype=np.float32)
        else:
            piece = noise.silence_clip(seconds, generator.uniform(-85.0, -40.0), generator)
        pieces.append(piece)
        total += len(piece)
    signal = np.concatenate(pieces)[: round(STREAM_S * SAMPLE_RATE)]
    return Stream(signal, [Segment(0.0, STREAM_S, phones.SILENCE)], 1.0)


def _cycle(utterances: Sequence[Utterance], generator: np.random.Generator) -> Iterator[Utterance]:
    while True:
        for index in generator.permutation(len(utterances)):
            yield utterances[index]


def _group(utterances: Sequence[Utterance]) -> list[list[Utterance]]:
    """Utterances by voice; espeak-ng's many timbres form one group each."""
    groups: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        groups[utterance.voice].append(utterance)
    return list(groups.values())


def compose(utterances: Sequence[Utterance], copies: float, seed: int) -> Iterator[Stream]:
    """Streams in which every sentence comes about `copies` times, silent ones among them, in random
    order.
    """
    generator = np.random.default_rng(seed)
    plans: list[Iterator[Utterance]] = []
    for group in _group(utterances):
        seconds = sum(u.seconds + 0.9 for u in group) * copies
        whole, part = divmod(seconds / STREAM_S, 1.0)
        source = _cycle(group, generator)
        plans += [source] * (int(whole) + int(generator.random() < part))
    silent_count = round(len(plans) * SILENT_SHARE / (1.0 - SILENT_SHARE))
    order = generator.permutation(len(plans) + silent_count)
    for index in order:
        if index < len(plans):
            yield speaking(plans[index], utterances, generator)
        else:
            yield silent(generator)


def features(stream: Stream) -> tuple[np.ndarray, np.ndarray]:
    """Log-mel (4 TICKS, 40) and targets (TICKS, 23) of a stream, both as float16."""
    mel = logmel(stream.signal, filterbank(stream.warp))
    wanted = targets.make(stream.segments, TICKS)
    return mel.astype(np.float16), wanted.astype(np.float16)


def cache(out: Path, utterances: Sequence[Utterance], copies: float, seed: int) -> int:
    """Write the features of all streams to `out`/mel.npy and targets.npy; returns their number."""
    streams = list(_progress(map(features, compose(utterances, copies, seed))))
    mel = np.stack([pair[0] for pair in streams])
    assert mel.shape[1:] == (TICKS * FRAMES_PER_TICK, BANDS)
    np.save(out / "mel.npy", mel)
    wanted = np.stack([pair[1] for pair in streams])
    assert wanted.shape[1:] == (TICKS, len(OUTPUTS))
    np.save(out / "targets.npy", wanted)
    return len(streams)


def _progress(
    items: Iterator[tuple[np.ndarray, np.ndarray]],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for number, item in enumerate(items, 1):
        if number % 100 == 0:
            LOG.info("streams: %d", number)
        yield item
