"""Films to make avatars of: the default avatar listens and speaks, so what is true is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Callable

import av
import numpy as np
from mixed import second_mouth
from numpy.typing import NDArray
from support import RATE, Pcm, package_folder, speech

from bithuman_ctypes import Fixture, Runtime
from bithuman_ctypes.authoring import imx

Picture = NDArray[np.uint8]
DEFAULT = package_folder() / "assets" / "default.imx"
FACE = (slice(16, 496), slice(304, 944))
"""Rows and columns of the default avatar's picture that are filmed: 640x480."""

QUIET_SECONDS = 4.5


def said() -> Pcm:
    """Some seconds of listening, then the bundled speech, and again, a little slower and deeper."""
    spoken = speech()
    slower = np.interp(np.arange(0, len(spoken) - 1, 0.93), np.arange(len(spoken)), spoken)
    quiet = np.zeros(round(QUIET_SECONDS * RATE))
    whole = np.concatenate([quiet, spoken, slower, np.zeros(RATE // 2)])
    room = np.random.default_rng(3).normal(0, 2e-4, len(whole))
    return np.asarray(whole + room, np.float32)


def pictures(sound: Pcm) -> Iterator[Picture]:
    """The default avatar saying it, as RGB of 640x480, 25 a second."""
    for picture, _ in spoken(sound):
        yield picture


def spoken(sound: Pcm) -> Iterator[tuple[Picture, NDArray[np.float64]]]:
    """The pictures, and the coordinates (6,) of the mouth that each shows."""
    coords = np.array([mouth.coords for mouth in imx.read(DEFAULT).mouths])
    with Fixture(DEFAULT) as fixture, Runtime(fixture) as runtime:
        runtime.push_audio(sound)
        runtime.flush()
        for _ in range(runtime.ticks_available()):
            mouth, _, picture = runtime.pull()
            other, sixteenths = second_mouth(runtime)
            mixed = coords[mouth] + (coords[other] - coords[mouth]) * (sixteenths / 16)
            yield np.ascontiguousarray(picture[(*FACE, slice(None, None, -1))]), mixed


def write(
    path: Path,
    shown: Iterable[Picture],
    sound: Pcm | None,
    fps: int = 25,
    turn: int = 0,
    crf: int = 16,
    transfer: int | None = None,
) -> Path:
    """An MP4 of pictures and sound at 16 kHz. ``turn``: degrees that a player turns it by, counter-
    clockwise; the pictures given are the upright ones. ``transfer``: its number in H.273, with the
    colours of BT.2020; the pictures given are the signal."""
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream(
            "libx264", rate=fps, options={"crf": str(crf), "preset": "ultrafast"}
        )
        audio: Any = None
        if sound is not None:
            audio = container.add_stream("aac", rate=RATE)
            audio.layout = "mono"
        for i, picture in enumerate(shown):
            stored = np.ascontiguousarray(np.rot90(picture, -turn // 90))
            if i == 0:
                video.height, video.width = stored.shape[:2]
                video.pix_fmt = "yuv420p"
                if transfer is not None:
                    context = video.codec_context
                    context.color_primaries, context.color_trc, context.colorspace = 9, transfer, 9
                if turn:
                    video.set_display_rotation(turn)
            frame = av.VideoFrame.from_ndarray(stored, format="rgb24")
            if transfer is not None:
                frame = frame.reformat(format="yuv420p", dst_colorspace=9)
            frame.pts, frame.time_base = i, Fraction(1, fps)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sound is not None:
            container.mux(list(_encoded(audio, sound)))
    return path


def _encoded(stream: Any, sound: Pcm) -> Iterator[Any]:
    for start in range(0, len(sound), 1024):
        part = np.pad(sound[start : start + 1024], (0, max(0, start + 1024 - len(sound))))
        frame = av.AudioFrame.from_ndarray(part[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, start
        yield from stream.encode(frame)
    yield from stream.encode(None)


def changed(
    shown: Iterable[Picture], change: Callable[[int, Picture], Picture]
) -> Iterator[Picture]:
    """Pictures after a change that knows their number."""
    for i, picture in enumerate(shown):
        yield change(i, picture)
