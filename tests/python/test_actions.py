"""When clips are played: asked for, by words and emotions, and by chance while nobody speaks."""

from __future__ import annotations

import logging
import random
from typing import Any, Callable, cast

import pytest
from live import ACTIONS, Live, live, voice

import bithuman_ctypes as bh
from bithuman_ctypes.actions import IDLE_AFTER, IDLE_INTERVAL, Director, Request, Triggers
from bithuman_ctypes.settings import Settings

CLIPS = [
    bh.Action("wave", 20, 0, 1, False),
    bh.Action("nod", 10, 0, 1, False),
    bh.Action("look", 30, 0, 1, True),
    bh.Action("blink", 5, 0, 1, True),
]


class Stage:
    """A director and what it has played; ``clip`` shows the clip that it started."""

    def __init__(self, **options: Any) -> None:
        self.played: list[tuple[str | None, bool]] = []
        self.director = Director(
            CLIPS,
            lambda name, at_once: self.played.append((name, at_once)),
            random.Random(options.pop("seed", 1)),
            **options,
        )

    @property
    def names(self) -> list[str | None]:
        return [name for name, _ in self.played]

    def frames(self, count: int, speech: bool = False, action: bool = False) -> None:
        for _ in range(count):
            self.director.frame(speech, action)

    def clip(self) -> None:
        self.frames(3, action=True)
        self.frames(1)


# ------------------------------------------------------------------ asked for


def test_a_list_is_played_in_order() -> None:
    stage = Stage()
    stage.director.request(Request(["wave", "nod"]))
    assert stage.names == ["wave"]
    stage.frames(5)
    assert stage.names == ["wave"], "it has not begun yet"
    stage.clip()
    assert stage.names == ["wave", "nod"]


def test_once_per_speech_unless_forced() -> None:
    stage = Stage()
    for utterance, force in ((4, False), (4, False), (4, True), (5, False)):
        stage.director.request(Request(["wave"], force), utterance)
        stage.clip()
    assert stage.played == [("wave", False), ("wave", True), ("wave", False)]


def test_again_and_again_while_nobody_speaks() -> None:
    stage = Stage()
    for _ in range(2):
        stage.director.request(Request(["nod"]))
        stage.clip()
    assert stage.names == ["nod", "nod"]
    stage.director.request(Request(["nod"]), 7)
    stage.clip()
    stage.director.request(Request(["nod"]), None)
    stage.clip()
    stage.director.request(Request(["nod"]), 7)
    assert len(stage.names) == 4, "once in the speech"


def test_a_forced_action_comes_first() -> None:
    stage = Stage()
    stage.director.request(Request(["wave", "nod"]))
    stage.director.request(Request(["look", "blink"], force=True))
    assert stage.played == [("wave", False), ("look", True)]
    for _ in range(4):
        stage.clip()
    assert stage.played[2:] == [("blink", True), ("wave", False), ("nod", False)]


def test_a_forced_action_does_not_repeat_one_that_has_begun() -> None:
    stage = Stage()
    stage.director.request(Request(["wave", "nod"]))
    stage.frames(1, action=True)
    stage.director.request(Request(["look"], force=True))
    for _ in range(3):
        stage.clip()
    assert stage.names == ["wave", "look", "nod"]


