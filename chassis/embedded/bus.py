"""The bus on PostgreSQL: no broker, for `make run` and for small installations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from chassis import arrays, nature
from chassis.bus import (
    Batch,
    BusUnavailableError,
    Message,
    Place,
    Places,
    Record,
    Topic,
    UnknownTopicError,
    Written,
    partition_of,
)
from chassis.codec import json_bytes
from chassis.database import Database, DatabaseUnavailableError, Session

COMPACTION_LAG = timedelta(days=1)
SWEEP = 10_000
"""States taken away in one sweep."""


class EmbeddedPublisher:
    """Writes messages; offsets are given under the partition's lock, which is held to commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._partitions: dict[str, int] = {}
        """Of topics that were met: fixed for life."""

    def publish(self, messages: Sequence[Message]) -> Sequence[Written]:
        """Write all or none, in one transaction."""
        if not messages:
            return ()
        try:
            with self._database.session() as session:
                if unmet := {message.topic for message in messages} - set(self._partitions):
                    self._partitions |= _partitions(session, unmet)
                parts = [(one.topic, partition_of(one.key, self._partitions[one.topic])) for one in messages]
                if len(set(parts)) == 1:
                    return _publish_to(session, parts[0], messages)
                with session.transaction():
                    return self._publish(session, parts, messages)
        except DatabaseUnavailableError as error:
            raise BusUnavailableError(str(error)) from error

    def _publish(
        self, session: Session, parts: Sequence[tuple[str, int]], messages: Sequence[Message]
    ) -> list[Written]:
        heads: dict[tuple[str, int], int] = {}
        ids: dict[str, str] = {}
        # in one order for all publishers, so that they never wait for each other in a ring
        for topic, partition, next_, topic_id in session.run(
            "SELECT h.topic, h.partition, h.next, t.id::text FROM heads AS h JOIN topics AS t ON t.name = h.topic"
            " WHERE (h.topic, h.partition) IN (SELECT * FROM unnest(%s::text[], %s::int[]))"
            " ORDER BY h.topic, h.partition FOR UPDATE OF h",
            _columns(set(parts)),
        ):
            heads[topic, partition], ids[topic] = next_, topic_id
        if missing := set(parts) - set(heads):
            raise UnknownTopicError(min(missing)[0])
        written: list[Written] = []
        for part in parts:
            written.append(Written(part[0], ids[part[0]], part[1], heads[part]))
            heads[part] += 1
        session.run(
            "WITH moved AS (UPDATE heads AS h SET next = n.next"
            " FROM unnest(%s::text[], %s::int[], %s::bigint[]) AS n (t, p, next)"
            " WHERE h.topic = n.t AND h.partition = n.p)"
            ' INSERT INTO records (topic, partition, "offset", key, value, headers, appended_at)'
            " SELECT t, p, o, k, v, h::jsonb, %s FROM"
            " unnest(%s::text[], %s::int[], %s::bigint[], %s::text[], %s::bytea[], %s::text[]) AS u (t, p, o, k, v, h)",
            (
                *_columns(heads),
                list(heads.values()),
                nature.now(),
                *_columns(parts),
                arrays.bigints([one.offset for one in written]),
                *_contents(messages),
            ),
        )
        return written

    def close(self) -> None:
        """Nothing to let go of: the database belongs to the caller."""


def _publish_to(session: Session, part: tuple[str, int], messages: Sequence[Message]) -> list[Written]:
    """Write to one partition, as Progress is every second: then a statement of its own locks, numbers and inserts."""
    count = len(messages)
    rows = session.run(
        "WITH moved AS (UPDATE heads AS h SET next = h.next + %s FROM topics AS t"
        " WHERE t.name = h.topic AND h.topic = %s AND h.partition = %s"
        " RETURNING h.topic, h.partition, h.next - %s AS first, t.id::text AS topic_id), placed AS ("
        ' INSERT INTO records (topic, partition, "offset", key, value, headers, appended_at)'
        " SELECT m.topic, m.partition, m.first + u.n - 1, u.k, u.v, u.h::jsonb, %s FROM moved AS m,"
        " unnest(%s::text[], %s::bytea[], %s::text[]) WITH ORDINALITY AS u (k, v, h, n))"
        " SELECT first, topic_id FROM moved",
        (count, *part, count, nature.now(), *_contents(messages)),
    )
    if not rows:
        raise UnknownTopicError(part[0])
    [(first, topic_id)] = rows
    return [Written(part[0], topic_id, part[1], first + number) for number in range(count)]


