"""Final: look it over, confirm, and what comes next (row 12)."""

from __future__ import annotations

from mandate.identity.v1.service_pb2 import (
    CompleteRegistrationRequest,
    CompleteRegistrationResponse,
    SecurityQuestion,
)
from starlette.responses import Response

from services.portal.web import codes, proof
from services.portal.web.clients import RefusedError
from services.portal.web.cookies import Cookie
from services.portal.web.forms import Form
from services.portal.web.pages import Access, Page
from services.portal.web.register import draft
from services.portal.web.register.security import PREFIX
from services.portal.web.visits import Visit


def show(visit: Visit) -> Response:
    """Everything entered, secrets hidden, a change link for each part (IA-REV-01)."""
    return _page(visit, visit.form())


def confirm(visit: Visit) -> Response:
    """The account is active from now on, and its owner signed in."""
    form = visit.form()
    form.read(visit.data)
    request = CompleteRegistrationRequest(command_id=visit.command_id(), registration_token=draft.token(visit))
    try:
        answer: CompleteRegistrationResponse = visit.ask(visit.portal.clients.identity.CompleteRegistration, request)
    except RefusedError as refused:
        return _page(visit, form, form.refuse(refused))
    visit.cookies |= {Cookie.SESSION: answer.session_token, Cookie.REGISTRATION: "", Cookie.VISIT: ""}
    return visit.go("/register/done")


def done(visit: Visit) -> Response:
    """Congratulations, and what comes next by role (IA-DONE-01); access accepts an invitation by itself (4.4)."""
    accepted = proof.was_given(visit)
    if accepted:
        proof.forget(visit)
    return visit.page("register/done.html", accepted=accepted)


def checking(visit: Visit) -> Response:
    """Identity proofing failed; External User Services decide (4.1)."""
    known = draft.get(visit)
    if known.step != draft.PROOFING:
        return visit.go(draft.PATHS.get(known.step, "/register"))
    return visit.page("register/checking.html", draft=known)


def leave(visit: Visit) -> Response:
    """Sign out of a registration; what was entered is kept."""
    visit.form().read(visit.data)
    visit.cookies[Cookie.REGISTRATION] = ""
    return visit.go("/signin?done=left_registration")


def _page(visit: Visit, form: Form, status: int = 200) -> Response:
    known = draft.get(visit)
    if (elsewhere := draft.too_early(visit, known, draft.REVIEW)) is not None:
        return elsewhere
    return visit.page(
        "register/review.html",
        status,
        form=form,
        draft=known,
        info=known.information,
        questions=[SecurityQuestion.Name(question).removeprefix(PREFIX) for question in known.questions],
        methods=[(method, codes.choice(visit, method).text) for method in known.methods if method.verified],
    )


PAGES = (
    Page("/register/review", Access.REGISTERING, get=show, post=confirm),
    Page("/register/checking", Access.REGISTERING, get=checking),
    Page("/register/leave", Access.REGISTERING, post=leave),
    Page("/register/done", Access.SIGNED_IN, get=done),
)
