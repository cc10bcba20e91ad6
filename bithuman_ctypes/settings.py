"""Settings of a live avatar: the environment, then ``.env`` in the current folder, then the
default."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Callable

from bithuman_ctypes._env import read_env_file
from bithuman_ctypes._once import warn_once
from bithuman_ctypes.errors import InvalidArgumentError

__all__ = ["Settings", "load_settings"]

logger = logging.getLogger("bithuman_ctypes.settings")

MAX_WIDTH = 8192


@dataclass
class Settings:
    """What each setting is; a value of the wrong kind is an InvalidArgumentError.

    OUTPUT_WIDTH: the longest side of a frame in pixels, 16 .. 8192; a larger avatar is scaled down
    to it, a smaller one is left. FPS and INPUT_SAMPLE_RATE are what the engine gives: 25 frames a
    second with sound at 16000 Hz. COMPRESS_METHOD: how decoded source pictures are kept: NONE (in
    memory), JPEG (as in the file, decoded ahead of need) or TEMP_FILE. LOADING_MODE: when they are
    decoded: ASYNC (by a worker), SYNC (all before ``start()`` returns) or ON_DEMAND. STORE_MB: how
    many MB of decoded pictures JPEG and ON_DEMAND keep, 8 .. 4096.
    PROCESS_IDLE_VIDEO: pictures also while nobody speaks; without it those frames have none.
    PRELOAD_TO_MEMORY: decode everything into memory before ``start()`` returns.
    LIVA_IDLE_VIDEO_ENABLED: play idle actions (LIVA_IDEL_VIDEO_ENABLED is its old name).
    LIVA_AUTO_SAY_HI: greet with an action of the avatar. ALLOW_VIDEO_SCRIPT_UPDATE: triggers of
    actions may be changed. EXTRACT_WORKSPACE_TO_LOCAL belongs to avatars of other engines, which
    are archives.
    """

    OUTPUT_WIDTH: int = 1280
    FPS: int = 25
    INPUT_SAMPLE_RATE: int = 16000
    COMPRESS_METHOD: str = "NONE"
    LOADING_MODE: str = "ASYNC"
    STORE_MB: int = 64
    PROCESS_IDLE_VIDEO: bool = True
    PRELOAD_TO_MEMORY: bool = False
    EXTRACT_WORKSPACE_TO_LOCAL: bool = False
    LIVA_IDLE_VIDEO_ENABLED: bool = True
    LIVA_AUTO_SAY_HI: bool = False
    ALLOW_VIDEO_SCRIPT_UPDATE: bool = True

    @property
    def LIVA_IDEL_VIDEO_ENABLED(self) -> bool:  # a setting's name
        """The old name of LIVA_IDLE_VIDEO_ENABLED."""
        return self.LIVA_IDLE_VIDEO_ENABLED


def load_settings(
    environment: Mapping[str, str] | None = None, env_file: str | os.PathLike[str] = ".env"
) -> Settings:
    """Reads the settings. Raises InvalidArgumentError, with the name and where it was found."""
    environment = os.environ if environment is None else environment
    places = ((environment, "the environment"), (read_env_file(env_file), os.fspath(env_file)))
    settings = Settings()
    for field in fields(Settings):
        names = [field.name]
        if field.name == "LIVA_IDLE_VIDEO_ENABLED":
            names.append("LIVA_IDEL_VIDEO_ENABLED")
        for name in names:
            found = next(((p[name], where) for p, where in places if p.get(name, "").strip()), None)
            if found is not None:
                setattr(settings, field.name, _parsed(name, found[0].strip(), found[1]))
                break
    _keep_what_is_fixed(settings)
    return settings


def _parsed(name: str, text: str, where: str) -> Any:
    parse = _PARSERS.get(name, _boolean)
    try:
        return parse(text)
    except ValueError as error:
        raise InvalidArgumentError(f"{name} in {where} is {text!r}: {error}") from None


def _boolean(text: str) -> bool:
    lower = text.lower()
    if lower in ("1", "true", "yes", "on"):
        return True
    if lower in ("0", "false", "no", "off"):
        return False
    raise ValueError("it is true or false")


def _integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.lstrip("+-").isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"it is a whole number of {low} to {high}")
        return int(text)

    return parse


def _one_of(*names: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.upper() not in names:
            raise ValueError(f"it is one of {', '.join(names)}")
        return text.upper()

    return parse


_PARSERS: dict[str, Callable[[str], Any]] = {
    "OUTPUT_WIDTH": _integer(16, MAX_WIDTH),
    "FPS": _integer(1, 1000),
    "INPUT_SAMPLE_RATE": _integer(1, 10_000_000),
    "STORE_MB": _integer(8, 4096),
    "COMPRESS_METHOD": _one_of("NONE", "JPEG", "TEMP_FILE"),
    "LOADING_MODE": _one_of("SYNC", "ASYNC", "ON_DEMAND"),
}


def _keep_what_is_fixed(settings: Settings) -> None:
    if settings.FPS != 25:
        warn_once(f"FPS={settings.FPS} has no effect: frames come 25 a second; drop or repeat some")
        settings.FPS = 25
    if settings.INPUT_SAMPLE_RATE != 16000:
        warn_once(
            f"INPUT_SAMPLE_RATE={settings.INPUT_SAMPLE_RATE} has no effect: push_audio takes any "
            "rate, and the sound of frames is 16000 Hz"
        )
        settings.INPUT_SAMPLE_RATE = 16000
    if settings.EXTRACT_WORKSPACE_TO_LOCAL:
        warn_once(
            "EXTRACT_WORKSPACE_TO_LOCAL has no effect: an avatar is one file, which is read "
            "directly; COMPRESS_METHOD=TEMP_FILE keeps decoded pictures on the disk"
        )
