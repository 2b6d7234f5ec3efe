"""Enter PIN (row 43): the address and the PIN of an invitation, and what follows for whom (IA-PIN-01, IA-PIN-02).

Who is signed in accepts at once. A visitor's browser keeps a proof for an hour, which goes with a registration or is
accepted after signing in. The PIN itself is in no page, address, cookie or log of ours.
"""

from __future__ import annotations

import grpc
from mandate.access.v1.service_pb2 import AskForNewPinRequest
from starlette.responses import Response

from services.portal.web import proof, receipts, redeeming
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

EMAIL = Field("email", "IA-PIN-01.email", missing="IA-PIN-01.email_missing")
PIN = Field("pin", "IA-PIN-01.pin", secret=True, longest=32, missing="IA-PIN-01.pin_missing")
OVER = {"PIN_REFUSED": "/home?notice=invitation_over", "INVITATION_VOID": "/home?notice=invitation_void"}
"""Why an invitation whose PIN was right cannot be accepted any more: where that is said."""


def show(visit: Visit) -> Response:
    """The two boxes; or, where a PIN was entered here already, how to go on."""
    if visit.session is None and proof.kept(visit):
        return _entered(visit)
    return _ask(visit, visit.form(EMAIL, PIN))


def enter(visit: Visit) -> Response:
    """Use the PIN."""
    form = visit.form(EMAIL, PIN)
    if not form.read(visit.data):
        return _ask(visit, form, 422)
    try:
        answer, onward = redeeming.enter(visit, form["email"], form["pin"])
    except RefusedError as refused:
        return _ask(visit, form, _refused(visit, form, refused))
    if visit.session is not None:
        receipts.remember(visit, answer.receipt)
        return visit.go(onward)
    proof.keep(visit, answer.proof)
    return _entered(visit, form["email"])


def accept(visit: Visit) -> Response:
    """Accept the invitation whose PIN was entered before signing in."""
    visit.form().read(visit.data)
    try:
        answer, onward = redeeming.accept(visit, proof.kept(visit))
    except RefusedError as refused:
        over = next((path for code, path in OVER.items() if code in refused.codes), "")
        if not over:
            raise
        proof.forget(visit)
        return visit.go(over)
    proof.forget(visit)
    receipts.remember(visit, answer.receipt)
    return visit.go(onward)


def leave(visit: Visit) -> Response:
    """Not now: this browser forgets the proof, so that nobody else accepts here what was meant for another."""
    visit.form().read(visit.data)
    proof.forget(visit)
    return visit.go("/home" if visit.session is not None else "/signin")


def ask_new(visit: Visit) -> Response:
    """One box."""
    return visit.page("pin/new.html", form=visit.form(EMAIL), asked="")


def new(visit: Visit) -> Response:
    """Ask for a new PIN; the page says the same whether anybody was invited there or not (A-01)."""
    form = visit.form(EMAIL)
    if not form.read(visit.data):
        return visit.page("pin/new.html", 422, form=form, asked="")
    request = AskForNewPinRequest(command_id=visit.command_id(), email=form["email"])
    audience = "access" if visit.session is not None else ""
    try:
        visit.ask(visit.portal.clients.access.AskForNewPin, request, audience=audience)
    except RefusedError as refused:
        return visit.page("pin/new.html", _refused(visit, form, refused), form=form, asked="")
    return visit.page("pin/new.html", form=form, asked=form["email"])


def _refused(visit: Visit, form: Form, refused: RefusedError) -> int:
    """One answer for everything that is not right (A-01), at neither box; busy is no refusal."""
    if refused.status is grpc.StatusCode.RESOURCE_EXHAUSTED:
        form.command_id = visit.command_id()
        form.fail("", "error.BUSY")
        return 503
    return form.not_taken(refused, visit.command_id())


def _ask(visit: Visit, form: Form, status: int = 200) -> Response:
    return visit.page("pin/pin.html", status, form=form)


def _entered(visit: Visit, email: str = "") -> Response:
    """`email`: what was typed just now, for the registration; it stands in the form and nowhere else."""
    return visit.page("pin/entered.html", email=email)


PAGES = (
    Page("/pin", Access.EVERYBODY, get=show, post=enter, audiences=("identity",)),
    Page("/pin/new", Access.EVERYBODY, get=ask_new, post=new),
    Page("/pin/accept", Access.SIGNED_IN, post=accept, audiences=("identity",)),
    Page("/pin/leave", Access.EVERYBODY, post=leave),
)
