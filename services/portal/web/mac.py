"""The contractor's desk (row 61): the queue, an application, and the decision about it (4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from mandate.enrollment.v1.service_pb2 import (
    ApproveApplicationRequest,
    DenyApplicationRequest,
    GetApplicationResponse,
    ListContractorQueueRequest,
    RejectApplicationRequest,
    RequestCorrectionsRequest,
    ReturnApplicationRequest,
    TakeUpApplicationRequest,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import applications, clock, commands, naming, papers, pecos
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = "/mac"
ONE = f"{PATH}/{{tracking}}"
WAITING = ("SUBMITTED", "RESUBMITTED", "IN_PROCESS")
RECEIVED = frozenset({"SUBMITTED", "RESUBMITTED"})

REASON = Field("reason", "mac.reason", missing="mac.reason_missing", longest=2000)
PTAN = Field("ptan", "PE-REA-07.medicare_id", missing="mac.ptan_missing", longest=10)
DATE = tuple(
    Field(f"effective_{part}", f"IA-UINF-01.{part}", required=False, longest=size)
    for part, size in (("month", 2), ("day", 2), ("year", 4))
)
REASONED: Mapping[str, tuple[str, Any]] = {
    "corrections": ("RequestCorrections", RequestCorrectionsRequest),
    "deny": ("DenyApplication", DenyApplicationRequest),
    "reject": ("RejectApplication", RejectApplicationRequest),
    "return": ("ReturnApplication", ReturnApplicationRequest),
}
"""Decisions that say why: how each is called in the address -> what enrollment calls it."""
MAY = {"IN_PROCESS": ("corrections", "deny", "reject"), "SUBMITTED": ("return",), "RESUBMITTED": ("return",)}


def queue(visit: Visit) -> Response:
    """What waits, oldest first."""
    asked = visit.request.query_params
    status = asked.get("status", "") if asked.get("status", "") in WAITING else ""
    after = asked.get("after", "") if commands.is_id(asked.get("after", "")) else ""
    request = ListContractorQueueRequest(status=status, after=after, limit=pecos.PAGE + 1)
    found = pecos.query(visit, visit.portal.clients.enrollment.ListContractorQueue, request).applications
    rows = found[: pecos.PAGE]
    return visit.page(
        "mac/queue.html",
        rows=rows,
        names=naming.employers(visit, (one.provider_id for one in rows)),
        kinds=pecos.KINDS,
        chosen=status,
        statuses=WAITING,
        link=lambda **changed: _link({"status": status} | changed),
        first=_link({"status": status}) if after else "",
        next=_link({"status": status, "after": rows[-1].application_id}) if len(found) > pecos.PAGE else "",
    )


def show(visit: Visit) -> Response:
    """The application as it was submitted, and what can be done with it."""
    return _show(visit, pecos.application(visit), visit.form())


def take_up(visit: Visit) -> Response:
    """Begin the review."""
    seen = pecos.application(visit)
    form = visit.form()
    form.read(visit.data)
    request = TakeUpApplicationRequest(command_id=visit.command_id(), application_id=seen.application.application_id)
    try:
        pecos.command(visit, visit.portal.clients.enrollment.TakeUpApplication, request)
    except RefusedError as refused:
        return _show(visit, seen, form, form.not_taken(refused, visit.command_id()))
    return visit.go(f"/mac/{seen.application.tracking_id}?done=mac_taken_up")


def ask_approve(visit: Visit) -> Response:
    """From when on, and under which Medicare ID?"""
    seen = _undecided(visit, "approve")
    return _approve(visit, seen, visit.form(*_asked(seen), values=_today(visit)))


def approve(visit: Visit) -> Response:
    """Approve: the record is made or changed, and its reassignment begins."""
    seen = _undecided(visit, "approve")
    form = visit.form(*_asked(seen))
    form.read(visit.data)
    day = clock.iso_day(form["effective_month"], form["effective_day"], form["effective_year"])
    if not day:
        form.fail("effective_month", "error.DATE_MALFORMED")
    if form.errors:
        return _approve(visit, seen, form, 422)
    request = ApproveApplicationRequest(
        command_id=visit.command_id(),
        application_id=seen.application.application_id,
        effective_date=day,
        ptan=form.values.get("ptan", ""),
    )
    try:
        pecos.command(visit, visit.portal.clients.enrollment.ApproveApplication, request)
    except RefusedError as refused:
        names = {"effective_date": "effective_month"}
        return _approve(visit, seen, form, form.not_taken(refused, visit.command_id(), names))
    return visit.go(f"/mac/{seen.application.tracking_id}?done=mac_approve")


def ask_why(visit: Visit) -> Response:
    """Why?"""
    return _why(visit, _undecided(visit, visit.request.path_params["decision"]), visit.form(REASON))


def decide(visit: Visit) -> Response:
    """Ask for corrections, deny, reject or return, in words that the preparer reads."""
    decision = visit.request.path_params["decision"]
    seen = _undecided(visit, decision)
    form = visit.form(REASON)
    if not form.read(visit.data):
        return _why(visit, seen, form, 422)
    name, request = REASONED[decision]
    order = request(
        command_id=visit.command_id(), application_id=seen.application.application_id, reason=form["reason"]
    )
    try:
        pecos.command(visit, getattr(visit.portal.clients.enrollment, name), order)
    except RefusedError as refused:
        return _why(visit, seen, form, form.not_taken(refused, visit.command_id()))
    return visit.go(f"/mac/{seen.application.tracking_id}?done=mac_{decision}")


def _undecided(visit: Visit, decision: str) -> GetApplicationResponse:
    """The application of the address. What does not exist has no page; what the state forbids, enrollment says."""
    if decision not in {*REASONED, "approve"}:
        raise HTTPException(404)
    return pecos.application(visit)


def _asked(seen: GetApplicationResponse) -> tuple[Field, ...]:
    """A change keeps the Medicare ID that the record has."""
    return DATE if seen.application.purpose == "CHANGE" else (*DATE, PTAN)


def _today(visit: Visit) -> dict[str, str]:
    month, day, year = visit.today().split("/")
    return {"effective_month": month, "effective_day": day, "effective_year": year}


def _show(visit: Visit, seen: GetApplicationResponse, form: Form, status: int = 200) -> Response:
    now = seen.application.status
    return visit.page(
        "mac/application.html",
        status,
        form=form,
        topics=seen.topics,
        documents=[(one, papers.size(one.bytes)) for one in seen.documents],
        types=applications.TYPES,
        state=pecos.state,
        is_received=now in RECEIVED,
        is_reviewed=now == "IN_PROCESS",
        may=MAY.get(now, ()),
        **applications.context(visit, seen),
    )


def _approve(visit: Visit, seen: GetApplicationResponse, form: Form, status: int = 200) -> Response:
    return visit.page("mac/approve.html", status, form=form, **applications.context(visit, seen))


def _why(visit: Visit, seen: GetApplicationResponse, form: Form, status: int = 200) -> Response:
    decision = visit.request.path_params["decision"]
    return visit.page("mac/why.html", status, form=form, decision=decision, **applications.context(visit, seen))


def _link(query: Mapping[str, str]) -> str:
    text = urlencode({name: value for name, value in query.items() if value})
    return f"{PATH}?{text}" if text else PATH


PAGES = (
    Page(PATH, Access.MAC, get=queue, audiences=(pecos.AUDIENCE,)),
    Page(ONE, Access.MAC, get=show, post=take_up, audiences=(pecos.AUDIENCE,)),
    Page(f"{ONE}/approve", Access.MAC, get=ask_approve, post=approve, audiences=(pecos.AUDIENCE,)),
    Page(f"{ONE}/{{decision}}", Access.MAC, get=ask_why, post=decide, audiences=(pecos.AUDIENCE,)),
)
