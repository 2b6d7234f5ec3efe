"""Asking for a connection, deciding about it, ending it (4.5)."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from chassis import nature, progress
from chassis.application import Application, once
from chassis.cause import Cause, Receipt
from chassis.domain import DomainError, NotAllowedError, NotFoundError
from chassis.stepping_up import require_recent
from chassis.vocabulary import tracking
from chassis.vocabulary.functions import EHR, EHR_RETIRED_AT, EhrRetiredError, refuse_retired, require_offered
from chassis.vocabulary.reasons import require_short
from services.connections.domain.closing import EmployerClosedError
from services.connections.domain.connection import PROVIDER, SURROGATE, Connection, OwnProviderError
from services.connections.projections.closed_employers import closed_of
from services.connections.projections.managers import managed_by


class Registry(Protocol):
    """The registry, asked when a connection is asked for."""

    def knows(self, provider_id: UUID, /) -> bool:
        """Whether there is such a provider or employer. Raises `RegistrySilentError`."""
        ...


class UnknownProviderError(NotFoundError):
    """The registry knows no such provider: search for it, and choose one that is found."""

    field = "provider_id"


class UnknownSurrogateError(NotFoundError):
    """The registry knows no such surrogate: search for it, and choose one that is found."""

    field = "surrogate_id"


class UnknownSideError(DomainError):
    """Say for which side you speak: PROVIDER or SURROGATE."""

    field = "side"


class NotYourSideError(NotAllowedError):
    """Only an Authorized Official or Access Manager, or the provider himself, asks and decides for a side (X-18)."""


@once
def ask(
    app: Application,
    registry: Registry,
    cause: Cause,
    *,
    provider_id: UUID,
    surrogate_id: UUID,
    function: str,
    side: str,
) -> Receipt:
    """Ask for a connection, as `request`, where the registry knows the other side (IA-CONN-05).

    The own side is one that the actor manages: access has looked it up.
    """
    # asked beforehand: no log is held while another service is waited for
    if side == SURROGATE and not registry.knows(provider_id):
        raise UnknownProviderError
    if side == PROVIDER and not registry.knows(surrogate_id):
        raise UnknownSurrogateError
    about = {"provider_id": provider_id, "surrogate_id": surrogate_id}
    return app.execute(request, cause, **about, function=function, side=side)


def request(
    app: Application, cause: Cause, *, provider_id: UUID, surrogate_id: UUID, function: str, side: str
) -> Receipt:
    """Ask the other side for a connection in one function, in the name of `side` (PROVIDER or SURROGATE)."""
    require_offered(function, nature.now())
    if provider_id == surrogate_id:
        raise OwnProviderError
    if (provider_id if side == PROVIDER else surrogate_id) not in _managed(app, cause, side):
        raise NotYourSideError
    with app.session() as session:
        if closed_of(session, [provider_id, surrogate_id]):
            raise EmployerClosedError
    id_ = Connection.id_for(provider_id, surrogate_id, function)
    tracking_id = tracking.make("C", nature.random_bytes(8))
    connection: Connection | None = app.repository.find(id_)
    if connection is None:
        connection = Connection(
            id=id_,
            provider_id=provider_id,
            surrogate_id=surrogate_id,
            function=function,
            initiator=side,
            requested_by=cause.actor,
            tracking_id=tracking_id,
        )
    else:
        if side == PROVIDER and connection.status == "PENDING":
            require_recent(cause)  # S-09: where the surrogate has asked for the same, this lets it act (D-14)
        connection.request(initiator=side, requested_by=cause.actor, tracking_id=tracking_id)
    if function == EHR:
        connection.limit(expires_at=EHR_RETIRED_AT)
    return app.commit(connection, cause=cause)


def approve(app: Application, cause: Cause, *, connection_id: UUID, side: str) -> Receipt:
    """Approve in the name of the side that was asked. Repeating it changes nothing."""
    connection = _loaded(app, cause, connection_id, side)
    if side == PROVIDER:
        require_recent(cause)  # S-09: it lets a surrogate act
    connection.approve(side=side, approved_by=cause.actor)
    return app.commit(connection, cause=cause)


def reject(app: Application, cause: Cause, *, connection_id: UUID, side: str, reason: str = "") -> Receipt:
    """Reject in the name of the side that was asked. Repeating it changes nothing."""
    require_short(reason)
    connection = _loaded(app, cause, connection_id, side)
    connection.reject(side=side, rejected_by=cause.actor, reason=reason)
    return app.commit(connection, cause=cause)


def cancel(app: Application, cause: Cause, *, connection_id: UUID, side: str) -> Receipt:
    """Take a request back in the name of the side that asked. Repeating it changes nothing."""
    connection = _loaded(app, cause, connection_id, side)
    connection.cancel(side=side, cancelled_by=cause.actor)
    return app.commit(connection, cause=cause)


def disconnect(app: Application, cause: Cause, *, connection_id: UUID, side: str) -> Receipt:
    """End an approved connection in the name of either side. Repeating it changes nothing."""
    connection = _loaded(app, cause, connection_id, side)
    connection.disconnect(side=side, ended_by=cause.actor)
    return app.commit(connection, cause=cause)


def retire(app: Application, cause: Cause, *, id: UUID) -> Receipt:
    """Reject a request whose function has ended (IA-EHR-02); the command looks at the clock itself. Twice is once."""
    connection: Connection = app.repository.get(id, kind=Connection)
    if connection.function == EHR and nature.now() >= EHR_RETIRED_AT:
        connection.retire(rejected_by=cause.actor, reason=EhrRetiredError.code)
    return app.commit(connection, cause=cause)


def _loaded(app: Application, cause: Cause, connection_id: UUID, side: str) -> Connection:
    """The connection, where the actor speaks for the side.

    Who manages neither side may not know of it: its id can be worked out of public ones, and would tell who works for
    whom (A-09).
    """
    own = _managed(app, cause, side)
    connection: Connection = app.repository.get(connection_id, kind=Connection)
    if (connection.provider_id if side == PROVIDER else connection.surrogate_id) not in own:
        sees = own & {connection.provider_id, connection.surrogate_id}
        raise NotYourSideError if sees else NotYourSideError.hiding()
    refuse_retired(connection.function, nature.now())  # D-18: it is shown, and nothing is done with it
    return connection


def _managed(app: Application, cause: Cause, side: str) -> set[UUID]:
    """What the actor manages, as far as access has told; judged by what is known now (D-50)."""
    if side not in (PROVIDER, SURROGATE):
        raise UnknownSideError
    with app.session() as session:
        progress.require_fresh(session, "access")
        return set(managed_by(session, account_id=cause.actor))
