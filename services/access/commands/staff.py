"""Managing the people of an employer: roles and functions of staff, and letting people go (4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.domain import Aggregate, DomainError, NotFoundError
from chassis.stepping_up import require_recent
from chassis.vocabulary.functions import active, refuse_retired, require_known, require_offered
from chassis.vocabulary.roles import ACCESS_MANAGER, AUTHORIZED_OFFICIAL, EUS
from services.access.commands.role_requests import require_open, role_at
from services.access.domain.association import Association, NotAssociatedError
from services.access.domain.deciding import require_may_manage
from services.access.domain.invitation import Invitation, Offer
from services.access.domain.role_request import RoleRequest
from services.access.projections import officials


def grant_function(app: Application, cause: Cause, *, association_id: UUID, function: str) -> Receipt:
    """Let a Staff End User use a business function. Repeating it changes nothing."""
    require_offered(function, nature.now())
    association = _managed(app, cause, association_id)
    association.grant(function=function)
    return app.commit(association, cause=cause)


def withdraw_function(app: Application, cause: Cause, *, association_id: UUID, function: str) -> Receipt:
    """Take a business function away from a Staff End User. Repeating it changes nothing."""
    require_known(function)
    refuse_retired(function, nature.now())
    association = _managed(app, cause, association_id)
    association.withdraw(function=function)
    return app.commit(association, cause=cause)


MOST_WITHHELD = 200


class TooManyWithheldError(DomainError):
    """Withhold at most 200 providers from one person; whoever may act for few should not have the function."""

    field = "provider_ids"


def withhold(app: Application, cause: Cause, *, association_id: UUID, provider_ids: Sequence[UUID]) -> Receipt:
    """Let a Staff End User act by the employer's connections for all providers but these (D-40, X-20).

    The list takes the place of the one before. Repeating it changes nothing.
    """
    if len(provider_ids) > MOST_WITHHELD:
        raise TooManyWithheldError
    association = _managed(app, cause, association_id)
    association.withhold(provider_ids)
    return app.commit(association, cause=cause)


def modify(app: Application, cause: Cause, *, account_id: UUID, offers: Sequence[Offer]) -> Receipt:
    """Give a person exactly this at these employers, in the actor's name: all of it or nothing (IA-MOD-01).

    At one of them the actor manages the person already; at the others the actor manages people in that role. What is
    held of functions that have ended stays as history (IA-EHR-03). Repeating it changes nothing.
    """
    held: dict[UUID, Association | None] = {
        one.employer_id: app.repository.find(Association.id_for(account_id, one.employer_id)) for one in offers
    }
    changed: list[Aggregate] = []
    is_theirs = False
    for one in offers:
        association = held[one.employer_id]
        by, is_eus = role_at(app, cause.actor, one.employer_id), EUS in cause.roles
        require_may_manage(managed=one.role, role=by, is_eus=is_eus)
        require_open(app, one.employer_id)
        if association is not None and association.is_approved:
            require_may_manage(managed=association.role, role=by, is_eus=is_eus)
            if association.role == AUTHORIZED_OFFICIAL:
                raise OfficialUntouchedError
            is_theirs = True
    if not is_theirs:
        raise NotFoundError("There is no such person among your staff.")
    for one in offers:
        known = held[one.employer_id]
        association = known or Association.added_by_manager(account_id=account_id, employer_id=one.employer_id)
        if one.role == ACCESS_MANAGER != association.role:
            require_recent(cause)  # S-09
        ended = {*association.functions} - {*active(nature.now())}
        asked_id = association.open_request_id
        association.change(role=one.role, functions=[*one.functions, *ended], changed_by=cause.actor)
        changed.append(association)
        if asked_id is not None and association.open_request_id is None:
            waiting: RoleRequest = app.repository.get(asked_id, kind=RoleRequest)
            waiting.void()  # what was asked for is had, or less than what is had
            changed.append(waiting)
    return app.commit(*changed, cause=cause)


class OfficialUntouchedError(DomainError):
    """The role of an Authorized Official is not modified: only the official leaves, or is let go (D-39)."""

    field = "offers"


class LastOfficialError(DomainError):
    """This is the last Authorized Official of the employer. Say that the employer is to be left without one (D-08)."""

    field = "leaves_without_official"


def disassociate(
    app: Application, cause: Cause, *, association_id: UUID, leaves_without_official: bool = False
) -> Receipt:
    """End an association: the person's own wish, or a manager's. Repeating it changes nothing.

    Raises `LastOfficialError` where the last Authorized Official would go and it was not said that this is meant.
    """
    association: Association = app.repository.get(association_id, kind=Association)
    if cause.actor != association.account_id:
        require_may_manage(
            managed=association.role or association.last_role,
            role=role_at(app, cause.actor, association.employer_id),
            is_eus=EUS in cause.roles,
        )
    if association.is_approved and not leaves_without_official:
        with app.session() as session:
            if officials.is_last(session, association_id=association_id):
                raise LastOfficialError
    changed: list[Aggregate] = [association]
    if association.is_approved and association.open_request_id is not None:
        waiting: RoleRequest = app.repository.get(association.open_request_id, kind=RoleRequest)
        waiting.void()  # a change of role that was asked for goes with the role
        changed.append(waiting)
    association.end(ended_by=cause.actor)
    return app.commit(*changed, cause=cause)


@dataclass(frozen=True, slots=True)
class Origin:
    """What an association came of: an invitation, a role request, or (an own record) neither."""

    role_request_id: UUID | None = None
    invitation_id: UUID | None = None
    invitation_tracking_id: str = ""


def origin(app: Application, association_id: UUID) -> Origin:
    """The beginning of the chain by which somebody may act (4.5), from the own log."""
    association: Association = app.repository.get(association_id, kind=Association)
    if association.invitation_id is None:
        asked = association.role_request_id
        is_request = asked is not None and asked != association.id  # of an own record nobody has asked for
        return Origin(role_request_id=asked if is_request else None)
    invitation: Invitation = app.repository.get(association.invitation_id, kind=Invitation)
    return Origin(invitation_id=invitation.id, invitation_tracking_id=invitation.tracking_id)


def _managed(app: Application, cause: Cause, association_id: UUID) -> Association:
    """The association, where the actor manages people with its role at its employer."""
    association: Association = app.repository.get(association_id, kind=Association)
    require_may_manage(
        managed=association.role,
        role=role_at(app, cause.actor, association.employer_id),
        is_eus=EUS in cause.roles,
    )
    require_open(app, association.employer_id)
    if not association.is_approved:
        raise NotAssociatedError
    return association
