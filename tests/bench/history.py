"""Histories for benchmarks: appended through the one way in, by aggregates of the real contexts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from mandate.access.v1.state_pb2 import AssociationState

from chassis import log, nature
from chassis.cause import Cause
from chassis.codec import json_bytes
from chassis.domain import Aggregate
from chassis.hearing import HEARD, Heard
from chassis.log import Entry
from chassis.messages import Origin, wrap
from chassis.vocabulary import tracking
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest
from services.connections.domain.connection import Connection
from tests.house import Room

BATCH = 5_000
CLERK = UUID("0193b5a0-7c1e-7f00-8a00-0000000000c1")


def collected(*changed: Aggregate) -> list[Any]:
    return [event for one in changed for event in one.collect_events()]


def staff_events(count: int) -> Iterator[list[Any]]:
    """One list a command: people ask for a role, are approved, and get a function."""
    done = 0
    while done < count:
        account, employer, request_id = nature.new_id(), nature.new_id(), nature.new_id()
        request = RoleRequest(
            id=request_id,
            account_id=account,
            employer_id=employer,
            role="STAFF_END_USER",
            tracking_id=tracking.make("R", nature.random_bytes(8)),
        )
        member = Association(
            id=Association.id_for(account, employer),
            account_id=account,
            employer_id=employer,
            role="STAFF_END_USER",
            role_request_id=request_id,
        )
        commands = [collected(request, member)]
        request.approve(approved_by=CLERK)
        member.approve(role_request_id=request_id, approved_by=CLERK)
        commands.append(collected(request, member))
        member.grant(function="PECOS")
        commands.append(collected(member))
        for events in commands:
            yield events
            done += len(events)


def long_association(events: int) -> Association:
    """A person at an employer who has asked, was approved, and is given a function and loses it, again and again."""
    account, employer, request_id = nature.new_id(), nature.new_id(), nature.new_id()
    member = Association(
        id=nature.new_id(), account_id=account, employer_id=employer, role="STAFF_END_USER", role_request_id=request_id
    )
    member.approve(role_request_id=request_id, approved_by=CLERK)
    for number in range(events - 2):
        change = member.withdraw if number % 2 else member.grant
        change(function="PECOS")
    return member


def connection_events(count: int) -> Iterator[list[Any]]:
    """One list a command: surrogates ask, providers approve."""
    done = 0
    while done < count:
        provider, surrogate = nature.new_id(), nature.new_id()
        one = Connection(
            id=Connection.id_for(provider, surrogate, "PECOS"),
            provider_id=provider,
            surrogate_id=surrogate,
            function="PECOS",
            initiator="SURROGATE",
            requested_by=CLERK,
            tracking_id=tracking.make("C", nature.random_bytes(8)),
        )
        yield collected(one)
        one.approve(side="PROVIDER", approved_by=CLERK)
        yield collected(one)
        done += 2


def heard_states(count: int) -> Iterator[Entry]:
    """Heard `AssociationState`s, two versions of each key, as ingest writes them."""
    for number in range(0, count, 2):
        key = Association.id_for(UUID(int=number), CLERK)
        for version, status in ((1, "PENDING"), (2, "APPROVED")):
            state = AssociationState(
                association_id=str(key),
                account_id=str(UUID(int=number)),
                employer_id=str(CLERK),
                role="ACCESS_MANAGER",
                status=status,
            )
            origin = Origin("access", 1, number + version, key, version, nature.now(), CLERK, "", bytes(32))
            message = wrap(state, origin, form=1)
            heard = Heard(dict(message.headers), message.key, message.value or b"")
            yield Entry(key, version, f"{HEARD}AssociationState", json_bytes(heard))


def append_all(room: Room, commands: Iterable[list[Any]], *, limit: int) -> None:
    """Append exactly `limit` events, each command with a cause of its own, many commands a transaction."""
    entries: list[Entry] = []
    causes: list[Cause] = []
    left = limit
    for events in commands:
        cause = Cause.of(CLERK)
        taken = events[:left]
        entries += log.entries(room.app.codec.to_stored_event(event) for event in taken)
        causes += [cause] * len(taken)
        left -= len(taken)
        if len(entries) >= BATCH or not left:
            append_entries(room, entries, causes)
            entries, causes = [], []
        if not left:
            return


def append_entries(room: Room, entries: list[Entry], causes: list[Cause]) -> None:
    with room.app.session() as session:
        log.append(session, room.app.name, entries, causes)
