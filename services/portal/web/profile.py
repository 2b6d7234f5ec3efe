"""My Profile (row 17): the person's own data, and the employers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mandate.identity.v1.service_pb2 import GetProfileRequest, GetProfileResponse
from starlette.responses import Response

from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

SHOWN = ("all", "approved", "pending", "ended")
"""The filter of IA-PROF-02, the default first."""


@dataclass(frozen=True, slots=True)
class EmployerRow:
    """One employer of the person (IA-PROF-05)."""

    name: str
    role: str
    status: str
    kind: str
    """ok, wait, bad or nothing: the tag's colour and icon."""
    pecos: bool
    nppes: bool
    tracking_id: str = ""
    """Of a request that is pending (IA-PROF-07)."""


def employers(visit: Visit, *, show: str, name: str) -> Sequence[EmployerRow]:
    """The rows of a filter and a name, as access knows them. None as long as that service is not asked."""
    _ = visit, show, name
    return ()


def open_profile(visit: Visit) -> Response:
    """The page."""
    asked = visit.request.query_params
    chosen = asked.get("show", "")
    chosen = chosen if chosen in SHOWN else SHOWN[0]
    name = asked.get("name", "").strip()[:100]
    profile: GetProfileResponse = visit.ask(
        visit.portal.clients.identity.GetProfile, GetProfileRequest(), audience="identity"
    )
    return visit.page(
        "profile/profile.html",
        profile=profile,
        employers=employers(visit, show=chosen, name=name),
        shown=chosen,
        name=name,
        filters=SHOWN,
    )


PAGES = (Page("/profile", Access.SIGNED_IN, get=open_profile, audiences=("identity",)),)
