"""The avatar that comes with the package: large enough to look alive, still when all is quiet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from support import RATE, Pcm, package_folder
from test_silence import mouths, room

import bithuman_ctypes as bh


@pytest.fixture(scope="module")
def bundled() -> Iterator[bh.Avatar]:
    """The bundled avatar; a package without it fails."""
    with bh.open() as loaded:
        yield loaded


def test_what_it_is(bundled: bh.Avatar) -> None:
    assert (bundled.frame_width, bundled.frame_height) == (1248, 704)
    assert bundled.source_frame_count >= 100
    assert bundled.cluster_count >= 180
    assert [(action.name, action.idle) for action in bundled.fixture.actions] == [
        ("nod", False),
        ("look-aside", True),
    ]
    assert (package_folder() / "assets" / "default.imx").stat().st_size <= 12e6


QUIET = {"zeros": np.zeros(5 * RATE, np.float32), "room noise at -55 dBFS": room(5, -55)}


@pytest.mark.parametrize("name", QUIET)
def test_it_is_still_when_nobody_speaks(bundled: bh.Avatar, name: str) -> None:
    """``mouths`` compares each frame with its source frame, bit for bit."""
    with bh.Runtime(bundled.fixture) as runtime:
        assert set(mouths(runtime, QUIET[name])) == {0}


def test_it_speaks(bundled: bh.Avatar, spoken: Pcm) -> None:
    found = [frame.cluster_idx for frame in bundled.compose(spoken)]
    assert len(set(found)) >= 30
    assert max(found) < bundled.cluster_count
