"""How far a service has told, and proof of how far that has been heard here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from google.protobuf.message import DecodeError
from mandate.bus.v1 import topics_pb2

from chassis import editions, log, nature
from chassis.bus import Message, Place, Places, Record, Subscriber, records_between
from chassis.database import Session
from chassis.domain import DomainError
from chassis.messages import PROGRESS, UnreadableMessageError


class LogBehindError(Exception):
    """The log ends before what it has told: it was put back. `mandate restore` must run before anything else."""


NEAR = 500
"""Records from the end among which the last Progress of a living service stands."""
REPEATS = timedelta(seconds=5)
"""For so long a Progress that says what the last one said is not written down: it only shows that its origin lives."""
FRESH = timedelta(seconds=30)
"""Age of an origin's last Progress above which nothing is decided on what was heard from it."""


class ViewStaleError(DomainError):
    """We have not heard from the service that knows this for a while. Nothing was changed; try again in a minute."""

    code = "VIEW_STALE"
    transient = True


@dataclass(frozen=True, slots=True)
class HeardUpTo:
    """Everything that `origin` said up to `position` stands in the own log at `own_position` or before."""

    origin: str
    edition: int
    position: int
    own_position: int
    appended_at: datetime


def message(session: Session, origin: str, edition: int, position: int) -> Message:
    """The Progress of a relay that has told everything up to `position`, from the rows that it saved."""
    rows = session.run("SELECT topic, topic_id, partition, last FROM written ORDER BY topic, partition")
    value = topics_pb2.Progress(
        origin=origin,
        edition=edition,
        position=position,
        written=[
            topics_pb2.WrittenOffset(topic=topic, topic_id=topic_id, partition=partition, offset=last)
            for topic, topic_id, partition, last in rows
        ],
    )
    headers = {"content-type": "application/protobuf", "ce_specversion": "1.0", "origin": origin}
    if leaf := _leaf(session, position):
        headers["leafhash"] = leaf
    return Message(topic=PROGRESS, key=origin, value=value.SerializeToString(deterministic=True), headers=headers)


def read(record: Record) -> topics_pb2.Progress:
    """The Progress in a record. Raises `UnreadableMessageError`."""
    try:
        told = topics_pb2.Progress.FromString(record.value or b"")
    except DecodeError as error:
        raise UnreadableMessageError(f"the value is no {PROGRESS}: {error}") from error
    if not told.origin or told.origin != record.key or "\0" in told.origin or told.edition < 1 or told.position < 0:
        raise UnreadableMessageError(f"this is no {PROGRESS} of {record.key!r}")
    return told


def _leaf(session: Session, position: int) -> str:
    """The leaf hash of the event at a position, as messages carry it; nothing where there is no event."""
    row = session.one("SELECT leaf_hash FROM log WHERE position = %s", (position,))
    return bytes(row[0]).hex() if row else ""


@dataclass(frozen=True, slots=True)
class LastTold:
    """The furthest that an origin has told."""

    edition: int
    position: int
    leaf: str
    """Leaf hash of the event at that position, where the Progress names it."""


def last_told(subscriber: Subscriber, origin: str) -> LastTold | None:
    """The furthest Progress that this origin has published, or None.

    Looked for from the end backwards, ten times as far each time: a day of Progress may be there. To the end as it
    was at the beginning, and not only until a poll brings nothing: whoever stopped early would miss a restore.
    """
    ends = subscriber.ends((PROGRESS,))
    reach = NEAR
    while True:
        begin = {part: Place(end.topic_id, max(0, end.offset - reach)) for part, end in ends.items()}
        told = list(_told_between(subscriber, begin, ends, origin))
        if told:
            return max(told, key=lambda one: (one.edition, one.position))
        if all(place.offset == 0 for place in begin.values()):
            return None
        reach *= 10


def _told_between(subscriber: Subscriber, begin: Places, ends: Places, origin: str) -> Iterator[LastTold]:
    for record in records_between(subscriber, begin, ends):
        with suppress(UnreadableMessageError):  # a stranger's: ingest parks it
            told = read(record)
            if told.origin == origin:
                yield LastTold(told.edition, told.position, record.headers.get("leafhash", ""))


def refuse_restored(session: Session, subscriber: Subscriber, origin: str) -> None:
    """Raise `LogBehindError` where the own log was put back, and note it for those who have no bus."""
    if why := why_behind(session, subscriber, origin):
        editions.note_put_back(session, why)
        raise LogBehindError(why)
    editions.note_whole(session)


def why_behind(session: Session, subscriber: Subscriber, origin: str) -> str:
    """Where a log ends before its own last Progress, or is another log than told it: what to type. Else nothing."""
    told = last_told(subscriber, origin)
    edition, end = log.edition(session), log.end(session)
    if told is None or not is_behind(session, told, edition, end):
        return ""
    return (
        f"{origin} has told everything up to position {told.position} of edition {told.edition}, but its log"
        f" ends at {end} of edition {edition}, or has gone another way since it was put back. It was restored from a"
        f" backup: stop all of {origin}, and run `mandate restore {origin}` first."
    )


def is_behind(session: Session, told: LastTold, edition: int, end: int) -> bool:
    """Whether a log that ends there has not all that was told, or has another event where the last of that was."""
    if told.edition == edition and told.position <= end:
        return bool(told.leaf) and _leaf(session, told.position) != told.leaf
    return (told.edition, told.position) > (edition, end)


class Standing:
    """Whether a service may act: its relay and its policies ask before they do anything.

    The bus is asked once, at the start, for a log is put back only while the service is down.
    """

    def __init__(self, subscriber: Subscriber, origin: str) -> None:
        self._subscriber, self._origin = subscriber, origin
        self.known = False
        """Whether it has been seen that the log is whole."""

    def require(self, session: Session) -> None:
        """Raise `LogBehindError` where the log was put back, `BusUnavailableError` while that is not known."""
        if not self.known:
            refuse_restored(session, self._subscriber, self._origin)
            self.known = True


