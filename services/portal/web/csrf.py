"""Whether a form came from a page of ours (S-10): where it was sent from, and a token bound to its reader."""

from __future__ import annotations

from starlette.requests import Request

from services.portal.web import signing
from services.portal.web.settings import PortalSettings

FIELD = "csrf"


def token(settings: PortalSettings, binding: str) -> str:
    """The token of everybody who holds `binding` (a session's token, or a visit's)."""
    return signing.sign(settings.key, "csrf", binding)


def is_own(settings: PortalSettings, request: Request) -> bool:
    """Whether the browser says that the form was sent by a page of this origin.

    `Sec-Fetch-Site` where there is one, and `Origin`, which every browser sends with a POST; a request with
    neither comes from no browser and is refused.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin is None:
        return site == "same-origin"
    return origin in (settings.origins or _asked(request))


def is_token(settings: PortalSettings, given: str, binding: str) -> bool:
    """Whether the token is that of the reader."""
    return bool(binding) and signing.same(given, settings.key, "csrf", binding)


def _asked(request: Request) -> tuple[str, ...]:
    host = request.headers.get("host", "")
    return (f"http://{host}", f"https://{host}")
