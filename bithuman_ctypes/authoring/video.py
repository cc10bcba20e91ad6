"""A film as pictures at 25 frames a second and sound at 16 kHz, both from the same moment on."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from bithuman_ctypes.authoring import hdr
from bithuman_ctypes.authoring._pixels import resized, turned
from bithuman_ctypes.authoring._types import Floats, Picture
from bithuman_ctypes.authoring.material import MaterialError, Reason
from bithuman_ctypes.errors import NotSupported

if TYPE_CHECKING:
    import av

FPS = 25
RATE = 16000
LONGEST = 1280
"""Pixels of the longer side, unless more are asked for."""

PICTURES = ("_pipe", "image2")
"""How FFmpeg's names of what holds one picture end."""


class Film:
    """A film file. ``longest`` bounds the longer side of its pictures in pixels; ``start`` and
    ``end`` choose a part, in seconds. Raises MaterialError when it is no film with sound."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        longest: int = LONGEST,
        start: float = 0.0,
        end: float | None = None,
    ) -> None:
        self.path = os.fspath(path)
        self.start, self.end = start, math.inf if end is None else end
        with self._opened() as container:
            if container.format.name.endswith(PICTURES):
                text = f"{self.path} is a picture, which goes with --photo"
                raise MaterialError([Reason("no_video", text)])
            if not container.streams.video:
                raise MaterialError([Reason("no_video", f"{self.path} has no moving picture")])
            if not container.streams.audio:
                raise MaterialError([Reason("no_audio", f"{self.path} has no sound")])
            self._require_decoder(container.streams.video[0], "pictures")
            self._require_decoder(container.streams.audio[0], "sound")
            self._transfer = int(container.streams.video[0].codec_context.color_trc)
            first = next(self._decoded(container), None)
        if first is None:
            raise MaterialError([Reason("no_video", f"{self.path} has no picture in it")])
        self._zero = first.time or 0.0
        height, width = upright(first).shape[:2]
        self.scale = min(1.0, longest / max(width, height))
        self.size = (_even(width * self.scale), _even(height * self.scale))

    def _opened(self) -> Any:
        try:
            import av
        except ImportError:
            raise NotSupported("reading films needs PyAV: pip install av") from None
        try:
            # Titles need not be UTF-8.
            return av.open(self.path, metadata_errors="replace")
        except (OSError, av.FFmpegError) as error:
            words = getattr(error, "strerror", None) or error
            if isinstance(error, av.InvalidDataError):
                words = "it is no film, or its end is missing"
                if os.path.getsize(self.path) == 0:
                    words = "it is empty"
            raise MaterialError(
                [Reason("unreadable", f"cannot read {self.path}: {words}")]
            ) from None

    def _require_decoder(self, stream: Any, kind: str) -> None:
        if stream.codec_context is None:
            text = f"FFmpeg cannot decode the {kind} of {self.path}: make it H.264 and AAC"
            raise MaterialError([Reason("unreadable", text)])

    def _decoded(self, container: Any) -> Iterator[av.VideoFrame]:
        import av

        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        try:
            for frame in container.decode(stream):
                if frame.pts is not None:
                    yield frame
        except av.FFmpegError as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> MaterialError:
        return MaterialError([Reason("unreadable", f"{self.path} is damaged: {error}")])

    def frames(self) -> Iterator[Picture]:
        """The pictures, upright, of ``size``, 25 a second whatever the film's own rate: each is
        the film's nearest in time."""
        count = 0  # pictures given
        before: av.VideoFrame | None = None
        shown: tuple[av.VideoFrame, Picture] | None = None
        with self._opened() as container:
            for frame in self._decoded(container):
                now = (frame.time or 0.0) - self._zero
                while before is not None and self._due(count) < self.end:
                    earlier = (before.time or 0.0) - self._zero
                    if self._due(count) > (earlier + now) / 2:
                        break
                    if shown is None or shown[0] is not before:
                        shown = (before, self._picture(before))
                    yield shown[1]
                    count += 1
                before = frame
                if self._due(count) >= self.end:
                    return
            while before is not None and self._due(count) < min(self.end, self._close(before)):
                yield self._picture(before)
                count += 1

    def _close(self, last: av.VideoFrame) -> float:
        """When the film's last picture goes."""
        length = float((last.duration or 0) * (last.time_base or 0)) or 1 / FPS
        return (last.time or 0.0) - self._zero + length - 1e-3

    def _due(self, count: int) -> float:
        return self.start + count / FPS

    def _picture(self, frame: av.VideoFrame) -> Picture:
        picture = resized(upright(frame), self.size)
        return hdr.shown(picture, self._transfer) if hdr.is_hdr(self._transfer) else picture

    def sound(self) -> Floats:
        """The sound, mono, float32 at 16 kHz; sample 0 belongs to the first picture."""
        import av

        with self._opened() as container:
            try:
                heard, begin = _sound(container)
            except av.FFmpegError as error:
                raise self._damaged(error) from None
        shift = round((begin - self._zero - self.start) * RATE)
        heard = np.pad(heard, (shift, 0)) if shift > 0 else heard[-shift:]
        if math.isfinite(self.end):
            heard = heard[: round((self.end - self.start) * RATE)]
        return np.ascontiguousarray(heard, np.float32)


def sound_of(path: str | os.PathLike[str]) -> Floats:
    """A file's sound, mono, float32 at 16 kHz."""
    import av

    with av.open(os.fspath(path)) as container:
        return _sound(container)[0]


def _sound(container: Any) -> tuple[Floats, float]:
    """The samples of a container's first sound and the second at which they begin."""
    import av

    resampler = av.AudioResampler("flt", "mono", RATE)
    parts: list[Floats] = []
    begin: float | None = None
    for frame in container.decode(container.streams.audio[0]):
        if begin is None:
            begin = frame.time or 0.0
        parts += [each.to_ndarray()[0] for each in resampler.resample(frame)]
    parts += [each.to_ndarray()[0] for each in resampler.resample(None)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32), begin or 0.0


def upright(frame: av.VideoFrame) -> Picture:
    """A decoded frame as RGB, turned as its file says."""
    from av.video.reformatter import Colorspace

    unknown = int(frame.colorspace) not in (1, 5, 6, 7, 9)
    guess = Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601
    made = frame.reformat(format="rgb24", src_colorspace=guess if unknown else None)
    return turned(
        np.asarray(made.to_ndarray(), np.uint8), round(getattr(frame, "rotation", 0) / 90) % 4
    )


def _even(side: float) -> int:
    return max(2, int(side) // 2 * 2)
