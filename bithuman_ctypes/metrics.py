"""Statistics of live avatars as Prometheus text, with the extra ``metrics`` (prometheus-client).

from prometheus_client import REGISTRY, start_http_server
from bithuman_ctypes.metrics import Collector

collector = Collector()
REGISTRY.register(collector)
start_http_server(9100)
collector.add(avatar)            # an AsyncBithuman or an AvatarStream; dropped when it is
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from bithuman_ctypes.errors import BithumanError, NotSupported

if TYPE_CHECKING:
    from bithuman_ctypes.types import Stats

__all__ = ["Collector", "text"]

PREFIX = "bithuman"

COUNTERS = {
    "frames": "Frames given, of all kinds",
    "speech_frames": "Frames given with sound",
    "samples_in": "Samples of 16 kHz pushed",
    "samples_out": "Samples of 16 kHz given with frames",
    "samples_dropped": "Samples of 16 kHz dropped by interruptions",
    "utterances": "Utterances given to their end",
    "interruptions": "Interruptions that dropped something",
    "underruns": "Times that sound ran out in mid-utterance",
    "late_frames": "Frames asked for more than 40 ms late",
    "frames_silenced": "Frames that had left the engine when an interruption came",
}


class Source(Protocol):
    """What has statistics."""

    def stats(self) -> Stats:
        """What it has done."""


class Collector:
    """A collector for prometheus_client's registries. Thread-safety: any thread."""

    def __init__(self) -> None:
        _client()  # says now what is missing
        self._lock = threading.Lock()
        self._sources: dict[str, weakref.ref[Source]] = {}

    def add(self, source: Source, name: str | None = None) -> None:
        """Adds a session under a name: by default its identity, or its transaction's id. Where
        another has the name already it is the name and the transaction's id."""
        identity = getattr(source, "identity", None)
        own = str(getattr(source, "transaction_id", None) or id(source))
        chosen = str(name or identity or own)
        with self._lock:
            known = self._sources.get(chosen)
            if known is not None and known() not in (None, source):
                chosen = f"{chosen} {own}"
            self._sources[chosen] = weakref.ref(source)

    def remove(self, source: Source) -> None:
        """Takes a session out."""
        with self._lock:
            self._sources = {n: r for n, r in self._sources.items() if r() not in (None, source)}

    def collect(self) -> Iterator[Any]:
        """The metrics of the sessions that are alive."""
        metrics = _client().core
        found = self._stats()
        for name, text in COUNTERS.items():
            family = metrics.CounterMetricFamily(f"{PREFIX}_{name}", text, labels=["session"])
            for session, stats in found.items():
                family.add_metric([session], getattr(stats, name))
            yield family
        queued = metrics.GaugeMetricFamily(
            f"{PREFIX}_queued_seconds", "Sound that waits", labels=["session"]
        )
        worst = metrics.GaugeMetricFamily(
            f"{PREFIX}_max_late_seconds",
            "The latest that a frame was asked for",
            labels=["session"],
        )
        spent = metrics.CounterMetricFamily(
            f"{PREFIX}_stage_seconds", "Time spent in a stage", labels=["session", "stage"]
        )
        calls = metrics.CounterMetricFamily(
            f"{PREFIX}_stage_calls", "Times that a stage ran", labels=["session", "stage"]
        )
        for session, stats in found.items():
            queued.add_metric([session], stats.samples_queued / 16000)
            worst.add_metric([session], stats.max_late_us / 1e6)
            for stage, times in stats.stages.items():
                spent.add_metric([session, stage], times.total_ns / 1e9)
                calls.add_metric([session, stage], times.count)
        yield from (queued, worst, spent, calls)

    def _stats(self) -> dict[str, Stats]:
        with self._lock:
            sources = {name: reference() for name, reference in self._sources.items()}
            self._sources = {n: r for n, r in self._sources.items() if sources[n] is not None}
        found = {}
        for name, source in sources.items():
            if source is None:
                continue
            try:
                found[name] = source.stats()
            except BithumanError:  # stopped
                continue
        return found


def text(*sources: Source) -> str:
    """The statistics of some sessions in Prometheus's text format."""
    client = _client()
    registry = client.CollectorRegistry(auto_describe=False)
    collector = Collector()
    for source in sources:
        collector.add(source)
    registry.register(collector)
    return str(client.generate_latest(registry).decode())


def _client() -> Any:
    try:
        import prometheus_client
        import prometheus_client.core
    except ImportError:
        raise NotSupported(
            "metrics need prometheus-client: pip install prometheus-client"
        ) from None
    return prometheus_client
