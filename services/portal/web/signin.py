"""Sign-in: the landing page, the second factor, signing out (rows 1 and 2)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mandate.identity.v1.service_pb2 import (
    EndSessionRequest,
    GetSignInRequest,
    SendSignInCodeRequest,
    SignInRequest,
    SignInResponse,
    VerifySignInCodeRequest,
    VerifySignInCodeResponse,
)
from starlette.responses import Response

from services.portal.web import codes
from services.portal.web.clients import RefusedError
from services.portal.web.cookies import Cookie
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

# IA-SIGN-01
USER_ID = Field("user_id", "IA-SIGN-01.user_id", missing="IA-SIGN-01.user_id_missing")
PASSWORD = Field("password", "IA-SIGN-01.password", secret=True, longest=512, missing="IA-SIGN-01.password_missing")
NEXT = Field("next", "IA-SIGN-01.title", required=False)


def local(path: str) -> str:
    """A path of ours to go on to, else Home; never an address of somebody else's (A-13)."""
    is_path = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_path and not path.startswith(("/signin", "/signout")) else "/home"


def show(visit: Visit) -> Response:
    """The landing page."""
    if visit.session is not None:
        return visit.go("/home")
    return _landing(
        visit, visit.form(USER_ID, PASSWORD, NEXT, values={"next": visit.request.query_params.get("next", "")})
    )


def submit(visit: Visit) -> Response:
    """First factor: then a code is on its way."""
    form = visit.form(USER_ID, PASSWORD, NEXT)
    if not form.read(visit.data):
        return _landing(visit, form, 422)
    request = SignInRequest(command_id=visit.command_id(), user_id=form["user_id"], password=form["password"])
    try:
        answer: SignInResponse = visit.ask(visit.portal.clients.identity.SignIn, request)
    except RefusedError as refused:
        status = form.refuse(refused, {"user_id": "", "password": ""})
        return _landing(visit, form, status)
    visit.cookies[Cookie.SIGN_IN] = answer.sign_in_token
    after = local(form["next"])
    return visit.go("/signin/verify" + (f"?next={quote(after)}" if after != "/home" else ""))


def show_verify(visit: Visit) -> Response:
    """Second factor (X-04, IA-MFA-07)."""
    if visit.session is not None:
        return visit.go("/home")
    after = visit.request.query_params.get("next", "")
    return _verify(visit, visit.form(codes.CODE, NEXT, values={"next": after}))


def verify(visit: Visit) -> Response:
    """Judge the code; the session begins."""
    form = visit.form(codes.CODE, NEXT)
    if not form.read(visit.data):
        return _verify(visit, form, 422)
    request = VerifySignInCodeRequest(
        command_id=visit.command_id(), sign_in_token=visit.cookie(Cookie.SIGN_IN), code=codes.plain(form["code"])
    )
    try:
        answer: VerifySignInCodeResponse = visit.ask(visit.portal.clients.identity.VerifySignInCode, request)
    except RefusedError as refused:
        return _verify(visit, form, form.refuse(refused))
    visit.cookies[Cookie.SIGN_IN] = ""
    if answer.WhichOneof("outcome") == "registration":
        visit.cookies[Cookie.REGISTRATION] = answer.registration.registration_token
        return visit.go("/register/resume")
    visit.cookies[Cookie.SESSION] = answer.session_token
    visit.cookies[Cookie.VISIT] = ""
    return visit.go(local(form["next"]))


def send_again(visit: Visit) -> Response:
    """Another code, by the same or another method."""
    form = visit.form(codes.METHOD, NEXT)
    form.read(visit.data)
    request = SendSignInCodeRequest(
        command_id=visit.command_id(), sign_in_token=visit.cookie(Cookie.SIGN_IN), method_id=form["method_id"]
    )
    again = visit.form(codes.CODE, NEXT, values={"next": form["next"]})
    try:
        visit.ask(visit.portal.clients.identity.SendSignInCode, request)
    except RefusedError as refused:
        return _verify(visit, again, again.refuse(refused, {"method_id": ""}))
    after = local(form["next"])
    return visit.go("/signin/verify?done=code_sent" + (f"&next={quote(after)}" if after != "/home" else ""))


def sign_out(visit: Visit) -> Response:
    """End the session here and at identity."""
    visit.form().read(visit.data)
    request = EndSessionRequest(command_id=visit.command_id(), session_token=visit.cookie(Cookie.SESSION))
    visit.ask(visit.portal.clients.identity.EndSession, request)
    visit.cookies[Cookie.SESSION] = ""
    return visit.go("/signin?done=signed_out")


def _landing(visit: Visit, form: Form, status: int = 200) -> Response:
    return visit.page("signin/signin.html", status, form=form)


def _verify(visit: Visit, form: Form, status: int = 200) -> Response:
    token = visit.cookie(Cookie.SIGN_IN)
    if not token:
        return visit.go("/signin?notice=sign_in_ended")
    state: Any = visit.ask(visit.portal.clients.identity.GetSignIn, GetSignInRequest(sign_in_token=token))
    return visit.page(
        "signin/verify.html",
        status,
        form=form,
        code=codes.shown(visit, state.code),
        others=[codes.choice(visit, method) for method in state.methods if method.id != state.code.method_id],
    )


PAGES = (
    Page("/", Access.EVERYBODY, get=show),
    Page("/signin", Access.EVERYBODY, get=show, post=submit),
    Page("/signin/verify", Access.EVERYBODY, get=show_verify, post=verify),
    Page("/signin/send", Access.EVERYBODY, post=send_again),
    Page("/signout", Access.SIGNED_IN, post=sign_out),
)
