"""The composition of the portal: pages, files, middleware."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from services.portal.web import (
    adding,
    applications,
    asking,
    attachments,
    audit_explorer,
    audit_stream,
    audit_then,
    certification,
    comments,
    confirmation,
    connecting,
    connections,
    documents,
    e_signing,
    employers,
    ending,
    enrollments,
    errors,
    eus,
    eus_accounts,
    eus_employers,
    eus_people,
    guides,
    home,
    invitations,
    inviting,
    mac,
    member,
    paper_records,
    pin,
    profile,
    reassignments,
    register,
    session,
    signatures,
    signin,
    staff,
    staff_files,
    staff_requests,
    starting,
    stepping_up,
    submitting,
    templating,
    topics,
    verifying,
    withholding,
)
from services.portal.web.challenge import Challenges
from services.portal.web.clients import Clients
from services.portal.web.headers import SecurityHeaders
from services.portal.web.measuring import Measured
from services.portal.web.pages import Page, routes
from services.portal.web.settings import PortalSettings
from services.portal.web.visits import Portal

AREAS: tuple[Iterable[Page], ...] = (
    signin.PAGES,
    stepping_up.PAGES,
    register.PAGES,
    session.PAGES,
    home.PAGES,
    profile.PAGES,
    employers.PAGES,
    asking.PAGES,
    adding.PAGES,
    confirmation.PAGES,
    documents.PAGES,
    comments.PAGES,
    certification.PAGES,
    verifying.PAGES,
    staff.PAGES,
    staff_files.PAGES,
    staff_requests.PAGES,
    member.PAGES,
    ending.PAGES,
    withholding.PAGES,
    inviting.PAGES,
    invitations.PAGES,
    pin.PAGES,
    connections.PAGES,
    connecting.PAGES,
    eus.PAGES,
    eus_people.PAGES,
    eus_accounts.PAGES,
    eus_employers.PAGES,
    enrollments.PAGES,
    reassignments.PAGES,
    starting.PAGES,
    applications.PAGES,
    attachments.PAGES,
    submitting.PAGES,
    signatures.PAGES,
    e_signing.PAGES,
    topics.PAGES,  # the last of an application's: whatever is left in the address names a topic
    paper_records.PAGES,
    mac.PAGES,  # after it: an address of one of its applications begins alike
    audit_then.PAGES,
    audit_explorer.PAGES,
    audit_stream.PAGES,
    guides.PAGES,
)
"""The pages of every area; an area to come adds its own here."""


class Files(StaticFiles):
    """Our files; what is asked with its hash may be kept for a year, the rest for an hour."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it may be kept."""
        response = await super().get_response(path, scope)
        hashed = scope.get("query_string", b"").startswith(b"v=")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if hashed else "public, max-age=3600"
        return response


def create_app(settings: PortalSettings, clients: Clients) -> Starlette:
    """The portal over the given services. Raises `ValueError` for a secret that is too short."""
    portal = Portal(
        settings=settings,
        clients=clients,
        templates=templating.environment(),
        challenges=Challenges(settings.key, timedelta(minutes=settings.challenge_minutes)),
        paths=frozenset(page.path for pages in AREAS for page in pages),
    )
    files = GZipMiddleware(Files(directory=templating.STATIC), minimum_size=1000)
    app = Starlette(
        routes=[
            Route("/health", _health, methods=["GET"]),
            Mount("/static", files, name="static"),
            *(route for pages in AREAS for route in routes(portal, pages)),
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(Measured)],
        exception_handlers={
            **dict.fromkeys(errors.KINDS, errors.on_http),
            500: errors.on_crash,
        },
    )
    app.state.portal = portal
    return app


def _health(_: Request) -> Response:
    return PlainTextResponse("ok")
