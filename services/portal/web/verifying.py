"""Verify: whether a paper was made here, for whoever holds it (portal.md 3.16).

It says for which request and on which day, which stand on the paper, and nothing else.
"""

from __future__ import annotations

from mandate.access.v1.service_pb2 import VerifyPaperRequest, VerifyPaperResponse
from starlette.responses import Response

from services.portal.web import clock
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

TRACKING = Field("tracking_id", "IA-CONF-01.tracking", missing="verify.tracking_missing", longest=40)
CODE = Field("check_code", "verify.code", missing="verify.code_missing", longest=40)


def show(visit: Visit) -> Response:
    """The two boxes."""
    return _page(visit, visit.form(TRACKING, CODE))


def verify(visit: Visit) -> Response:
    """Compare them. Nothing is changed by it, so the answer is a page and not another address."""
    form = visit.form(TRACKING, CODE)
    if not form.read(visit.data):
        return _page(visit, form, 422)
    request = VerifyPaperRequest(tracking_id=form["tracking_id"], check_code=form["check_code"])
    try:
        known: VerifyPaperResponse = visit.ask(visit.portal.clients.access.VerifyPaper, request)
    except RefusedError as refused:
        if "TOO_MANY_TRIES" in refused.codes:
            return _page(visit, form, form.refuse(refused))
        return _page(visit, form, form.not_taken(refused, visit.command_id()))
    return _page(visit, form, known=known)


def _page(visit: Visit, form: Form, status: int = 200, known: VerifyPaperResponse | None = None) -> Response:
    day = clock.day(known.made_on) if known else ""
    return visit.page("help/verify.html", status, form=form, known=known, day=day)


PAGES = (Page("/verify", Access.EVERYBODY, get=show, post=verify),)