class Lately:
    """The last Progress of each origin that was written down: one that repeats it soon after brings no news."""

    def __init__(self) -> None:
        self._last: dict[str, Record] = {}

    def knows(self, record: Record) -> bool:
        """Whether this record says what was written down a moment ago."""
        last = self._last.get(record.key)
        return (
            last is not None
            and record.topic == PROGRESS
            and record.value == last.value
            and record.appended_at - last.appended_at < REPEATS
        )

    def note(self, records: Sequence[Record]) -> None:
        """These were written down, what is no Progress apart: that is parked each time."""
        for record in (one for one in records if one.topic == PROGRESS):
            with suppress(UnreadableMessageError):
                read(record)
                self._last[record.key] = record


def take(session: Session, records: Sequence[Record], own: str) -> None:
    """Remember the newest Progress of each other origin until what it speaks of has been heard.

    An older one that waits stays beside it: were it replaced every second, a listener that is always a second
    behind would never prove anything.
    """
    newest = {record.key: record for record in records if record.key != own}
    if not newest:
        return
    origins, told = zip(*sorted(newest.items()), strict=True)
    values, moments = [one.value for one in told], [one.appended_at for one in told]
    session.run(
        "INSERT INTO progress AS p (origin, edition, position, own_position, appended_at,"
        " pending, pending_at, latest, latest_at)"
        " SELECT u.origin, 0, 0, 0, '-infinity', u.value, u.at, u.value, u.at"
        " FROM unnest(%s::text[], %s::bytea[], %s::timestamptz[]) AS u (origin, value, at)"
        " ON CONFLICT (origin) DO UPDATE SET pending = coalesce(p.pending, excluded.pending),"
        " pending_at = coalesce(p.pending_at, excluded.pending_at),"
        " latest = excluded.latest, latest_at = excluded.latest_at",
        (list(origins), values, moments),
    )


def settle(session: Session, places: Mapping[tuple[str, int], Place], topics: Sequence[str]) -> None:
    """Note which pending Progress is proven: every offset it names in our topics lies behind our places.

    A partition with a gap proves nothing more until its topic has been republished under another id.
    """
    waiting = session.run(
        "SELECT pending, pending_at, latest, latest_at,"
        " ARRAY(SELECT topic || '/' || partition FROM offsets WHERE gap)"
        " FROM progress WHERE pending IS NOT NULL ORDER BY origin"
    )
    if not waiting:
        return
    gaps = set(waiting[0][-1])

    def proven(told: topics_pb2.Progress) -> bool:
        ours = [written for written in told.written if written.topic in topics]
        return all(f"{one.topic}/{one.partition}" not in gaps and _passed(one, places) for one in ours)

    proofs: list[tuple[topics_pb2.Progress, datetime, bool]] = []
    for pending, pending_at, latest, latest_at, _ in waiting:
        older, newer = (topics_pb2.Progress.FromString(value) for value in (pending, latest))
        if proven(newer):
            proofs.append((newer, latest_at, True))
        elif proven(older):
            proofs.append((older, pending_at, False))
    if proofs:
        _note(session, proofs)


def _note(session: Session, proofs: Sequence[tuple[topics_pb2.Progress, datetime, bool]]) -> None:
    """Note what is proven, and whether it was the newest, behind which nothing waits.

    Never back: a repeat, or the late Progress of a relay that was frozen, changes nothing.
    """
    session.run(
        "UPDATE progress AS p SET edition = CASE WHEN n.is_new THEN n.edition ELSE p.edition END,"
        " position = CASE WHEN n.is_new THEN n.position ELSE p.position END,"
        " appended_at = CASE WHEN n.is_new THEN greatest(p.appended_at, n.at) ELSE p.appended_at END,"
        " own_position = CASE WHEN n.is_new AND (p.edition, p.position) <> (n.edition, n.position)"
        " THEN (SELECT coalesce(max(l.position), 0) FROM log AS l) ELSE p.own_position END,"
        " pending = CASE WHEN n.newest THEN NULL ELSE p.latest END,"
        " pending_at = CASE WHEN n.newest THEN NULL ELSE p.latest_at END"
        " FROM (SELECT u.*, (o.edition, o.position) <= (u.edition, u.position) AS is_new"
        " FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::boolean[])"
        " AS u (origin, edition, position, at, newest) JOIN progress AS o USING (origin)) AS n"
        " WHERE p.origin = n.origin",
        (
            [told.origin for told, _, _ in proofs],
            [told.edition for told, _, _ in proofs],
            [told.position for told, _, _ in proofs],
            [at for _, at, _ in proofs],
            [newest for _, _, newest in proofs],
        ),
    )


def _passed(written: topics_pb2.WrittenOffset, places: Mapping[tuple[str, int], Place]) -> bool:
    place = places.get((written.topic, written.partition))
    return place is not None and place.topic_id == written.topic_id and place.offset > written.offset


def heard_up_to(session: Session, origin: str) -> HeardUpTo | None:
    """How far an origin has been heard, or None where it never was."""
    row = session.one(
        "SELECT origin, edition, position, own_position, appended_at FROM progress WHERE origin = %s AND edition > 0",
        (origin,),
    )
    return HeardUpTo(*row) if row else None


def require_fresh(session: Session, origin: str) -> None:
    """Let a command rest on what was heard from an origin, or raise `ViewStaleError`.

    Age is judged by the bus's append time of the last proven Progress.
    """
    heard = heard_up_to(session, origin)
    if heard is None or nature.now() - heard.appended_at > FRESH:
        raise ViewStaleError