def _contents(messages: Sequence[Message]) -> tuple[Any, Any, Any]:
    """Keys, values and headers, each as an array."""
    return (
        arrays.texts([message.key for message in messages]),
        arrays.byteas([message.value for message in messages]),
        arrays.texts([json_bytes(dict(message.headers)).decode() for message in messages]),
    )


def _columns(parts: Iterable[tuple[str, int]]) -> tuple[list[str], list[int]]:
    """Topics and partitions, each as an array."""
    listed = list(parts)
    return [topic for topic, _ in listed], [partition for _, partition in listed]


class EmbeddedSubscriber:
    """Reads partitions from places that the caller keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def poll(self, topics: Sequence[str], places: Places, *, limit: int = 500) -> Batch:
        """What is there after the places; a fair share of `limit` for each partition that has records."""
        try:
            with self._database.session() as session:
                return self._poll(session, topics, places, limit)
        except DatabaseUnavailableError as error:
            raise BusUnavailableError(str(error)) from error

    def _poll(self, session: Session, topics: Sequence[str], places: Places, limit: int) -> Batch:
        after: dict[tuple[str, int], Place] = {}
        gaps: list[tuple[str, int]] = []
        waiting: list[tuple[str, int]] = []
        ends: dict[tuple[str, int], int] = {}
        for topic, topic_id, partition, first, next_ in _heads(session, topics):
            part = (topic, partition)
            place = places.get(part)
            if place is None or place.topic_id != topic_id or place.offset > next_:
                place = Place(topic_id, first)
            elif place.offset < first:
                place = Place(topic_id, first)
                gaps.append(part)
            after[part], ends[part] = place, next_
            if place.offset < next_:
                waiting.append(part)
        if not waiting:
            return Batch(places=after, gaps=gaps)
        share = max(1, limit // len(waiting))
        rows = session.run(
            'SELECT r.topic, r.partition, r."offset", r.key, r.value, r.headers, r.appended_at, h.first'
            " FROM unnest(%s::text[], %s::int[], %s::bigint[]) WITH ORDINALITY AS w (t, p, o, n)"
            " JOIN heads AS h ON h.topic = w.t AND h.partition = w.p"
            " CROSS JOIN LATERAL (SELECT * FROM records AS x WHERE x.topic = w.t AND x.partition = w.p"
            ' AND x."offset" >= w.o ORDER BY x."offset" LIMIT %s) AS r ORDER BY w.n, r."offset"',
            (
                [topic for topic, _ in waiting],
                [partition for _, partition in waiting],
                [after[part].offset for part in waiting],
                share,
            ),
        )
        records: list[Record] = []
        count: Counter[tuple[str, int]] = Counter()
        for *row, first in rows:
            record = Record(*row)
            part = (record.topic, record.partition)
            if after[part].offset < first and part not in gaps:  # retention has passed us since we looked
                gaps.append(part)
            after[part] = Place(after[part].topic_id, record.offset + 1)
            count[part] += 1
            records.append(record)
        for part in waiting:
            if count[part] < share and after[part].offset < ends[part]:  # compaction has left a hole at the end
                after[part] = Place(after[part].topic_id, ends[part])
        return Batch(records=records, places=after, gaps=gaps)

    def ends(self, topics: Sequence[str]) -> Places:
        """The place after the last record of every partition."""
        try:
            with self._database.session() as session:
                heads = _heads(session, topics)
        except DatabaseUnavailableError as error:
            raise BusUnavailableError(str(error)) from error
        return {(topic, partition): Place(topic_id, next_) for topic, topic_id, partition, _, next_ in heads}

    def another(self) -> EmbeddedSubscriber:
        """It has nothing of its own."""
        return self

    def close(self) -> None:
        """Nothing to let go of: the database belongs to the caller."""


class EmbeddedTopicAdmin:
    """Makes topics, and does what a broker does by itself: retention and compaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.name = "bus.sweeper"

    def ensure(self, topics: Sequence[Topic]) -> None:
        """Make the topics that are missing."""
        with self._database.session() as session, session.transaction():
            for topic in sorted(topics, key=lambda one: one.name):
                session.run(
                    "INSERT INTO topics (name, partitions, compacted, retention_days) VALUES (%s, %s, %s, %s)"
                    " ON CONFLICT (name) DO NOTHING",
                    (topic.name, topic.partitions, topic.compacted, topic.retention_days),
                )
                session.run(
                    "INSERT INTO heads (topic, partition) SELECT %s, generate_series(0, %s) ON CONFLICT DO NOTHING",
                    (topic.name, topic.partitions - 1),
                )
                [(there,)] = session.run("SELECT partitions FROM topics WHERE name = %s", (topic.name,))
                if there != topic.partitions:
                    raise ValueError(f"{topic.name} has {there} partitions, {topic.partitions} are declared")

    def delete(self, topics: Sequence[str]) -> None:
        """Remove topics with all their records."""
        with self._database.session() as session:
            session.run("DELETE FROM topics WHERE name = ANY(%s)", (list(topics),))

    def truncate(self, topic: str, partition: int, *, before: int) -> None:
        """Take away the records below an offset, as retention does."""
        with self._database.session() as session, session.transaction():
            session.run(
                "UPDATE heads SET first = greatest(first, least(%s, next)) WHERE topic = %s AND partition = %s",
                (before, topic, partition),
            )
            session.run(
                'DELETE FROM records WHERE topic = %s AND partition = %s AND "offset" < %s', (topic, partition, before)
            )

    def step(self) -> bool:
        """Sweep: what retention has passed, and states that newer ones of their key have replaced."""
        moment = nature.now()
        with self._database.session() as session:
            old = session.run(
                'SELECT r.topic, r.partition, max(r."offset") + 1 FROM topics AS t'
                " JOIN records AS r ON r.topic = t.name"
                " WHERE t.retention_days > 0 AND r.appended_at < %s - make_interval(days => t.retention_days)"
                " GROUP BY 1, 2",
                (moment,),
            )
            replaced = session.run(
                "DELETE FROM records WHERE ctid IN"
                " (SELECT r.ctid FROM records AS r JOIN topics AS t ON t.name = r.topic"
                " WHERE t.compacted AND r.appended_at < %s AND EXISTS (SELECT 1 FROM records AS n"
                ' WHERE n.topic = r.topic AND n.key = r.key AND n."offset" > r."offset"'
                " AND n.partition = r.partition) LIMIT %s) RETURNING 1",
                (moment - COMPACTION_LAG, SWEEP),
            )
        for topic, partition, before in old:
            self.truncate(topic, partition, before=before)
        return bool(old or replaced)


def _partitions(session: Session, names: set[str]) -> Mapping[str, int]:
    rows = session.run("SELECT name, partitions FROM topics WHERE name = ANY(%s)", (sorted(names),))
    found = dict[str, int](rows)
    if missing := names - set(found):
        raise UnknownTopicError(", ".join(sorted(missing)))
    return found


def _heads(session: Session, topics: Sequence[str]) -> list[tuple[Any, ...]]:
    rows = session.run(
        "SELECT t.name, t.id::text, h.partition, h.first, h.next FROM topics AS t JOIN heads AS h ON h.topic = t.name"
        " WHERE t.name = ANY(%s) ORDER BY 1, 3",
        (list(topics),),
    )
    if missing := set(topics) - {row[0] for row in rows}:
        raise UnknownTopicError(", ".join(sorted(missing)))
    return rows
