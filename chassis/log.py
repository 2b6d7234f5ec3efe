"""One service's append-only log: the one way in, and the ways to read it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent

from chassis import arrays, metrics, nature
from chassis.audit import leaf_hash
from chassis.cause import Cause
from chassis.database import Database, Promise, Session

PAGE = 5_000
"""Events that a reader asks for at once: the size at which views reach most of their speed."""


class ConflictError(Exception):
    """Somebody else appended to one of the streams since it was loaded: load it again and decide again."""

    def __init__(self, why: str | None = None, streams: Collection[UUID] = ()) -> None:
        super().__init__(why)
        self.streams = streams


class AnsweredError(Exception):
    """The command has been answered before: look the answer up."""


class MovedError(Exception):
    """Another copy of this follower has moved its position: read it again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be appended: one event, encoded."""

    stream: UUID
    version: int
    topic: str
    state: bytes


class Recorded(NamedTuple):
    """One row of the log; a tuple, for it is made of each event that anybody reads."""

    position: int
    stream: UUID
    version: int
    topic: str
    state: bytes
    recorded_at: datetime
    packed_cause: bytes
    leaf_hash: bytes

    @property
    def cause(self) -> Cause:
        """The cause, unpacked when somebody asks."""
        return Cause.unpack(self.packed_cause)


@dataclass(frozen=True, slots=True)
class Move:
    """A follower's position, to be moved in the transaction of the append."""

    follower: str
    was: int
    becomes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A command's answer, to be written in the transaction of the append."""

    command_id: UUID
    actor: UUID
    id: UUID


@dataclass(frozen=True, slots=True)
class _Job:
    """What one call appends, ready to be sent."""

    origin: str
    entries: Sequence[Entry]
    causes: Sequence[bytes]
    leaves: Sequence[bytes]
    at: datetime
    answer: Answer | None

    def refused(self, constraint: str | None, why: str | None) -> Exception:
        """What a broken unique key says to the caller."""
        if constraint != "log_stream_version":
            return AnsweredError(str(self.answer))
        if len({(entry.stream, entry.version) for entry in self.entries}) < len(self.entries):
            return ValueError("two copies of one aggregate were changed: load it once")
        return ConflictError(why or constraint, {entry.stream for entry in self.entries})


def append(
    session: Session,
    origin: str,
    entries: Sequence[Entry],
    cause: Cause | Sequence[Cause],
    *,
    answer: Answer | None = None,
    move: Move | None = None,
    absorb: bool = False,
) -> list[int]:
    """Append all entries, or none, and return their positions.

    `cause` is one for all entries or one an entry. `absorb` skips an entry whose (stream, version) is there
    already: a message heard again. Raises `ConflictError`, `AnsweredError`, `MovedError`, and
    `DatabaseUnavailableError` where it cannot be known whether the transaction was committed.

    Each call is a commit, or a part of the transaction that is open. A command's events are handed in (`hand_in`).
    """
    return _alone(session, _job(origin, entries, cause, answer), move, absorb=absorb)


def hand_in(
    database: Database,
    origin: str,
    entries: Sequence[Entry],
    cause: Cause,
    *,
    answer: Answer | None = None,
) -> Promise[list[int]]:
    """Append all entries (one or more), or none, without a session: the promise tells the positions.

    All that has come when the last commit is done is the next one: one flush, one turn of the log's lock. Until its
    result is asked for, nobody may be at work on it; whoever has many commands in hand hands them all in first.
    The promise raises as `append` does; this raises `BusyError` where too many wait.
    """
    if database.together is None:
        raise ValueError(f"{database.schema} is written to by one at a time: append")

    def work(jobs: Sequence[_Job]) -> Sequence[list[int] | Exception]:
        with database.committing() as session:
            return _together(session, jobs)

    return database.together.hand_in(_job(origin, entries, cause, answer), work)


def _job(origin: str, entries: Sequence[Entry], cause: Cause | Sequence[Cause], answer: Answer | None) -> _Job:
    at = nature.now()
    causes = [cause.pack()] * len(entries) if isinstance(cause, Cause) else [one.pack() for one in cause]
    leaves = [
        leaf_hash(origin, entry.stream, entry.version, entry.topic, at, packed, entry.state)
        for entry, packed in zip(entries, causes, strict=True)
    ]
    return _Job(origin, entries, causes, leaves, at, answer)


