"""Avatars in LiveKit rooms, published as they should be.

    from bithuman_ctypes.livekit import AvatarSession

    avatar = AvatarSession(model_path="me.imx")
    await avatar.start(session, room)        # before session.start(...)

``AvatarSession`` takes the place of the class of the same name in livekit-plugins-bithuman.
Pictures go to LiveKit as I420, without a detour over RGB, and are published in one layer at 25
frames a second. ``AvatarGenerator`` is the same as a VideoGenerator for a runner of your own, and
``publish_options`` are the options for a track of your own.

Needs livekit-agents 1.8 or later: ``pip install 'bithuman-ctypes[livekit]'``.
"""

from __future__ import annotations

try:
    import livekit.agents as _agents
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"bithuman_ctypes.livekit needs livekit-agents ({error.name} is not installed): "
        "pip install 'bithuman-ctypes[livekit]'",
        name=error.name,
    ) from error

from bithuman_ctypes.livekit.generator import AvatarGenerator
from bithuman_ctypes.livekit.publish import one_layer_room, publish_options
from bithuman_ctypes.livekit.session import AvatarSession

__all__ = ["AvatarGenerator", "AvatarSession", "one_layer_room", "publish_options"]

del _agents
