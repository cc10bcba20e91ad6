"""Settings from the environment and from a ``.env`` file.

A ``.env`` has lines of ``NAME=value``, with or without ``export`` before them. A value may be in
single quotes (taken as it is) or double quotes (``\\n``, ``\\t``, ``\\"`` and ``\\\\`` mean what
they mean elsewhere); without quotes it ends at `` #``. Names are not expanded within values.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

logger = logging.getLogger("bithuman_ctypes.settings")

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(?P<value>.*)")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_env_file(path: str | os.PathLike[str]) -> dict[str, str]:
    """The names and values of a ``.env`` file; none where there is no such file.

    Lines that are none of this are passed over with a warning in the log, which does not quote
    them: such files hold secrets.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError):
        return {}
    except UnicodeDecodeError:
        logger.warning("%s is not UTF-8 text and is not used", path)
        return {}
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        value = _value(match["value"]) if match else None
        if match is None or value is None:
            logger.warning("%s, line %d is not NAME=value and is passed over", path, number)
            continue
        values[match["name"]] = value
    return values


def _value(written: str) -> str | None:
    if written.startswith('"'):
        match = _DOUBLE.fullmatch(written)
        if match is None:
            return None
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), match[1])
    if written.startswith("'"):
        match = _SINGLE.fullmatch(written)
        return match[1] if match else None
    return re.split(r"\s+#", written, maxsplit=1)[0].strip()
