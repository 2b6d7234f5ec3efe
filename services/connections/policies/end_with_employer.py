"""Whenever an employer is closed, its connections end, and what waits there is rejected (D-41).

Nobody is left on its side to decide or to end them, and a surrogate would act on without anybody who could stop it.
What is asked for or approved at the same moment ends as well, so each fact wakes the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from mandate.access.v1.events_pb2 import EmployerClosed

from chassis.cause import system_actor
from chassis.domain import Aggregate
from chassis.policies import World
from services.connections.domain.closing import Closing, EmployerClosedError
from services.connections.domain.connection import PROVIDER, SURROGATE, Connection
from services.connections.projections import closed_employers, connection_list

CLOSER = system_actor("connections/end_with_employer")
"""Who ends them."""
AT_ONCE = 200
"""Connections of one transaction: a surrogate may have thousands, and nobody else writes meanwhile."""


def on_heard(heard: EmployerClosed, world: World) -> Iterator[Aggregate]:
    """From now on it is closed here, too."""
    employer_id = UUID(heard.employer_id)
    id_ = Closing.id_for(employer_id)
    if world.repository.find(id_) is None:
        yield Closing(id=id_, employer_id=employer_id)


def on_closing(begun: Closing.Begun | Closing.WentOn, world: World) -> Iterator[Aggregate]:
    """All of them, some at a time."""
    closing: Closing = world.repository.get(begun.originator_id, kind=Closing)
    found = connection_list.unfinished(world.db, employer_id=closing.employer_id, limit=AT_ONCE)
    for connection_id in found:
        yield _closed(world.repository.get(connection_id, kind=Connection), {closing.employer_id})
    if len(found) == AT_ONCE:
        closing.go_on()
        yield closing


def on_connection(
    event: Connection.Requested | Connection.RequestedAgain | Connection.Approved, world: World
) -> Iterator[Aggregate]:
    """Perhaps with an employer that is closed."""
    connection: Connection = world.repository.get(event.originator_id, kind=Connection)
    closed = closed_employers.closed_of(world.db, [connection.provider_id, connection.surrogate_id])
    if closed:
        yield _closed(connection, closed)


def _closed(connection: Connection, closed: set[UUID]) -> Connection:
    side = PROVIDER if connection.provider_id in closed else SURROGATE
    connection.close(closed_by=CLOSER, side=side, reason=EmployerClosedError.code)
    return connection
