"""A real-time talking avatar: audio in, lip-synced video frames out, on the CPU, offline.

    import bithuman_ctypes

    with bithuman_ctypes.open("me.imx") as avatar:
        avatar.render("speech.wav", "out.mp4")
        for frame in avatar.compose("speech.wav"):
            show(frame.bgr)

    live = await bithuman_ctypes.AsyncBithuman.create(model_path="me.imx")
    await live.push_audio(pcm, 24000)
    async for frame in live.run():
        show(frame.bgr_image, frame.audio_chunk)

Importing this package does no work: each name is loaded when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # checkers know the name; importing typing would be most of our import
if TYPE_CHECKING:
    from bithuman_ctypes._lowlevel import Fixture, Runtime
    from bithuman_ctypes._versions import __abi_version__, __core_version__, __version__
    from bithuman_ctypes.aio import AsyncAvatar, AsyncBithuman
    from bithuman_ctypes.alias import install_as_bithuman
    from bithuman_ctypes.api import (
        AudioChunk,
        Emotion,
        EmotionPrediction,
        KeywordTrigger,
        VideoControl,
        VideoFrame,
    )
    from bithuman_ctypes.avatar import Avatar, Bithuman, open
    from bithuman_ctypes.errors import (
        AccountStatusError,
        AudioError,
        AudioNotFoundError,
        AvatarError,
        BithumanError,
        ExpressionModelNotSupported,
        Failed,
        InvalidArgumentError,
        InvalidAvatar,
        ModelError,
        ModelLoadError,
        ModelNotFoundError,
        ModelSecurityError,
        NotAuthorised,
        NotSupported,
        OutOfMemoryError,
        OutputError,
        RuntimeNotReadyError,
        TokenError,
        TokenExpiredError,
        TokenRequestError,
        TokenValidationError,
        WrongTypeError,
    )
    from bithuman_ctypes.streaming import AvatarStream
    from bithuman_ctypes.types import (
        EP,
        EP_AUTO,
        EP_COREML,
        EP_CPU,
        EP_NNAPI,
        EP_QNN,
        Action,
        ComposedFrame,
        Mouth,
        PixelFormat,
        Provider,
        StageTime,
        Stats,
    )

__all__ = [
    "EP",
    "EP_AUTO",
    "EP_COREML",
    "EP_CPU",
    "EP_NNAPI",
    "EP_QNN",
    "AccountStatusError",
    "Action",
    "AsyncAvatar",
    "AsyncBithuman",
    "AudioChunk",
    "AudioError",
    "AudioNotFoundError",
    "Avatar",
    "AvatarError",
    "AvatarStream",
    "Bithuman",
    "BithumanError",
    "ComposedFrame",
    "Emotion",
    "EmotionPrediction",
    "ExpressionModelNotSupported",
    "Failed",
    "Fixture",
    "InvalidArgumentError",
    "InvalidAvatar",
    "KeywordTrigger",
    "ModelError",
    "ModelLoadError",
    "ModelNotFoundError",
    "ModelSecurityError",
    "Mouth",
    "NotAuthorised",
    "NotSupported",
    "OutOfMemoryError",
    "OutputError",
    "PixelFormat",
    "Provider",
    "Runtime",
    "RuntimeNotReadyError",
    "StageTime",
    "Stats",
    "TokenError",
    "TokenExpiredError",
    "TokenRequestError",
    "TokenValidationError",
    "VideoControl",
    "VideoFrame",
    "WrongTypeError",
    "__abi_version__",
    "__core_version__",
    "__version__",
    "install_as_bithuman",
    "open",
]

_HOMES = {
    **dict.fromkeys(("Avatar", "Bithuman", "open"), "avatar"),
    **dict.fromkeys(("Fixture", "Runtime"), "_lowlevel"),
    **dict.fromkeys(("__version__", "__core_version__", "__abi_version__"), "_versions"),
    **dict.fromkeys((name for name in __all__ if name.startswith("EP")), "types"),
    **dict.fromkeys(("AsyncAvatar", "AsyncBithuman"), "aio"),
    **dict.fromkeys(
        (
            "AudioChunk",
            "Emotion",
            "EmotionPrediction",
            "KeywordTrigger",
            "VideoControl",
            "VideoFrame",
        ),
        "api",
    ),
    **dict.fromkeys(
        ("Action", "ComposedFrame", "Mouth", "PixelFormat", "Provider", "StageTime", "Stats"),
        "types",
    ),
    "AvatarStream": "streaming",
    "install_as_bithuman": "alias",
}
"""The module of each name; what is not listed is an exception."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = import_module(f"{__name__}.{_HOMES.get(name, 'errors')}")
    value = globals()[name] = getattr(home, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
