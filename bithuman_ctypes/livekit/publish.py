"""How an avatar's picture is published.

LiveKit's defaults are made for cameras: two or three layers of different sizes (simulcast), of
which a guest may be given a small one, and fewer than 25 frames a second for small pictures.
Encoding them all is most of the work of an avatar's process; where it is too much, the picture lags
and stutters.
"""

from __future__ import annotations

from typing import Any, cast

from livekit import rtc

from bithuman_ctypes.errors import InvalidArgumentError

FPS = 25
CODECS = {"vp8": rtc.VideoCodec.VP8, "h264": rtc.VideoCodec.H264}
MIN_BITRATE = 200_000
BITS_PER_PIXEL = 0.08
"""A talking head needs little: 1248 x 704 at 25 frames a second is 1.8 Mbit/s."""


def publish_options(
    width: int, height: int, *, codec: str = "vp8", max_bitrate: int | None = None
) -> rtc.TrackPublishOptions:
    """For a video track of an avatar: one layer, 25 frames a second, "vp8" or "h264".

    ``max_bitrate``: bits per second; by default what the size needs. When bandwidth or processor
    do not suffice the picture loses sharpness rather than frames, because the lips need those.
    """
    if codec.lower() not in CODECS:
        raise InvalidArgumentError(f"codec is one of {', '.join(CODECS)}, not {codec!r}")
    if max_bitrate is None:
        max_bitrate = max(MIN_BITRATE, round(width * height * FPS * BITS_PER_PIXEL))
    return rtc.TrackPublishOptions(
        source=rtc.TrackSource.SOURCE_CAMERA,
        simulcast=False,
        video_codec=CODECS[codec.lower()],
        video_encoding=rtc.VideoEncoding(max_bitrate=max_bitrate, max_framerate=FPS),
        degradation_preference=cast(Any, rtc.DegradationPreference.MAINTAIN_FRAMERATE),
    )


def one_layer_room(room: rtc.Room, options: rtc.TrackPublishOptions) -> rtc.Room:
    """The same room, in which every video track is published with ``options``.

    For code that publishes with options of its own, as LiveKit's AvatarRunner does, and its
    bitHuman plugin: ``await avatar.start(session, one_layer_room(room, publish_options(w, h)))``.
    """
    return cast("rtc.Room", _Room(room, options))


class _Room:
    """Everything is the room's, except for who publishes."""

    def __init__(self, room: rtc.Room, options: rtc.TrackPublishOptions) -> None:
        self._room = room
        self._options = options

    @property
    def local_participant(self) -> _Publisher:
        return _Publisher(self._room.local_participant, self._options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._room, name)


class _Publisher:
    """Everything is the participant's, except for the options of video."""

    def __init__(self, participant: Any, options: rtc.TrackPublishOptions) -> None:
        self._participant = participant
        self._options = options

    async def publish_track(
        self, track: rtc.LocalTrack, options: rtc.TrackPublishOptions
    ) -> rtc.LocalTrackPublication:
        if track.kind == rtc.TrackKind.KIND_VIDEO:
            options = self._options
        return cast(
            "rtc.LocalTrackPublication", await self._participant.publish_track(track, options)
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._participant, name)
