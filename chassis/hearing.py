"""Hearing: what other services publish is written into the own log first, and that is all the inbox there is."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from google.protobuf.message import Message

from chassis import log, nature, progress
from chassis.application import Application
from chassis.bus import Batch, Place, Record, Subscriber
from chassis.cause import Cause, system_actor
from chassis.codec import json_bytes
from chassis.database import Session
from chassis.domain import id_of
from chassis.log import Entry, Recorded
from chassis.messages import PROGRESS, Catalogue, Envelope, UnreadableMessageError, as_text, envelope_of

HEARD = "heard."


class Heard(msgspec.Struct):
    """A message as the log keeps it: headers and value as they were received."""

    headers: dict[str, str]
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class _Readable:
    record: Record
    envelope: Envelope


def decode_heard(catalogue: Catalogue, row: Recorded) -> Message:
    """The message in a heard row of the log."""
    heard = msgspec.json.decode(row.state, type=Heard)
    return catalogue.decode(row.topic.removeprefix(HEARD), heard.value)


def headers_of(row: Recorded) -> dict[str, str]:
    """The headers of a heard row: who said it, when, at which position."""
    return msgspec.json.decode(row.state, type=Heard).headers


class Ingest:
    """Takes messages from the bus into the log; a message that comes twice changes nothing."""

    def __init__(self, app: Application, subscriber: Subscriber, *, batch: int = 500) -> None:
        self.name = f"{app.name}.ingest"
        self._app, self._bus, self._batch = app, subscriber, batch
        self._topics = tuple(app.hears)
        self._actor = system_actor(self.name)
        self._places: dict[tuple[str, int], Place] | None = None

    def step(self) -> bool:
        """Take one batch: log, offsets and what could not be read in one transaction."""
        if not self._topics:
            return False
        with self._app.database.session() as session:
            places = self._saved(session)
            batch = self._bus.poll((*self._topics, PROGRESS), places, limit=self._batch)
            moved = {part: place for part, place in batch.places.items() if places.get(part) != place}
            if not moved and not batch.records and not batch.gaps:
                return False
            with session.transaction():
                # before the look at what was heard: a copy with a stale batch must not put an old state last
                log.lock(session)
                placed = self._take(session, batch)
                _save(session, moved, batch.gaps)
                progress.take(session, batch.records, self._app.name)
                progress.settle(session, {**places, **batch.places}, self._topics)
            self._places = {**places, **batch.places}
        if placed:
            self._app.on_append(placed[-1])
        return any(record.topic != PROGRESS for record in batch.records)

    def _saved(self, session: Session) -> dict[tuple[str, int], Place]:
        if self._places is None:
            rows = session.run("SELECT topic, partition, topic_id, next FROM offsets")
            self._places = {(topic, part): Place(topic_id, next_) for topic, part, topic_id, next_ in rows}
        return self._places

    def _take(self, session: Session, batch: Batch) -> list[int]:
        readable: list[_Readable] = []
        for record in batch.records:
            if record.topic == PROGRESS or record.value is None:
                continue
            try:
                readable.append(self._read(record, record.value))
            except UnreadableMessageError as error:
                park(session, record, batch.places[record.topic, record.partition].topic_id, str(error))
        newest = _newer(session, [one for one in readable if self._app.catalogue.is_state(one.record.topic)])
        fresh = [one for one in readable if not self._app.catalogue.is_state(one.record.topic) or id(one) in newest]
        if not fresh:
            return []
        causes = [
            Cause(actor=self._actor, command_id=nature.new_id(), correlation_id=one.envelope.correlation_id)
            for one in fresh
        ]
        return log.append(session, self._app.name, [_entry(one) for one in fresh], causes, absorb=True)

    def _read(self, record: Record, value: bytes) -> _Readable:
        envelope = envelope_of(record)
        declared = self._app.catalogue.topics[record.topic]
        if declared.origin != envelope.origin:
            raise UnreadableMessageError(f"{envelope.origin} may not write {record.topic}")
        self._app.catalogue.decode(record.topic, value)
        return _Readable(record, envelope)


def _entry(one: _Readable) -> Entry:
    record, envelope = one.record, one.envelope
    state = json_bytes(
        {
            "headers": as_text(record.headers),
            "key": record.key,
            "value": base64.b64encode(record.value or b"").decode(),
        }
    )
    return Entry(heard_stream(record.topic, record.key, envelope), envelope.version, HEARD + record.topic, state)


def heard_stream(topic: str, key: str, envelope: Envelope) -> UUID:
    """The stream of a key's heard messages: made of origin's edition, topic, form and key.

    The time-ordered front of a UUIDv7 key stays in front, for random ids halve the rate of appends.
    """
    made = id_of("heard", envelope.origin, envelope.edition, topic, envelope.form, key)
    try:
        front = UUID(key)
    except ValueError:
        return made
    return UUID(bytes=front.bytes[:8] + made.bytes[8:])


def _newer(session: Session, states: Sequence[_Readable]) -> set[int]:
    """Which of these states are newer than all heard of their key; they are remembered as heard."""
    best: dict[tuple[str, str], list[_Readable]] = {}
    for one in states:
        rising = best.setdefault((one.record.topic, one.record.key), [])
        if not rising or _age(one) > _age(rising[-1]):
            rising.append(one)
    taken: set[int] = set()
    for topic, key in sorted(best):
        rising = best[topic, key]
        row = session.one(
            "SELECT edition, version, form FROM heard WHERE topic = %s AND key = %s FOR UPDATE", (topic, key)
        )
        fresh = [one for one in rising if row is None or _age(one) > tuple(row)]
        if not fresh:
            continue
        session.run(
            "INSERT INTO heard (topic, key, edition, version, form) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (topic, key) DO UPDATE SET edition = excluded.edition, version = excluded.version,"
            " form = excluded.form",
            (topic, key, *_age(fresh[-1])),
        )
        taken.update(id(one) for one in fresh)
    return taken


def _age(one: _Readable) -> tuple[int, int, int]:
    return one.envelope.edition, one.envelope.version, one.envelope.form


def _save(session: Session, places: dict[tuple[str, int], Place], gaps: Sequence[tuple[str, int]]) -> None:
    for (topic, partition), place in sorted(places.items()):
        session.run(
            "INSERT INTO offsets (topic, partition, topic_id, next, gap) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (topic, partition) DO UPDATE SET topic_id = excluded.topic_id, next = excluded.next,"
            " gap = excluded.gap OR (offsets.gap AND offsets.topic_id = excluded.topic_id)",
            (topic, partition, place.topic_id, place.offset, (topic, partition) in gaps),
        )


def park(session: Session, record: Record, topic_id: str, cause: str) -> None:
    """Keep what cannot be read, with its cause and bytes; the partition goes on."""
    session.run(
        'INSERT INTO parked_messages (topic, topic_id, partition, "offset", key, headers, value, cause, parked_at)'
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            record.topic,
            topic_id,
            record.partition,
            record.offset,
            record.key,
            json_bytes(as_text(record.headers)).decode(),
            record.value,
            cause,
            nature.now(),
        ),
    )


def unknown_keys(session: Session, topics: Iterable[str]) -> set[str]:
    """Keys with a parked message: what is so about them is not known, and rights on them are refused."""
    rows = session.run("SELECT DISTINCT key FROM parked_messages WHERE topic = ANY(%s)", (list(topics),))
    return {key for (key,) in rows}
