"""Reads the mouth from a picture of the tiny avatar, and says what it should be.

The tiny avatar has few source frames and few mouths, so a picture is recognised by comparing it
with all that the engine can make: each mouth that a speech uses, on each source frame.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import bithuman_ctypes as bh
from bithuman_ctypes._ffi import _values
from bithuman_ctypes._ffi.library import ffi, library
from bithuman_ctypes.authoring import imx

from . import RATE, TICK, TINY, TINY_SIZE

Luma = NDArray[np.float32]
MOUTHS = 512  # the most that an avatar has


@dataclass(frozen=True)
class Look:
    """What a picture shows: which source frame, which mouth, and how far off the best guess is.

    A mouth is 0 at rest; else its number, that of the mouth mixed into it, and that one's share in
    sixteenths, as one number.
    """

    source: int
    mouth: int
    error: float  # mean difference of luma, in levels of 255


def luma(bgr: NDArray[np.uint8]) -> Luma:
    """The Y of limited-range BT.601, which is what LiveKit converts RGB to."""
    weights = np.array([24.966, 128.553, 65.481], np.float32) / 255
    return np.asarray(bgr.astype(np.float32) @ weights + 16, np.float32)


def thumbnail(y: NDArray[Any]) -> Luma:
    """The picture at the size of the tiny avatar, which a larger one is a multiple of."""
    by = y.shape[0] // TINY_SIZE[1]
    blocks = y.reshape(TINY_SIZE[1], by, TINY_SIZE[0], by)
    return np.asarray(blocks.mean((1, 3), np.float32), np.float32)


def enlarged(by: int, folder: Path) -> Path:
    """The tiny avatar, so many times as large, in a file of its own."""

    def picture(jpeg: bytes) -> bytes:
        with Image.open(io.BytesIO(jpeg)) as small:
            large = small.resize((small.width * by, small.height * by), Image.Resampling.NEAREST)
            return imx.encode_jpeg(np.asarray(large), 92)

    def shifted(m: tuple[int, int, int, int, int, int]) -> tuple[int, int, int, int, int, int]:
        return (m[0], m[1], m[2] * by, m[3], m[4], m[5] * by)

    tiny = imx.read(TINY)
    avatar = replace(
        tiny,
        manifest=replace(
            tiny.manifest, width=tiny.manifest.width * by, height=tiny.manifest.height * by
        ),
        bases=[picture(base) for base in tiny.bases],
        frames=[
            imx.SourceFrame(f.base, (x * by, y * by, w * by, h * by), picture(f.jpeg))
            for f in tiny.frames
            for x, y, w, h in (f.rect,)
        ],
        placements=[replace(p, affine=shifted(p.affine)) for p in tiny.placements],
        mouths=[replace(m, jpeg=m.jpeg and picture(m.jpeg)) for m in tiny.mouths],
        patch_size=(tiny.patch_size[0] * by, tiny.patch_size[1] * by),
        mask=np.kron(tiny.mask, np.ones((by, by), np.uint8)),
    )
    path = folder / "enlarged.imx"
    imx.write(path, avatar)
    return path


class Faces:
    """All pictures that speeches (int16) can bring about.

    ``mouths`` are those of the last one after the others, one for each 40 ms.
    """

    def __init__(
        self, speeches: Sequence[NDArray[np.int16]], rate: int = RATE, path: Path = TINY
    ) -> None:
        self.openness = [mouth.coords[0] for mouth in imx.read(path).mouths]
        pictures: dict[tuple[int, int], Luma] = {}
        with bh.Fixture(path) as fixture:
            self.size = (fixture.frame_width, fixture.frame_height)
            for source in range(fixture.source_frame_count):
                with bh.Runtime(fixture) as runtime:
                    for pcm in speeches:
                        self.mouths = _speak(runtime, pcm, rate, source, pictures)
                    pictures[source, 0] = thumbnail(luma(runtime.get_source_frame(source)))
        self._keys = list(pictures)
        self._pictures = np.stack([pictures[key].ravel() for key in self._keys])
        self._norms = np.einsum("ij,ij->i", self._pictures, self._pictures)

    def look(self, y: NDArray[Any]) -> Look:
        """Recognises a picture by its luma, (height, width)."""
        flat = thumbnail(y).ravel()
        best = int(np.argmin(self._norms - 2 * (self._pictures @ flat)))
        source, mouth = self._keys[best]
        return Look(source, mouth, float(np.abs(self._pictures[best] - flat).mean()))

    def opening(self, mouth: int) -> float:
        """How far open a mouth is, 0 .. 1."""
        both, one = divmod(mouth, MOUTHS)
        share, other = divmod(both, MOUTHS)
        return float((self.openness[one] * (16 - share) + self.openness[other] * share) / 16)


def _shown(runtime: bh.Runtime) -> int:
    """The mouth of the frame that was given last, see ``Look``."""
    told = ffi.new("float[3]")
    call, tap = library().be_runtime_capture, _values.BE_DIAG_SHOWN_MOUTHS
    runtime._check(runtime._call(call, tap, told, ffi.sizeof(told), ffi.NULL))
    one, other, share = int(told[0]), int(told[1]), int(told[2] * 16)
    if share == 8:  # half of each: the same picture whichever is called the first
        one, other = min(one, other), max(one, other)
    return one + (other + share * MOUTHS) * MOUTHS if share else one


def _speak(
    runtime: bh.Runtime,
    pcm: NDArray[np.int16],
    rate: int,
    source: int,
    pictures: dict[tuple[int, int], Luma],
) -> list[int]:
    """Speaks on one source frame; the mouth of each 40 ms."""
    runtime.push_chunk(pcm, rate)
    runtime.flush()
    mouths = []
    while runtime.ticks_available():
        _, picture = runtime.pull_frame(source)
        mouth = _shown(runtime)
        if (source, mouth) not in pictures:
            pictures[source, mouth] = thumbnail(luma(picture))
        mouths.append(mouth)
    assert len(mouths) == -(-len(pcm) * RATE // (TICK * rate))
    return mouths
