"""A progress bar on a terminal; nothing in a pipe or a log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable


@contextmanager
def progress(total: int | None) -> Iterator[Callable[[], object]]:
    """Gives a function to call after each frame. ``total``: frames that will come, if known."""
    if not sys.stderr.isatty():
        yield _nothing
        return
    try:
        from tqdm import tqdm
    except ImportError:  # part of the extra [cli], and only a comfort
        yield _nothing
        return
    with tqdm(total=total, unit="frame", leave=False, file=sys.stderr) as bar:
        yield bar.update


def _nothing() -> None:
    pass
