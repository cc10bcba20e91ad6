"""What the issuer tells Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.exc import SQLAlchemyError

WAITS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 400)


class Counters:
    """All of them, in a registry of their own. Thread-safety: any thread."""

    def __init__(self, running: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self.answers = Counter(
            "issuer_answers", "Requests by their answer", ["request", "code"],
            registry=self.registry,
        )  # fmt: skip
        self.minutes = Counter("issuer_minutes", "Minutes charged", registry=self.registry)
        self.seconds = Histogram(
            "issuer_beat_seconds", "From a heartbeat to its answer", buckets=WAITS,
            registry=self.registry,
        )  # fmt: skip
        self.batch = Histogram(
            "issuer_transaction_beats", "Heartbeats that shared a transaction", buckets=SIZES,
            registry=self.registry,
        )  # fmt: skip
        self.failures = Counter(
            "issuer_database_failures", "Transactions that failed", registry=self.registry
        )
        self.registry.register(_Running(running))


class _Running:
    """Asked of the database when somebody looks."""

    def __init__(self, running: Callable[[], int]) -> None:
        self._running = running

    def describe(self) -> list[GaugeMetricFamily]:
        return [GaugeMetricFamily("issuer_sessions", "Sessions that run")]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            running = self._running()
        except SQLAlchemyError:  # the others are wanted most while the database fails
            return
        yield GaugeMetricFamily("issuer_sessions", "Sessions that run", value=running)
