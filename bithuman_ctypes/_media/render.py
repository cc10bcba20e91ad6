"""A whole file at once: what ``Avatar.render(audio, path)`` does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from bithuman_ctypes._compose import compose
from bithuman_ctypes._media.output import atomic_output
from bithuman_ctypes.errors import AudioError, NotSupported

if TYPE_CHECKING:
    from bithuman_ctypes._audio import Block
    from bithuman_ctypes._lowlevel import Fixture
    from bithuman_ctypes._media.mp4 import Mp4Writer

NEEDS_AV = "writing an MP4 needs the av package: pip install av soundfile tqdm"


def mp4_writer() -> type[Mp4Writer]:
    """The class, or NotSupported with what to install."""
    try:
        from bithuman_ctypes._media.mp4 import Mp4Writer
    except ModuleNotFoundError as error:
        if error.name != "av":
            raise
        raise NotSupported(NEEDS_AV) from None
    return Mp4Writer


def heard_by(writer: Mp4Writer, blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks, each given to the writer too as it goes by."""
    for block in blocks:
        writer.push_audio(block)
        yield block


def render_file(fixture: Fixture, blocks: Iterable[Block], output: str | os.PathLike[str]) -> int:
    """Writes the MP4 ``output`` and returns the number of frames. See ``Avatar.render``."""
    writer_class = mp4_writer()
    width, height = fixture.frame_width, fixture.frame_height
    with atomic_output(output) as temporary:
        with writer_class(temporary, width, height, name=os.fspath(output)) as writer:
            with closing(compose(fixture, heard_by(writer, blocks))) as frames:
                for frame in frames:
                    writer.push_frame(frame.bgr)
            if not writer.frames_in:
                raise AudioError("the audio is empty: there is nothing to show")
        return writer.frames_in
