"""How far a service has told, and proof of how far that has been heard here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mandate.bus.v1 import topics_pb2

from chassis import log, nature
from chassis.bus import Message, Place, Record, Subscriber
from chassis.database import Session
from chassis.domain import DomainError
from chassis.messages import PROGRESS


class LogBehindError(Exception):
    """The log ends before what it has told: it was put back. `mandate restore` must run before anything else."""


FRESH = timedelta(seconds=30)
"""Age of an origin's last Progress above which nothing is decided on what was heard from it."""


class ViewStaleError(DomainError):
    """We have not heard from the service that knows this for a while. Nothing was changed; try again in a minute."""

    code = "VIEW_STALE"


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
    return Message(topic=PROGRESS, key=origin, value=value.SerializeToString(deterministic=True), headers=headers)


def last_told(subscriber: Subscriber, origin: str) -> topics_pb2.Progress | None:
    """The last Progress that this origin has published, or None."""
    last: topics_pb2.Progress | None = None
    places: Mapping[tuple[str, int], Place] = {}
    while True:
        batch = subscriber.poll((PROGRESS,), places)
        for record in batch.records:
            if record.key == origin and record.value is not None:
                last = topics_pb2.Progress.FromString(record.value)
        if not batch.records:
            return last
        places = batch.places


def refuse_restored(session: Session, subscriber: Subscriber, origin: str) -> None:
    """Raise `LogBehindError` where the own log ends before its own last Progress."""
    told = last_told(subscriber, origin)
    edition, end = log.edition(session), log.end(session)
    if told is not None and (told.edition, told.position) > (edition, end):
        raise LogBehindError(
            f"{origin} has told everything up to position {told.position} of edition {told.edition}, but its log"
            f" ends at {end} of edition {edition}. It was restored from a backup: run `mandate restore {origin}` first."
        )


def take(session: Session, records: Sequence[Record], own: str) -> None:
    """Remember the newest Progress of each other origin until what it speaks of has been heard."""
    newest: dict[str, Record] = {}
    for record in records:
        if record.topic == PROGRESS and record.value is not None and record.key != own:
            newest[record.key] = record
    for origin, record in sorted(newest.items()):
        session.run(
            "INSERT INTO progress AS p (origin, edition, position, own_position, appended_at, pending, pending_at)"
            " VALUES (%s, 0, 0, 0, '-infinity', %s, %s) ON CONFLICT (origin) DO UPDATE"
            " SET pending = excluded.pending, pending_at = excluded.pending_at",
            (origin, record.value, record.appended_at),
        )


def settle(session: Session, places: Mapping[tuple[str, int], Place], topics: Sequence[str]) -> None:
    """Note which pending Progress is proven: every offset it names in our topics lies behind our places.

    A partition with a gap proves nothing more until its topic has been republished under another id.
    """
    waiting = session.run("SELECT origin, pending, pending_at FROM progress WHERE pending IS NOT NULL ORDER BY origin")
    if not waiting:
        return
    gaps = {(topic, partition) for topic, partition in session.run("SELECT topic, partition FROM offsets WHERE gap")}
    for origin, pending, pending_at in waiting:
        told = topics_pb2.Progress.FromString(pending)
        ours = [written for written in told.written if written.topic in topics]
        if all((one.topic, one.partition) not in gaps and _passed(one, places) for one in ours):
            session.run(
                "UPDATE progress SET edition = %s, position = %s, appended_at = %s, pending = NULL,"
                " own_position = (SELECT coalesce(max(position), 0) FROM log) WHERE origin = %s",
                (told.edition, told.position, pending_at, origin),
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
