"""Codes on their way: what a page says of one, and how a typed one is read (IA-MFA-07)."""

from __future__ import annotations

from dataclasses import dataclass

from mandate.identity.v1.service_pb2 import CodeSent, MfaMethod, MfaMethodKind
from markupsafe import Markup

from services.portal.web import clock
from services.portal.web.forms import Field
from services.portal.web.visits import Visit

CODE = Field("code", "IA-MFA-07.code", secret=True, longest=16, missing="IA-MFA-07.code_missing")
METHOD = Field("method_id", "IA-MFA-01.method", required=False, longest=36)

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
