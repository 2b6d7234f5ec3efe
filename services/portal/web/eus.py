"""The desk of External User Services (row 60): requests of all employers, oldest first."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from mandate.access.v1.service_pb2 import ListRoleRequestsRequest
from starlette.responses import Response

from services.portal.web import commands, decisions, naming, receipts
from services.portal.web.forms import Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = "/eus"
PAGE = 25


def show(visit: Visit) -> Response:
    """A page of the queue."""
    return _queue(visit, visit.form())


def approve(visit: Visit) -> Response:
    """Approve one of them."""
    return decisions.approve(visit, _link(_kept(visit)), lambda form, status: _queue(visit, form, status))


def ask_reject(visit: Visit) -> Response:
    """Reject asks for a reason."""
    return decisions.ask_reject(visit, _link(_kept(visit)))


def reject(visit: Visit) -> Response:
    """Reject one of them."""
    return decisions.reject(visit, _link(_kept(visit)))


def _queue(visit: Visit, form: Form, status: int = 200) -> Response:
    asked, kept = visit.request.query_params, _kept(visit)
    after = asked.get("after", "") if commands.is_id(asked.get("after", "")) else ""
    role, lacking = kept["role"], kept["lacking"] == "yes"
    question = ListRoleRequestsRequest(role=role, after=after, limit=PAGE + 1, also_incomplete=lacking)
    found = receipts.ask(visit, visit.portal.clients.access.ListRoleRequests, question, audience="access").role_requests
    rows = decisions.rows(visit, found[:PAGE])
    return visit.page(
        "eus/queue.html",
        status,
        form=form,
        rows=rows,
        role=role,
        lacking=lacking,
        link=lambda **changed: _link({**kept, **changed}),
        reject=lambda id_: _link(kept, f"{PATH}/{id_}/reject"),
        roles=naming.ROLES,
        first=_link(kept) if after else "",
        next=_link({**kept, "after": rows[-1].id}) if len(found) > PAGE else "",
    )


def _kept(visit: Visit) -> Mapping[str, str]:
    """What the desk is narrowed to: it stays so after a decision."""
    asked = visit.request.query_params
    role = asked.get("role", "")
    return {"role": role if role in naming.ROLES else "", "lacking": "yes" if asked.get("lacking", "") == "yes" else ""}


def _link(query: Mapping[str, str], path: str = PATH) -> str:
    """The desk, or a page of it, with these choices; an empty one is left out."""
    text = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{text}" if text else path


PAGES = (
    Page(PATH, Access.EUS, get=show, post=approve),
    Page(PATH + "/{request:uuid}/reject", Access.EUS, get=ask_reject, post=reject),
)
