"""The people of an employer, as access lists them for those who manage it (IA-STAFF-03)."""

from __future__ import annotations

from mandate.access.v1.service_pb2 import Association, ListStaffRequest

from chassis.vocabulary.roles import ACCESS_MANAGER, AUTHORIZED_OFFICIAL, STAFF_END_USER
from services.portal.web import receipts
from services.portal.web.visits import Visit

PAGE = 200
APPROVED, ENDED = "APPROVED", "DISASSOCIATED"

BELOW = {
    AUTHORIZED_OFFICIAL: frozenset({ACCESS_MANAGER, STAFF_END_USER}),
    ACCESS_MANAGER: frozenset({STAFF_END_USER}),
}
"""Own role -> roles that it manages (4.3, D-09); access decides, this only chooses what to offer."""


def at(visit: Visit, employer_id: str, status: str = APPROVED) -> list[Association]:
    """Everybody with a status at an employer. Raises `RefusedError`."""
    found: list[Association] = []
    after = ""
    while True:
        request = ListStaffRequest(employer_id=employer_id, status=status, after=after, limit=PAGE)
        answer = receipts.ask(visit, visit.portal.clients.access.ListStaff, request, audience="access")
        found += answer.staff
        if len(answer.staff) < PAGE:
            return found
        after = answer.staff[-1].association_id


def is_last_official(visit: Visit, one: Association) -> bool:
    """Whether the employer has no other Authorized Official (D-08). Raises `RefusedError`."""
    if one.role != AUTHORIZED_OFFICIAL or one.status != APPROVED:
        return False
    others = (other for other in at(visit, one.employer_id) if other.association_id != one.association_id)
    return not any(other.role == AUTHORIZED_OFFICIAL for other in others)
