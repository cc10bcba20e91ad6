"""Three ready sets of arguments for a live avatar.

from bithuman_ctypes import AsyncBithuman, profiles

avatar = await AsyncBithuman.create(model_path="me.imx", **profiles.SMALL_MACHINE)
other = await AsyncBithuman.create(
    model_path="me.imx", **{**profiles.LOWEST_LATENCY, "pixel_format": "i420"}
)

What each does to latency, memory and smoothness is measured in docs/tuning.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bithuman_ctypes.settings import load_settings

__all__ = ["BALANCED", "LOWEST_LATENCY", "SMALL_MACHINE", "Profile"]


class Profile(Mapping[str, Any]):
    """Keyword arguments for ``AsyncBithuman.create``, read-only.

    ``["settings"]`` is a new Settings each time, the caller's to change: those of the environment
    and ``.env`` as they are then, and in place of them those that the profile is about. Reading it
    raises InvalidArgumentError for a variable that ``load_settings`` refuses. Thread-safety: any
    thread.
    """

    def __init__(self, name: str, arguments: Mapping[str, Any], settings: Mapping[str, Any]):
        self._name = name
        self._arguments = dict(arguments)
        self._settings = dict(settings)

    @property
    def own_settings(self) -> dict[str, Any]:
        """The settings that it is about, without those of the environment."""
        return dict(self._settings)

    def __getitem__(self, key: str) -> Any:
        if key == "settings":
            return replace(load_settings(), **self._settings)
        return self._arguments[key]

    def __iter__(self) -> Iterator[str]:
        yield from self._arguments
        yield "settings"

    def __len__(self) -> int:
        return len(self._arguments) + 1

    def __repr__(self) -> str:
        values = {**self._arguments, **self._settings}
        return f"<{self._name}: {', '.join(f'{k}={v!r}' for k, v in values.items())}>"


LOWEST_LATENCY = Profile(
    "LOWEST_LATENCY",
    {"quality": "low", "output_buffer_size": 10},
    {"PRELOAD_TO_MEMORY": True},
)
"""Sound becomes picture 40 ms sooner than by default, and lips are less steady for it. ``create``
returns when everything is decoded, so no frame ever waits for a picture. A consumer that was late
by up to ten frames is brought back to where it would have been, rather than left late."""

BALANCED = Profile(
    "BALANCED",
    {"quality": "medium", "output_buffer_size": 5},
    {"LOADING_MODE": "ASYNC", "COMPRESS_METHOD": "NONE", "PRELOAD_TO_MEMORY": False},
)
"""The defaults, whatever the environment says of loading and storing."""

SMALL_MACHINE = Profile(
    "SMALL_MACHINE",
    {
        "quality": "medium",
        "num_threads": 1,
        "output_buffer_size": 5,
        "input_buffer_size": 120 * 32_000,
    },
    {
        "OUTPUT_WIDTH": 640,
        "LOADING_MODE": "ON_DEMAND",
        "COMPRESS_METHOD": "JPEG",
        "STORE_MB": 16,
        "PRELOAD_TO_MEMORY": False,
    },
)
"""Little memory, and pictures that are cheap to encode and send: frames of at most 640 pixels, 16
MB of decoded source pictures however long the avatar's loop, two minutes of sound that may wait.
Each frame decodes its source picture, which costs more CPU time than keeping it."""
