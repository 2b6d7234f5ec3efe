"""Accounts at the desk of External User Services (row 60): found, closed, put off the desk (4.1, D-41)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from mandate.access.v1.service_pb2 import Association, ListEmployersOfRequest
from mandate.identity.v1.desk_service_pb2 import (
    CloseAccountRequest,
    FindAccountRequest,
    FindAccountResponse,
    TakeFromDeskRequest,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import naming, receipts
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = "/eus/accounts"
TYPED = Field("typed", "eus_account.typed", missing="eus_account.typed_missing")
"""Posted, never in an address: an e-mail address names somebody (S-18)."""
REASON = Field("reason", "IA-RREQ-01.reason", missing="eus_account.reason_missing", longest=500)
KINDS = {"ACTIVE": "ok", "CLOSED": "", "ABANDONED": ""}
"""The look of a status; the others want looking at."""
OVER = ("CLOSED", "ABANDONED")


@dataclass(frozen=True, slots=True)
class Post:
    """The person at one employer: what ends with the account."""

    employer: naming.Employer
    role: str
    since: Any
    tracking_id: str
    """Of a request that waits."""


@dataclass(frozen=True, slots=True)
class Found:
    """An account, and what hangs on it."""

    id: str
    name: str
    user_id: str
    status: str
    registered_at: Any
    """None where the registration was not finished."""
    is_at_desk: bool
    is_own: bool
    roles: Sequence[Post]
    waiting: Sequence[Post]

    @property
    def kind(self) -> str:
        """The look of the status."""
        return KINDS.get(self.status, "wait")

    @property
    def may_close(self) -> bool:
        """Nobody closes their own, and nobody twice."""
        return self.status not in OVER and not self.is_own

    @property
    def may_take(self) -> bool:
        """Nobody takes their own role back, so one is always left at the desk."""
        return self.is_at_desk and not self.is_own


def show(visit: Visit) -> Response:
    """The box."""
    return visit.page("eus/accounts.html", form=visit.form(TYPED))


def find(visit: Visit) -> Response:
    """Go to the account with this user id or address."""
    form = visit.form(TYPED)
    form.read(visit.data)
    if form.errors:
        return visit.page("eus/accounts.html", 422, form=form)
    found = _asked(visit, FindAccountRequest(typed=form["typed"]))
    if found is None:
        form.fail("typed", "eus_account.unknown")
        return visit.page("eus/accounts.html", 422, form=form)
    return visit.go(f"{PATH}/{found.account_id}")


def account(visit: Visit) -> Response:
    """Who it is, and where they work."""
    return visit.page("eus/account.html", one=_found(visit))


def ask_close(visit: Visit) -> Response:
    """What ends, before it does."""
    return _close(visit, _found(visit), visit.form(REASON))


def close(visit: Visit) -> Response:
    """Close it for good."""
    found = _found(visit)
    form = visit.form(REASON)
    if not form.read(visit.data):
        return _close(visit, found, form, 422)
    request = CloseAccountRequest(command_id=visit.command_id(), account_id=found.id, reason=form["reason"])
    try:
        answer = visit.ask(visit.portal.clients.desk.CloseAccount, request, audience="identity")
    except RefusedError as refused:
        return _close(visit, found, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"{PATH}/{found.id}?done=account_closed")


def ask_take(visit: Visit) -> Response:
    """What the person will not be able to do any more."""
    return _take(visit, _found(visit), visit.form())


def take(visit: Visit) -> Response:
    """Take the desk's role back."""
    found = _found(visit)
    form = visit.form()
    form.read(visit.data)
    request = TakeFromDeskRequest(command_id=visit.command_id(), account_id=found.id)
    try:
        answer = visit.ask(visit.portal.clients.desk.TakeFromDesk, request, audience="identity")
    except RefusedError as refused:
        return _take(visit, found, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go("/eus/people?done=taken_from_desk")


def _close(visit: Visit, found: Found, form: Form, status: int = 200) -> Response:
    if not found.may_close and not form.sent:
        raise HTTPException(404)
    return visit.page("eus/close.html", status, form=form, one=found)


def _take(visit: Visit, found: Found, form: Form, status: int = 200) -> Response:
    if not found.may_take and not form.sent:
        raise HTTPException(404)
    return visit.page("eus/take.html", status, form=form, one=found)


def _asked(visit: Visit, request: FindAccountRequest) -> FindAccountResponse | None:
    """The account, or None where there is none. Raises `RefusedError`."""
    try:
        found: FindAccountResponse = visit.ask(visit.portal.clients.desk.FindAccount, request, audience="identity")
    except RefusedError as refused:
        if refused.status is not grpc.StatusCode.NOT_FOUND:
            raise
        return None
    return found


def _found(visit: Visit) -> Found:
    id_ = str(visit.request.path_params["account"])
    one = _asked(visit, FindAccountRequest(account_id=id_))
    if one is None:
        raise HTTPException(404)
    question = ListEmployersOfRequest(account_id=id_)
    held = receipts.ask(visit, visit.portal.clients.access.ListEmployersOf, question, audience="access").associations
    names = naming.employers(visit, (each.employer_id for each in held))
    return Found(
        id=id_,
        name=f"{one.last_name}, {one.first_name}" if one.last_name else str(visit.words("naming.person")),
        user_id=one.user_id,
        status=one.status,
        registered_at=one.registered_at if one.HasField("registered_at") else None,
        is_at_desk=one.is_at_desk,
        is_own=visit.is_by(id_),
        roles=[_post(visit, each, names) for each in held if each.status == "APPROVED"],
        waiting=[_post(visit, each, names) for each in held if each.tracking_id],
    )


def _post(visit: Visit, one: Association, names: dict[str, naming.Employer]) -> Post:
    return Post(names[one.employer_id], str(naming.role(visit, one.role)), one.since, one.tracking_id)


PAGES = (
    Page(PATH, Access.EUS, get=show, post=find, audiences=("identity",)),
    Page(PATH + "/{account:uuid}", Access.EUS, get=account, audiences=("identity",)),
    Page(PATH + "/{account:uuid}/close", Access.EUS, get=ask_close, post=close, audiences=("identity",)),
    Page(PATH + "/{account:uuid}/take", Access.EUS, get=ask_take, post=take, audiences=("identity",)),
)
