"""What becomes of one record: told, old, ended, or a dead letter. Knows no broker."""

from __future__ import annotations

import time
from typing import Protocol

from mandate_kit.keeping import Newest, Repeats
from mandate_kit.letters import DeadLetter, Sink
from mandate_kit.metrics import Metrics
from mandate_kit.records import PROGRESS, Contract, Record, Told, UnreadableRecordError, age_of
from mandate_kit.sync import Sync


class Listener(Protocol):
    """Who is told. Both are called in the thread that calls `step`."""

    def take(self, told: Told) -> None:
        """A state newer than all before of its key, or an event that was not seen just now.

        Raise `UnreadableRecordError` (or `ValueError`) to make it a dead letter. Whatever else is raised leaves
        `step`; start again, and what was not taken comes again.
        """

    def forget(self, topic: str, key: str) -> None:
        """Nothing is known of this state any more: a tombstone, or a newer record that cannot be read."""


class Intake:
    """Takes records one by one, of all topics of the contract and of `Progress`."""

    def __init__(self, listener: Listener, sync: Sync, metrics: Metrics, dead: Sink) -> None:
        self.contract = Contract()
        self.newest = Newest()
        self._listener, self._sync, self._metrics, self._dead = listener, sync, metrics, dead
        self._repeats = Repeats()

    def take(self, record: Record) -> None:
        """Take one record. Raises what the listener and the sink of dead letters raise."""
        try:
            outcome = self._take_progress(record) if record.topic == PROGRESS else self._take(record)
        except (UnreadableRecordError, ValueError, OverflowError) as error:
            self._bury(record, str(error))
            outcome = "dead"
        self._metrics.count(record.topic, outcome)

    def _take(self, record: Record) -> str:
        if record.value is None and self.contract.topics[record.topic].is_state:
            self.newest.end(record.topic, record.key_text)
            self._listener.forget(record.topic, record.key_text)
            return "ended"
        told = self.contract.read(record)
        if self.contract.topics[record.topic].is_state:
            if not self.newest.is_news(told.topic, told.key, told.age):
                return "old"
            self._listener.take(told)
            self.newest.take(told.topic, told.key, told.age)
        else:
            if not self._repeats.is_news(told.id):
                return "old"
            self._listener.take(told)
            self._repeats.take(told.id)
        return "taken"

    def _take_progress(self, record: Record) -> str:
        self._sync.tell(record, time.monotonic())
        return "taken"

    def _bury(self, record: Record, cause: str) -> None:
        if record.topic != PROGRESS and self.contract.topics[record.topic].is_state:
            try:
                age = age_of(record)
            except (KeyError, ValueError):
                age = None
            if self.newest.lose(record.topic, record.key_text, age):
                self._listener.forget(record.topic, record.key_text)
        self._dead(DeadLetter(record, cause))
