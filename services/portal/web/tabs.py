"""The tabs above every page of a person who is signed in (IA-NAV-01), with what waits behind each."""

from __future__ import annotations

from dataclasses import dataclass

from services.portal.web import standing
from services.portal.web.visits import Visit


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the tabs."""

    path: str
    caption: str
    waiting: int = 0


def tabs(visit: Visit) -> list[Tab]:
    """The tabs of this person (IA-NAV-01, IA-NAV-02)."""
    paths = {"/home": "home", "/profile": "profile", "/connections": "connections"}
    if standing.manages(visit):
        paths["/staff"] = "staff"
    if visit.portal.clients.enrollment is not None and not (visit.is_eus or visit.is_mac):
        paths["/enrollments"] = "enrollments"
    if visit.is_mac:
        paths["/mac"] = "mac"
    if visit.is_eus:
        paths["/eus"] = "eus"
    if visit.is_auditor:
        paths |= {"/audit": "audit", "/audit/as-of": "as_of"}
    waiting = standing.waiting(visit)
    return [Tab(path, f"IA-NAV-01.{name}", waiting.get(path, 0)) for path, name in paths.items()]
