"""Hearing: what other services publish is written into the own log first, and that is all the inbox there is."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from google.protobuf.message import Message

from chassis import failpoints, fields, log, metrics, nature, parking, progress
from chassis.application import Application
from chassis.bus import Batch, Place, Record, Subscriber
from chassis.cause import Cause, system_actor
from chassis.codec import DamagedEventError, UnknownEventError, json_bytes
from chassis.database import Session
from chassis.domain import id_of
from chassis.log import Entry, Recorded
from chassis.messages import PROGRESS, Catalogue, Envelope, UnreadableMessageError, as_text, envelope_of
from chassis.progress import Lately, Standing

HEARD = "heard."


class Heard(msgspec.Struct, gc=False):
    """A message as the log keeps it: headers and value as they were received."""

    headers: dict[str, str]
    key: str
    value: bytes


_HEARD = msgspec.json.Decoder(Heard)


@dataclass(frozen=True, slots=True)
class _Readable:
    record: Record
    envelope: Envelope


def damaged(row: Recorded, why: object) -> DamagedEventError:
    """The error that names a row of the log, as the codec names own events."""
    return DamagedEventError(f"{row.topic} {row.stream} version {row.version}: {why}")


def decode_heard(catalogue: Catalogue, row: Recorded) -> Message:
    """The message in a heard row of the log. Raises `UnknownEventError` and `DamagedEventError`, as own events do."""
    topic = row.topic.removeprefix(HEARD)
    if topic not in catalogue.topics:
        raise UnknownEventError(row.topic)
    try:
        return catalogue.decode(topic, _heard(row).value)
    except UnreadableMessageError as error:
        raise damaged(row, error) from error


def headers_of(row: Recorded) -> dict[str, str]:
    """The headers of a heard row: who said it, when, at which position. Raises `DamagedEventError`."""
    return _heard(row).headers


def _heard(row: Recorded) -> Heard:
    try:
        return _HEARD.decode(row.state)
    except (ValueError, RecursionError) as error:  # bytes that are no UTF-8 are no error of msgspec's own
        raise damaged(row, error) from error


class Ingest:
    """Takes messages from the bus into the log; a message that comes twice changes nothing."""

    def __init__(
        self, app: Application, subscriber: Subscriber, standing: Standing | None = None, *, batch: int = 500
    ) -> None:
        self.name = f"{app.name}.ingest"
        self._standing = standing or Standing(subscriber, app.name)
        self._app, self._bus, self._batch = app, subscriber, batch
        self._topics = tuple(app.hears)
        self._actor = system_actor(self.name)
        self._places: dict[tuple[str, int], Place] | None = None
        self._unsaved: dict[tuple[str, int], Place] = {}
        """Of Progress that brought no news: saved with the next batch that does."""
        self._lately = Lately()

    def step(self) -> bool:
        """Take one batch: log, offsets and what could not be read in one transaction."""
        if not self._topics:
            return False
        with self._app.database.session() as session:
            # what it writes would make a log that was put back as long as it was
            self._standing.require(session)
            places = self._saved(session)
            batch = self._bus.poll((*self._topics, PROGRESS), places, limit=self._batch)
            moved = {part: place for part, place in batch.places.items() if places.get(part) != place}
            if not batch.gaps and self._brings_no_news(batch, moved):
                self._unsaved |= moved
                self._places = {**places, **batch.places}
                return False
            with session.transaction():
                # before the look at what was heard: a copy with a stale batch must not put an old state last
                log.lock(session)
                placed = self._take(session, batch)
                _save(session, self._unsaved | moved, _first_left(batch))
                progress.settle(session, {**places, **batch.places}, self._topics)
                failpoints.reach("ingest.before_commit")
            self._places, self._unsaved = {**places, **batch.places}, {}
            self._lately.note(batch.records)
        for record in batch.records:
            metrics.HEARD.labels(self._app.name, record.topic).inc()
        if placed:
            self._app.on_append(placed[-1])
        return any(record.topic != PROGRESS for record in batch.records)

    def _brings_no_news(self, batch: Batch, moved: Iterable[tuple[str, int]]) -> bool:
        return all(topic == PROGRESS for topic, _ in moved) and all(map(self._lately.knows, batch.records))

    def _saved(self, session: Session) -> dict[tuple[str, int], Place]:
        if self._places is None:
            rows = session.run("SELECT topic, partition, topic_id, next FROM offsets")
            self._places = {(topic, part): Place(topic_id, next_) for topic, part, topic_id, next_ in rows}
        return self._places

    def redrive(self) -> int:
        """Read again what is parked, in order of each key; what can be read now is heard. Return how many could."""
        with self._app.database.session() as session:
            self._standing.require(session)
            with session.transaction():
                log.lock(session)
                rows = session.run(
                    'SELECT topic, partition, "offset", key, value, headers, parked_at, topic_id FROM parked_messages'
                    ' WHERE topic <> %s ORDER BY topic, partition, topic_id, "offset"',
                    (PROGRESS,),
                )
                readable: list[_Readable] = []
                stuck: set[tuple[str, str]] = set()
                for *row, topic_id in rows:
                    record = Record(*row)
                    try:
                        if (record.topic, record.key) in stuck:
                            continue
                        readable.append(self._read(record))
                        parking.discard(session, record, topic_id)
                    except UnreadableMessageError:
                        stuck.add((record.topic, record.key))
                placed = self._hear(session, readable)
            if placed:
                self._app.on_append(placed[-1])
        return len(readable)

    def _take(self, session: Session, batch: Batch) -> list[int]:
        readable: list[_Readable] = []
        told: list[Record] = []
        behind = parking.parked_before(session, batch)
        for record in batch.records:
            where = (record.topic, record.key)
            try:
                if record.topic == PROGRESS:
                    if record.value is not None:
                        progress.read(record)
                        told.append(record)
                    continue
                readable.append(self._read(record, behind=behind.get(where)))
            except UnreadableMessageError as error:
                behind.setdefault(where, record.offset)
                parking.park(session, record, batch.places[record.topic, record.partition].topic_id, str(error))
        progress.take(session, told, self._app.name)
        return self._hear(session, readable)

    def _hear(self, session: Session, readable: Sequence[_Readable]) -> list[int]:
        newest = _newer(session, [one for one in readable if self._app.catalogue.is_state(one.record.topic)])
        fresh = [one for one in readable if not self._app.catalogue.is_state(one.record.topic) or id(one) in newest]
        if not fresh:
            return []
        causes = [
            Cause(actor=self._actor, command_id=nature.new_id(), correlation_id=one.envelope.correlation_id)
            for one in fresh
        ]
        return log.append(session, self._app.name, [_entry(one) for one in fresh], causes, absorb=True)

    def _read(self, record: Record, *, behind: int | None = None) -> _Readable:
        """A record whose headers, value and fields are as they must be. Raises `UnreadableMessageError`.

        `behind` is the offset of a parked message of the same key: later ones wait, to keep their order.
        """
        if not record.value:
            raise UnreadableMessageError("it has no value")
        envelope = envelope_of(record)
        if behind is not None and behind < record.offset:
            raise UnreadableMessageError("waits behind an earlier message of the same key")
        declared = self._app.catalogue.topics[record.topic]
        if declared.origin != envelope.origin:
            raise UnreadableMessageError(f"{envelope.origin} may not write {record.topic}")
        fields.check(self._app.catalogue.decode(record.topic, record.value))
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


def _first_left(batch: Batch) -> dict[tuple[str, int], int]:
    """For each partition whose place retention has passed: the first offset that is left."""
    first = {part: batch.places[part].offset for part in batch.gaps}
    for record in reversed(batch.records):
        part = (record.topic, record.partition)
        if part in first:
            first[part] = record.offset
    return first


def _save(session: Session, places: Mapping[tuple[str, int], Place], gaps: Mapping[tuple[str, int], int]) -> None:
    """Save where to go on. What lay before `reached` was heard once: set back, it leaves no gap."""
    moved = sorted(places.items())
    if not moved:
        return
    firsts = [gaps.get(part) for part, _ in moved]
    session.run(
        "INSERT INTO offsets AS o (topic, partition, topic_id, next, reached, gap)"
        " SELECT topic, partition, topic_id, u.next, u.next, coalesce(u.first > was.reached, u.first IS NOT NULL)"
        " FROM unnest(%s::text[], %s::int[], %s::text[], %s::bigint[], %s::bigint[])"
        " AS u (topic, partition, topic_id, next, first) LEFT JOIN offsets AS was USING (topic, partition, topic_id)"
        " ON CONFLICT (topic, partition) DO UPDATE SET topic_id = excluded.topic_id, next = excluded.next,"
        " reached = CASE WHEN o.topic_id = excluded.topic_id THEN greatest(o.reached, excluded.next)"
        " ELSE excluded.next END,"
        " gap = CASE WHEN o.topic_id = excluded.topic_id THEN o.gap OR excluded.gap ELSE excluded.gap END",
        (
            [topic for (topic, _), _ in moved],
            [partition for (_, partition), _ in moved],
            [place.topic_id for _, place in moved],
            [place.offset for _, place in moved],
            firsts,
        ),
    )
