"""What a subscriber's dashboards need, in a registry of its own: `generate_latest(rights.metrics.registry)`."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """Counters and gauges of one subscriber."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.records = Counter(
            "mandate_kit_records",
            "Records by what became of them: taken, old (a repeat), ended (a tombstone), dead",
            ["topic", "outcome"],
            registry=self.registry,
        )
        self._counters: dict[tuple[str, str], Counter] = {}
        self.lag = Gauge(
            "mandate_kit_lag_records", "Records on the topic that were not read yet", ["topic"], registry=self.registry
        )
        self.not_known = Counter(
            "mandate_kit_not_known", "Questions that were refused because of staleness", registry=self.registry
        )
        self._unknown = Gauge(
            "mandate_kit_unknown_keys", "Keys whose newest record could not be read", registry=self.registry
        )
        self._stale = Gauge(
            "mandate_kit_stale_seconds", "Seconds since the last proof of being in sync", registry=self.registry
        )

    def count(self, topic: str, outcome: str) -> None:
        """One record more."""
        counter = self._counters.get((topic, outcome))
        if counter is None:
            counter = self._counters[topic, outcome] = self.records.labels(topic, outcome)
        counter.inc()

    def watch(self, *, stale_s: Callable[[], float], unknown: Callable[[], float]) -> None:
        """Ask these whenever the metrics are read."""
        self._stale.set_function(stale_s)
        self._unknown.set_function(unknown)
