"""Following topics on Kafka: what is new is told to a listener, what cannot be read is kept apart, the others go on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from mandate_kit.intake import Intake, Listener
from mandate_kit.kafka import Reader, UnknownTopicError
from mandate_kit.letters import Sink, to_log
from mandate_kit.metrics import Metrics
from mandate_kit.records import Contract, Record
from mandate_kit.sync import Sync

LOOK_EVERY_S = 5.0
"""How often lags are measured and, where nothing was proven for so long, the topics are looked at again."""


class Subscriber:
    """State topics from their beginning, event topics from where this group was; nothing happens between two `step`s.

    `group` names the place in event topics, which Kafka keeps; without it they too are read from their beginning.
    `settings` are librdkafka's own, for TLS and SASL. `prefix` stands before every topic's name: a replay, a trial.
    """

    def __init__(
        self,
        bootstrap: str,
        listener: Listener,
        *,
        topics: Sequence[str],
        group: str = "",
        prefix: str = "",
        dead: Sink = to_log,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        known = Contract().topics
        if strange := sorted(set(topics) - set(known)):
            raise UnknownTopicError(f"the contract of this kit has no {', '.join(strange)}")
        self.metrics = Metrics()
        self.sync = Sync({prefix + name: known[name].origin for name in topics})
        states = [prefix + name for name in topics if known[name].is_state]
        self._intake = Intake(listener, self.sync, self.metrics, dead)
        self._reader = Reader(
            bootstrap, self.sync, states=states, group=group, prefix=prefix, settings=dict(settings or {})
        )
        self._commits = bool(group)
        self._looked_s = time.monotonic()
        self.metrics.watch(stale_s=self.stale_s, unknown=lambda: len(self.unknown))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def caught_up(self) -> bool:
        """Whether everything that stood on the topics when reading began was taken."""
        return self._reader.at_end

    @property
    def unknown(self) -> frozenset[tuple[str, str]]:
        """(topic, key) of every state whose newest record could not be read."""
        return frozenset(self._intake.newest.unknown)

    def stale_s(self) -> float:
        """Seconds since it was last proven that all was heard; infinite before the first time."""
        return self.sync.age_s(time.time(), time.monotonic())

    def step(self, seconds: float = 0.1) -> bool:
        """Take what is there, waiting so long at most. Return whether there was anything.

        Raises `BrokerUnavailableError` before the first answer of a broker (later its absence is waited for, and shows
        in `stale_s`), `UnknownTopicError`, and what the listener and the sink of dead letters raise.
        """
        did = False
        for record in self._reader.read(seconds):
            self._intake.take(record)
            did = True
        if self._commits and did:
            self._reader.commit()
        self.sync.settle()
        if time.monotonic() - self._looked_s > LOOK_EVERY_S:
            self._look_around()
        return did

    def _look_around(self) -> None:
        self._looked_s = time.monotonic()
        for topic, lag in self._reader.lags().items():
            self.metrics.lag.labels(topic).set(lag)
        if self.caught_up and self.stale_s() > LOOK_EVERY_S:
            self._reader.look_again()

    def take(self, record: Record) -> None:
        """Take one record as if it had been read: dead letters, after an upgrade."""
        self._intake.take(record)

    def close(self) -> None:
        """Let go of the broker."""
        self._reader.close()
