"""Scores of mouth tracks against sentences with known phones.

A track has 25 values a second; value k belongs to [40 k, 40 k + 40) ms and is compared at the
centre of that tick. Only the order of the openness matters within a sentence, so every system may
use its own scale.

- hit: bilabials (p, b, m) whose lowest openness, up to one tick around them, lies under the 25th
  percentile of the voiced ticks
- J: share of bilabials between other sounds whose own lowest openness lies under the 20th
  percentile, minus the share of open vowels whose peak does (false closures); 1 is perfect, a
  random or constant track gets about 0
- closure AUC: probability that another consonant is more open than a bilabial; loudness cannot win
  it
- openness: Spearman's rank correlation with the phone table, silences of 250 ms and more left out
- lag: shift in ms at which that correlation is best, positive if the mouth is late
- stillness: mean change per tick well inside silences, and silence: mean openness there, both over
  the range of speech
- width AUC: probability that a spread sound is wider than a rounded one
- visemes: mean recall of the 15 classes, and recall of PP
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from . import phones
from .layout import TICK_S, VISEMES
from .utterance import Segment

Array = npt.NDArray[np.float64]

OPEN_VOWELS = frozenset({"AA", "AE", "AH", "AY", "AW", "AO", "EH"})
ROUNDED = frozenset({"UW", "OW", "W", "UH", "AO", "OO"})
SPREAD = frozenset({"IY", "EY", "S", "Z", "IH", "Y", "EE"})
RIVALS = frozenset(
    ("T", "D", "N", "K", "G", "NG", "S", "Z", "SH", "ZH", "CH", "JH", "TH", "DH", "L", "R", "TR")
) | {"HH", "KH"}
"""Consonants that a bilabial is compared with."""
LIPPED = phones.BILABIAL | {phones.SILENCE, "F", "V", "W"}
UNVOICED = frozenset({"SIL", "P", "T", "K", "F", "TH", "S", "SH", "CH", "HH", "KH"})

LONG_SILENCE_S = 0.25
EDGE_S = 0.12
"""A silence counts from so long after its start to so long before its end."""
LAGS = range(-4, 5)


@dataclass
class Track:
    """What a system says about one sentence: openness, and width and viseme if it has them."""

    openness: Array
    width: Array | None = None
    visemes: list[str] | None = None


@dataclass
class Tally:
    """Everything that is pooled over sentences."""

    hits: list[bool] = field(default_factory=list)
    strict: list[bool] = field(default_factory=list)
    false: list[bool] = field(default_factory=list)
    closed: list[float] = field(default_factory=list)
    rivals: list[float] = field(default_factory=list)
    correlations: list[list[float]] = field(default_factory=list)
    speech_ticks: list[int] = field(default_factory=list)
    motion: list[float] = field(default_factory=list)
    silence: list[float] = field(default_factory=list)
    rounded: list[float] = field(default_factory=list)
    spread: list[float] = field(default_factory=list)
    visemes: list[tuple[str, str]] = field(default_factory=list)


def probability_less(low: Sequence[float], high: Sequence[float]) -> float:
    """P(low < high) + P(equal) / 2 over all pairs: the area under the ROC curve."""
    if not low or not high:
        return float("nan")
    ranks = rankdata(np.concatenate([low, high]))
    surplus = ranks[len(low) :].sum() - len(high) * (len(high) + 1) / 2.0
    return float(surplus / (len(low) * len(high)))


def spearman(first: Array, second: Array) -> float:
    """Rank correlation; 0 where one side is constant, NaN under eight values."""
    if len(first) < 8:
        return float("nan")
    a, b = rankdata(first), rankdata(second)
    if a.std() == 0.0 or b.std() == 0.0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def reference(segments: Sequence[Segment], centres: Array) -> Array:
    """Openness of the phone table, smoothed over 100 ms, at the times `centres`."""
    times = (np.arange(round(segments[-1].end * 200)) + 0.5) / 200.0
    steps = np.full(len(times), np.nan)
    for start, end, phone in segments:
        first, second = (lips.openness for lips in phones.halves(phone))
        inside = (times >= start) & (times < end)
        late = times >= (start + end) / 2.0
        if first is not None and second is not None:
            steps[inside & ~late], steps[inside & late] = first, second
    known = ~np.isnan(steps)
    filled = np.interp(times, times[known], steps[known])
    kernel = np.hanning(23)[1:-1]
    padded = np.pad(filled, 10, mode="edge")
    return np.interp(centres, times, np.convolve(padded, kernel / kernel.sum(), "valid"))


def _window(centres: Array, start: float, end: float, margin: float) -> npt.NDArray[np.intp]:
    inside = np.flatnonzero((centres >= start - margin) & (centres <= end + margin))
    if len(inside) == 0:
        nearest = min(len(centres) - 1, int((start + end) / 2.0 / TICK_S))
        inside = np.array([nearest])
    return inside


def _is_clear(segments: Sequence[Segment], segment: Segment) -> bool:
    near = (
        s.phone for s in segments if s.end > segment.start - 0.08 and s.start < segment.end + 0.08
    )
    return not any(phone in LIPPED for phone in near)


def _score_phones(
    tally: Tally,
    segments: Sequence[Segment],
    openness: Array,
    ranks: Array,
    centres: Array,
    voiced: Array,
) -> None:
    low, lower = np.percentile(openness[voiced], [25, 20])
    for index, segment in enumerate(segments):
        start, end, phone = segment
        around = segments[max(0, index - 1) : index + 2]
        internal = len(around) == 3 and phones.SILENCE not in (around[0].phone, around[2].phone)
        own = _window(centres, start, end, 0.01)
        if phone in phones.BILABIAL:
            wide = _window(centres, start, end, TICK_S)
            tally.hits.append(bool(openness[wide].min() < low))
            if internal:
                tally.strict.append(bool(openness[own].min() < lower))
                tally.closed.append(float(ranks[own].min()))
        elif internal and phone in RIVALS and end - start >= 0.03 and _is_clear(segments, segment):
            tally.rivals.append(float(ranks[own].min()))
        if phone in OPEN_VOWELS and end - start >= 0.06:
            peak = start + (end - start) * (0.35 if phone in ("AY", "AW") else 0.5)
            tally.false.append(bool(openness[min(len(openness) - 1, int(peak / TICK_S))] < lower))


def _score_silence(
    tally: Tally, segments: Sequence[Segment], openness: Array, centres: Array
) -> None:
    low, high = np.percentile(openness, [5, 95])
    scale = max(float(high - low), 1e-6)
    for index, (start, end, phone) in enumerate(segments):
        if phone != phones.SILENCE or end - start < LONG_SILENCE_S:
            continue
        first = start + (EDGE_S if index else 0.0)
        last = end - (EDGE_S if index + 1 < len(segments) else 0.0)
        inside = np.flatnonzero((centres >= first) & (centres <= last))
        tally.motion += list(np.abs(np.diff(openness[inside])) / scale)
        tally.silence += list((openness[inside] - low) / scale)


def _score_correlation(tally: Tally, openness: Array, wanted: Array, speech: Array) -> None:
    ticks = np.flatnonzero(speech)
    row = []
    for lag in LAGS:
        moved = ticks + lag
        valid = (moved >= 0) & (moved < len(openness))
        row.append(spearman(openness[moved[valid]], wanted[ticks[valid]]))
    if not np.isnan(row).any():
        tally.correlations.append(row)
        tally.speech_ticks.append(len(ticks))


def add(tally: Tally, segments: Sequence[Segment], track: Track) -> None:
    """Score one sentence; its segments have merged silences and cover the whole sound."""
    count = int(segments[-1].end / TICK_S)
    openness = np.asarray(track.openness, dtype=np.float64)
    openness = np.pad(openness, (0, max(0, count - len(openness))), mode="edge")[:count]
    centres: Array = (np.arange(count, dtype=np.float64) + 0.5) * TICK_S
    owner = np.searchsorted([s.end for s in segments], centres, side="right")
    names = [segments[min(i, len(segments) - 1)].phone for i in owner]
    long_silence = np.zeros(count, dtype=bool)
    for start, end, phone in segments:
        if phone == phones.SILENCE and end - start >= LONG_SILENCE_S:
            long_silence |= (centres >= start) & (centres < end)
    speech = ~long_silence
    ranks = np.zeros(count)
    ranks[speech] = (rankdata(openness[speech]) - 1.0) / max(1, speech.sum() - 1)
    voiced = np.array([name not in UNVOICED for name in names])
    _score_phones(tally, segments, openness, ranks, centres, voiced)
    _score_silence(tally, segments, openness, centres)
    _score_correlation(tally, openness, reference(segments, centres), speech)
    if track.width is not None:
        pairs = list(zip(names, track.width))
        tally.rounded += [value for name, value in pairs if name in ROUNDED]
        tally.spread += [value for name, value in pairs if name in SPREAD]
    if track.visemes is not None:
        right = [phones.halves(name)[0].viseme for name in names]
        tally.visemes += list(zip(right, track.visemes))


def merged(tallies: Iterable[Tally]) -> Tally:
    """Several tallies as one."""
    whole = Tally()
    for tally in tallies:
        for name, values in vars(whole).items():
            values.extend(getattr(tally, name))
    return whole


def of_sentences(clips: Iterable[Sequence[Segment]], tracks: Iterable[Track]) -> list[Tally]:
    """One tally for each sentence."""
    tallies = []
    for segments, track in zip(clips, tracks):
        tallies.append(Tally())
        add(tallies[-1], segments, track)
    return tallies


RESAMPLES = 200


def intervals(tallies: Sequence[Tally], seed: int = 1) -> dict[str, tuple[float, float]]:
    """Between which values each score lies in 95 % of draws of as many sentences (bootstrap)."""
    generator = np.random.default_rng(seed)
    draws = [generator.integers(len(tallies), size=len(tallies)) for _ in range(RESAMPLES)]
    rows = [summary(merged(tallies[i] for i in draw)) for draw in draws]
    columns = {name: [row.get(name, np.nan) for row in rows] for name in rows[0]}
    return {
        name: (float(low), float(high))
        for name, values in columns.items()
        for low, high in [np.nanpercentile(values, (2.5, 97.5))]
    }


def _best_lag_ms(curve: Array) -> float:
    best = int(np.argmax(curve))
    offset = 0.0
    if 0 < best < len(curve) - 1:
        left, middle, right = curve[best - 1 : best + 2]
        bend = left - 2.0 * middle + right
        offset = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return (LAGS[best] + offset) * TICK_S * 1000.0


def _viseme_recalls(pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
    right, said = np.array(pairs).T
    recalls = {name: said[right == name] == name for name in VISEMES}
    return {
        "visemes": float(np.mean([recall.mean() for recall in recalls.values() if len(recall)])),
        "viseme_pp": float(recalls["PP"].mean()) if len(recalls["PP"]) else float("nan"),
    }


def summary(tally: Tally) -> dict[str, float]:
    """The pooled scores."""
    curve = np.average(tally.correlations, axis=0, weights=tally.speech_ticks)
    result = {
        "bilabials": len(tally.hits),
        "hit": float(np.mean(tally.hits)),
        "J": float(np.mean(tally.strict) - np.mean(tally.false)),
        "closure_auc": probability_less(tally.closed, tally.rivals),
        "openness": float(curve[-LAGS[0]]),
        "lag_ms": _best_lag_ms(curve),
        "stillness": float(np.mean(tally.motion)) if tally.motion else float("nan"),
        "silence": float(np.mean(tally.silence)) if tally.silence else float("nan"),
    }
    if tally.rounded:
        result["width_auc"] = probability_less(tally.rounded, tally.spread)
    if tally.visemes:
        result |= _viseme_recalls(tally.visemes)
    return result
