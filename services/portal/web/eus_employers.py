"""Employers at the desk of External User Services (row 60): found, closed (D-41)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mandate.access.v1.service_pb2 import CloseEmployerRequest, GetEmployerRequest, GetEmployerResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import naming, receipts, searching
from services.portal.web.clients import RefusedError
from services.portal.web.eus_accounts import REASON
from services.portal.web.forms import Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = "/eus/employers"


@dataclass(frozen=True, slots=True)
class Found:
    """An employer, and what hangs on it."""

    employer: naming.Employer
    address: str
    is_organization: bool
    people: int
    role_requests: int
    invitations: int
    closed_at: Any
    """None where it is open, and nothing is said then of by whom and why."""
    closed_by: str
    reason: str

    @property
    def status(self) -> str:
        """OPEN or CLOSED."""
        return "CLOSED" if self.closed_at else "OPEN"

    @property
    def kind(self) -> str:
        """The look of the status."""
        return "" if self.closed_at else "ok"

    @property
    def may_close(self) -> bool:
        """No person's own record, and none twice."""
        return self.is_organization and not self.closed_at


def find(visit: Visit) -> Response:
    """The boxes, and what they find."""
    form = searching.read(visit)
    after = visit.request.query_params.get("after", "")
    found, status = searching.find(visit, form, after) if searching.is_asked(visit) else (None, 200)
    return visit.page("eus/employers.html", status, form=form, found=found, states=searching.states())


def show(visit: Visit) -> Response:
    """Which it is, how much hangs on it, or why it is closed."""
    return visit.page("eus/employer.html", one=_found(visit))


def ask_close(visit: Visit) -> Response:
    """What ends, before it does."""
    return _close(visit, _found(visit), visit.form(REASON))


def close(visit: Visit) -> Response:
    """Close it for good."""
    found = _found(visit)
    form = visit.form(REASON)
    if not form.read(visit.data):
        return _close(visit, found, form, 422)
    request = CloseEmployerRequest(command_id=visit.command_id(), employer_id=found.employer.id, reason=form["reason"])
    try:
        answer = visit.ask(visit.portal.clients.access.CloseEmployer, request, audience="access")
    except RefusedError as refused:
        return _close(visit, found, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"{PATH}/{found.employer.id}?done=employer_closed")


def _close(visit: Visit, found: Found, form: Form, status: int = 200) -> Response:
    if not found.may_close and not form.sent:
        raise HTTPException(404)
    return visit.page("eus/close_employer.html", status, form=form, one=found)


def _found(visit: Visit) -> Found:
    id_ = str(visit.request.path_params["employer"])
    provider = naming.providers(visit, [id_]).get(id_)
    if provider is None:
        raise HTTPException(404)
    question = GetEmployerRequest(employer_id=id_)
    held: GetEmployerResponse = receipts.ask(
        visit, visit.portal.clients.access.GetEmployer, question, audience="access"
    )
    by = naming.people(visit, [held.closed_by]).get(held.closed_by) if held.closed_by else None
    return Found(
        employer=naming.employer(provider),
        address=naming.address(provider.address),
        is_organization=provider.is_organization,
        people=held.people,
        role_requests=held.role_requests,
        invitations=held.invitations,
        closed_at=held.closed_at if held.HasField("closed_at") else None,
        closed_by=naming.person(visit, by),
        reason=held.reason,
    )


PAGES = (
    Page(PATH, Access.EUS, get=find, audiences=("registry",)),
    Page(PATH + "/{employer:uuid}", Access.EUS, get=show),
    Page(PATH + "/{employer:uuid}/close", Access.EUS, get=ask_close, post=close),
)
