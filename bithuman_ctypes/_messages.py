"""Which message each sample belongs to, and what is to happen when its turn comes."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from bithuman_ctypes.actions import Request

Place = tuple[int, float]
"""A point in the sound: the utterance, and the samples of 16 kHz pushed before it in that."""


HALF_TICK = 320
"""Samples; a resampler holds a little back."""

PATIENCE = 10
"""Frames without sound after which what was pushed is not waited for: it is too short to begin."""


@dataclass
class Cue:
    """Clips to play when the sound has come as far as ``place``."""

    place: Place
    request: Request


class Ledger:
    """Written by those who push, read by who gives frames.

    Thread-safety: any thread; its lock is held for microseconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: deque[tuple[Place, str]] = deque()
        self._cues: deque[Cue] = deque()
        self._pushed: Place = (0, 0.0)
        self._given: Place = (0, 0.0)
        self._fresh = False  # sound was pushed since the last frame with sound
        self._silent = 0  # frames without sound since the last push
        self._message: tuple[int, str] | None = None  # the one that is being said

    def push(self, utterance: int, count: float, message: str) -> Place:
        """``count`` samples of a message are pushed; the place where they begin."""
        with self._lock:
            place = self._pushed_place(utterance)
            last = self._messages[-1] if self._messages else None
            if last is None or last[0][0] != utterance or last[1] != message:
                self._messages.append((place, message))
            self._pushed = (utterance, place[1] + count)
            self._fresh, self._silent = True, 0
            return place

    def take_back(self, place: Place) -> None:
        """The push that began there was refused."""
        with self._lock:
            self._pushed = place
            if self._messages and self._messages[-1][0] == place:
                self._messages.pop()

    def cue(self, utterance: int, request: Request, place: Place | None = None) -> None:
        """Something is to happen at ``place``: by default after all that was pushed before."""
        with self._lock:
            self._cues.append(Cue(place or self._pushed_place(utterance), request))

    def speak(self, utterance: int, count: int) -> str | None:
        """``count`` samples are given: the message of the first of them."""
        with self._lock:
            place = self._given if self._given[0] == utterance else (utterance, 0.0)
            reached = (utterance, place[1] + HALF_TICK)
            while self._messages and self._messages[0][0] <= reached:
                (number, _), message = self._messages.popleft()
                self._message = (number, message)
            self._given = (utterance, place[1] + count)
            self._fresh = False
            if self._message is None or self._message[0] != utterance:
                return None
            return self._message[1]

    def due(self, silent: bool) -> list[Request]:
        """What is to happen now: what the sound has come to and, on a ``silent`` frame, everything,
        unless there is sound that has not begun yet."""
        with self._lock:
            self._silent = self._silent + 1 if silent else 0
            everything = silent and self._nothing_comes()
            found = []
            while self._cues and (everything or self._cues[0].place <= self._given):
                found.append(self._cues.popleft().request)
            return found

    def _nothing_comes(self) -> bool:
        """Whether what was pushed was given, or ran out in mid-utterance."""
        utterance, count = self._pushed
        if not count or self._given >= (utterance, count - HALF_TICK):
            return True
        return (self._given[0] == utterance and not self._fresh) or self._silent > PATIENCE

    def forget(self, utterance: int) -> None:
        """An interruption: what belongs to utterances before this number does not happen."""
        with self._lock:
            self._cues = deque(cue for cue in self._cues if cue.place[0] >= utterance)
            self._messages = deque(item for item in self._messages if item[0][0] >= utterance)
            if self._pushed[0] < utterance:
                self._pushed = (utterance, 0.0)

    def _pushed_place(self, utterance: int) -> Place:
        return self._pushed if self._pushed[0] == utterance else (utterance, 0.0)
