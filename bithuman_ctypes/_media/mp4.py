"""An MP4 file: H.264 and, if there is sound, AAC."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from types import TracebackType
from typing import TYPE_CHECKING, Any

import av
from av.video.reformatter import ColorRange, Colorspace

from bithuman_ctypes._media.audio_track import AudioTrack
from bithuman_ctypes._media.output import cannot_write
from bithuman_ctypes._media.pace import FPS, Pace
from bithuman_ctypes.errors import NotSupported

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from av.packet import Packet
    from numpy.typing import NDArray

    from bithuman_ctypes._audio import Block

DEFAULT_QUALITY = 80
PRESET = "veryfast"

# The numbers of ITU-T H.273 for BT.709: what almost every player assumes when it is not told, and
# what it is told here.
BT709 = 1
LIMITED = 1


def crf_of_quality(quality: int) -> int:
    """x264's constant rate factor for a quality of 1 .. 100: 44 (1), 29 (50), 20 (80), 14 (100)."""
    if not 1 <= quality <= 100:
        raise ValueError(f"quality is 1 to 100, not {quality}")
    return round(44 - 0.3 * quality)


class Mp4Writer:
    """Writes frames and their audio into the file ``path`` (which may exist and is overwritten).

    ``width``, ``height``: even numbers of pixels. ``fps``: frames per second of the file; the
    engine's 25 are repeated or dropped to make it. In a ``with``, leaving it ends the file;
    leaving it by an exception only closes it. ``name`` stands in the errors (OutputError).
    """

    def __init__(
        self,
        path: str,
        width: int,
        height: int,
        *,
        fps: Fraction = Fraction(FPS),
        quality: int = DEFAULT_QUALITY,
        name: str | None = None,
    ) -> None:
        if width % 2 or height % 2:
            raise ValueError(f"an MP4 has even sides, not {width}x{height}")
        self._name = name or path
        self._fps = fps
        self._pace = Pace(fps)
        self._frames_in = 0
        self._frames_out = 0
        self._audio: AudioTrack | None = None
        try:
            self._container = av.open(path, "w", format="mp4", options={"movflags": "+faststart"})
        except (OSError, av.FFmpegError) as error:
            raise cannot_write(self._name, error) from None
        self._video = self._add_video(width, height, quality)

    def _add_video(self, width: int, height: int, quality: int) -> Any:
        options = {"crf": str(crf_of_quality(quality)), "preset": PRESET}
        try:
            stream: Any = self._container.add_stream("libx264", rate=self._fps, options=options)
        except ValueError:  # av's UnknownCodecError
            self._container.close()
            raise NotSupported("this PyAV has no libx264: install it from PyPI") from None
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / self._fps
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED
        return stream

    @property
    def frames_in(self) -> int:
        """How many of the engine's frames were written."""
        return self._frames_in

    @property
    def frames_out(self) -> int:
        """How many frames the file has; the same at 25 a second."""
        return self._frames_out

    def push_audio(self, block: Block) -> None:
        """Appends audio; the first block must come before the first frame."""
        if self._audio is None:
            if self._frames_in:
                raise ValueError("the audio of an MP4 begins before its first frame")
            self._audio = AudioTrack(self._container, block)
        self._audio.push(block)

    def push_frame(self, bgr: NDArray[np.uint8]) -> None:
        """Appends 40 ms of picture: uint8 (height, width, 3), blue first."""
        frame: Any = av.VideoFrame.from_ndarray(bgr, format="bgr24")
        frame = frame.reformat(
            format="yuv420p",
            src_color_range=ColorRange.JPEG,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        self._frames_in += 1
        for _ in range(self._pace.copies()):
            frame.pts = self._frames_out
            frame.time_base = 1 / self._fps
            self._frames_out += 1
            self._mux(self._video.encode(frame))
        if self._audio is not None:
            self._mux(self._audio.advance(self._frames_in))

    def finish(self) -> None:
        """Ends both tracks at the same time and completes the file."""
        try:
            self._mux(self._video.encode(None))
            if self._audio is not None:
                self._mux(self._audio.finish(self._frames_in))
        except BaseException:
            self._abandon()
            raise
        try:
            self._container.close()
        except (OSError, av.FFmpegError) as error:
            raise cannot_write(self._name, error) from None

    def _mux(self, packets: Iterable[Packet[Any]]) -> None:
        # The iterable may encode as it goes; only the multiplexer's errors are about the file.
        for packet in packets:
            try:
                self._container.mux(packet)
            except (OSError, av.FFmpegError) as error:
                raise cannot_write(self._name, error) from None

    def _abandon(self) -> None:
        # The file is thrown away, and the exception that is under way says why.
        with contextlib.suppress(OSError, ValueError, av.FFmpegError):
            self._container.close()

    def __enter__(self) -> Mp4Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self._abandon()
