"""From blocks of audio to frames, one stream at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

from bithuman_ctypes._lowlevel import Fixture, Runtime
from bithuman_ctypes.types import ComposedFrame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bithuman_ctypes._audio import Block


def compose(
    fixture: Fixture,
    blocks: Iterable[Block],
    out: NDArray[np.uint8] | None = None,
    size: tuple[int, int] | None = None,
) -> Generator[ComposedFrame, None, None]:
    """Gives each frame as soon as the audio for it is there; reads no further ahead.

    A change of the rate in mid-stream needs a flush: silence up to the end of the tick. ``out`` and
    ``size`` as in ``Runtime.pull_frame``.
    """
    with Runtime(fixture) as runtime:
        count = 0
        rate = None
        for block in blocks:
            if rate not in (None, block.rate):
                runtime.flush()
            rate = block.rate
            runtime.push_chunk(block.data, block.rate, block.channels)
            for _ in range(runtime.ticks_available()):
                yield _frame(runtime, count, out, size)
                count += 1
        runtime.flush()
        for _ in range(runtime.ticks_available()):
            yield _frame(runtime, count, out, size)
            count += 1


def _frame(
    runtime: Runtime,
    index: int,
    out: NDArray[np.uint8] | None,
    size: tuple[int, int] | None,
) -> ComposedFrame:
    mouth, source, picture = runtime.pull(-1, out, size)
    return ComposedFrame(picture, mouth, index, source, runtime.heard())
