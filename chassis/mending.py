"""Reading one's own state topics: where a frozen relay's late record stands last, the newest state is told again.

Listeners pass over it, for they have heard a newer one. Compaction does not: after a day it would be all that a
newcomer ever reads, and it may be an approval that has ended.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from chassis import nature, told
from chassis.application import Application
from chassis.bus import Batch, Place, Places, Subscriber
from chassis.database import Session
from chassis.messages import UnreadableMessageError, envelope_of
from chassis.relay import Relay
from chassis.told import Key

EVERY = timedelta(minutes=10)
"""Compaction leaves a record alone for a day: there is time, and at rest nobody is asked."""

Age = tuple[int, int, int]
"""Edition, version and form, as listeners compare them."""


class Mender:
    """Reads on to the end of the own state topics, and lets the relay tell again what stands there too old."""

    def __init__(self, app: Application, relay: Relay, subscriber: Subscriber) -> None:
        self.name = f"{app.name}.mender"
        self._app, self._relay, self._subscriber = app, relay, subscriber
        self._reader: Subscriber | None = None
        """While it reads."""
        self._places: dict[tuple[str, int], Place] | None = None
        self._looked_at: datetime | None = None
        self._old: set[Key] = set()
        """Keys whose last record so far is older than what had been told when it was read."""

    def step(self) -> bool:
        """Read one batch; at the end, what is still old is late."""
        if self._looked_at is not None and nature.now() - self._looked_at < EVERY:
            return False
        with self._app.database.session() as session:
            topics = told.topics(session)
            places = self._saved(session)
            batch = self._poll(topics, places) if topics else Batch()
            self._note(session, batch)
            self._places = {**places, **batch.places}
            if batch.records:
                return True
            late, self._old = self._old, set()
            with session.transaction():
                told.tell_again(session, late)
                _save(session, self._places)
            self._rest()
        if late:
            self._relay.look_again()
        return bool(late)

    def _poll(self, topics: Sequence[str], places: Places) -> Batch:
        if self._reader is None:
            self._reader = self._subscriber.another()
        return self._reader.poll(topics, places)

    def _rest(self) -> None:
        if self._reader is not None and self._reader is not self._subscriber:
            self._reader.close()
        self._reader, self._looked_at = None, nature.now()

    def _note(self, session: Session, batch: Batch) -> None:
        """What was told when this is asked stands in the topic: an older record is history, unless it comes behind."""
        last: dict[Key, Age] = {}
        for record in batch.records:
            with suppress(UnreadableMessageError, ValueError):  # a stranger's, or a key taken away
                envelope = envelope_of(record)
                last[record.topic, UUID(record.key)] = (envelope.edition, envelope.version, envelope.form)
        newest = _told(session, last)
        self._old -= set(last)
        self._old |= {key for key, read in last.items() if read < newest.get(key, read)}

    def _saved(self, session: Session) -> dict[tuple[str, int], Place]:
        if self._places is None:
            rows = session.run("SELECT topic, partition, topic_id, next FROM reread")
            self._places = {(topic, part): Place(topic_id, next_) for topic, part, topic_id, next_ in rows}
        return self._places


def _told(session: Session, keys: Collection[Key]) -> dict[Key, Age]:
    rows = session.run(
        "SELECT topic, key, edition, version, form FROM told"
        " JOIN unnest(%s::text[], %s::uuid[]) AS asked (topic, key) USING (topic, key)",
        ([topic for topic, _ in keys], [key for _, key in keys]),
    )
    return {(topic, key): (edition, version, form) for topic, key, edition, version, form in rows}


def _save(session: Session, places: Mapping[tuple[str, int], Place]) -> None:
    session.run(
        "INSERT INTO reread (topic, partition, topic_id, next)"
        " SELECT * FROM unnest(%s::text[], %s::int[], %s::text[], %s::bigint[])"
        " ON CONFLICT (topic, partition) DO UPDATE SET topic_id = excluded.topic_id, next = excluded.next",
        (
            [topic for topic, _ in places],
            [partition for _, partition in places],
            [place.topic_id for place in places.values()],
            [place.offset for place in places.values()],
        ),
    )
