"""Actions of an avatar, whatever they are made of: their names, and their place in the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bithuman_ctypes.authoring import imx
from bithuman_ctypes.authoring._imx_model import check_clip_names
from bithuman_ctypes.errors import InvalidArgumentError


class Action(NamedTuple):
    """``frames`` between the loop's frames ``leave`` and ``rejoin``."""

    name: str
    frames: int
    leave: int
    rejoin: int


def check_names(names: Sequence[str], idle: Iterable[str]) -> None:
    """Raises InvalidArgumentError before minutes have gone into an avatar."""
    try:
        check_clip_names(names)
    except imx.ImxError as error:
        raise InvalidArgumentError(str(error)) from None
    unknown = sorted(set(idle) - set(names))
    if unknown:
        raise InvalidArgumentError(f"idle names {unknown[0]!r}, which is none of the actions")


def clips(actions: Iterable[Action], loop: int, idle: Iterable[str]) -> list[imx.Clip]:
    """Actions as a file has them, their frames one behind the other after a loop's."""
    out, begin, idle = [], loop, frozenset(idle)
    for name, frames, leave, rejoin in actions:
        out.append(imx.Clip(name, range(begin, begin + frames), leave, rejoin, name in idle))
        begin += frames
    return out
