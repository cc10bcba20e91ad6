"""An avatar for LiveKit's AgentSession."""

from __future__ import annotations

import os
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.voice.avatar import AvatarRunner, QueueAudioOutput
from livekit.agents.voice.avatar import AvatarSession as BaseAvatarSession

from bithuman_ctypes.aio import AsyncBithuman
from bithuman_ctypes.errors import InvalidArgumentError, RuntimeNotReadyError
from bithuman_ctypes.livekit.generator import AvatarGenerator
from bithuman_ctypes.livekit.publish import one_layer_room, publish_options


class AvatarSession(BaseAvatarSession[Any]):
    """What the agent says is spoken by an avatar, which the agent publishes itself.

    ``model_path``: the avatar's file; ``options`` are those of ``AsyncBithuman.create``. Or
    ``runtime``: one that is there already, created with ``pixel_format="i420"``, which stays the
    caller's to close. ``codec``: "vp8" or "h264"; ``max_bitrate`` in bits per second, by default
    what the size needs.
    """

    def __init__(
        self,
        *,
        model_path: str | os.PathLike[str] | None = None,
        runtime: AsyncBithuman | None = None,
        codec: str = "vp8",
        max_bitrate: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        if (model_path is None) == (runtime is None):
            raise InvalidArgumentError("an avatar session takes either model_path or runtime")
        publish_options(2, 2, codec=codec)  # so that a wrong name is refused here
        self._model_path = model_path
        self._given = runtime
        self._options = options
        self._codec = codec
        self._max_bitrate = max_bitrate
        self._generator: AvatarGenerator | None = None
        self._runner: AvatarRunner | None = None

    @property
    def avatar_identity(self) -> str:
        """Of who publishes the avatar: the agent itself."""
        return "" if self._room is None else self._room.local_participant.identity

    @property
    def provider(self) -> str:
        """Who makes the pictures, for LiveKit's metrics."""
        return "bithuman_ctypes"

    @property
    def runtime(self) -> AsyncBithuman:
        """The live avatar. Raises RuntimeNotReadyError before ``start``."""
        if self._generator is None:
            raise RuntimeNotReadyError("the avatar session was not started")
        return self._generator.runtime

    async def start(self, agent_session: AgentSession[Any], room: rtc.Room) -> None:
        """Loads the avatar and makes it the session's voice; tracks are published with the first
        frame. Raises what ``AsyncBithuman.create`` raises.
        """
        generator = await self._make_generator()
        try:
            await super().start(agent_session, room)
            self._runner = await self._make_runner(generator, agent_session, room)
        except BaseException:
            self._close(generator)
            raise
        self._generator = generator

    async def _make_generator(self) -> AvatarGenerator:
        if self._given is not None:
            return AvatarGenerator(self._given)
        assert self._model_path is not None
        return await AvatarGenerator.create(self._model_path, **self._options)

    async def _make_runner(
        self, generator: AvatarGenerator, agent_session: AgentSession[Any], room: rtc.Room
    ) -> AvatarRunner:
        options = generator.options
        publish = publish_options(
            options.video_width,
            options.video_height,
            codec=self._codec,
            max_bitrate=self._max_bitrate,
        )
        speech = QueueAudioOutput(sample_rate=options.audio_sample_rate, wait_playback_start=True)
        runner = AvatarRunner(
            one_layer_room(room, publish), audio_recv=speech, video_gen=generator, options=options
        )
        await runner.start()
        agent_session.output.replace_audio_tail(speech)
        return runner

    async def aclose(self) -> None:
        """Ends it; also the avatar, unless that was given."""
        await super().aclose()
        generator, self._generator = self._generator, None
        runner, self._runner = self._runner, None
        if generator is not None:
            self._close(generator)
        if runner is not None:
            await runner.aclose()

    def _close(self, generator: AvatarGenerator) -> None:
        if self._given is None:
            generator.runtime.cleanup()
