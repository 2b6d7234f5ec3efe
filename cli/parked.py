"""What a service has parked: events that a policy could not answer, messages that could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from chassis.bus import BusUnavailableError
from chassis.database import DatabaseUnavailableError, PooledDatabase
from chassis.hearing import Ingest
from chassis.messages import Catalogue
from chassis.policies import PolicyFollower, policies_of
from chassis.progress import LogBehindError, Standing
from chassis.service import Service
from cli.installation import Installation

EVENT, MESSAGE = "event", "message"


def parked_in(installation: Installation, service: Service) -> list[dict[str, Any]]:
    """Everything that is parked in one service, in the order in which it will be tried again."""
    with installation.reading(service.name) as session:
        events = session.run(
            "SELECT p.policy, p.position, p.stream, p.cause, p.parked_at, l.topic, l.state FROM parked AS p"
            " JOIN log AS l ON l.position = p.position ORDER BY p.policy, p.position"
        )
        messages = session.run(
            'SELECT topic, topic_id, partition, "offset", key, cause, parked_at, headers, value FROM parked_messages'
            ' ORDER BY topic, partition, topic_id, "offset"'
        )
    return [
        {
            "service": service.name,
            "kind": EVENT,
            "what": f"{policy} on {topic}",
            "where": f"{service.name}@{position}",
            "key": str(stream),
            "cause": cause,
            "parked_at": at,
            "policy": policy,
            "position": position,
            "event": topic,
            "bytes": state,
        }
        for policy, position, stream, cause, at, topic, state in events
    ] + [
        {
            "service": service.name,
            "kind": MESSAGE,
            "what": topic,
            "where": f"{partition}@{offset}",
            "key": key,
            "cause": cause,
            "parked_at": at,
            "topic": topic,
            "topic_id": topic_id,
            "partition": partition,
            "offset": offset,
            "headers": headers,
            "bytes": value,
        }
        for topic, topic_id, partition, offset, key, cause, at, headers, value in messages
    ]


def redrive_in(installation: Installation, service: Service, policy: str | None) -> dict[str, Any]:
    """Try again what is parked: one policy, or messages first and then all policies.

    Returns `went_through` and `stays_parked`; the latter with the reason of this time where it was tried.
    """
    names = policies_of(service.application)
    if policy is not None and policy not in names:
        raise SystemExit(f"{service.name} has no policy {policy!r}: choose one of {', '.join(names) or 'none'}")
    before = list(_about(parked_in(installation, service), policy))
    with installation.working(service) as database, installation.bus() as bus:
        if policy is None and any(row["kind"] == MESSAGE for row in before):
            try:
                Ingest(service.application(database, Catalogue()), bus).redrive()
            except LogBehindError as error:
                raise SystemExit(str(error)) from error
        standing = Standing(bus, service.name)
        reasons = dict(_wake(database, service, standing, before, (policy,) if policy else names))
    after = list(_about(parked_in(installation, service), policy))
    left = {_id(row) for row in after}
    return {
        "went_through": [row for row in before if _id(row) not in left],
        "stays_parked": [row | {"cause": reasons.get(_id(row), row["cause"])} for row in after],
    }


def _wake(
    database: PooledDatabase,
    service: Service,
    standing: Standing,
    parked: Sequence[dict[str, Any]],
    policies: Sequence[str],
) -> Iterator[tuple[tuple[object, ...], str]]:
    """Wake policies stream by stream, so that each stream says why it is stuck; yield the reason of each first row."""
    app = service.application(database, Catalogue())
    for policy in policies:
        follower = PolicyFollower(app, policy, standing)
        rows = [row for row in parked if row["kind"] == EVENT and row["policy"] == policy]
        for stream in dict.fromkeys(row["key"] for row in rows):
            try:
                follower.redrive(UUID(stream))
            except (BusUnavailableError, DatabaseUnavailableError):
                raise
            except LogBehindError as error:
                raise SystemExit(str(error)) from error
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told and the next stream has its turn
                first = _first_left(database, policy, UUID(stream))
                yield (EVENT, policy, first), f"{type(error).__name__}: {error}"


def _first_left(database: PooledDatabase, policy: str, stream: UUID) -> int | None:
    with database.session() as session:
        row = session.one("SELECT min(position) FROM parked WHERE policy = %s AND stream = %s", (policy, stream))
    return row[0] if row else None


def _about(rows: Sequence[dict[str, Any]], policy: str | None) -> Iterator[dict[str, Any]]:
    return (row for row in rows if policy is None or row.get("policy") == policy)


def _id(row: dict[str, Any]) -> tuple[object, ...]:
    if row["kind"] == EVENT:
        return EVENT, row["policy"], row["position"]
    return MESSAGE, row["topic_id"], row["partition"], row["offset"]
