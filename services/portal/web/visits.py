"""One request of one person: who it is, in which language, and how to answer."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import jinja2
from mandate.identity.v1.service_pb2 import CheckSessionRequest, CheckSessionResponse, Session, StaffRole
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from chassis import nature
from services.portal.web import clients, clock, commands, cookies, csrf, words
from services.portal.web.challenge import Challenges
from services.portal.web.clients import Clients
from services.portal.web.cookies import Cookie
from services.portal.web.forms import Field, Form
from services.portal.web.settings import PortalSettings
from services.portal.web.uploads import Upload
from services.portal.web.words import Words

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class BadFormError(Exception):
    """A form without what each of ours has: token, command id."""


@dataclass(frozen=True, slots=True)
class Portal:
    """What all requests share."""

    settings: PortalSettings
    clients: Clients
    templates: jinja2.Environment
    challenges: Challenges
    paths: frozenset[str] = frozenset()
    """The paths of all pages: what is not built yet is not offered."""


@dataclass(slots=True)
class Visit:
    """A request, with what a handler needs. Handlers are plain functions `(Visit) -> Response`."""

    portal: Portal
    request: Request
    words: Words
    correlation: str
    audiences: tuple[str, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    """The fields that were posted; `many` has those that may come more than once."""
    many: Mapping[str, list[str]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    """What a form with a document brought, by field."""
    session: Session | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    """User tokens by audience, good for seconds."""
    cookies: dict[Cookie, str] = field(default_factory=dict)
    """To be set with the answer; an empty value deletes."""

    @property
    def settings(self) -> PortalSettings:
        """The installation's settings."""
        return self.portal.settings

    cache: dict[str, Any] = field(default_factory=dict)
    """What was asked already during this request (`standing`)."""
    behind: bool = False
    """A list does not show yet what the reader has just done, and the page says so (`receipts`)."""

    # ---- who ------------------------------------------------------------------------------------

    def cookie(self, cookie: Cookie) -> str:
        """The value as it stands after this request."""
        if cookie in self.cookies:
            return self.cookies[cookie]
        return cookies.read(self.settings, self.request, cookie)

    def check_session(self, *, activity: bool) -> None:
        """Ask identity whether the session lives, and for the tokens that this page needs."""
        token = self.cookie(Cookie.SESSION)
        if not token:
            return
        asked = CheckSessionRequest(session_token=token, audiences=self.audiences, activity=activity)
        try:
            answer: CheckSessionResponse = self.ask(self.portal.clients.identity.CheckSession, asked)
        except clients.RefusedError as refused:
            if "SESSION_ENDED" not in refused.codes:
                raise
            self.cookies[Cookie.SESSION] = ""
            self.session = None  # it may have lived until a document was read
            return
        self.session = answer.session
        self.tokens = {token.audience: token.token for token in answer.tokens}

    @property
    def is_eus(self) -> bool:
        """Whether the person works for External User Services."""
        return self.session is not None and StaffRole.STAFF_ROLE_EUS in self.session.roles

    def is_by(self, account_id: str) -> bool:
        """Whether the person is the one with this account."""
        return self.session is not None and self.session.account_id == account_id

    @property
    def is_mac(self) -> bool:
        """Whether the person works for the Medicare Administrative Contractor."""
        return self.session is not None and StaffRole.STAFF_ROLE_MAC in self.session.roles

    @property
    def is_auditor(self) -> bool:
        """Whether the person is an auditor."""
        return self.session is not None and StaffRole.STAFF_ROLE_AUDITOR in self.session.roles

    # ---- asking services ------------------------------------------------------------------------

    def ask(self, method: Callable[..., Any], request: Any, *, audience: str = "", deadline: float = 0) -> Any:
        """Call a service, in the person's name where an audience is given. Raises `RefusedError`."""
        metadata = [("mandate-correlation-id", self.correlation), ("mandate-language", self.words.language)]
        if address := client_address(self.request, self.settings.proxy_hops):
            metadata.append(("mandate-client-address", address))
        if audience:
            metadata.append(("authorization", f"Bearer {self.tokens[audience]}"))
        return clients.call(method, request, metadata=metadata, deadline=deadline or self.settings.deadline_seconds)

    def command_id(self, step: str = "") -> str:
        """The id that came with the form. Raises `BadFormError`. `step` names a second command of it."""
        came = commands.read(self.data.get(commands.FIELD, ""))
        if came is None:
            raise BadFormError(commands.FIELD)
        return commands.then(came, step) if step else came

    # ---- forms ----------------------------------------------------------------------------------

    def form(self, *fields: Field, values: Mapping[str, str] | None = None) -> Form:
        """A form of this page."""
        return Form(self.words, *fields, values=values)

    def binding(self) -> str:
        """What the tokens of this reader's forms are bound to: the session, else a cookie of the visit."""
        if self.session is not None:
            return self.cookie(Cookie.SESSION)
        return self.cookie(Cookie.VISIT)

    def csrf_token(self) -> str:
        """The token for a form; a visitor without a cookie gets one."""
        if not self.binding():
            self.cookies[Cookie.VISIT] = secrets.token_urlsafe(24)
        return csrf.token(self.settings, self.binding())

    # ---- answering ------------------------------------------------------------------------------

    def page(self, template: str, status: int = 200, **context: object) -> Response:
        """Render a template of a page or of a part."""
        text = self.portal.templates.get_template(template).render(visit=self, t=self.words, **context)
        return self._with_cookies(HTMLResponse(text, status))

    def go(self, path: str) -> Response:
        """See another page (303)."""
        return self._with_cookies(RedirectResponse(path, 303))

    def answer(self, response: Response) -> Response:
        """Any other answer."""
        return self._with_cookies(response)

    def _with_cookies(self, response: Response) -> Response:
        for cookie, value in self.cookies.items():
            cookies.write(self.settings, response, cookie, value)
        response.headers["content-language"] = self.words.language
        return response

    # ---- for templates --------------------------------------------------------------------------

    def has(self, path: str) -> bool:
        """Whether there is such a page yet."""
        return path in self.portal.paths

    def day(self, stamp: Any) -> str:
        """`05/07/2026` of a message's time."""
        return clock.day_and_time(clock.moment(stamp), self.settings.zone)[:10]

    def now(self) -> datetime:
        """This moment."""
        return nature.now()

    def today(self) -> str:
        """The legal day, `05/07/2026`."""
        return clock.day_and_time(self.now(), self.settings.zone)[:10]

    def time_of_day(self, stamp: Any) -> str:
        """`10:58AM EDT` of a message's time."""
        return clock.time_of_day(clock.moment(stamp), self.settings.zone)

    def day_and_time(self, stamp: Any) -> str:
        """`05/07/2026 10:43AM` of a message's time."""
        return clock.day_and_time(clock.moment(stamp), self.settings.zone)

    def age(self, stamp: Any) -> Markup:
        """`since today`, `since 1 day`, `since 3 days`: legal days."""
        days = clock.days_between(clock.moment(stamp), self.now(), self.settings.zone)
        return self.words("age.today" if days < 1 else "age.day" if days == 1 else "age.days", days=days)

    def session_ends(self) -> Any:
        """The session's next end, by idleness or in any case."""
        session = cast("Session", self.session)
        return min(session.idle_ends_at, session.ends_at, key=clock.moment)

    def language_path(self, language: str) -> str:
        """This page in another language."""
        return str(self.request.url.replace(scheme="", netloc="").include_query_params(lang=language))


