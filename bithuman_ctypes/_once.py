"""Warnings that say something once in a process, however often it happens."""

from __future__ import annotations

import warnings

_said: set[str] = set()


class CompatibilityWarning(UserWarning):
    """Something was asked for that makes no sense for this engine; the text says what to use."""


def warn_once(message: str, stacklevel: int = 3) -> None:
    """Warns, unless the same was said before."""
    if message not in _said:
        _said.add(message)
        warnings.warn(message, CompatibilityWarning, stacklevel=stacklevel)
