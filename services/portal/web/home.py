"""Home (row 14): what waits for the person, where to go, what to do first."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits for a decision of this person (IA-HOME-02), one for each business function (IA-HOME-03)."""

    providers: int = 0
    surrogates: int = 0


def pending(_: Visit) -> Pending:
    """What waits, as connections knows it. Nothing as long as that service is not asked."""
    return Pending()


def show(visit: Visit) -> Response:
    """The page that people see most."""
    waits = pending(visit)
    visit.waiting["/home"] = waits.providers + waits.surrogates
    settings = visit.settings
    links = {
        "nppes": settings.nppes_url or "/npi",
        "pecos": settings.pecos_url or "/enrollments",
        "pepper": settings.pepper_url or "/help",
    }
    return visit.page("home/home.html", pending=waits, links=links)


PAGES = (Page("/home", Access.SIGNED_IN, get=show),)
