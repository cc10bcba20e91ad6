"""When an avatar plays its clips; how it plays them is the engine's business.

Time is counted in frames (25 a second) and chance comes from a generator of one's own, so the same
conversation gives the same actions.
"""

from __future__ import annotations

import logging
import numbers
import random
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Callable

from bithuman_ctypes.errors import InvalidArgumentError, WrongTypeError
from bithuman_ctypes.types import Action

__all__ = ["Director", "Emotion", "EmotionPrediction", "KeywordTrigger", "Triggers"]

logger = logging.getLogger("bithuman_ctypes.actions")

FPS = 25
EMOTION_THRESHOLD = 0.1
"""Score from which an emotion counts."""

IDLE_AFTER = 10 * FPS
"""Frames of silence after which the avatar is idle again."""

IDLE_INTERVAL = (45 * FPS, 75 * FPS)
"""Frames between two idle actions, drawn evenly: a minute on average."""

GREETINGS = ("say_hi", "hello", "wave_hello", "mini_wave_hello", "wave", "hi")
"""Actions that LIVA_AUTO_SAY_HI takes for a greeting, the first that there is."""

SOURCES = ("user", "agent", "both")


class Emotion(str, Enum):
    """What somebody seems to feel."""

    ANGER = "anger"
    DISGUST = "disgust"
    FEAR = "fear"
    JOY = "joy"
    LOVE = "love"
    NEUTRAL = "neutral"
    SADNESS = "sadness"
    SURPRISE = "surprise"

    @classmethod
    def _missing_(cls, value: object) -> Emotion:
        names = ", ".join(emotion.value for emotion in cls)
        raise InvalidArgumentError(f"an emotion is one of {names}, not {value!r}")