def client_address(request: Request, hops: int) -> str:
    """Who asks: the peer, or what the outermost proxy of ours has seen; what a visitor claims is dropped (S-32)."""
    if not hops:
        return request.client.host if request.client else ""
    forwarded = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",")]
    return forwarded[-hops] if len(forwarded) >= hops else ""


def begin(portal: Portal, request: Request, audiences: tuple[str, ...] = ()) -> Visit:
    """A visit before anything about it is known but its language."""
    asked = tuple(dict.fromkeys((*audiences, *portal.clients.standing)))
    visit = Visit(portal, request, words.load(_language(portal, request)), _correlation(), asked)
    chosen = request.query_params.get("lang", "")
    if chosen in portal.settings.languages:
        visit.cookies[Cookie.LANGUAGE] = chosen
    return visit


def _language(portal: Portal, request: Request) -> str:
    """What was chosen just now, or before, or what the browser prefers."""
    known = portal.settings.languages
    for choice in (request.query_params.get("lang", ""), cookies.read(portal.settings, request, Cookie.LANGUAGE)):
        if choice in known:
            return choice
    accepted = request.headers.get("accept-language", "").lower().split(",")
    preferred = (part.split(";")[0].strip().split("-")[0] for part in accepted)
    return next((language for language in preferred if language in known), known[0])


def _correlation() -> str:
    return "".join(secrets.choice(CROCKFORD) for _ in range(8))
