"""The synchronous API: an avatar that speaks."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import closing
from types import TracebackType
from typing import TYPE_CHECKING, overload

import numpy as np

from bithuman_ctypes._assets import bundled
from bithuman_ctypes._audio import FPS, blocks
from bithuman_ctypes._compose import compose
from bithuman_ctypes._lowlevel import Fixture
from bithuman_ctypes._lowlevel.arrays import picture, picture_size
from bithuman_ctypes.auth import Credentials, authorise
from bithuman_ctypes.types import EP, ComposedFrame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bithuman_ctypes._audio import Audio
    from bithuman_ctypes.streaming import AvatarStream

__all__ = ["Avatar", "Bithuman", "bundled", "open"]


class Avatar:
    """A loaded avatar. Each ``compose`` or ``render`` is a stream of its own, on any thread.

    Close it, or use it in a ``with``. Frames that were given remain valid.
    """

    def __init__(self, fixture: Fixture) -> None:
        self._fixture = fixture

    @classmethod
    def load(
        cls,
        model_path: str | os.PathLike[str],
        api_secret: str | None = None,
        preferred_ep: int = EP.CPU,
        intra_op_threads: int = 1,
        tags: str = "bithuman",
        fingerprint: str | None = None,
        billing_type: str | None = None,
        *,
        token: str | None = None,
        api_url: str | None = None,
        agent_code: str | None = None,
        transaction_id: str | None = None,
        trusted_keys: str | os.PathLike[str] | None = None,
    ) -> Avatar:
        """Loads an .imx file.

        ``preferred_ep``: execution provider of the audio encoder; ``active_ep`` tells what it
        became. ``intra_op_threads``: threads of the encoder. The other arguments belong to avatars
        that ask for authorisation (docs/auth.md); an open avatar takes and ignores them, and never
        opens a socket: ``api_secret`` (or BITHUMAN_API_SECRET) or ``token``, ``api_url`` (or
        BITHUMAN_API_URL), ``fingerprint`` (32 characters), and what else the issuer is told.
        ``trusted_keys`` (or BITHUMAN_TRUSTED_KEYS): a file or folder of the public keys whose
        signatures are believed, which a metered avatar needs.

        Raises ModelNotFoundError, ModelLoadError, RuntimeNotReadyError, NotAuthorised (of a metered
        avatar, ModelSecurityError, TokenValidationError, TokenExpiredError, TokenRequestError,
        AccountStatusError).
        """
        fixture = Fixture(model_path, preferred_ep, intra_op_threads, trusted_keys=trusted_keys)
        try:
            authorise(
                fixture,
                Credentials(
                    api_secret,
                    token,
                    api_url,
                    tags,
                    fingerprint,
                    billing_type,
                    agent_code,
                    transaction_id,
                ),
            )
        except BaseException:
            fixture.close()
            raise
        return cls(fixture)

    def compose(
        self,
        audio: Audio,
        preallocated_out: NDArray[np.uint8] | None = None,
        output_size: tuple[int, int] | None = None,
    ) -> Generator[ComposedFrame, None, None]:
        """Speaks ``audio``: an iterator of frames, 25 a second, each made when it is asked for.

        ``audio`` is a path (anything that soundfile reads, any rate, any channels), bytes (16 kHz
        mono s16), an int16 or float32 array (16 kHz mono, float in [-1, 1]), or an iterable of
        those, which is read as it goes. n samples at 16 kHz give ceil(n / 640) frames; a change
        of the rate within an iterable makes a pause of up to 40 ms.

        ``preallocated_out``: a writable C-contiguous uint8 array (height, width, 3) that every
        frame is written into; without it each frame is the caller's to keep. ``output_size``:
        (width, height), 1 .. 8192 each; the avatar is fitted in and centred on black.

        Closing the iterator (or dropping it) ends the stream: that is how to interrupt. Raises
        TypeError and ValueError on arguments, RuntimeNotReadyError after ``close``;
        AudioNotFoundError, AudioError and Failed, also while iterating.
        """
        native = (self.frame_width, self.frame_height)  # this also refuses a closed avatar
        if output_size is not None:
            output_size = picture_size(output_size)
        if preallocated_out is not None:
            width, height = output_size or native
            picture("preallocated_out", preallocated_out, (height, width, 3))
        return compose(self._fixture, blocks(audio), preallocated_out, output_size)

    @overload
    def render(self, audio: Audio) -> Generator[NDArray[np.uint8], None, None]: ...

    @overload
    def render(self, audio: Audio, output: str | os.PathLike[str]) -> int: ...

    def render(
        self, audio: Audio, output: str | os.PathLike[str] | None = None
    ) -> Generator[NDArray[np.uint8], None, None] | int:
        """Speaks ``audio`` (see ``compose``).

        Without ``output``: an iterator of RGB frames, uint8 (height, width, 3), the caller's to
        keep. With it: writes an MP4 (H.264 and the audio as AAC) and returns the number of frames;
        the file appears when it is complete, and an error leaves nothing. Raises OutputError, and
        NotSupported where PyAV is not installed, besides what ``compose`` raises.
        """
        if output is None:
            return _rgb(self.compose(audio))
        # Imported here: PyAV is an extra, and only files need it.
        from bithuman_ctypes._media.render import render_file

        return render_file(self._fixture, blocks(audio), output)

    def stream(
        self,
        *,
        realtime: bool = True,
        output_size: tuple[int, int] | None = None,
        pixel_format: str | int = "bgr24",
        lookahead_ms: int = 0,
        seed: int | None = None,
    ) -> AvatarStream:
        """Opens a live stream: sound is pushed as it is made, and may be interrupted.

        ``realtime``: a frame every 40 ms, also while nobody speaks; without it a frame comes as
        soon as its sound is there. ``output_size``: (width, height); ``pixel_format``: "bgr24",
        "rgb24", "bgra32", "i420" or "nv12"; ``lookahead_ms``: sound known beyond a frame, 40, 80
        (also 0), 120 or 160; ``seed``: of what is left to chance. Close it, or use it in a
        ``with``.
        """
        from bithuman_ctypes.streaming import open_stream

        return open_stream(
            self._fixture,
            realtime=realtime,
            output_size=output_size,
            pixel_format=pixel_format,
            lookahead_ms=lookahead_ms,
            seed=seed,
        )

    @property
    def fixture(self) -> Fixture:
        """The avatar as the low level sees it."""
        return self._fixture

    @property
    def frame_width(self) -> int:
        """Width of a frame in pixels."""
        return self._fixture.frame_width

    @property
    def frame_height(self) -> int:
        """Height of a frame in pixels."""
        return self._fixture.frame_height

    @property
    def sample_rate(self) -> int:
        """Rate of bytes and arrays given as audio, Hz: 16000."""
        return self._fixture.audio_sample_rate

    @property
    def samples_per_tick(self) -> int:
        """Samples per frame: 640."""
        return self._fixture.audio_samples_per_tick

    @property
    def fps(self) -> int:
        """Frames per second: 25."""
        return FPS

    @property
    def cluster_count(self) -> int:
        """Mouths of the avatar, the mouth at rest (0) included."""
        return self._fixture.cluster_count

    @property
    def source_frame_count(self) -> int:
        """Pictures in the avatar's loop."""
        return self._fixture.source_frame_count

    @property
    def active_ep(self) -> EP:
        """The execution provider that runs the audio encoder."""
        return self._fixture.active_ep

    def close(self) -> None:
        """Lets the avatar go; streams that are under way keep it until they end."""
        self._fixture.close()

    def __enter__(self) -> Avatar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Avatar of {self._fixture!r}>"


Bithuman = Avatar


def open(path: str | os.PathLike[str] | None = None) -> Avatar:
    """``Avatar.load(path)``; without a path, the avatar that comes with the package."""
    return Avatar.load(bundled("default.imx") if path is None else path)


def _rgb(
    frames: Generator[ComposedFrame, None, None],
) -> Generator[NDArray[np.uint8], None, None]:
    with closing(frames):  # closing the outer iterator ends the stream at once
        for frame in frames:
            # In place, because the frame is ours; a reversed view would be refused by many.
            blue = frame.bgr[:, :, 0].copy()
            frame.bgr[:, :, 0] = frame.bgr[:, :, 2]
            frame.bgr[:, :, 2] = blue
            yield frame.bgr
