"""My Profile (row 17): the person's own data, and the employers beside it."""

from __future__ import annotations

from mandate.identity.v1.service_pb2 import GetProfileRequest, GetProfileResponse
from starlette.responses import Response

from services.portal.web import employers
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit


def open_profile(visit: Visit) -> Response:
    """The page."""
    profile: GetProfileResponse = visit.ask(
        visit.portal.clients.identity.GetProfile, GetProfileRequest(), audience="identity"
    )
    return visit.page("profile/profile.html", profile=profile, **employers.context(visit, "/profile"))


PAGES = (Page("/profile", Access.SIGNED_IN, get=open_profile, audiences=("identity",)),)
