"""Where a person stands: which employers are managed, and what waits for a decision (IA-NAV-02).

Asked once during a request, for the frame and for the page alike. The frame does without what cannot be had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from mandate.access.v1.service_pb2 import (
    Association,
    ListMyEmployersRequest,
    ListRoleRequestsRequest,
    RoleRequest,
    SelectMyEmployersRequest,
)
from mandate.connections.v1.service_pb2 import Connection, ListPendingRequest

from chassis.vocabulary import roles
from services.portal.web import receipts
from services.portal.web.clients import RefusedError
from services.portal.web.visits import Visit

PAGE = 200
MANAGED, PENDING = "managed", "pending"
"""What a page may have asked for in full, before its frame asks how much there is of it."""
MAY_DECIDE = {
    roles.ACCESS_MANAGER: frozenset({roles.AUTHORIZED_OFFICIAL}),
    roles.STAFF_END_USER: frozenset({roles.AUTHORIZED_OFFICIAL, roles.ACCESS_MANAGER}),
}
"""Requested role -> whose decision it waits for at the employer (4.2); access decides, this only sorts."""


def associations(visit: Visit, request: ListMyEmployersRequest) -> Sequence[Association]:
    """Of the person's employers (IA-PROF-05) those that are asked for. Raises `RefusedError`."""
    access = visit.portal.clients.access
    if access is None or visit.session is None:
        return ()
    return tuple(receipts.ask(visit, access.ListMyEmployers, request, audience="access").associations)


def at(visit: Visit, employer_id: str) -> Association | None:
    """What the person is or was at an employer; None where there has been nothing. Raises `RefusedError`."""
    access = visit.portal.clients.access
    if access is None or visit.session is None:
        return None
    mine = receipts.ask(visit, access.SelectMyEmployers, SelectMyEmployersRequest(), audience="access")
    ids = dict(zip(mine.employer_ids, mine.association_ids, strict=True))
    if employer_id not in ids:
        return None
    found = associations(visit, ListMyEmployersRequest(association_ids=[ids[employer_id]]))
    return found[0] if found else None  # gone between two questions


def managed(visit: Visit) -> dict[str, str]:
    """Employers that the person manages, with the own role there. Raises `RefusedError`."""
    request = ListMyEmployersRequest(managed=True)
    found: Sequence[Association] = _once(visit, MANAGED, lambda: associations(visit, request))
    return {one.employer_id: one.role for one in found}


def manages_anybody(visit: Visit) -> bool:
    """Whether there is such an employer; one of them is enough to know it. Raises `RefusedError`."""
    if MANAGED in visit.cache:
        return bool(managed(visit))
    request = ListMyEmployersRequest(managed=True, limit=1)
    return bool(_once(visit, "a managed one", lambda: associations(visit, request)))


def waiting_requests(visit: Visit) -> int:
    """How many role requests wait for this person's decision, at all employers together. Raises `RefusedError`."""

    def ask() -> int:
        if not manages_anybody(visit):
            return 0
        request = ListRoleRequestsRequest(at_my_employers=True, limit=1)
        answer = receipts.ask(visit, visit.portal.clients.access.ListRoleRequests, request, audience="access")
        return int(answer.waiting)

    found: int = _once(visit, "waiting requests", ask)
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
        waiting: list[Connection] = []
        after = ""
        while True:
            request = ListPendingRequest(after=after, limit=PAGE)
            answer = receipts.ask(visit, connections.ListPending, request, audience="connections")
            waiting += answer.connections
            after = answer.next
            if not after:
                return tuple(waiting)

    found: Sequence[Connection] = _once(visit, PENDING, ask)
    return found


def waiting_connections(visit: Visit) -> int:
    """How many connections wait for this person's decision. Raises `RefusedError`."""

    def ask() -> int:
        connections = visit.portal.clients.connections
        if connections is None or visit.session is None:
            return 0
        answer = receipts.ask(visit, connections.ListPending, ListPendingRequest(limit=1), audience="connections")
        return int(answer.waiting)

    return len(pending(visit)) if PENDING in visit.cache else _once(visit, "waiting connections", ask)


def manages(visit: Visit) -> bool:
    """Whether the person manages anybody: shows the tab My Staff (IA-NAV-02); no where access does not answer."""
    try:
        return manages_anybody(visit)
    except RefusedError:
        return False


def waiting(visit: Visit) -> dict[str, int]:
    """What waits for the person, by the path of its tab; nothing for what cannot be had."""
    counts: dict[str, int] = {}
    with suppress(RefusedError):
        counts["/home"] = waiting_connections(visit)
    with suppress(RefusedError):
        counts["/staff"] = waiting_requests(visit)
    return counts


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
