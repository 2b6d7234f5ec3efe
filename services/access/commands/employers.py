"""What External User Services do with employers: look at what hangs on one, and close it (D-41)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.application import Application, once
from chassis.cause import Cause, Receipt
from chassis.domain import DomainError
from chassis.stepping_up import require_recent
from chassis.vocabulary.reasons import require_said
from chassis.vocabulary.roles import EUS
from services.access.commands.parts import Parts
from services.access.commands.role_requests import UnknownEmployerError
from services.access.domain.deciding import require_may_close
from services.access.domain.employer import Employer


class OwnRecordError(DomainError):
    """A person's own record is not closed as an employer: close the person's account."""

    rule = "D-41"


@dataclass(frozen=True, slots=True)
class Closing:
    """When an employer was closed, by whom and why."""

    closed_at: datetime
    closed_by: UUID
    reason: str


@once
def close_organization(app: Application, parts: Parts, cause: Cause, *, employer_id: UUID, reason: str) -> Receipt:
    """Close an employer, as `close`, where the registry knows it as an organization.

    Raises `UnknownEmployerError`, `OwnRecordError` and `RegistrySilentError` by what the registry says of it.
    """
    require_may_close(is_eus=EUS in cause.roles)
    is_organization = parts.registry.is_organization(employer_id)  # beforehand: no log is held while another is asked
    if is_organization is None:
        raise UnknownEmployerError
    if not is_organization:
        raise OwnRecordError
    return app.execute(close, cause, employer_id=employer_id, reason=reason)


def close(app: Application, cause: Cause, *, employer_id: UUID, reason: str) -> Receipt:
    """Close an employer for good in the name of External User Services. Twice is the same as once."""
    require_may_close(is_eus=EUS in cause.roles)
    require_recent(cause)  # S-09: it takes their work from many
    require_said(reason)
    id_ = Employer.id_for(employer_id)
    employer: Employer | None = app.repository.find(id_)
    if employer is None:
        employer = Employer(id=id_, employer_id=employer_id, closed_by=cause.actor, reason=reason.strip())
    return app.commit(employer, cause=cause)


def closing_of(app: Application, *, is_eus: bool, employer_id: UUID) -> Closing | None:
    """Why an employer is closed; None for one that is not. For External User Services alone."""
    require_may_close(is_eus=is_eus)
    found: Employer | None = app.repository.find(Employer.id_for(employer_id))
    return Closing(found.created_on, found.closed_by, found.reason) if found else None
