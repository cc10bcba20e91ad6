"""Which message each sample belongs to, and what is to happen when its turn comes."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from bithuman_ctypes.actions import Request

Place = tuple[int, float]
"""A point in the sound: the utterance, and the samples of 16 kHz pushed before it in that."""


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
        self._message: tuple[int, str] | None = None  # the one that is being said

    def push(self, utterance: int, count: float, message: str) -> Place:
        """``count`` samples of a message are pushed; the place where they begin."""
        with self._lock:
            place = self._pushed_place(utterance)
            last = self._messages[-1] if self._messages else None
            if last is None or last[0][0] != utterance or last[1] != message:
                self._messages.append((place, message))
            self._pushed = (utterance, place[1] + count)
            return place

    def take_back(self, place: Place) -> None:
        """The push that began there was refused."""
        with self._lock:
            self._pushed = place
            if self._messages and self._messages[-1][0] == place:
                self._messages.pop()

    def cue(self, utterance: int, request: Request) -> None:
        """Something is to happen after all that was pushed before."""
        with self._lock:
            self._cues.append(Cue(self._pushed_place(utterance), request))

    def speak(self, utterance: int, count: int) -> str | None:
        """``count`` samples are given: the message of the first of them."""
        with self._lock:
            place = self._given if self._given[0] == utterance else (utterance, 0.0)
            # Half a tick, because a resampler holds a little back.
            reached = (utterance, place[1] + 320)
            while self._messages and self._messages[0][0] <= reached:
                (number, _), message = self._messages.popleft()
                self._message = (number, message)
            self._given = (utterance, place[1] + count)
            if self._message is None or self._message[0] != utterance:
                return None
            return self._message[1]

    def due(self, silent: bool) -> list[Request]:
        """What is to happen now; everything when the avatar is ``silent``, because then all that
        was pushed was given."""
        with self._lock:
            found = []
            while self._cues and (silent or self._cues[0].place <= self._given):
                found.append(self._cues.popleft().request)
            return found

    def forget(self, utterance: int) -> None:
        """An interruption: what belongs to utterances before this number does not happen."""
        with self._lock:
            self._cues = deque(cue for cue in self._cues if cue.place[0] >= utterance)
            self._messages = deque(item for item in self._messages if item[0][0] >= utterance)

    def _pushed_place(self, utterance: int) -> Place:
        return self._pushed if self._pushed[0] == utterance else (utterance, 0.0)
