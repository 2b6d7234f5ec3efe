"""Add Employer Not in List (D-37)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.domain import Claim
from services.registry.domain import stating
from services.registry.domain.employer import Employer
from services.registry.projections import provider_search


def add(app: Application, cause: Cause, *, typed: Mapping[str, str]) -> Receipt:
    """Add an employer; the receipt's id is its own, or that of the employer which has this EIN already (D-37).

    `typed` has the fields of `domain.stating.JUDGES`. Repeating it, with another command too, changes nothing. Raises
    `FaultsError` with all that cannot be taken.
    """
    said = stating.read(typed)
    ein = said["ein"]
    known = _with_ein(app, ein)
    if known is not None:
        return app.commit(cause=cause, id=known)
    employer = Employer(id=cause.command_id, **said)
    return app.commit(employer, Claim(id=Employer.claim_on(ein), owner_id=employer.id), cause=cause)


def _with_ein(app: Application, ein: str) -> UUID | None:
    """Who has an EIN: whoever was added with it first, else the organization that the supplement names."""
    claim: Claim | None = app.repository.find(Employer.claim_on(ein))
    if claim is not None:
        return claim.owner_id
    with app.session() as session:
        return provider_search.with_ein(session.connection, ein)
