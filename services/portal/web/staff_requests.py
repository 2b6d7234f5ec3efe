"""My Staff - Pending Role Requests (row 39): what waits at the employers that the person manages (IA-RREQ-01)."""

from __future__ import annotations

from collections.abc import Sequence

from mandate.access.v1.service_pb2 import ListRoleRequestsRequest, RoleRequest
from mandate.identity.v1.people_service_pb2 import Person
from starlette.responses import Response

from services.portal.web import colleagues, decisions, receipts, roster, staff, standing
from services.portal.web.forms import Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = "/staff/requests"
ROWS = 200


def show(visit: Visit) -> Response:
    """Oldest first."""
    return _list(visit, visit.form())


def approve(visit: Visit) -> Response:
    """Approve one of them."""
    staff.require_manager(visit)
    return decisions.approve(visit, PATH, lambda form, status: _list(visit, form, status))


def ask_reject(visit: Visit) -> Response:
    """Reject asks for a reason."""
    staff.require_manager(visit)
    return decisions.ask_reject(visit, PATH)


def reject(visit: Visit) -> Response:
    """Reject one of them."""
    staff.require_manager(visit)
    return decisions.reject(visit, PATH)


def requests_of(visit: Visit, wanted: roster.Asked, people: Sequence[Person]) -> list[RoleRequest]:
    """What these people wait for at the managed employers (IA-RREQ-01), as far as the reader decides it (IA-RREQ-02).

    In the order of the people, of each the oldest first. Raises `RefusedError`.
    """
    if not people:
        return []
    found: list[RoleRequest] = []
    request = ListRoleRequestsRequest(at_my_employers=True, account_ids=[one.account_id for one in people], limit=ROWS)
    while True:
        answer = receipts.ask(visit, visit.portal.clients.access.ListRoleRequests, request, audience="access")
        found += answer.role_requests
        if len(answer.role_requests) < ROWS:
            break
        request.after = answer.role_requests[-1].role_request_id
    if wanted.employer_ids is not None:
        found = [one for one in found if one.employer_id in wanted.employer_ids]
    order = {one.account_id: place for place, one in enumerate(people)}
    return sorted(found, key=lambda one: (order[one.account_id], one.role_request_id))


def _list(visit: Visit, form: Form, status: int = 200) -> Response:
    view = staff.shown(visit, PATH, colleagues.PENDING)
    wanted = staff.asked(visit, view)
    page = roster.page(visit, wanted, roster.Cursor.read(view.at))
    found = requests_of(visit, wanted, page.people)
    return visit.page(
        "staff/requests.html",
        status,
        form=form,
        view=view,
        page=page,
        rows=decisions.rows(visit, found),
        may={one.role_request_id for one in found if standing.is_mine_to_decide(visit, one)},
    )


PAGES = (
    Page(PATH, Access.SIGNED_IN, get=show, post=approve),
    Page(PATH + "/{request:uuid}/reject", Access.SIGNED_IN, get=ask_reject, post=reject),
)
