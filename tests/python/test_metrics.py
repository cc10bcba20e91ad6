"""Statistics as Prometheus text."""

from __future__ import annotations

import gc

import pytest
from live import live, voice

import bithuman_ctypes as bh

pytest.importorskip("prometheus_client")


class Named:
    """Something with statistics and a name."""

    def __init__(self, identity: str, stats: bh.Stats) -> None:
        self.identity = identity
        self._stats = stats

    def stats(self) -> bh.Stats:
        return self._stats


def test_text_of_two_sessions() -> None:
    from bithuman_ctypes.metrics import text

    with live() as one:
        one.say(voice(1))
        one.frames(10)
        stats = one.session.stats()
    first, second = Named("first", stats), Named("second", stats)
    lines = text(first, second).splitlines()
    assert 'bithuman_frames_total{session="first"} 10.0' in lines
    assert 'bithuman_samples_in_total{session="second"} 16000.0' in lines
    assert 'bithuman_queued_seconds{session="first"} 0.6' in lines
    assert any(
        line.startswith('bithuman_stage_seconds_total{session="first",stage="encoder"}')
        for line in lines
    )


def test_two_sessions_of_one_name_are_two() -> None:
    from bithuman_ctypes.metrics import text

    with live() as one:
        one.frames(3)
        stats = one.session.stats()
    first, second = Named("bob", stats), Named("bob", stats)
    lines = [s for s in text(first, second, first).splitlines() if "bithuman_frames_total{" in s]
    assert lines == [
        'bithuman_frames_total{session="bob"} 3.0',
        f'bithuman_frames_total{{session="bob {id(second)}"}} 3.0',
    ]


def test_sessions_that_are_gone_leave() -> None:
    from prometheus_client import CollectorRegistry, generate_latest

    from bithuman_ctypes.metrics import Collector

    registry, collector = CollectorRegistry(), Collector()
    registry.register(collector)
    with live() as one:
        source = Named("gone", one.session.stats())
    stopped = bh.AsyncBithuman(identity="stopped")
    collector.add(stopped)
    collector.add(source, "kept")
    assert b'session="kept"' in generate_latest(registry)
    assert b"stopped" not in generate_latest(registry), "it has none"
    del source
    gc.collect()
    assert b"session=" not in generate_latest(registry)
