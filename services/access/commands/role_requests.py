"""Asking for a role at an employer, and deciding about it (4.2)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.domain import DomainError, NotFoundError
from chassis.stepping_up import require_recent
from chassis.vocabulary import attestations, tracking
from chassis.vocabulary.reasons import require_short
from chassis.vocabulary.roles import AUTHORIZED_OFFICIAL, EUS, manages
from services.access.domain.association import Association
from services.access.domain.deciding import MAY_DECIDE, require_may_decide
from services.access.domain.document import Document
from services.access.domain.employer import Employer, EmployerClosedError
from services.access.domain.role_request import NotYoursToCancelError, OwnRequestError, RoleRequest

Command = Callable[..., Receipt]


class UnknownEmployerError(NotFoundError):
    """The registry knows no such employer: search for it, and choose one that is found."""

    field = "employer_id"


class UnknownRoleError(DomainError):
    """Choose Authorized Official, Access Manager or Staff End User (IA-EMP-07)."""

    field = "role"


class AttestationMissingError(DomainError):
    """An Authorized Official agrees to the statement by ticking the box (IA-EMP-08)."""

    field = "attestation"


def require_known(role: str) -> None:
    """Let the three roles pass that can be asked for. Raises `UnknownRoleError`."""
    if role not in MAY_DECIDE:
        raise UnknownRoleError


def request_role(
    app: Application,
    cause: Cause,
    *,
    employer_id: UUID,
    role: str,
    attestation: str = "",
    contact: str | None = None,
    official: str = "",
) -> Receipt:
    """Ask for a role in the actor's name; the receipt's id is the request's.

    `attestation` is the mark of the statement that the person agreed to (`chassis.vocabulary.attestations`). Both
    sealed (`commands.reaching`): `contact`, where mails about this employer go, empty for the primary address and None
    to leave it as it is; `official`, whom the person names as Authorized Official.
    """
    require_known(role)
    if role == AUTHORIZED_OFFICIAL and not attestation:
        raise AttestationMissingError
    if attestation:
        attestations.require_known(attestations.OFFICIAL, attestation)
    require_open(app, employer_id)
    association_id = Association.id_for(cause.actor, employer_id)
    association: Association | None = app.repository.find(association_id)
    current_role = association.role if association else ""
    if association is None:
        association = Association(
            id=association_id,
            account_id=cause.actor,
            employer_id=employer_id,
            role=role,
            role_request_id=cause.command_id,
        )
    else:
        association.request(role=role, role_request_id=cause.command_id)
    request = RoleRequest(
        id=cause.command_id,
        account_id=cause.actor,
        employer_id=employer_id,
        role=role,
        tracking_id=tracking.make("R", nature.random_bytes(8)),
        current_role=current_role,
        attestation=attestation,
    )
    if official:
        request.name_official(official=official)
    if contact is not None:
        association.choose_contact(email=contact)
    return app.commit(request, association, cause=cause)


def approve(app: Application, cause: Cause, *, role_request_id: UUID, officials_by_two: bool = False) -> Receipt:
    """Approve a role request in the actor's name: the role is held from then on. Repeating it changes nothing.

    An official or manager is approved by somebody who has given a second factor just now (S-09). Where External User
    Services decide, and nobody at the employer does, documents must speak for it (4.2). With `officials_by_two` an
    official is one when a second person of theirs has approved, too (S-14).
    """
    request, association = _undecided(app, cause, role_request_id)
    require_open(app, request.employer_id)
    if manages(request.role):
        require_recent(cause)  # S-09
    is_theirs = role_at(app, cause.actor, request.employer_id) in MAY_DECIDE[request.role]
    by_two = officials_by_two and request.role == AUTHORIZED_OFFICIAL
    request.approve(approved_by=cause.actor, by_documents=not is_theirs, by_two=by_two)
    if request.status == "PENDING":
        return app.commit(request, cause=cause)
    association.approve(role_request_id=request.id, approved_by=cause.actor)
    spoke: list[Document] = [] if is_theirs else [app.repository.get(id_, kind=Document) for id_ in request.documents]
    for document in spoke:
        document.accept(accepted_by=cause.actor)
    return app.commit(request, association, *spoke, cause=cause)


def reject(app: Application, cause: Cause, *, role_request_id: UUID, reason: str = "") -> Receipt:
    """Reject a role request in the actor's name. Repeating it changes nothing."""
    require_short(reason)
    request, association = _undecided(app, cause, role_request_id)
    request.reject(rejected_by=cause.actor, reason=reason)
    association.reject(role_request_id=request.id)
    return app.commit(request, association, cause=cause)


def cancel(app: Application, cause: Cause, *, role_request_id: UUID) -> Receipt:
    """Take the actor's own request back. Repeating it changes nothing."""
    request: RoleRequest = app.repository.get(role_request_id, kind=RoleRequest)
    if request.account_id != cause.actor and not _sees(app, cause, request):
        raise NotYoursToCancelError.hiding()
    request.cancel(cancelled_by=cause.actor)
    association: Association = app.repository.get(Association.id_for(request.account_id, request.employer_id))
    association.cancel(role_request_id=request.id)
    return app.commit(request, association, cause=cause)


def _undecided(app: Application, cause: Cause, role_request_id: UUID) -> tuple[RoleRequest, Association]:
    """The request and its association, where the matrix lets the actor decide."""
    request: RoleRequest = app.repository.get(role_request_id, kind=RoleRequest)
    if request.account_id == cause.actor:
        raise OwnRequestError
    require_may_decide(
        requested=request.role,
        role=role_at(app, cause.actor, request.employer_id),
        is_eus=EUS in cause.roles,
    )
    association: Association = app.repository.get(Association.id_for(request.account_id, request.employer_id))
    return request, association


def _sees(app: Application, cause: Cause, request: RoleRequest) -> bool:
    """Whether the request is there for somebody who did not make it."""
    return EUS in cause.roles or decides(app, cause.actor, requested=request.role, employer_id=request.employer_id)


def is_pending(app: Application, role_request_id: UUID) -> bool:
    """Whether nothing is decided yet, from the own log."""
    request: RoleRequest = app.repository.get(role_request_id, kind=RoleRequest)
    return request.status == "PENDING"


def decides(app: Application, account_id: UUID, *, requested: str, employer_id: UUID) -> bool:
    """Whether somebody at the employer is one who decides about a request for this role, whoever it is from (4.2)."""
    return role_at(app, account_id, employer_id) in MAY_DECIDE[requested]


def role_at(app: Application, account_id: UUID, employer_id: UUID) -> str:
    """The approved role of a person at an employer, from the own log: never stale; empty for none."""
    association: Association | None = app.repository.find(Association.id_for(account_id, employer_id))
    return association.role if association and association.is_approved else ""


def require_open(app: Application, employer_id: UUID) -> None:
    """Let an employer pass where people may work, from the own log. Raises `EmployerClosedError` (D-41)."""
    if app.repository.find(Employer.id_for(employer_id)) is not None:
        raise EmployerClosedError
