"""Confirmation and Review of a request for a role (row 29), and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mandate.access.v1.service_pb2 import (
    CancelRoleRequestRequest,
    CancelRoleRequestResponse,
    GetRoleRequestRequest,
    GetRoleRequestResponse,
    RoleRequest,
)
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chassis.vocabulary.roles import AUTHORIZED_OFFICIAL
from services.portal.web import naming, papers, receipts
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit


@dataclass(frozen=True, slots=True)
class Step:
    """One point of the status timeline."""

    text: Markup
    at: Any
    """A message's time; None for what is still to come."""


def show(visit: Visit) -> Response:
    """The page that is printed."""
    answer = _answered(visit)
    request = answer.role_request
    provider = naming.providers(visit, [request.employer_id]).get(request.employer_id)
    own = visit.is_by(request.account_id)
    people = {} if own else naming.people(visit, [request.account_id])
    return visit.page(
        "employers/confirmation.html",
        request=request,
        role=naming.role(visit, request.role),
        current_role=naming.role(visit, request.current_role) if request.current_role else "",
        own=own,
        requester=naming.person(visit, people.get(request.account_id)),
        provider=provider,
        official=answer.official if answer.HasField("official") else None,
        contact_email=answer.contact_email,
        ein=naming.ein(provider) if provider else "",
        place=naming.address,
        alternate_link=Markup('<a href="/help/documents">{}</a>').format(visit.words("IA-CONF-02.alternate")),
        papers=papers.of(visit, request),
        steps=_steps(visit, request),
        kind=naming.KINDS.get(request.status, ""),
        age=visit.age(request.requested_at),
    )


def ask_cancel(visit: Visit) -> Response:
    """Before a request is taken back."""
    return _cancel(visit, visit.form())


def cancel(visit: Visit) -> Response:
    """Take the own request back."""
    form = visit.form()
    form.read(visit.data)
    id_ = str(visit.request.path_params["request"])
    request = CancelRoleRequestRequest(command_id=visit.command_id(), role_request_id=id_)
    try:
        answer: CancelRoleRequestResponse = visit.ask(
            visit.portal.clients.access.CancelRoleRequest, request, audience="access"
        )
    except RefusedError as refused:
        return _cancel(visit, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go("/profile/employers?done=request_cancelled")


def asked(visit: Visit) -> RoleRequest:
    """The request, where access lets the person see it; for others there is no such page."""
    return _answered(visit).role_request


def _answered(visit: Visit) -> GetRoleRequestResponse:
    question = GetRoleRequestRequest(role_request_id=str(visit.request.path_params["request"]))
    answer: GetRoleRequestResponse = receipts.ask(
        visit, visit.portal.clients.access.GetRoleRequest, question, audience="access"
    )
    return answer


def _cancel(visit: Visit, form: Form, status: int = 200) -> Response:
    request = asked(visit)
    if visit.session is None or request.account_id != visit.session.account_id:
        raise HTTPException(404)
    if request.status != "PENDING" and not form.errors:
        return visit.go(f"/requests/{request.role_request_id}")
    return visit.page(
        "employers/cancel.html",
        status,
        form=form,
        request=request,
        role=naming.role(visit, request.role),
        employer=naming.employers(visit, [request.employer_id])[request.employer_id],
    )


def _steps(visit: Visit, request: RoleRequest) -> list[Step]:
    steps = [Step(visit.words("IA-CONF-01.step.PENDING"), request.requested_at)]
    if request.status == "PENDING":
        lacks = request.role == AUTHORIZED_OFFICIAL and request.documents_uploaded < request.documents_required
        waits = "IA-CONF-04.waits" if lacks else f"IA-CONF-01.waits.{request.role}"
        return [*steps, Step(visit.words(waits), None)]
    return [*steps, Step(visit.words(f"IA-CONF-01.step.{request.status}"), request.decided_at)]


PAGES = (
    Page("/requests/{request:uuid}", Access.SIGNED_IN, get=show),
    Page("/requests/{request:uuid}/cancel", Access.SIGNED_IN, get=ask_cancel, post=cancel),
)