def _alone(session: Session, job: _Job, move: Move | None = None, *, absorb: bool = False) -> list[int]:
    answer = job.answer
    values = (
        *_events([job]),
        arrays.timestamp(job.at),
        bytes([absorb]),
        *((answer.command_id.bytes, answer.actor.bytes, answer.id.bytes) if answer else _NONE),
        *((move.follower.encode(), arrays.bigint(move.was), arrays.bigint(move.becomes)) if move else _NONE),
    )
    try:
        [(placed,)] = session.call(_APPEND, values)
    except psycopg.errors.UniqueViolation as error:
        raise job.refused(error.diag.constraint_name, error.diag.message_detail) from error
    except psycopg.Error as error:
        if error.sqlstate == "MD001":
            raise MovedError(error.diag.message_primary) from error
        raise
    if not absorb:
        metrics.appended(job.origin, (entry.topic for entry in job.entries))
    return arrays.read_bigints(placed or b"")


def _together(session: Session, jobs: Sequence[_Job]) -> Sequence[list[int] | Exception]:
    """Append what each of several jobs has, or none of it; the outcomes in their order."""
    if len(jobs) == 1:
        return [_alone(session, jobs[0])]
    answers = [job.answer for job in jobs]
    values = (
        *_events(jobs),
        arrays.timestamps([job.at for job in jobs for _ in job.entries]).data,
        arrays.bigints([len(job.entries) for job in jobs]).data,
        arrays.uuids([answer.command_id if answer else None for answer in answers]).data,
        arrays.uuids([answer.actor if answer else None for answer in answers]).data,
        arrays.uuids([answer.id if answer else None for answer in answers]).data,
    )
    rows = session.call(_APPEND_TOGETHER, values)
    taken = [job for job, (placed, *_) in zip(jobs, rows, strict=True) if placed is not None]
    metrics.appended(jobs[0].origin, (entry.topic for job in taken for entry in job.entries))
    return [
        job.refused(_text(refused_by), _text(why)) if placed is None else arrays.read_bigints(placed)
        for job, (placed, refused_by, why) in zip(jobs, rows, strict=True)
    ]


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode()


def _events(jobs: Sequence[_Job]) -> Iterator[bytes]:
    entries = [entry for job in jobs for entry in job.entries]
    for array in (
        arrays.uuids([entry.stream for entry in entries]),
        arrays.bigints([entry.version for entry in entries]),
        arrays.texts([entry.topic for entry in entries]),
        arrays.byteas([entry.state for entry in entries]),
        arrays.byteas([packed for job in jobs for packed in job.causes]),
        arrays.byteas([leaf for job in jobs for leaf in job.leaves]),
    ):
        yield array.data


_NONE = (None, None, None)
_APPEND = "SELECT append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
_APPEND_TOGETHER = "SELECT * FROM append_together($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
_COLUMNS = "position, stream, version, topic, state, recorded_at, cause, leaf_hash"


def lock(session: Session) -> None:
    """Hold the log for this transaction: what is loaded now is still so when it is appended to."""
    session.run("SELECT pg_advisory_xact_lock('log'::regclass::oid::bigint)")


def read(session: Session, *, after: int, limit: int = PAGE) -> list[Recorded]:
    """The events behind a position, in order: everything that is there, and nothing twice."""
    rows = session.run(
        f"SELECT {_COLUMNS} FROM log WHERE position > %s ORDER BY position LIMIT %s",  # noqa: S608
        (after, limit),
        binary=True,
    )
    return list(map(Recorded._make, rows))


def read_on(session: Session, follower: str, *, limit: int = PAGE) -> tuple[int, list[Recorded]]:
    """A follower's position, and the events behind it, in one statement.

    Raises `LookupError` for a follower that `migrate` has not made.
    """
    rows = session.run(
        f"SELECT p.at, l.* FROM (SELECT position AS at FROM positions WHERE follower = %s) AS p"  # noqa: S608
        f" LEFT JOIN LATERAL (SELECT {_COLUMNS} FROM log WHERE position > p.at ORDER BY position LIMIT %s) AS l ON true"
        " ORDER BY l.position",
        (follower, limit),
        binary=True,
    )
    if not rows:
        raise LookupError(UNMADE.format(follower))
    return rows[0][0], [Recorded._make(row[1:]) for row in rows if row[1] is not None]


def end(session: Session) -> int:
    """The position of the last event; 0 for an empty log."""
    row = session.one("SELECT coalesce(max(position), 0) FROM log")
    return int(row[0]) if row else 0


def edition(session: Session) -> int:
    """The log's edition, raised by a restore."""
    row = session.one("SELECT edition FROM edition")
    return int(row[0]) if row else 1


UNMADE = "{} has no position here: run migrate with this release first"


def entries(stored: Iterator[StoredEvent]) -> list[Entry]:
    """The library's encoded events as entries."""
    return [Entry(UUID(str(e.originator_id)), e.originator_version, e.topic, e.state) for e in stored]
