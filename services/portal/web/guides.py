"""Help on every page (IA-NAV-01, IA-HELP-01): contact, guides, answers (rows 13, 52, 59)."""

from __future__ import annotations

from starlette.responses import Response

from services.portal.web.pages import Access, Handler, Page
from services.portal.web.visits import Visit

# IA-ROLE-01 to IA-ROLE-05: represent, manage staff, approve/manage connections, act
ROLES = {
    "provider": (True, True, True, True),
    "official": (True, True, True, True),
    "manager": (True, True, True, True),
    "staff": (False, False, False, True),
    "surrogate": (False, False, False, True),
}
QUESTIONS = ("who", "code", "change", "locked")

GUIDES = {
    "mfa": "help_mfa",
    "quick-reference": "help_qrg",
    "documents": "help_documents",
    "accessibility": "help_accessibility",
}
"""Path under /help: table of the catalogue with its title and numbered paragraphs."""


def overview(visit: Visit) -> Response:
    """All that helps, and the people to ask."""
    return visit.page("help/help.html", guides=GUIDES)


def roles(visit: Visit) -> Response:
    """The roles table and how roles stand to each other."""
    return visit.page("help/roles.html", roles=ROLES)


def faq(visit: Visit) -> Response:
    """Questions and answers."""
    return visit.page("help/faq.html", questions=QUESTIONS)


def guide(table: str) -> Handler:
    """A page of paragraphs."""

    def show(visit: Visit) -> Response:
        return visit.page("help/guide.html", table=table)

    return show


LATER = (
    "/recover/password",
    "/recover/user-id",
    "/profile/edit",
    "/profile/email",
    "/profile/password",
    "/profile/questions",
    "/profile/mfa",
    "/npi",
)
"""What pages and mails name and nobody has built yet: until then External User Services help, and Help says how."""


def later(visit: Visit) -> Response:
    """The way to the people who can do it."""
    return visit.go("/help")


PAGES = (
    *(Page(path, Access.EVERYBODY, get=later) for path in LATER),
    Page("/help", Access.EVERYBODY, get=overview),
    Page("/help/roles", Access.EVERYBODY, get=roles),
    Page("/help/faq", Access.EVERYBODY, get=faq),
    *(Page(f"/help/{path}", Access.EVERYBODY, get=guide(table)) for path, table in GUIDES.items()),
)
