"""Step 3, MFA Setup: how codes reach the person, and the first code (rows 10 and 11)."""

from __future__ import annotations

from mandate.identity.v1.service_pb2 import (
    AddMfaMethodRequest,
    AddMfaMethodResponse,
    GetRegistrationResponse,
    MfaMethod,
    RemoveMfaMethodRequest,
    SendMfaCodeRequest,
    VerifyMfaCodeRequest,
)
from starlette.responses import Response

from services.portal.web import codes, phones
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.register import draft
from services.portal.web.visits import Visit

KINDS = {name: kind for kind, name in codes.KINDS.items()}
MOST = 2
"""IA-MFA-02: at most two, of different kinds."""

# IA-MFA-01
METHOD = Field("method", "IA-MFA-01.method", longest=8, missing="IA-MFA-01.method_missing")
MOBILE = Field("mobile", "IA-MFA-01.mobile", required=False, longest=40)
PHONE = Field("phone", "IA-MFA-01.phone", required=False, longest=40)
FORM = (METHOD, MOBILE, PHONE)
BOXES = {"sms": "mobile", "voice": "phone"}
"""The box that belongs to a method; an e-mail goes to the primary address."""


def show(visit: Visit) -> Response:
    """The methods so far, and a form for one more."""
    known = draft.get(visit)
    if (elsewhere := draft.too_early(visit, known, draft.MFA)) is not None:
        return elsewhere
    return _page(visit, visit.form(*FORM, values=_guess(known)), known)


def submit(visit: Visit) -> Response:
    """Name a method and send it a code."""
    known = draft.get(visit)
    form = visit.form(*FORM)
    form.read(visit.data)
    destination = _destination(form)
    if form.errors:
        return _page(visit, form, known, 422)
    identity = visit.portal.clients.identity
    request = AddMfaMethodRequest(
        command_id=visit.command_id(),
        registration_token=draft.token(visit),
        kind=KINDS[form["method"]],
        destination=destination,
        primary=not known.methods,
    )
    try:
        added: AddMfaMethodResponse = visit.ask(identity.AddMfaMethod, request)
        visit.ask(identity.SendMfaCode, _send(visit, added.method_id, step="send"))
    except RefusedError as refused:
        box = BOXES.get(form["method"], "method")
        return _page(visit, form, known, form.refuse(refused, {"destination": box, "kind": "method"}))
    return visit.go("/register/mfa/verify")


def remove(visit: Visit) -> Response:
    """Take a method back."""
    form = visit.form(codes.METHOD)
    form.read(visit.data)
    request = RemoveMfaMethodRequest(
        command_id=visit.command_id(), registration_token=draft.token(visit), method_id=form["method_id"]
    )
    visit.ask(visit.portal.clients.identity.RemoveMfaMethod, request)
    return visit.go("/register/mfa?done=method_removed")


def show_verify(visit: Visit) -> Response:
    """Enter the code (IA-MFA-05, IA-MFA-07)."""
    return _verify(visit, visit.form(codes.CODE, codes.METHOD))


def verify(visit: Visit) -> Response:
    """Judge the code; the method can be used from then on."""
    form = visit.form(codes.CODE, codes.METHOD)
    if not form.read(visit.data):
        return _verify(visit, form, 422)
    request = VerifyMfaCodeRequest(
        command_id=visit.command_id(),
        registration_token=draft.token(visit),
        method_id=form["method_id"],
        code=codes.plain(form["code"]),
    )
    try:
        visit.ask(visit.portal.clients.identity.VerifyMfaCode, request)
    except RefusedError as refused:
        return _verify(visit, form, form.refuse(refused, {"method_id": ""}))
    return visit.go("/register/review?done=method_added")


def send_again(visit: Visit) -> Response:
    """Another code to the same method."""
    form = visit.form(codes.METHOD)
    form.read(visit.data)
    again = visit.form(codes.CODE, codes.METHOD)
    try:
        visit.ask(visit.portal.clients.identity.SendMfaCode, _send(visit, form["method_id"]))
    except RefusedError as refused:
        return _verify(visit, again, again.refuse(refused, {"method_id": ""}))
    return visit.go("/register/mfa/verify?done=code_sent")


def _send(visit: Visit, method_id: str, step: str = "") -> SendMfaCodeRequest:
    return SendMfaCodeRequest(
        command_id=visit.command_id(step), registration_token=draft.token(visit), method_id=method_id
    )


def _guess(known: GetRegistrationResponse) -> dict[str, str]:
    """The number that was given in step 2, so that it need not be typed again (WCAG 3.3.7)."""
    personal = known.information.personal_phone
    shown = phones.show(personal) if phones.is_domestic(personal) else ""
    return {"mobile": shown, "phone": shown}


def _destination(form: Form) -> str:
    if form["method"] and form["method"] not in KINDS:
        form.fail("method", "IA-MFA-01.method_missing")
    box = BOXES.get(form["method"])
    if box is None:
        return ""
    if not form[box]:
        form.fail(box, "error.PHONE_MISSING")
    number = phones.parse(form[box])
    if number is None:
        form.fail(box, "error.PHONE_MALFORMED")
    elif not phones.is_domestic(number):
        form.fail(box, "error.PHONE_NOT_US")  # IA-MFA-03
    return number or ""


def _page(visit: Visit, form: Form, known: GetRegistrationResponse, status: int = 200) -> Response:
    verified = [method for method in known.methods if method.verified]
    taken = {method.kind for method in verified}
    return visit.page(
        "register/methods.html",
        status,
        form=form,
        draft=known,
        methods=[(method, codes.choice(visit, method).text) for method in known.methods],
        verified=verified,
        offered=[name for name, kind in KINDS.items() if kind not in taken] if len(verified) < MOST else [],
    )


def _verify(visit: Visit, form: Form, status: int = 200) -> Response:
    known = draft.get(visit)
    method = _waiting(known)
    if method is None:
        return visit.go("/register/mfa")
    form.values["method_id"] = method.id
    live = known.HasField("code") and known.code.method_id == method.id
    return visit.page(
        "register/verify.html",
        status,
        form=form,
        draft=known,
        method=method,
        code=codes.shown(visit, known.code) if live else None,
    )


def _waiting(known: GetRegistrationResponse) -> MfaMethod | None:
    """The method that waits for its code: the one of the live code, else any."""
    open_ones = [method for method in known.methods if not method.verified]
    live = [method for method in open_ones if known.HasField("code") and known.code.method_id == method.id]
    return next(iter(live or open_ones), None)


PAGES = (
    Page("/register/mfa", Access.REGISTERING, get=show, post=submit),
    Page("/register/mfa/remove", Access.REGISTERING, post=remove),
    Page("/register/mfa/verify", Access.REGISTERING, get=show_verify, post=verify),
    Page("/register/mfa/send", Access.REGISTERING, post=send_again),
)
