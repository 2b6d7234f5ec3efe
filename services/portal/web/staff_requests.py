"""My Staff - Pending Role Requests (row 39): what waits at the employers that the person manages (IA-RREQ-01)."""

from __future__ import annotations

from starlette.responses import Response

from services.portal.web import decisions, naming, staff, standing
from services.portal.web.forms import Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = "/staff/requests"


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


def _list(visit: Visit, form: Form, status: int = 200) -> Response:
    mine = staff.require_manager(visit)
    view = staff.shown(visit, PATH)
    found = standing.role_requests(visit)
    if view.last or view.first:
        wanted = naming.people(visit, (one.account_id for one in found), last=view.last, first=view.first)
        found = [one for one in found if one.account_id in wanted]
    may = {one.role_request_id for one in found if standing.is_mine_to_decide(visit, one)}
    shown = decisions.rows(visit, found)
    if view.employer:
        shown = [row for row in shown if view.employer.casefold() in row.employer.name.casefold()]
    return visit.page("staff/requests.html", status, form=form, view=view, rows=shown, may=may, several=len(mine) > 1)


PAGES = (
    Page(PATH, Access.SIGNED_IN, get=show, post=approve),
    Page(PATH + "/{request:uuid}/reject", Access.SIGNED_IN, get=ask_reject, post=reject),
)
