"""This package under the name ``bithuman``, and the helpers that programs take from there."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import Any

import numpy as np
import pytest
from live import ACTIONS, voice
from support import TINY, run_python, speech

import bithuman_ctypes as bh
from bithuman_ctypes import audio, utils

IMPORTS = """
import bithuman_ctypes
bithuman_ctypes.install_as_bithuman()
bithuman_ctypes.install_as_bithuman()
import bithuman
import bithuman.api
from bithuman import AsyncBithuman, AudioChunk, Bithuman, VideoFrame, __version__
from bithuman.api import VideoControl
from bithuman.audio import float32_to_int16, int16_to_float32, load_audio
from bithuman.config import load_settings
from bithuman.exceptions import TokenError
from bithuman.runtime import Bithuman as A
from bithuman.runtime_async import AsyncBithuman as B
from bithuman.utils import FPSController
import bithuman_ctypes.api, bithuman_ctypes.errors
assert bithuman is bithuman_ctypes
assert bithuman.api is bithuman_ctypes.api
assert VideoControl is bithuman_ctypes.VideoControl
assert TokenError is bithuman_ctypes.errors.TokenError
assert (A, B) == (Bithuman, AsyncBithuman)
import bithuman._lowlevel.runtime, bithuman_ctypes._lowlevel.runtime, importlib
assert bithuman._lowlevel.runtime.Runtime is bithuman_ctypes._lowlevel.runtime.Runtime
assert bithuman_ctypes.api.__spec__.name == bithuman_ctypes.api.__name__ == "bithuman_ctypes.api"
assert importlib.import_module("bithuman.api") is bithuman_ctypes.api
try:
    import bithuman.nonsense
except ModuleNotFoundError as error:
    print(error)
