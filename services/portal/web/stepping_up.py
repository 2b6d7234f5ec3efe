"""Step-up: what is worth more than being signed in asks for a code again, and then for the decision again (S-09)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mandate.identity.v1.service_pb2 import (
    GetStepUpRequest,
    GetStepUpResponse,
    SendStepUpCodeRequest,
    VerifyStepUpCodeRequest,
    VerifyStepUpCodeResponse,
)
from starlette.responses import Response

from services.portal.web import codes, signin
from services.portal.web.clients import RefusedError
from services.portal.web.codes import STEP_UP as PATH
from services.portal.web.cookies import Cookie
from services.portal.web.forms import Form
from services.portal.web.pages import Access, Page
from services.portal.web.signin import NEXT
from services.portal.web.visits import Visit


def show(visit: Visit) -> Response:
    """The box for the code."""
    after = visit.request.query_params.get("next", "")
    return _page(visit, visit.form(codes.CODE, NEXT, values={"next": after}))


def verify(visit: Visit) -> Response:
    """Judge the code; the session goes on under a new reference."""
    form = visit.form(codes.CODE, NEXT)
    if not form.read(visit.data):
        return _page(visit, form, 422)
    request = VerifyStepUpCodeRequest(
        command_id=visit.command_id(),
        session_token=visit.cookie(Cookie.SESSION),
        code=codes.plain(form["code"]),
    )
    try:
        answer: VerifyStepUpCodeResponse = visit.ask(visit.portal.clients.identity.VerifyStepUpCode, request)
    except RefusedError as refused:
        if "ACCOUNT_LOCKED" in refused.codes:
            visit.cookies[Cookie.SESSION] = ""
            return visit.go("/signin?notice=account_locked")
        return _page(visit, form, form.refuse(refused))
    visit.cookies[Cookie.SESSION] = answer.session_token
    return visit.go(f"{signin.local(form['next'])}?done=stepped_up")


def send_again(visit: Visit) -> Response:
    """Another code, by the same or another method."""
    form = visit.form(codes.METHOD, NEXT)
    form.read(visit.data)
    request = SendStepUpCodeRequest(
        command_id=visit.command_id(),
        session_token=visit.cookie(Cookie.SESSION),
        method_id=form["method_id"],
    )
    again = visit.form(codes.CODE, NEXT, values={"next": form["next"]})
    try:
        visit.ask(visit.portal.clients.identity.SendStepUpCode, request)
    except RefusedError as refused:
        return _page(visit, again, again.refuse(refused, {"method_id": ""}))
    return visit.go(f"{PATH}?done=code_sent&next={quote(signin.local(form['next']))}")


def _page(visit: Visit, form: Form, status: int = 200) -> Response:
    request = GetStepUpRequest(session_token=visit.cookie(Cookie.SESSION))
    state: GetStepUpResponse = visit.ask(visit.portal.clients.identity.GetStepUp, request)
    sent: Any = state.code if state.HasField("code") else None
    used = sent.method_id if sent else ""
    return visit.page(
        "signin/again.html",
        status,
        form=form,
        code=codes.shown(visit, sent) if sent else None,
        others=[codes.choice(visit, method) for method in state.methods if method.id != used],
    )


PAGES = (
    Page(PATH, Access.SIGNED_IN, get=show, post=verify),
    Page(PATH + "/send", Access.SIGNED_IN, post=send_again),
)
