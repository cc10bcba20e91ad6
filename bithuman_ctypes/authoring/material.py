"""Why a film or a photo cannot become an avatar: reasons with the times at which they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bithuman_ctypes.errors import Failed

Span = tuple[float, float]
"""Seconds from, and to."""

MAX_SPANS = 4


class Reason(NamedTuple):
    """``code`` is a word for programs, ``text`` a sentence for people."""

    code: str
    text: str
    spans: tuple[Span, ...] = ()

    def __str__(self) -> str:
        if not self.spans:
            return self.text
        times = ", ".join(f"{timecode(a)}-{timecode(b)}" for a, b in self.spans[:MAX_SPANS])
        more = f" and {len(self.spans) - MAX_SPANS} more" if len(self.spans) > MAX_SPANS else ""
        return f"{self.text} (at {times}{more})"


class MaterialError(Failed, ValueError):
    """The film or the photo does not do; ``reasons`` say why."""

    default_code = "material_unsuitable"

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__("; ".join(str(reason) for reason in reasons))
        self.reasons = tuple(reasons)


def timecode(seconds: float) -> str:
    """Minutes and seconds, such as 1:04.2."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02}.{tenths % 10}"