"""


def test_every_import_path_that_is_in_use() -> None:
    result = run_python(IMPORTS)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "No module named 'bithuman.nonsense'"


def test_another_package_of_that_name_is_not_replaced() -> None:
    result = run_python(
        "import sys, types; sys.modules['bithuman'] = types.ModuleType('bithuman')\n"
        "import bithuman_ctypes\n"
        "try: bithuman_ctypes.install_as_bithuman()\nexcept ImportError as error: print(error)"
    )
    assert "bithuman is imported already" in result.stdout, result.stderr


# ------------------------------------------------------------------ what goes in and out


def test_sound_of_every_kind() -> None:
    values = [0, 1, -1, 32767, -32768]
    packed = struct.pack("5h", *values)
    array = np.array(values, np.int16)
    for data in (packed, bytearray(packed), memoryview(packed), array.data, array):
        chunk = bh.AudioChunk(data, 16000)
        assert chunk.array.dtype == np.int16
        assert chunk.array.tolist() == values
        assert chunk.bytes == packed
        assert chunk.duration == 5 / 16000
        assert chunk == bh.AudioChunk.from_bytes(packed, 16000)
    floats = np.array([0, 0.5, -1, 2, -2, np.nan, np.inf])
    for kind in (np.float32, np.float64):
        assert bh.AudioChunk(floats.astype(kind), 8000).array.tolist() == [
            0, 16384, -32768, 32767, -32768, 0, 32767,
        ]  # fmt: skip
    assert bh.AudioChunk(array, 16000) != bh.AudioChunk(array, 8000)
    assert bh.AudioChunk(array[::2], 16000).array.tolist() == [0, -1, -32768]
    assert bh.AudioChunk(b"", 16000.0).sample_rate == 16000  # type: ignore[arg-type]


def test_a_control() -> None:
    idle = bh.VideoControl()
    assert idle.is_idle
    assert not idle.is_speaking
    assert idle.message_id != bh.VideoControl().message_id
    speaking = bh.VideoControl.from_audio(b"\0\0", 24000, last_chunk=False)
    assert speaking.is_speaking
    assert not speaking.is_idle
    assert speaking.audio == bh.AudioChunk(b"\0\0", 24000, False)
    assert bh.VideoControl(action="a").actions == ["a"]
    assert bh.VideoControl(action=["a", "b"]).actions == ["a", "b"]
    assert not bh.VideoControl(text="hi").is_idle


def test_a_frame() -> None:
    empty = bh.VideoFrame()
    assert not empty.has_image
    assert empty.rgb_image is None
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    frame = bh.VideoFrame(image, None, 3, "m", True)
    assert frame.has_image
    rgb = frame.rgb_image
    assert rgb is not None
    assert rgb.flags.c_contiguous
    np.testing.assert_array_equal(rgb, image[:, :, ::-1])


def test_controls_in_a_live_session() -> None:
    async def main() -> None:
        runtime = await bh.AsyncBithuman.create(model_path=ACTIONS, seed=1)
        runtime.set_action_triggers({"nod": bh.KeywordTrigger(["yes"], "agent")})
        chunk = bh.AudioChunk(voice(0.4), 16000, last_chunk=False)
        await runtime.push(bh.VideoControl(audio=chunk, text="oh yes", message_id="first"))
        await runtime.push(bh.VideoControl(end_of_speech=True))
        shown, ended, ids = 0, 0, set()
        async for frame in runtime.run():
            assert frame.info is not None
            shown += frame.info.is_action
            ended += frame.end_of_speech
            ids.add(frame.source_message_id)
            if frame.frame_index == 40:
                runtime.cleanup()
        assert shown > 0
        assert ended == 1
        assert ids == {"first", None}

    asyncio.run(asyncio.wait_for(main(), 60))


def test_triggers_may_be_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOW_VIDEO_SCRIPT_UPDATE", "false")
    with pytest.raises(bh.InvalidArgumentError, match="ALLOW_VIDEO_SCRIPT_UPDATE"):
        bh.AsyncBithuman().set_action_triggers({})


def test_target_video_says_what_to_use() -> None:
    async def main() -> None:
        runtime = await bh.AsyncBithuman.create(model_path=TINY)
        await runtime.push(bh.VideoControl(target_video="standing"))
        runtime.cleanup()

    from bithuman_ctypes._once import CompatibilityWarning

    with pytest.warns(CompatibilityWarning, match=r"VideoControl\(action=...\)"):
        asyncio.run(main())


# ------------------------------------------------------------------ authorisation of an open avatar


def test_an_open_avatar_takes_every_secret_and_uses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was made")

    async def main() -> None:
        for name in ("connect", "connect_ex", "sendto"):
            monkeypatch.setattr(socket.socket, name, refuse)
        runtime = await bh.AsyncBithuman.create(
            model_path=TINY, token="t", api_secret="s", insecure=True, billing_type="b",
            api_url="https://example.invalid/", tags="x", agent_code="c", fingerprint="f" * 32,
            identity="someone",
        )  # fmt: skip
        assert runtime.is_token_validated()
        assert runtime.get_expiration_time() > time.time() + 1e9
        before = runtime.transaction_id
        runtime._regenerate_transaction_id()
        await runtime._initialize_token()
        assert runtime.transaction_id != before
        runtime.set_token("u")
        runtime.set_agent_code("d")
        runtime.set_billing_type("e")
        runtime.start_token_refresh()
        assert not runtime.is_token_refresh_running()
        runtime.stop_token_refresh()
        assert runtime.identity == "someone"
        runtime.set_identity("other")
        assert runtime.identity == "other"
        async for _ in runtime.run():
            break
        runtime.cleanup()

    asyncio.run(main())


def test_the_hash_of_the_model() -> None:
    import hashlib

    expected = hashlib.sha256(TINY.read_bytes()).hexdigest()
    assert bh.AsyncBithuman(model_path=TINY).model_hash == expected


# ------------------------------------------------------------------ helpers


def test_a_sound_file_as_programs_load_it() -> None:
    from support import package_folder

    samples, rate = audio.load_audio(package_folder() / "assets" / "speech.wav")
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert abs(len(samples) / rate - len(speech()) / 16000) < 0.01
    integers = audio.float32_to_int16(samples)
    assert np.abs(audio.int16_to_float32(integers) - samples).max() <= 0.51 / 32768
    with pytest.raises(bh.AudioNotFoundError):
        audio.load_audio("/nonexistent.wav")


def test_a_loop_at_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    fps = utils.FPSController(target_fps=25)
    assert fps.average_fps == 0
    for _ in range(30):
        fps.wait_next_frame()
        now[0] += 0.01
        fps.update()
    assert fps.average_fps == pytest.approx(25)
    assert fps.wait_next_frame(sleep=False) == pytest.approx(0.03)
    now[0] += 1
    assert fps.wait_next_frame(sleep=False) == 0
