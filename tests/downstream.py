"""A downstream system that keeps the right to act by itself: the state topics, read from their beginning."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from mandate_kit import feeding
from mandate_kit.authority import AuthorityIndex

from chassis.bus import Places, Record, Subscriber
from chassis.messages import Catalogue, envelope_of
from tests.scenario import Story

ENDED = "ConnectionEnded"
PROMISE = timedelta(seconds=2)
"""Revocation seen everywhere (limits.md)."""


@dataclass
class Downstream:
    """What somebody outside knows: an index of their own, and the events that they listen to."""

    bus: Subscriber
    index: AuthorityIndex = field(default_factory=AuthorityIndex)
    seen: dict[str, list[Record]] = field(default_factory=dict)
    _places: Places = field(default_factory=dict)

    def read(self) -> None:
        """Take in all that is there."""
        catalogue, topics = Catalogue(), (*feeding.TOPICS, ENDED)
        while True:
            batch = self.bus.poll(topics, self._places)
            self._places = batch.places
            for record in batch.records:
                self.seen.setdefault(record.topic, []).append(record)
                if record.value is not None:
                    feeding.take(self.index, catalogue.decode(record.topic, record.value))
            if not batch.records:
                return


def check(bus: Subscriber, story: Story) -> None:
    """Step 9 as a subscriber sees it: the right is gone, within two seconds of its end, and ConnectionEnded says so."""
    downstream = Downstream(bus)
    downstream.read()
    staff, practice = UUID(story.people["staff"].account_id), UUID(story.practice)
    [gone] = downstream.index.explain(staff, practice, "PECOS").missing
    assert (gone.what, gone.status, str(gone.changed_by)) == (
        "CONNECTION",
        "DISCONNECTED",
        story.people["provider"].account_id,
    )
    assert downstream.index.can_act(staff, UUID(story.group), "PECOS")
    states = {record.key: record for record in downstream.seen["ConnectionState"]}
    [ended] = [record for record in downstream.seen[ENDED] if record.key in states and _is_of(record, story)]
    for record in (ended, states[ended.key]):
        assert record.appended_at - envelope_of(record).time < PROMISE


def _is_of(record: Record, story: Story) -> bool:
    assert record.value is not None
    message = Catalogue().decode(record.topic, record.value)
    return getattr(message, "provider_id", "") == story.practice
