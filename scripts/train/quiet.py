"""Does the mouth rest when nobody speaks? Shares of wrong ticks on silence, noise, breaths, and
around speech.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from . import noise, phones
from .audio import SAMPLE_RATE, Signal
from .layout import OUTPUTS, TICK_S
from .utterance import Segment

Runner = Callable[[Signal], np.ndarray]
"""Sound at 16 kHz to coordinates (ticks, 23), row k for tick k."""

SPEECH, OPENNESS = OUTPUTS.index("speech"), OUTPUTS.index("openness")
SPEAKING = 0.5
VISIBLE = 0.02
CLIP_S = 20.0
CLIPS = 6
WAIT_S = 120.0
SETTLED_S = 0.16
"""So long after the last sound the mouth must be shut."""


def _room(colour: str, low: float, high: float) -> Callable[[np.random.Generator], Signal]:
    samples = int(CLIP_S * SAMPLE_RATE)
    return lambda rng: noise.room(samples, colour, rng.uniform(low, high), rng)


def _events(
    event: Callable[[np.random.Generator], Signal],
) -> Callable[[np.random.Generator], Signal]:
    def make(generator: np.random.Generator) -> Signal:
        signal = noise.room(
            int(CLIP_S * SAMPLE_RATE), "pink", generator.uniform(-75, -60), generator
        )
        for start in np.arange(0.5, CLIP_S - 1.0, 1.5):
            noise.add_at(signal, event(generator), start + generator.uniform(0.0, 0.5))
        return signal

    return make


KINDS: dict[str, Callable[[np.random.Generator], Signal]] = {
    "zeros": lambda rng: np.zeros(int(CLIP_S * SAMPLE_RATE), dtype=np.float32),
    "white -80..-60": _room("white", -80.0, -60.0),
    "white -60..-45": _room("white", -60.0, -45.0),
    "pink -80..-60": _room("pink", -80.0, -60.0),
    "pink -60..-45": _room("pink", -60.0, -45.0),
    "hum -60..-45": _room("hum", -60.0, -45.0),
    "fan -60..-45": _room("fan", -60.0, -45.0),
    "breaths": _events(noise.breath),
    "clicks": _events(noise.click),
}
"""Sounds without speech, levels in dBFS; the breaths have -45 to -28 dBFS over a room of -75 to
-60.
"""


def measure_silence(run: Runner, seed: int = 77) -> dict[str, dict[str, float]]:
    """For each kind: shares of ticks called speech and visibly open, largest opening."""
    generator = np.random.default_rng(seed)
    result = {}
    for kind, make in KINDS.items():
        coords = np.concatenate([run(make(generator)) for _ in range(CLIPS)])
        result[kind] = {
            "speech": float(np.mean(coords[:, SPEECH] > SPEAKING)),
            "open": float(np.mean(coords[:, OPENNESS] > VISIBLE)),
            "widest": float(coords[:, OPENNESS].max()),
        }
    return result


def measure_speech(
    clips: Sequence[tuple[Signal, Sequence[Segment]]], run: Runner
) -> dict[str, float]:
    """Ticks of phones that were called silence, and ticks still open SETTLED_S after speech."""
    missed: list[bool] = []
    lingering: list[bool] = []
    for signal, segments in clips:
        coords = run(signal)
        centres = (np.arange(len(coords)) + 0.5) * TICK_S
        for index, (start, end, phone) in enumerate(segments):
            inside = (centres >= start) & (centres < end)
            if phone != phones.SILENCE:
                missed += list(coords[inside, SPEECH] < SPEAKING)
            elif index + 1 == len(segments):
                lingering += list(
                    coords[inside & (centres > start + SETTLED_S), OPENNESS] > VISIBLE
                )
    return {"missed": float(np.mean(missed)), "lingering": float(np.mean(lingering))}


def measure_waking(
    clips: Sequence[tuple[Signal, Sequence[Segment]]], run: Runner, seed: int = 78
) -> dict[str, float]:
    """Ticks missed in the first second of speech after WAIT_S of zeros, or of noise at -50 dBFS."""
    generator = np.random.default_rng(seed)
    samples = int(WAIT_S * SAMPLE_RATE)
    result = {}
    for kind in ("zeros", *noise.COLOURS):
        missed: list[bool] = []
        for signal, segments in clips:
            room = np.zeros(samples + len(signal), dtype=np.float32)
            if kind != "zeros":
                room = noise.room(len(room), kind, -50.0, generator)
            room[samples:] += signal
            spoken = run(room)[int(WAIT_S / TICK_S) :, SPEECH] >= SPEAKING
            centres = (np.arange(len(spoken)) + 0.5) * TICK_S
            begin = next(s.start for s in segments if s.phone != phones.SILENCE)
            for start, end, phone in segments:
                inside = (centres >= start) & (centres < end) & (centres < begin + 1.0)
                if phone != phones.SILENCE:
                    missed += list(~spoken[inside])
        result[kind] = float(np.mean(missed))
    return result
