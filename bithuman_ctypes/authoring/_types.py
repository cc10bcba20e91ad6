"""Names of the arrays that the makers of avatars pass around."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Picture = NDArray[np.uint8]
"""uint8, (height, width, 3), red first; or (height, width)."""

Flags = NDArray[np.bool_]

Progress = Callable[[str, float], None]
"""Is told the stage in words, and how much of it is done, 0 to 1."""


def silent(stage: str, done: float) -> None:
    """A Progress for who does not want to know."""
