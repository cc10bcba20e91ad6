"""What the commands about avatar files share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bithuman_ctypes.errors import ModelLoadError, ModelNotFoundError, OutputError


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Makes of what goes wrong with an avatar file the errors that end a command."""
    from bithuman_ctypes.authoring.imx import ImxError

    try:
        yield
    except ImxError as error:
        words = str(error)
        raise ModelLoadError(words if path in words else f"{path}: {words}") from None
    except OutputError:
        raise
    except (OSError, ValueError) as error:  # a ValueError: a name with a zero character
        reason = getattr(error, "strerror", None) or error
        raise ModelNotFoundError(f"cannot open the avatar {path}: {reason}") from None
