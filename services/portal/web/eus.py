"""The desk of External User Services (row 60): requests of all employers, oldest first, and one by its Tracking ID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import grpc
from mandate.access.v1.service_pb2 import (
    FindRoleRequestRequest,
    FindRoleRequestResponse,
    ListRoleRequestsRequest,
    RoleRequest,
)
from starlette.responses import Response

from services.portal.web import commands, decisions, naming, receipts
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = "/eus"
PAGE = 25
BOXES = ("track", "last", "first", "employer")
TRACK = Field("track", "IA-CONF-01.tracking", required=False, longest=40)
LONGEST = 100
SCANNED, SCANS = 200, 10
"""How many requests a search looks at in one call, and in how many calls before it asks to go on."""


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
    if kept["track"] and not form.sent:
        try:
            return visit.go(f"/requests/{_tracked(visit, kept['track'])}")
        except RefusedError as refused:
            if refused.status is not grpc.StatusCode.NOT_FOUND and "UNREADABLE_TRACKING_ID" not in refused.codes:
                raise
            form, status = visit.form(TRACK), 422
            form.fail("track", "eus.track_unknown")
    found, more = _page(visit, kept, after)
    return visit.page(
        "eus/queue.html",
        status,
        form=form,
        rows=decisions.rows(visit, found),
        kept=kept,
        boxes=BOXES,
        searched=any(kept[name] for name in BOXES),
        role=kept["role"],
        lacking=kept["lacking"] == "yes",
        link=lambda **changed: _link({**kept, **changed}),
        reject=lambda id_: _link(kept, f"{PATH}/{id_}/reject"),
        roles=naming.ROLES,
        first=_link(kept) if after else "",
        next=_link({**kept, "after": more}) if more else "",
    )


def _tracked(visit: Visit, typed: str) -> str:
    """The id of the request with this Tracking ID. Raises `RefusedError`."""
    question = FindRoleRequestRequest(tracking_id=typed)
    answer: FindRoleRequestResponse = receipts.ask(
        visit, visit.portal.clients.access.FindRoleRequest, question, audience="access"
    )
    return answer.role_request_id


def _page(visit: Visit, kept: Mapping[str, str], after: str) -> tuple[list[RoleRequest], str]:
    """A page of what is searched for, and the cursor of the next; empty at the end.

    Names are not access's: it tells its queue in pages, and what matches is picked out of them.
    """
    is_filtered = any(kept[name] for name in ("last", "first", "employer"))
    size = SCANNED if is_filtered else PAGE + 1
    found: list[RoleRequest] = []
    for _ in range(SCANS):
        question = ListRoleRequestsRequest(
            role=kept["role"], after=after, limit=size, also_incomplete=kept["lacking"] == "yes"
        )
        asked = visit.portal.clients.access.ListRoleRequests
        seen = list(receipts.ask(visit, asked, question, audience="access").role_requests)
        for one in _matching(visit, seen, kept) if is_filtered else seen:
            found.append(one)
            if len(found) == PAGE:
                return found, one.role_request_id if one is not seen[-1] or len(seen) == size else ""
        if len(seen) < size:
            return found, ""
        after = seen[-1].role_request_id
    return found, after


def _matching(visit: Visit, seen: Sequence[RoleRequest], kept: Mapping[str, str]) -> list[RoleRequest]:
    """Those of a person whose names begin so, at an employer in whose name this is."""
    found = list(seen)
    if kept["last"] or kept["first"]:
        people = naming.people(visit, (one.account_id for one in found), last=kept["last"], first=kept["first"])
        found = [one for one in found if one.account_id in people]
    if kept["employer"]:
        names = naming.employers(visit, (one.employer_id for one in found))
        part = kept["employer"].casefold()
        found = [one for one in found if part in names[one.employer_id].name.casefold()]
    return found


def _kept(visit: Visit) -> Mapping[str, str]:
    """What the desk is narrowed to: it stays so after a decision."""
    asked = visit.request.query_params
    role = asked.get("role", "")
    return {
        "role": role if role in naming.ROLES else "",
        "lacking": "yes" if asked.get("lacking", "") == "yes" else "",
        **{name: asked.get(name, "").strip()[:LONGEST] for name in BOXES},
    }


def _link(query: Mapping[str, str], path: str = PATH) -> str:
    """The desk, or a page of it, with these choices; an empty one is left out."""
    text = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{text}" if text else path


PAGES = (
    Page(PATH, Access.EUS, get=show, post=approve),
    Page(PATH + "/{request:uuid}/reject", Access.EUS, get=ask_reject, post=reject),
)