def test_an_unknown_name_is_logged_with_the_known_ones(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    with caplog.at_level(logging.WARNING):
        stage.director.request(Request(["dance", "nod"]))
    assert stage.names == ["nod"]
    assert "no action 'dance'" in caplog.text
    assert "blink, look, nod, wave" in caplog.text


def test_given_up_when_the_agent_or_the_user_speaks() -> None:
    stage = Stage()
    stage.director.request(Request(["wave"], stop_on_agent_speech=True))
    stage.frames(1, speech=True)
    assert stage.names == ["wave", None]
    stage.director.request(Request(["nod"], stop_on_user_speech=True), 2)
    stage.frames(1, speech=True)
    assert stage.names == ["wave", None, "nod"]
    stage.director.interrupted()
    assert stage.names == ["wave", None, "nod", None]
    stage.director.request(Request(["wave"], stop_on_user_speech=True), 3)
    stage.frames(1, action=True)
    stage.director.interrupted()
    assert stage.names[-1] == "wave", "what has begun is played to its seamless end"


# ------------------------------------------------------------------ by chance


def test_idle_actions_come_about_once_a_minute_of_silence() -> None:
    stage = Stage()
    for _ in range(60 * 60 * 25):
        stage.director.frame(False, False)
        if stage.director._current is not None:
            stage.clip()
    assert 50 < len(stage.played) < 70
    assert set(stage.names) == {"look", "blink"}


def test_the_same_seed_gives_the_same_actions() -> None:
    def played(seed: int) -> list[int]:
        stage, moments = Stage(seed=seed), []
        for moment in range(60 * 60 * 25):
            stage.director.frame(False, False)
            if stage.director._current is not None:
                moments.append(moment)
                stage.clip()
        return moments

    assert played(1) == played(1) != played(2)


def test_no_idle_action_within_ten_seconds_of_speech() -> None:
    stage = Stage()
    for _ in range(100):
        stage.frames(1, speech=True)
        stage.frames(IDLE_AFTER)
    assert stage.played == []
    stage.frames(IDLE_INTERVAL[1])
    assert len(stage.played) == 1


def test_idle_actions_can_be_turned_off() -> None:
    stage = Stage(idle_actions=False)
    stage.frames(100_000)
    assert stage.played == []


def test_a_greeting() -> None:
    assert Stage(greet=True).names == ["wave"]


# ------------------------------------------------------------------ words and emotions


def test_words_choose() -> None:
    triggers = Triggers(
        {
            "wave": bh.KeywordTrigger(["hello", "good morning"]),
            "nod": bh.KeywordTrigger(["yes"], "user"),
        }
    )

    def choose(text: str, source: str) -> str | None:
        return triggers.choose(text, None, source, random.Random(1))

    assert choose("Hello, you", "agent") == "wave"
    assert choose("a very GOOD MORNING.", "user") == "wave"
    assert choose("hellos", "user") is None
    assert choose("oh yes!", "user") == "nod"
    assert choose("oh yes!", "agent") is None
    with pytest.raises(bh.InvalidArgumentError, match="trigger_source"):
        bh.KeywordTrigger(["x"], "nobody")


def test_emotions_choose_from_a_score_of_a_tenth() -> None:
    triggers = Triggers(None, {bh.Emotion.JOY: "wave", bh.Emotion.SADNESS: ["nod", "look"]})

    def choose(**scores: float) -> str | None:
        predictions = [bh.EmotionPrediction(bh.Emotion(e), s) for e, s in scores.items()]
        return triggers.choose(None, predictions, "agent", random.Random(1))

    assert choose(joy=0.1) == "wave"
    assert choose(joy=0.09) is None
    assert choose(joy=0.2, sadness=0.5) in ("nod", "look")
    assert choose(anger=0.9, joy=0.3) == "wave"
    assert choose() is None


def test_wrong_arguments_are_refused_where_they_are_given() -> None:
    sad, yes = bh.Emotion.SADNESS, bh.KeywordTrigger(["yes"])
    joy: Any = "joy"
    three: Any = 3
    raw: Any = b"\0\0"
    none: Any = None
    words: Any = ["yes"]
    wrong: list[Callable[[], object]] = [
        lambda: bh.VideoControl(audio=raw),
        lambda: bh.VideoControl(text=three),
        lambda: bh.VideoControl(action=three),
        lambda: bh.VideoControl(action=["nod", three]),
        lambda: bh.VideoControl(emotion_preds=[joy]),
        lambda: bh.EmotionPrediction(sad, joy),
        lambda: bh.KeywordTrigger([three]),
        lambda: Triggers({"nod": words}),
        lambda: Triggers(cast("Any", [yes])),
        lambda: Triggers(None, {sad: three}),
        lambda: bh.AsyncBithuman().set_idle_timeout(none),
    ]
    for make in wrong:
        with pytest.raises(bh.WrongTypeError):
            make()
    with pytest.raises(bh.InvalidArgumentError, match="no action"):
        Triggers(None, {sad: []})
    with pytest.raises(bh.InvalidArgumentError, match=r"joy.*'happy'"):
        Triggers(None, {"happy": "nod"})  # type: ignore[dict-item]


# ------------------------------------------------------------------ in an avatar


def shown(one: Live, count: int) -> list[int]:
    """Which of the next frames show a clip."""
    frames = one.frames(count)
    return [i for i, f in enumerate(frames) if f.info is not None and f.info.is_action]


def test_an_action_is_shown_and_the_loop_goes_on() -> None:
    with live(ACTIONS) as one, live(ACTIONS) as plain:
        clip = next(a for a in one.session.fixture.actions if a.name == "nod")
        one.session.cue(bh.VideoControl(action="nod"))
        frames = one.frames(60)
        marked = [i for i, f in enumerate(frames) if f.info is not None and f.info.is_action]
        assert len(marked) == clip.frame_count
        assert marked == list(range(marked[0], marked[0] + clip.frame_count))
        before, after = frames[marked[0] - 1].info, frames[marked[-1] + 1].info
        assert before is not None
        assert after is not None
        assert (before.source_idx, after.source_idx) == (clip.leave, clip.rejoin)
        assert shown(plain, 60) == []


def test_an_action_waits_for_its_turn() -> None:
    with live(ACTIONS) as one:
        one.say(voice(2), last=False)
        one.session.cue(bh.VideoControl(action="nod", force_action=True))
        one.say(voice(1))
        assert shown(one, 50) == []
        assert shown(one, 30)


def test_a_forced_action_begins_at_once() -> None:
    with live(ACTIONS) as one:
        one.frames(3)
        one.session.cue(bh.VideoControl(action="nod", force_action=True))
        assert shown(one, 5)[:1] == [1]


@pytest.mark.parametrize("said", [False, True])
def test_an_action_waits_for_sound_that_is_too_short_to_begin(said: bool) -> None:
    """The first piece of a reply, and what follows comes later or never."""
    with live(ACTIONS) as one:
        one.frames(3)
        one.say(voice(0.04), last=False)
        one.session.cue(bh.VideoControl(action="nod", force_action=True))
        assert shown(one, 4) == []
        if said:
            one.say(voice(1), last=False)
        frames = one.frames(20)
        marked = [f.info is not None and f.info.is_action for f in frames]
        heard = [f.audio_chunk is not None for f in frames]
        assert any(marked)
        if said:
            assert heard.index(True) <= marked.index(True) <= heard.index(True) + 2


def test_an_interruption_takes_back_what_has_not_had_its_turn() -> None:
    with live(ACTIONS) as one:
        one.say(voice(2), last=False)
        one.session.cue(bh.VideoControl(action="nod"))
        one.say(voice(1))
        one.frames(10)
        one.session.interrupt()
        assert shown(one, 100) == []


def test_words_of_a_control_play_an_action() -> None:
    with live(ACTIONS) as one:
        one.session.triggers = Triggers({"nod": bh.KeywordTrigger(["agreed"])})
        one.session.cue(bh.VideoControl(text="Not today"))
        assert shown(one, 40) == []
        one.session.cue(bh.VideoControl(text="Agreed!"))
        assert shown(one, 40)


@pytest.mark.parametrize("enabled", [True, False])
def test_idle_actions_of_an_avatar(enabled: bool) -> None:
    settings = Settings(LIVA_IDLE_VIDEO_ENABLED=enabled, PROCESS_IDLE_VIDEO=False)
    with live(ACTIONS, settings, seed=4) as one:
        assert bool(shown(one, IDLE_AFTER + IDLE_INTERVAL[1] + 100)) == enabled
