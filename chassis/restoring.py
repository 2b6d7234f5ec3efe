"""Restore: a service whose log was put back to an earlier moment goes on as a new edition of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

import psycopg

from chassis import editions, failpoints, log
from chassis.bus import Place, Places, Record, Subscriber, records_between
from chassis.cause import Cause, system_actor
from chassis.codec import Codec
from chassis.database import Session, options
from chassis.editions import Edition
from chassis.messages import Catalogue, Envelope, UnreadableMessageError, envelope_of
from chassis.migrate import role_of, sealer_of
from chassis.progress import LastTold, is_behind, last_told
from chassis.service import Service

PAGE = 500


class StillRunningError(Exception):
    """A process of the service is connected to its database: the message says which. Nothing was changed."""


class LogMovedError(Exception):
    """The log is not as it was when the plan was made. Nothing was changed: look again."""


@dataclass(frozen=True)
class Plan:
    """What the bus knows, where the log ends, and what a restore would do."""

    service: str
    edition: int
    """Of the log as it stands."""
    end: int
    told: LastTold | None
    """The last Progress on the bus."""
    told_edition: int
    """The highest edition in which anything was told; 0 where nothing was."""
    is_behind: bool
    begins_at: int
    """From this position on the log tells, or will tell, another story than it has told."""
    lost: Mapping[str, int]
    """Topic -> how many messages were told that the log does not have."""
    unknown: Sequence[tuple[str, str]]
    """(state topic, key) of what was told and the log does not know at all: only listeners keep it."""
    events: Sequence[Record] = field(default=(), repr=False)
    """The lost messages of event topics, where the service wants to see them."""

    @property
    def is_needed(self) -> bool:
        """Whether something was told that the log does not have."""
        return self.is_behind or bool(self.lost) or self.told_edition > self.edition

    @property
    def becomes(self) -> int:
        """The next edition: higher than all in which anything was told."""
        return max(self.edition, self.told_edition) + 1


def look(session: Session, subscriber: Subscriber, service: Service, catalogue: Catalogue) -> Plan:
    """Compare what the service has told with what its log has. Changes nothing."""
    edition, end = log.edition(session), log.end(session)
    told = last_told(subscriber, service.name)
    behind = told is not None and is_behind(session, told, edition, end)
    forks = [end + 1]
    if told is not None and behind and told.edition == edition:
        forks.append(told.position)
    lost: Counter[str] = Counter()
    keys: set[tuple[str, str]] = set()
    events: list[Record] = []
    highest = told.edition if told else 0
    for page in _pages(_told_since(session, subscriber, service.name, catalogue)):
        has = _leaves(session, [envelope.position for _, envelope in page])
        for record, envelope in page:
            highest = max(highest, envelope.edition)
            leaf = has.get(envelope.position)
            if envelope.edition < edition or leaf == record.headers.get("leafhash"):
                continue  # an earlier restore has taken it back, or it is there
            lost[record.topic] += 1
            if leaf is not None:
                forks.append(envelope.position)
            if catalogue.is_state(record.topic):
                keys.add((record.topic, record.key))
            elif service.taken_back is not None:
                events.append(record)
    return Plan(
        service=service.name,
        edition=edition,
        end=end,
        told=told,
        told_edition=highest,
        is_behind=behind,
        begins_at=min(forks),
        lost=dict(sorted(lost.items())),
        unknown=_unknown(session, keys),
        events=events,
    )


def _told_since(
    session: Session, subscriber: Subscriber, origin: str, catalogue: Catalogue
) -> Iterator[tuple[Record, Envelope]]:
    """What stands on the service's own topics behind the offsets that its relay has saved."""
    topics = sorted(topic.name for topic in catalogue.topics.values() if topic.origin == origin)
    if not topics:
        return
    ends = subscriber.ends(topics)
    for record in records_between(subscriber, _saved(session, ends), ends):
        try:
            envelope = envelope_of(record)
        except UnreadableMessageError:
            continue  # a stranger's: listeners park it
        if envelope.origin == origin:
            yield record, envelope


def _saved(session: Session, ends: Places) -> Places:
    rows = session.run("SELECT topic, partition, topic_id, last FROM written")
    written = {(topic, part): Place(topic_id, last + 1) for topic, part, topic_id, last in rows}
    start = {part: Place(end.topic_id, 0) for part, end in ends.items()}
    return {
        part: written[part] if part in written and written[part].topic_id == place.topic_id else place
        for part, place in start.items()
    }


def _pages(told: Iterator[tuple[Record, Envelope]]) -> Iterator[list[tuple[Record, Envelope]]]:
    while page := list(islice(told, PAGE)):
        yield page


def _leaves(session: Session, positions: Sequence[int]) -> dict[int, str]:
    rows = session.run("SELECT position, leaf_hash FROM log WHERE position = ANY(%s)", (list(positions),))
    return {position: bytes(leaf).hex() for position, leaf in rows}


def _unknown(session: Session, keys: set[tuple[str, str]]) -> list[tuple[str, str]]:
    ids = [UUID(key) for _, key in keys]
    known = {str(stream) for (stream,) in session.run("SELECT stream FROM log WHERE stream = ANY(%s)", (ids,))}
    return sorted((topic, key) for topic, key in keys if key not in known)


def running(session: Session, service: str) -> list[str]:
    """The processes of a service that are connected to its database: who, and where from if we may see that."""
    rows = session.run(
        "SELECT application_name, coalesce(host(client_addr), 'somewhere'), count(*)"
        " FROM pg_stat_activity WHERE datname = current_database() AND application_name = ANY(%s)"
        " AND pid <> pg_backend_pid() GROUP BY 1, 2 ORDER BY 1, 2",
        ([role_of(service), sealer_of(service)],),
    )
    return [f"{count} as {name} from {where}" for name, where, count in rows]


def raise_edition(dsn: str, service: Service, plan: Plan, *, by: str) -> int:
    """Raise the edition as planned, in one transaction, and write into the log who did it; return the new one.

    `dsn` is the owner's, as `migrate` has it. Raises `StillRunningError` and `LogMovedError`.
    """
    with psycopg.connect(dsn, autocommit=True, options=options(service.name)) as connection:
        session = Session(connection)
        with session.transaction():
            # who starts meanwhile waits here, and then reads the new edition
            session.run("LOCK TABLE edition IN ACCESS EXCLUSIVE MODE")
            if found := running(session, service.name):
                raise StillRunningError(f"{service.name} still runs ({'; '.join(found)}): stop all of it first")
            if (log.edition(session), log.end(session)) != (plan.edition, plan.end):
                raise LogMovedError(f"the log of {service.name} has moved meanwhile: look again")
            session.run("UPDATE edition SET edition = %s", (plan.becomes,))
            failpoints.reach("restore.before_commit")
            _write_down(session, plan, by)
            if service.taken_back is not None:
                service.taken_back(session, plan.events)
    return plan.becomes


def _write_down(session: Session, plan: Plan, by: str) -> None:
    raised = Edition(
        id=editions.id_for(plan.service, plan.becomes),
        edition=plan.becomes,
        begins_at=plan.begins_at,
        told_edition=plan.told.edition if plan.told else 0,
        told_position=plan.told.position if plan.told else 0,
        raised_by=by,
    )
    codec = Codec(())
    stored = (codec.to_stored_event(happened) for happened in raised.collect_events())
    log.append(session, plan.service, log.entries(stored), Cause.of(system_actor(f"{plan.service}.restore")))
