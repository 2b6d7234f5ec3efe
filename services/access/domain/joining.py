"""What accepting an invitation changes: the invitation, and an association at each employer (4.3, 4.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.domain import Aggregate
from chassis.vocabulary.functions import active
from services.access.domain.association import Association
from services.access.domain.deciding import may_manage
from services.access.domain.employer import Employer
from services.access.domain.invitation import Invitation, Offer


def join(
    find: Callable[[UUID], Any | None], invitation: Invitation, *, account_id: UUID, now: datetime
) -> Iterator[Aggregate]:
    """Accept for an account; `find` loads an aggregate as it is now. Twice is the same as once.

    What the inviter may not give any more is not given (D-50), nor a function that has ended since (IA-EHR-01), nor
    anything at an employer that is closed (D-41).
    Raises `PinRefusedError`, `InvitationVoidError`.
    """
    offers = [_in_use(one, now) for one in invitation.offers if _holds(find, invitation, one)]
    was_accepted = invitation.status == "ACCEPTED"
    invitation.accept(account_id=account_id, offers=offers)
    yield invitation
    for offer in () if was_accepted else offers:
        id_ = Association.id_for(account_id, offer.employer_id)
        known: Association | None = find(id_)
        if known is None:
            new = Association.joined_by_invitation(
                account_id=account_id,
                employer_id=offer.employer_id,
                role=offer.role,
                functions=list(offer.functions),
                invitation_id=invitation.id,
            )
            new.choose_contact(invitation_id=invitation.id)
            yield new
            continue
        open_request_id = known.open_request_id
        known.join(role=offer.role, functions=offer.functions, invitation_id=invitation.id)
        known.choose_contact(invitation_id=invitation.id)  # IA-ADDS-02, D-28
        yield known
        if open_request_id is not None and known.open_request_id is None:
            waiting = find(open_request_id)
            if waiting is not None:
                waiting.void()  # what was asked for is had, or less than what is had
                yield waiting


def _in_use(offer: Offer, now: datetime) -> Offer:
    return replace(offer, functions=tuple(one for one in offer.functions if one in active(now)))


def _holds(find: Callable[[UUID], Any | None], invitation: Invitation, offer: Offer) -> bool:
    if find(Employer.id_for(offer.employer_id)) is not None:
        return False
    inviter: Association | None = find(Association.id_for(invitation.invited_by, offer.employer_id))
    return inviter is not None and inviter.is_approved and may_manage(managed=offer.role, role=inviter.role)
