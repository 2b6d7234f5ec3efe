"""Deciding about a request for a role: what managers and External User Services have in common (4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mandate.access.v1.service_pb2 import (
    ApproveRoleRequestRequest,
    GetRoleRequestRequest,
    RejectRoleRequestRequest,
    RoleRequest,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import commands, naming, receipts
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.visits import Visit

REQUEST = Field("request", "IA-CONF-01.tracking", longest=36)
REASON = Field("reason", "IA-RREQ-01.reason", missing="IA-RREQ-01.reason_missing", longest=500)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request as a queue shows it (IA-RREQ-01, IA-RREQ-03)."""

    id: str
    account_id: str
    name: str
    user_id: str
    employer: naming.Employer
    current_role: str
    """Empty for a new association."""
    role: str
    role_code: str
    tracking_id: str
    requested_at: Any
    uploaded: int
    """Of the documents that the request needs (IA-CONF-04)."""
    required: int
    first_approved_by: str
    """Who of External User Services has approved it, while another of them must, too (S-14); empty otherwise."""


def rows(visit: Visit, found: Sequence[RoleRequest]) -> list[RequestRow]:
    """Requests with names. Raises `RefusedError`."""
    people = naming.people(visit, (one.account_id for one in found))
    employers = naming.employers(visit, (one.employer_id for one in found))
    return [
        RequestRow(
            id=one.role_request_id,
            account_id=one.account_id,
            name=naming.person(visit, person := people.get(one.account_id)),
            user_id=person.user_id if person else "",
            employer=employers[one.employer_id],
            current_role=naming.role(visit, one.current_role) if one.current_role else "",
            role=naming.role(visit, one.role),
            role_code=one.role,
            tracking_id=one.tracking_id,
            requested_at=one.requested_at,
            uploaded=one.documents_uploaded,
            required=one.documents_required,
            first_approved_by=one.first_approved_by,
        )
        for one in found
    ]


def approve(visit: Visit, back: str, again: Callable[[Form, int], Response]) -> Response:
    """Approve the request that the form names; `again` shows the list with what is wrong."""
    form = visit.form(REQUEST)
    form.read(visit.data)
    if form.errors or not commands.is_id(form["request"]):
        raise HTTPException(404)
    request = ApproveRoleRequestRequest(command_id=visit.command_id(), role_request_id=form["request"])
    try:
        answer = visit.ask(visit.portal.clients.access.ApproveRoleRequest, request, audience="access")
    except RefusedError as refused:
        return again(form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go(_and_done(back, "role_approved_by_one" if answer.needs_second else "role_approved"))


def ask_reject(visit: Visit, back: str) -> Response:
    """Why?"""
    return _reject(visit, back, visit.form(REASON))


def reject(visit: Visit, back: str) -> Response:
    """Reject, with the reason that the person will read."""
    form = visit.form(REASON)
    if not form.read(visit.data):
        return _reject(visit, back, form, 422)
    id_ = str(visit.request.path_params["request"])
    request = RejectRoleRequestRequest(command_id=visit.command_id(), role_request_id=id_, reason=form["reason"])
    try:
        answer = visit.ask(visit.portal.clients.access.RejectRoleRequest, request, audience="access")
    except RefusedError as refused:
        return _reject(visit, back, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go(_and_done(back, "role_rejected"))


def _here(visit: Visit) -> str:
    url = visit.request.url
    return f"{url.path}?{url.query}" if url.query else url.path


def _and_done(back: str, done: str) -> str:
    return f"{back}{'&' if '?' in back else '?'}done={done}"


def _reject(visit: Visit, back: str, form: Form, status: int = 200) -> Response:
    id_ = str(visit.request.path_params["request"])
    question = GetRoleRequestRequest(role_request_id=id_)
    found = receipts.ask(visit, visit.portal.clients.access.GetRoleRequest, question, audience="access").role_request
    own = visit.is_by(found.account_id)
    if own or (found.status != "PENDING" and not form.errors):
        raise HTTPException(404)
    return visit.page(
        "staff/reject.html", status, form=form, row=rows(visit, [found])[0], action=_here(visit), back=back
    )
