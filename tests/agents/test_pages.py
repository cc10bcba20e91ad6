"""The programs of docs/livekit.md and docs/pipecat.md run as they stand there."""

from __future__ import annotations

import asyncio
import re
import shutil
import textwrap
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from harness import REPO, TINY, speech
from harness.measure import Heard
from harness.room import Recording
from harness.server import Server, two_rooms

BLOCK = re.compile(r"^( *)```python\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def programs(page: str) -> list[str]:
    text = (REPO / "docs" / page).read_text(encoding="utf-8")
    return [textwrap.dedent(code) for _, code in BLOCK.findall(text)]


LIVEKIT, PIPECAT = programs("livekit.md"), programs("pipecat.md")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a reader of the pages has an avatar and three seconds of speech."""
    shutil.copy(TINY, tmp_path / "me.imx")
    with wave.open(str(tmp_path / "speech.wav"), "wb") as file:
        file.setparams((1, 2, 24000, 0, "NONE", ""))
        file.writeframes(speech(0.0, 3.0, 24000).tobytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(code, "page", "exec"), names)
    return names


def test_the_pages_have_their_programs() -> None:
    assert (len(LIVEKIT), len(PIPECAT)) == (3, 3)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("number", range(len(LIVEKIT)))
def test_livekit(number: int) -> None:
    """A guest sees the avatar, and hears what the program says."""
    entrypoint = run(LIVEKIT[number])["entrypoint"]
    says = ".say(" in LIVEKIT[number]
    recording = Recording()
    servers: list[Server] = []

    async def connected() -> None:
        pass

    async def scene() -> None:
        async with two_rooms() as (server, host, guest):
            servers.append(server)
            guest.on("track_subscribed", lambda track, *_: recording.read(track))
            async with asyncio.timeout(60):
                await entrypoint(SimpleNamespace(room=host, connect=connected))
                while len(recording.pictures) < 30:
                    await asyncio.sleep(0.1)
            await asyncio.sleep(0.5)
            await recording.aclose()

    asyncio.run(scene())
    layers = [len(track.layers) for track in servers[0].added if track.width]
    assert layers == [1]  # the tiny avatar has one in any case
    if says:
        # Its beginning may be lost while the guest connects, and the rest be stretched.
        pcm, starts = speech(0.0, 3.0), range(16000, 43000, 3200)
        pieces = [Heard.alike(recording, pcm, (start, start + 4800)) for start in starts]
        assert any(pieces), "the guest heard nothing of the speech"


@pytest.mark.usefixtures("folder")
def test_a_pipecat_bot() -> None:
    counter = asyncio.run(run(PIPECAT[2])["main"]())
    assert counter.seconds == pytest.approx(3.0)
    assert counter.pictures >= 75


@pytest.mark.usefixtures("folder")
def test_the_parts_of_a_pipecat_bot() -> None:
    """The rest of that page holds together: a pipeline of other people's parts, and parameters."""
    from pipecat.processors.frame_processor import FrameProcessor

    parts = SimpleNamespace(input=FrameProcessor, output=FrameProcessor)
    others = [FrameProcessor() for _ in range(5)]
    pipeline = run(PIPECAT[0])["build"](parts, *others)
    assert any(type(part).__name__ == "BitHumanVideoService" for part in pipeline.processors)
    assert run(PIPECAT[1])["params"].audio_out_sample_rate == 16000
