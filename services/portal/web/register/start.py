"""Registration begins: the e-mail address, the challenge, the code (row 7)."""

from __future__ import annotations

import re

from mandate.identity.v1.service_pb2 import (
    ResendRegistrationCodeRequest,
    StartRegistrationRequest,
    StartRegistrationResponse,
    VerifyRegistrationEmailRequest,
    VerifyRegistrationEmailResponse,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import challenge, codes, proof
from services.portal.web.clients import RefusedError
from services.portal.web.cookies import Cookie
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.register import draft
from services.portal.web.visits import Visit

# IA-REG-01
EMAIL = Field("email", "IA-REG-01.email", missing="IA-REG-01.email_missing")
CONFIRM = Field("confirm_email", "IA-REG-01.confirm", missing="IA-REG-01.confirm_missing")
CHALLENGE = Field("challenge", "IA-REG-01.box", secret=True)
ANSWER = Field("answer", "IA-REG-01.answer", secret=True, longest=32, missing="IA-REG-01.answer_missing")

ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"]+@[^\s@,;:<>()\[\]\\\".]+(\.[^\s@,;:<>()\[\]\\\".]+)+")
"""Near enough for a hint; identity judges (S-25)."""


def show(visit: Visit) -> Response:
    """The form, with a new picture."""
    return _start(visit, visit.form(EMAIL, CONFIRM, CHALLENGE, ANSWER))


def submit(visit: Visit) -> Response:
    """Send a code; the answer is the same whether the address has an account or not (A-01)."""
    form = visit.form(EMAIL, CONFIRM, CHALLENGE, ANSWER)
    form.read(visit.data)
    if visit.data.get("do") == "another":
        form.errors.clear()
        return _start(visit, form)
    _judge(form)
    nonce = visit.portal.challenges.solve(form["challenge"], form["answer"])
    if nonce is None:
        form.fail("answer", "error.CHALLENGE_WRONG")  # IA-REG-04
    if form.errors or nonce is None:
        return _start(visit, form, 422)
    request = StartRegistrationRequest(
        command_id=visit.command_id(),
        email=form["email"],
        confirm_email=form["confirm_email"],
        challenge_id=nonce,
        invitation_proof=proof.kept(visit),
    )
    try:
        answer: StartRegistrationResponse = visit.ask(visit.portal.clients.identity.StartRegistration, request)
    except RefusedError as refused:
        return _start(visit, form, form.refuse(refused, {"challenge_id": "answer"}))
    visit.cookies[Cookie.REGISTRATION] = answer.registration_token
    proof.give(visit)
    return visit.go("/register/code")


def show_code(visit: Visit) -> Response:
    """We sent a code."""
    return _code(visit, visit.form(codes.CODE))


def submit_code(visit: Visit) -> Response:
    """Prove the address; the reference in the cookie changes with it."""
    form = visit.form(codes.CODE)
    if not form.read(visit.data):
        return _code(visit, form, 422)
    request = VerifyRegistrationEmailRequest(
        command_id=visit.command_id(), registration_token=draft.token(visit), code=codes.plain(form["code"])
    )
    try:
        answer: VerifyRegistrationEmailResponse = visit.ask(
            visit.portal.clients.identity.VerifyRegistrationEmail, request
        )
    except RefusedError as refused:
        return _code(visit, form, form.refuse(refused))
    visit.cookies[Cookie.REGISTRATION] = answer.registration_token
    return visit.go("/register/security")


def send_again(visit: Visit) -> Response:
    """Another code."""
    visit.form().read(visit.data)
    form = visit.form(codes.CODE)
    request = ResendRegistrationCodeRequest(command_id=visit.command_id(), registration_token=draft.token(visit))
    try:
        visit.ask(visit.portal.clients.identity.ResendRegistrationCode, request)
    except RefusedError as refused:
        return _code(visit, form, form.refuse(refused))
    return visit.go("/register/code?done=code_sent")


def picture(visit: Visit) -> Response:
    """The picture of a challenge."""
    return visit.answer(Response(challenge.picture(_text(visit)), media_type="image/png"))


def sound(visit: Visit) -> Response:
    """The same digits, read aloud (IA-REG-04)."""
    return visit.answer(Response(challenge.sound(_text(visit)), media_type="audio/wav"))


def _text(visit: Visit) -> str:
    text = visit.portal.challenges.text(visit.request.path_params["token"])
    if text is None:
        raise HTTPException(404)
    return text


def _judge(form: Form) -> None:
    if form["email"] and not ADDRESS.fullmatch(form["email"]):
        form.fail("email", "error.EMAIL_MALFORMED")
    elif form["confirm_email"] and form["email"].casefold() != form["confirm_email"].casefold():
        form.fail("confirm_email", "error.EMAIL_MISMATCH")  # IA-REG-02


def _start(visit: Visit, form: Form, status: int = 200) -> Response:
    return visit.page(
        "register/start.html", status, form=form, token=visit.portal.challenges.issue(), invited=bool(proof.kept(visit))
    )


def _code(visit: Visit, form: Form, status: int = 200) -> Response:
    known = draft.get(visit)
    if known.step != draft.EMAIL:
        return visit.go(draft.PATHS.get(known.step, "/register"))
    return visit.page("register/code.html", status, form=form, code=codes.shown(visit, known.code))


PAGES = (
    Page("/register", Access.EVERYBODY, get=show, post=submit),
    Page("/register/challenge/{token}.png", Access.EVERYBODY, get=picture, activity=False),
    Page("/register/challenge/{token}.wav", Access.EVERYBODY, get=sound, activity=False),
    Page("/register/code", Access.REGISTERING, get=show_code, post=submit_code),
    Page("/register/code/send", Access.REGISTERING, post=send_again),
    Page("/register/resume", Access.REGISTERING, get=draft.next_step),
)