def require_names(what: str, value: object) -> None:
    """Raises WrongTypeError when it is neither a name nor a list of names."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)):
        raise WrongTypeError(f"{what} is a name or a list of names, not {type(value).__name__}")
    for name in names:
        if not isinstance(name, str):
            raise WrongTypeError(f"{what} has names, not {type(name).__name__} {name!r}")


@dataclass
class EmotionPrediction:
    """An emotion and how sure its finder is, 0 .. 1."""

    emotion: Emotion
    score: float

    def __post_init__(self) -> None:
        self.emotion = Emotion(self.emotion)
        score: object = self.score
        if not isinstance(score, numbers.Real):
            raise WrongTypeError(f"a score is a number, not {type(score).__name__}")


@dataclass
class KeywordTrigger:
    """Words that make the avatar act, in any case, as whole words or phrases.

    ``trigger_source``: whose words: "user", "agent" or "both".
    """

    keywords: Sequence[str]
    trigger_source: str = "both"

    def __post_init__(self) -> None:
        if isinstance(self.keywords, str):
            self.keywords = [self.keywords]
        require_names("KeywordTrigger.keywords", self.keywords)
        if self.trigger_source not in SOURCES:
            raise InvalidArgumentError(
                f"trigger_source is one of {', '.join(SOURCES)}, not {self.trigger_source!r}"
            )
        words = "|".join(re.escape(word) for word in self.keywords if word)
        self._pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) if words else None

    def matches(self, text: str, source: str) -> bool:
        """Whether ``text``, said by ``source``, has one of the words."""
        if self.trigger_source not in ("both", source) or self._pattern is None:
            return False
        return self._pattern.search(text) is not None


class Triggers:
    """Which action belongs to which words and emotions."""

    def __init__(
        self,
        keywords: Mapping[str, KeywordTrigger] | None = None,
        emotions: Mapping[Emotion, str | Sequence[str]] | None = None,
    ) -> None:
        self._check(keywords or {}, emotions or {})
        self._keywords = dict(keywords or {})
        self._emotions = {Emotion(key): value for key, value in (emotions or {}).items()}

    @staticmethod
    def _check(keywords: Mapping[str, KeywordTrigger], emotions: Mapping[Emotion, object]) -> None:
        for given in (keywords, emotions):
            if not isinstance(given, Mapping):
                raise WrongTypeError(f"triggers are a mapping, not {type(given).__name__}")
        for action, trigger in keywords.items():
            if not isinstance(trigger, KeywordTrigger):
                raise WrongTypeError(
                    f"the trigger of {action!r} is a KeywordTrigger, not {type(trigger).__name__}"
                )
        for emotion, actions in emotions.items():
            require_names(f"the action of {emotion!r}", actions)
            if not actions:
                raise InvalidArgumentError(f"no action for {emotion!r}: leave it out")

    def choose(
        self,
        text: str | None,
        predictions: Iterable[EmotionPrediction] | None,
        source: str,
        rng: random.Random,
    ) -> str | None:
        """The action that words or, where those say nothing, the strongest known emotion asks
        for."""
        if text:
            for action, trigger in self._keywords.items():
                if trigger.matches(text, source):
                    return action
        known = [p for p in predictions or () if p.emotion in self._emotions]
        strong = [p for p in known if p.score >= EMOTION_THRESHOLD]
        if not strong:
            return None
        actions = self._emotions[max(strong, key=lambda p: p.score).emotion]
        return actions if isinstance(actions, str) else rng.choice(list(actions))


@dataclass
class Request:
    """Clips that were asked for, see VideoControl."""

    names: list[str]
    force: bool = False
    stop_on_user_speech: bool = False
    stop_on_agent_speech: bool = False


class Director:
    """Plays what was asked for, one clip after another, and idle actions when nothing happens.

    ``play(name, at_once)`` starts a clip in the engine, and takes a waiting one back for None. Used
    by one thread at a time.
    """

    def __init__(
        self,
        actions: Sequence[Action],
        play: Callable[[str | None, bool], None],
        rng: random.Random,
        idle_actions: bool = True,
        greet: bool = False,
    ) -> None:
        self._names = {action.name for action in actions}
        self._idle = [action.name for action in actions if action.idle] if idle_actions else []
        self._play = play
        self._rng = rng
        self._waiting: deque[tuple[str, Request]] = deque()
        self._current: Request | None = None
        self._name = ""  # of the current clip
        self._begun = False  # frames of the current clip were seen
        self._played: set[str] = set()  # in this speech
        self._speech: int | None = None
        self._silent = IDLE_AFTER  # frames since the last one with sound
        self._until_idle_action = self._draw()
        if greet:
            self.request(Request([name for name in GREETINGS if name in self._names][:1]))

    def request(self, request: Request, utterance: int | None = None) -> None:
        """Asks for clips, in the speech ``utterance`` or (None) while nobody speaks; those asked
        for in this speech already are left out unless forced."""
        if utterance is not None and utterance != self._speech:
            self._speech, self._played = utterance, set()
        names = [name for name in request.names if self._is_wanted(name, request, utterance)]
        if request.force and names:
            self._put_back()
            self._waiting.extendleft((name, request) for name in reversed(names))
        else:
            self._waiting.extend((name, request) for name in names)
        self._start_next()

    def _is_wanted(self, name: str, request: Request, utterance: int | None) -> bool:
        if name not in self._names:
            self._report_unknown(name)
            return False
        if utterance is None:
            return True
        wanted = request.force or name not in self._played
        self._played.add(name)
        return wanted

    def _put_back(self) -> None:
        """A forced clip comes first. The engine drops a clip that has not begun for it, and stops
        one that has."""
        if self._current is not None and not self._begun:
            self._waiting.appendleft((self._name, self._current))
        self._current = None

    def frame(self, speech: bool, action: bool) -> None:
        """Takes note of a frame that was given."""
        if self._current is not None:
            self._begun = self._begun or action
            if self._begun and not action:
                self._current = None
                self._start_next()
        if speech:
            self._give_up(lambda request: request.stop_on_agent_speech)
            self._silent = 0
            return
        self._silent += 1
        if self._idle and self._silent > IDLE_AFTER and self._current is None:
            self._until_idle_action -= 1
            if self._until_idle_action <= 0:
                self._until_idle_action = self._draw()
                self._waiting.append((self._rng.choice(self._idle), Request([])))
                self._start_next()

    def interrupted(self) -> None:
        """The user speaks."""
        self._give_up(lambda request: request.stop_on_user_speech)

    def _give_up(self, stops: Callable[[Request], bool]) -> None:
        self._waiting = deque(item for item in self._waiting if not stops(item[1]))
        if self._current is not None and not self._begun and stops(self._current):
            self._current = None
            self._play(None, False)
            self._start_next()

    def _start_next(self) -> None:
        if self._current is None and self._waiting:
            self._name, self._current = self._waiting.popleft()
            self._begun = False
            self._play(self._name, self._current.force)

    def _draw(self) -> int:
        return self._rng.randint(*IDLE_INTERVAL)

    def _report_unknown(self, name: str) -> None:
        known = ", ".join(sorted(self._names)) or "none"
        logger.warning("the avatar has no action %r; it has: %s", name, known)
