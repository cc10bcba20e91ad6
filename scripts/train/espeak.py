"""Speech from espeak-ng through its C library, with phone times from its phoneme events.

espeak-ng is a formant synthesiser: no human voice is in it, but it speaks many languages with many
timbres.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from . import audio, phones
from .audio import Signal
from .utterance import Utterance, from_ends

SYNCHRONOUS = 2
PHONEME_EVENTS_IPA = 0x0003
PHONEME_EVENT = 7
UTF8, RATE, PITCH, RANGE = 1, 1, 3, 4
BUFFER_MS = 200

QUIET_RATIO = 0.02
LONGEST_CLOSURE_S = 0.08
SHORTEST_PHONE_S = 0.02


class Manner(NamedTuple):
    """How a sentence is said: espeak-ng voice name, words per minute, pitch and pitch range
    (0..100).
    """

    voice: str
    rate: int
    pitch: int
    range: int


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Synthesiser:
    """The library, opened once per process (it keeps its state in globals)."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1"
        self.library: Any = ctypes.CDLL(name)
        self.rate = self.library.espeak_Initialize(SYNCHRONOUS, BUFFER_MS, None, PHONEME_EVENTS_IPA)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng did not start; is espeak-ng-data installed")
        self.pieces: list[Signal] = []
        self.events: list[tuple[float, str]] = []
        self.callback = _Callback(self._collect)
        self.library.espeak_SetSynthCallback(self.callback)

    def _collect(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            block = np.ctypeslib.as_array(samples, shape=(count,)).astype(np.float32) / 32768.0
            self.pieces.append(block)
        index = 0
        while events[index].type != 0:
            event = events[index]
            if event.type == PHONEME_EVENT:
                symbol = bytes(event.id).decode("utf-8", errors="ignore")
                self.events.append((event.audio_position / 1000.0, symbol))
            index += 1
        return 0

    def say(self, text: str, manner: Manner) -> tuple[Signal, list[tuple[float, str]]]:
        """Speak `text`; returns the sound at 16 kHz and (start time in s, IPA symbol) rows."""
        self.pieces, self.events = [], []
        if self.library.espeak_SetVoiceByName(manner.voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {manner.voice!r}")
        for parameter, value in ((RATE, manner.rate), (PITCH, manner.pitch), (RANGE, manner.range)):
            self.library.espeak_SetParameter(parameter, value, 0)
        data = text.encode()
        self.library.espeak_Synth(data, len(data) + 1, 0, 1, 0, UTF8, None, None)
        sound = np.concatenate(self.pieces) if self.pieces else np.zeros(0, dtype=np.float32)
        return audio.resample(sound, self.rate, audio.SAMPLE_RATE), self.events


def closure_start(signal: Signal, start: float, earliest: float) -> float:
    """Walk back from a voiceless burst over the silence that belongs to its closure."""
    step = audio.SAMPLE_RATE // 200
    loudest = float(np.abs(signal).max())
    position = int(start * audio.SAMPLE_RATE)
    limit = int(max(earliest, start - LONGEST_CLOSURE_S) * audio.SAMPLE_RATE)
    while position - step >= limit:
        if float(np.abs(signal[position - step : position]).max(initial=0)) > QUIET_RATIO * loudest:
            break
        position -= step
    return min(start, position / audio.SAMPLE_RATE)


def to_ends(
    events: Sequence[tuple[float, str]], signal: Signal, american: bool
) -> list[tuple[float, str]]:
    """Turn start times of IPA symbols into end times of phones; closures begin where they do."""
    duration = len(signal) / audio.SAMPLE_RATE
    starts: list[tuple[float, str]] = [(0.0, phones.SILENCE)]
    borders = [start for start, _ in events[1:]] + [duration]
    for (start, symbol), end in zip(events, borders):
        parts = phones.ipa(symbol) or [phones.SILENCE]
        if parts[0] in phones.VOICELESS_STOPS:
            start = closure_start(signal, start, starts[-1][0] + SHORTEST_PHONE_S)
        for number, phone in enumerate(parts):
            starts.append((start + (end - start) * number / len(parts), phone))
    ends = [start for start, _ in starts[1:]] + [duration]
    rows = [(end, phone) for end, (_, phone) in zip(ends, starts)]
    return phones.front_american_u(rows) if american else rows


def synthesise(jobs: Sequence[tuple[str, Manner]], label: str) -> Iterator[Utterance]:
    """Yield one utterance per (text, manner) with sound."""
    synthesiser = Synthesiser()
    for number, (text, manner) in enumerate(jobs):
        signal, events = synthesiser.say(text, manner)
        if len(signal) < audio.SAMPLE_RATE // 2 or len(events) < 3:
            continue
        ends = to_ends(events, signal, manner.voice.startswith("en-us"))
        segments = from_ends(ends, len(signal) / audio.SAMPLE_RATE)
        yield Utterance(f"{label}-{number:04d}", f"espeak-{manner.voice}", signal, segments)
