"""The three ready profiles, each with a real session, and that docs/tuning.md tells of everything.

What a profile claims is counted, in frames, samples and bytes, and never timed.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Coroutine
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import pytest
from live import voice
from support import REPO, TINY, package_folder, run_python

import bithuman_ctypes as bh
from bithuman_ctypes import profiles
from bithuman_ctypes._live_options import MIN_QUEUE_MS, LiveOptions
from bithuman_ctypes.profiles import BALANCED, LOWEST_LATENCY, SMALL_MACHINE, Profile
from bithuman_ctypes.settings import Settings

PROFILES = {name: getattr(profiles, name) for name in profiles.__all__ if name.isupper()}
NAMES = list(PROFILES)
DEFAULTS = {
    name: parameter.default
    for name, parameter in inspect.signature(bh.AsyncBithuman.create).parameters.items()
}
PAGE = REPO / "docs" / "tuning.md"

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*(field.name for field in fields(Settings)), "LIVA_IDEL_VIDEO_ENABLED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)  # without a .env


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine, at most a minute."""
    return asyncio.run(asyncio.wait_for(main, 60))


# ------------------------------------------------------------------ what they are


def test_there_are_three() -> None:
    assert set(NAMES) == {"LOWEST_LATENCY", "BALANCED", "SMALL_MACHINE"}


@pytest.mark.parametrize("name", NAMES)
def test_they_are_arguments_of_create(name: str) -> None:
    profile: Profile = PROFILES[name]
    assert set(profile) <= set(DEFAULTS)
    assert len(profile) == len(dict(profile)) == len(list(profile))
    assert "settings" in profile
    assert "token" not in profile
    with pytest.raises(KeyError):
        profile["token"]
    assert set(profile.own_settings) <= {field.name for field in fields(Settings)}
    for value in (*profile.own_settings.values(), name):
        assert str(value) in repr(profile)
    LiveOptions(**{k: v for k, v in profile.items() if k != "settings"}).check()


def test_balanced_is_the_default() -> None:
    for name, value in BALANCED.items():
        assert value == (Settings() if name == "settings" else DEFAULTS[name])


def test_settings_are_the_callers_own() -> None:
    BALANCED["settings"].OUTPUT_WIDTH = 100
    assert BALANCED["settings"] == Settings()
    BALANCED.own_settings["OUTPUT_WIDTH"] = 100
    assert BALANCED["settings"] == Settings()


def test_the_environment_holds_for_what_a_profile_is_not_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIVA_AUTO_SAY_HI", "true")
    monkeypatch.setenv("OUTPUT_WIDTH", "320")
    monkeypatch.setenv("PRELOAD_TO_MEMORY", "true")  # it would undo the small machine's storage
    small = SMALL_MACHINE["settings"]
    assert (small.LIVA_AUTO_SAY_HI, small.OUTPUT_WIDTH, small.PRELOAD_TO_MEMORY) == (
        True,
        640,
        False,
    )
    assert BALANCED["settings"].OUTPUT_WIDTH == 320
    assert not BALANCED["settings"].PRELOAD_TO_MEMORY


# ------------------------------------------------------------------ what they do


async def speech_known(profile: Profile, **more: Any) -> tuple[list[bh.VideoFrame], int]:
    """The frames that a second of speech gives while it may go on, and the samples that wait."""
    runtime = await bh.AsyncBithuman.create(model_path=TINY, **{**profile, **more})
    try:
        runtime.set_idle_timeout(0.2)
        await runtime.push_audio(voice(1), 16000, last_chunk=False)
        spoken: list[bh.VideoFrame] = []
        async for frame in runtime.run():
            if frame.audio_chunk is not None:
                spoken.append(frame)
            elif spoken:
                break  # starved: more sound would have to come
        return spoken, runtime.stats().samples_queued
    finally:
        await runtime.stop()


@pytest.mark.parametrize(
    ("name", "lookahead"), [("LOWEST_LATENCY", 1), ("BALANCED", 2), ("SMALL_MACHINE", 2)]
)
def test_how_much_sound_a_frame_waits_for(name: str, lookahead: int) -> None:
    frames, waiting = run(speech_known(PROFILES[name]))
    assert len(frames) == 25 - lookahead
    assert waiting == lookahead * 640
    assert all(frame.has_image and frame.bgr_image is not None for frame in frames)


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_utterance(name: str) -> None:
    async def main() -> list[bh.VideoFrame]:
        found: list[bh.VideoFrame] = []
        async with await bh.AsyncBithuman.create(model_path=TINY, **PROFILES[name]) as runtime:
            await runtime.push_audio(voice(0.4), 16000)
            async for frame in runtime.run():
                found.append(frame)
                if frame.end_of_speech:
                    return found
        return found

    frames = run(main())
    assert sum(len(f.audio_chunk.array) for f in frames if f.audio_chunk) == 6400
    assert [f.end_of_speech for f in frames].count(True) == 1


def test_a_profile_can_be_changed() -> None:
    frames, waiting = run(speech_known(LOWEST_LATENCY, quality="high", pixel_format="i420"))
    assert waiting == 3 * 640
    assert all(frame.bgr_image is None and frame.image is not None for frame in frames)


