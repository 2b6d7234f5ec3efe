"""The people of an employer, as access lists them for those who manage it (IA-STAFF-03)."""

from __future__ import annotations

from collections.abc import Sequence

from mandate.access.v1.service_pb2 import Association, ListStaffRequest

from chassis.vocabulary.roles import ACCESS_MANAGER, AUTHORIZED_OFFICIAL, STAFF_END_USER
from services.portal.web import receipts
from services.portal.web.visits import Visit

PAGE = 200
APPROVED, ENDED, PENDING = "APPROVED", "DISASSOCIATED", "PENDING"
"""The lists of My Staff, as access calls them: active, inactive, role requests."""

BELOW = {
    AUTHORIZED_OFFICIAL: frozenset({ACCESS_MANAGER, STAFF_END_USER}),
    ACCESS_MANAGER: frozenset({STAFF_END_USER}),
}
"""Own role -> roles that it manages (4.3, D-09); access decides, this only chooses what to offer."""


def at(visit: Visit, employer_id: str, status: str = APPROVED) -> list[Association]:
    """Everybody with a status at an employer whom the reader sees. Raises `RefusedError`."""
    return _all(visit, ListStaffRequest(employer_id=employer_id, status=status, limit=PAGE))


def of(visit: Visit, status: str, account_ids: Sequence[str]) -> list[Association]:
    """What these people, at most 200, have with a status at all managed employers. Raises `RefusedError`."""
    return _all(visit, ListStaffRequest(status=status, account_ids=account_ids, limit=PAGE)) if account_ids else []


def _all(visit: Visit, request: ListStaffRequest) -> list[Association]:
    found: list[Association] = []
    while True:
        answer = receipts.ask(visit, visit.portal.clients.access.ListStaff, request, audience="access")
        found += answer.staff
        if len(answer.staff) < PAGE:
            return found
        request.after = answer.staff[-1].association_id


def may_withhold(one: Association, own_role: str) -> bool:
    """Whether somebody with this role there may withhold providers from the person; not from managers (D-40)."""
    return one.role == STAFF_END_USER and one.role in BELOW.get(own_role, ())


def is_last_official(visit: Visit, one: Association) -> bool:
    """Whether the employer has no other Authorized Official (D-08). Raises `RefusedError`."""
    if one.role != AUTHORIZED_OFFICIAL or one.status != APPROVED:
        return False
    others = (other for other in at(visit, one.employer_id) if other.association_id != one.association_id)
    return not any(other.role == AUTHORIZED_OFFICIAL for other in others)
