"""The portal's cookies: their names and flags (S-08)."""

from __future__ import annotations

from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from services.portal.web.settings import PortalSettings


class Cookie(StrEnum):
    """What the browser keeps for us, each a reference and no data."""

    SESSION = "session"
    VISIT = "visit"
    """Binds the forms of somebody who is not signed in."""
    SIGN_IN = "signin"
    """Between the first and the second factor."""
    REGISTRATION = "registration"
    LANGUAGE = "language"
    SEEN = "seen"
    """Receipts of what the reader has just done (`receipts`)."""
    INVITATION = "invitation"
    """The proof that an invitation's PIN was entered here (`proof`)."""


LIFE = {Cookie.REGISTRATION: 72 * 3600, Cookie.LANGUAGE: 365 * 86_400, Cookie.SEEN: 120, Cookie.INVITATION: 3600}
"""Seconds; the others end with the browser."""


def name(settings: PortalSettings, cookie: Cookie) -> str:
    """`__Host-mandate-session`, or `mandate-session` where https is missing."""
    prefix = "__Host-" if settings.secure_cookies else ""
    return f"{prefix}{settings.cookie_name}-{cookie}"


def read(settings: PortalSettings, request: Request, cookie: Cookie) -> str:
    """The value, or nothing; nothing longer than we ever give."""
    value = request.cookies.get(name(settings, cookie), "")
    return value if len(value) <= 128 else ""  # noqa: PLR2004 - three times our longest


def write(settings: PortalSettings, response: Response, cookie: Cookie, value: str) -> None:
    """Set the cookie; an empty value deletes it."""
    if value:
        response.set_cookie(
            name(settings, cookie),
            value,
            max_age=LIFE.get(cookie),
            path="/",
            secure=settings.secure_cookies,
            httponly=True,
            samesite="lax",
        )
    else:
        response.delete_cookie(
            name(settings, cookie), path="/", secure=settings.secure_cookies, httponly=True, samesite="lax"
        )