def test_a_small_machine_refuses_hours_of_speech() -> None:
    seconds = SMALL_MACHINE["input_buffer_size"] // 32_000
    assert seconds * 1000 > MIN_QUEUE_MS

    async def main() -> None:
        async with await bh.AsyncBithuman.create(model_path=TINY, **SMALL_MACHINE) as runtime:
            with pytest.raises(bh.RuntimeNotReadyError) as caught:
                await runtime.push_audio(voice(seconds + 1), 16000)
            assert caught.value.code == "queue_full"
            await runtime.push_audio(voice(seconds - 1), 16000)

    run(main())


MEMORY = """
import json, os, sys, time
from bithuman_ctypes import profiles
from bithuman_ctypes._live_options import LiveOptions, open_session

def pictures():
    '''Bytes of the mappings that may hold pictures: private memory, and files without a name.'''
    lines = open("/proc/self/status").read().splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return sum(int(found[name].split()[0]) for name in ("RssAnon", "RssShmem")) * 1024

profile = dict(getattr(profiles, sys.argv[2]))
settings = profile.pop("settings")
threads = len(os.listdir("/proc/self/task"))
session = open_session(sys.argv[1], LiveOptions(**profile), settings)
loop, now = session.fixture.source_frame_count, 1_000_000
frame = session.step(now)
opened, most = pictures(), 0
while sys.argv[2] != "SMALL_MACHINE" and len(os.listdir("/proc/self/task")) > threads:
    time.sleep(0.01)  # a worker decodes until all is there; on demand it waits for more
for _ in range(2 * loop):
    now += 40_000
    frame = session.step(now)
    most = max(most, pictures())
print(json.dumps({"opened": opened, "most": most, "frame": frame.image.nbytes}))
session.stop()
"""


def bytes_of(name: str) -> dict[str, int]:
    """Of a session on the bundled avatar: when it is opened, at most, and of a frame."""
    model = package_folder() / "assets" / "default.imx"
    done = run_python(MEMORY, str(model), name)
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_memory() -> None:
    balanced, small, lowest = map(bytes_of, ("BALANCED", "SMALL_MACHINE", "LOWEST_LATENCY"))
    # 40 MB of pictures decoded, of which a small machine keeps STORE_MB at most.
    assert small["most"] < balanced["most"] - 20_000_000
    assert small["frame"] == 640 * 362 * 3
    assert balanced["frame"] == lowest["frame"] == 1248 * 704 * 3
    # Nothing is left to decode once it is open.
    assert lowest["most"] - lowest["opened"] < 12_000_000
    assert abs(lowest["most"] - balanced["most"]) < 12_000_000


# ------------------------------------------------------------------ what the page tells


def variables() -> set[str]:
    """The environment variables that the package and the library read."""
    found = {field.name for field in fields(Settings)} | {"LIVA_IDEL_VIDEO_ENABLED"}
    for path in (REPO / "c_core" / "src").rglob("*.c"):
        text = path.read_text(encoding="utf-8")
        found.update(re.findall(r'\b(?:getenv|bei_env_\w+)\(\s*"(\w+)"', text))
        found.update(re.findall(r'"([A-Z][A-Z0-9]*_[A-Z0-9_]+)"', text))  # nothing else looks so
    for path in (REPO / "bithuman_ctypes").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found.update(re.findall(r'\b(?:environ(?:\.get\(|\[)|getenv\()\s*"(\w+)"', text))
        found.update(re.findall(r'^\w*VARIABLE\w* = "(\w+)"', text, re.MULTILINE))
        found.update(re.findall(r'"(BITHUMAN_[A-Z_]+)"', text))
    return found


def test_the_page_names_every_variable() -> None:
    known = variables()
    assert {"BITHUMAN_ORT_LIBRARY", "BITHUMAN_CPU", "BITHUMAN_WAITER_THREADS", "TMPDIR"} <= known
    heading = "## Environment variables"
    reference = PAGE.read_text(encoding="utf-8").partition(heading)[2]
    named = {name for row in re.findall(r"^\| (`.*?) \|", reference, re.M) for name in row.split()}
    assert {name.strip("`,") for name in named} == known


@pytest.mark.parametrize("name", NAMES)
def test_the_page_says_what_a_profile_sets(name: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    profile: Profile = PROFILES[name]
    (row,) = re.findall(rf"^\| `{name}` \| (`.*=.*?) \|", text, re.MULTILINE)
    said = dict(pair.split("=", 1) for pair in re.findall(r"`(\w+=[^`]+)`", row))
    arguments = {key: value for key, value in profile.items() if key != "settings"}
    assert said == {k: str(v) for k, v in {**arguments, **profile.own_settings}.items()}


def test_the_example() -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    code = block.replace("me.imx", str(TINY)) + "\nimport asyncio\n"
    done = run_python(
        code + "async def main():\n    await (await begin()).stop()\nasyncio.run(main())"
    )
    assert done.returncode == 0, done.stderr


def test_the_measured_tables_have_their_places() -> None:
    script = (REPO / "scripts" / "bench_settings").read_text(encoding="utf-8")
    names = [*re.findall(r'Group\(\s*"(\w+)"', script), "sizing", "machine"]
    assert len(names) > 10
    text = PAGE.read_text(encoding="utf-8")
    begun = re.findall(r"<!-- measured: (\w+) -->", text)
    ended = re.findall(r"<!-- /measured: (\w+) -->", text)
    assert sorted(begun) == sorted(ended) == sorted(names)
