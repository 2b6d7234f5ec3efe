"""A listener that guards itself against nothing: one row for each reaction, so that a double one shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from mandate.access.v1 import events_pb2 as access
from mandate.connections.v1 import events_pb2 as connections

from chassis import nature
from chassis.application import Application, when
from chassis.domain import Aggregate, AggregateCreated, event
from chassis.policies import World
from chassis.service import Service

HEARD = (
    access.RoleRequested,
    access.RoleRequestApproved,
    access.RoleRequestRejected,
    access.EmployerAssociationEnded,
    connections.ConnectionRequested,
    connections.ConnectionApproved,
    connections.ConnectionRejected,
    connections.ConnectionEnded,
)


class Tally(Aggregate):
    """One reaction."""

    TOPIC = "witness.Tally"

    class Counted(AggregateCreated):
        """The message was reacted to."""

        TOPIC = "witness.Tally.Counted"
        position: int

    @event(Counted)
    def __init__(self, id: UUID, position: int) -> None:
        self.position = position


def count(message: Any, world: World) -> Iterator[Aggregate]:
    """Whenever a message is heard, count it: with a new id each time, so that nothing absorbs a repeat."""
    yield Tally(id=nature.new_id(), position=world.woken_by.position)


class WitnessApplication(Application):
    """Hears everything, keeps one row a reaction."""

    name = "witness"
    aggregates = (Tally,)
    policies = tuple(when(message, count) for message in HEARD)
    hears = tuple(message.DESCRIPTOR.name for message in HEARD)


SERVICE = Service(application=WitnessApplication)
