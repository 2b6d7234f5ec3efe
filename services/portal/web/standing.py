"""Where a person stands: the employers, who of them is managed, and what waits for a decision (IA-NAV-02).

Asked once during a request, for the frame and for the page alike. The frame does without what cannot be had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from mandate.access.v1.service_pb2 import Association, ListMyEmployersRequest, ListRoleRequestsRequest, RoleRequest
from mandate.connections.v1.service_pb2 import Connection, ListPendingRequest

from chassis.vocabulary import roles
from services.portal.web import receipts
from services.portal.web.clients import RefusedError
from services.portal.web.visits import Visit

PAGE = 200
MOST_EMPLOYERS = 20
"""Managed employers up to which the tab counts what waits; access has no count over all of them."""

MAY_DECIDE = {
    roles.ACCESS_MANAGER: frozenset({roles.AUTHORIZED_OFFICIAL}),
    roles.STAFF_END_USER: frozenset({roles.AUTHORIZED_OFFICIAL, roles.ACCESS_MANAGER}),
}
"""Requested role -> whose decision it waits for at the employer (4.2); access decides, this only sorts."""


def associations(visit: Visit) -> Sequence[Association]:
    """The person's employers, with any status (IA-PROF-05). Raises `RefusedError`."""

    def ask() -> Sequence[Association]:
        access = visit.portal.clients.access
        if access is None or visit.session is None:
            return ()
        answer = receipts.ask(visit, access.ListMyEmployers, ListMyEmployersRequest(), audience="access")
        return tuple(answer.associations)

    found: Sequence[Association] = _once(visit, "associations", ask)
    return found


def managed(visit: Visit) -> dict[str, str]:
    """Employers that the person manages, with the own role there. Raises `RefusedError`."""
    return {
        one.employer_id: one.role for one in associations(visit) if one.status == "APPROVED" and roles.manages(one.role)
    }


def role_requests(visit: Visit) -> Sequence[RoleRequest]:
    """What waits at the managed employers (IA-RREQ-01), without what External User Services alone decide (IA-RREQ-02).

    Oldest first. Raises `RefusedError`.
    """

    def ask() -> Sequence[RoleRequest]:
        found = [one for employer in managed(visit) for one in _requests_at(visit, employer)]
        return tuple(sorted(found, key=lambda one: one.role_request_id))

    found: Sequence[RoleRequest] = _once(visit, "role requests", ask)
    return found


def is_mine_to_decide(visit: Visit, request: RoleRequest) -> bool:
    """Whether it waits for this person: by the matrix, and nobody decides their own (4.2)."""
    own = visit.is_by(request.account_id)
    return not own and managed(visit).get(request.employer_id, "") in MAY_DECIDE.get(request.role, frozenset())


def pending(visit: Visit) -> Sequence[Connection]:
    """Connections that wait for this person's decision: one a function (IA-HOME-03). Raises `RefusedError`."""

    def ask() -> Sequence[Connection]:
        connections = visit.portal.clients.connections
        if connections is None or visit.session is None:
            return ()
        answer = receipts.ask(visit, connections.ListPending, ListPendingRequest(), audience="connections")
        return tuple(answer.connections)

    found: Sequence[Connection] = _once(visit, "pending", ask)
    return found


def manages(visit: Visit) -> bool:
    """Whether the person manages anybody: shows the tab My Staff (IA-NAV-02); no where access does not answer."""
    try:
        return bool(managed(visit))
    except RefusedError:
        return False


def waiting(visit: Visit) -> dict[str, int]:
    """What waits for the person, by the path of its tab; nothing for what cannot be had."""
    counts: dict[str, int] = {}
    with suppress(RefusedError):
        counts["/home"] = len(pending(visit))
    with suppress(RefusedError):
        if len(managed(visit)) <= MOST_EMPLOYERS:
            counts["/staff"] = sum(is_mine_to_decide(visit, one) for one in role_requests(visit))
    return counts


def _requests_at(visit: Visit, employer_id: str) -> list[RoleRequest]:
    found: list[RoleRequest] = []
    after = ""
    while True:
        request = ListRoleRequestsRequest(employer_id=employer_id, after=after, limit=PAGE)
        answer = receipts.ask(visit, visit.portal.clients.access.ListRoleRequests, request, audience="access")
        found += [one for one in answer.role_requests if one.role in MAY_DECIDE]
        if len(answer.role_requests) < PAGE:
            return found
        after = answer.role_requests[-1].role_request_id


def _once(visit: Visit, name: str, ask: Callable[[], Any]) -> Any:
    if name not in visit.cache:
        try:
            visit.cache[name] = ask()
        except RefusedError as refused:
            visit.cache[name] = refused
    known = visit.cache[name]
    if isinstance(known, RefusedError):
        raise known
    return known
