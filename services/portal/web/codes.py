"""Codes on their way: what a page says of one, and how a typed one is read (IA-MFA-07)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from mandate.identity.v1.service_pb2 import CodeSent, MfaMethod, MfaMethodKind, SendStepUpCodeRequest
from markupsafe import Markup
from starlette.responses import Response

from services.portal.web import clock
from services.portal.web.clients import RefusedError
from services.portal.web.cookies import Cookie
from services.portal.web.forms import Field
from services.portal.web.visits import Visit

CODE = Field("code", "IA-MFA-07.code", secret=True, longest=16, missing="IA-MFA-07.code_missing")
METHOD = Field("method_id", "IA-MFA-01.method", required=False, longest=36)

STEP_UP = "/signin/again"
WAITS = frozenset({"RESEND_TOO_EARLY", "TOO_MANY_CODES"})
"""Refusals after which the page of the code is still the right one: there it says when another can be had."""

KINDS = {
    MfaMethodKind.MFA_METHOD_KIND_SMS: "sms",
    MfaMethodKind.MFA_METHOD_KIND_EMAIL: "email",
    MfaMethodKind.MFA_METHOD_KIND_VOICE: "voice",
}
"""Our names of the methods (IA-MFA-01)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page says of a code that was sent."""

    hint: Markup
    wait: int
    """Seconds until another can be asked for."""
    from_time: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A method that could be used instead."""

    id: str
    text: Markup


def step_up(visit: Visit, back: str) -> Response:
    """Send a code inside the session, and show the page that takes it (S-09); `back` is where the person goes on.

    Raises `RefusedError`.
    """
    request = SendStepUpCodeRequest(command_id=visit.command_id("step-up"), session_token=visit.cookie(Cookie.SESSION))
    try:
        visit.ask(visit.portal.clients.identity.SendStepUpCode, request)
    except RefusedError as refused:
        if not refused.codes & WAITS:
            raise
    return visit.go(f"{STEP_UP}?next={quote(back)}")


def plain(typed: str) -> str:
    """The digits as they are compared: spaces and dashes are forgiven."""
    return "".join(typed.replace("-", "").split())


def shown(visit: Visit, code: CodeSent) -> Shown:
    """What to say of a code."""
    kind = KINDS.get(code.kind, "email")
    until = visit.time_of_day(code.expires_at)
    resend = clock.moment(code.resend_at)
    return Shown(
        hint=visit.words(f"IA-MFA-07.sent_{kind}", destination=code.destination, time=until),
        wait=max(0, round((resend - visit.now()).total_seconds())),
        from_time=clock.exact_time(resend, visit.settings.zone),
    )


def choice(visit: Visit, method: MfaMethod) -> Choice:
    """A method as a page offers it."""
    key = f"IA-MFA-07.{KINDS.get(method.kind, 'email')}"
    return Choice(method.id, visit.words(key, destination=method.destination))
