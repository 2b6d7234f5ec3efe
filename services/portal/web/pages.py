"""From a page to a route: body, language, origin, session and token are looked at here, once for all pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from services.portal.web import codes, cookies, csrf, errors
from services.portal.web.clients import RefusedError, StepUpNeededError
from services.portal.web.cookies import Cookie
from services.portal.web.forms import UnknownFieldError
from services.portal.web.measuring import PAGE
from services.portal.web.uploads import BadUploadError, Parts
from services.portal.web.visits import BadFormError, Portal, Visit, begin

Handler = Callable[[Visit], Response]

log = structlog.get_logger("portal")


class Access(Enum):
    """Who may open a page. Every page says it (S-11)."""

    EVERYBODY = "everybody"
    REGISTERING = "registering"
    SIGNED_IN = "signed in"
    EUS = "external user services"
    MAC = "contractor"
    AUDITOR = "auditors"
    """For others who are signed in there is no such page as one of these desks."""


@dataclass(frozen=True, slots=True)
class Page:
    """A path and its two plain functions."""

    path: str
    access: Access
    get: Handler | None = None
    post: Handler | None = None
    audiences: tuple[str, ...] = ()
    """Services that are asked in the person's name."""
    activity: bool = True
    """Whether opening it keeps the session alive; a script that only looks does not."""
    upload: bool = False
    """Whether its form brings a document, and may be as large as one."""
    unknown: str = "not_found"
    """What is said where there is nothing for this reader, by its kind in the catalogue (`failure`)."""

    def route(self, portal: Portal) -> Route:
        """The route of the page."""
        methods = [method for method, handler in (("GET", self.get), ("POST", self.post)) if handler]

        async def endpoint(request: Request) -> Response:
            request.scope[PAGE] = self.path
            visit = begin(portal, request, self.audiences)
            request.state.visit = visit
            if request.method == "POST":
                _judge(visit, upload=self.upload)
                if self.upload:
                    # who may not is turned away before megabytes are read
                    if (elsewhere := await run_in_threadpool(_guarded, self, visit, _entered)) is not None:
                        return elsewhere
                    await _read_upload(visit)
                else:
                    await _read(visit)
            answer = await run_in_threadpool(_guarded, self, visit, _answer)
            assert answer is not None, "a handler answers"
            return answer

        return Route(self.path, endpoint, methods=methods)


def routes(portal: Portal, pages: Iterable[Page]) -> Sequence[Route]:
    """The routes of many pages."""
    return [page.route(portal) for page in pages]


def _guarded(page: Page, visit: Visit, do: Callable[[Page, Visit], Response | None]) -> Response | None:
    try:
        return do(page, visit)
    except StepUpNeededError:
        return _step_up(page, visit)
    except RefusedError as refused:
        log.warning("refused", correlation=visit.correlation, page=page.path, status=refused.status.name)
        return errors.of_refusal(visit, refused, unknown=page.unknown)
    except (UnknownFieldError, BadFormError) as error:
        log.warning("bad form", correlation=visit.correlation, page=page.path, error=type(error).__name__)
        return errors.page(visit, "bad_form", 422)


def _step_up(page: Page, visit: Visit) -> Response:
    """A code is sent at once; the person comes back to the page of what was to be done."""
    try:
        return codes.step_up(visit, visit.request.url.path if page.get else "/home")
    except RefusedError as refused:
        return errors.of_refusal(visit, refused)


def _entered(page: Page, visit: Visit) -> Response | None:
    """None: come in."""
    visit.check_session(activity=page.activity)
    return _turn_away(page, visit)


def _answer(page: Page, visit: Visit) -> Response:
    handler = page.post if visit.request.method == "POST" else page.get
    assert handler is not None, "Route lets no other method in"
    if (elsewhere := _entered(page, visit)) is not None:
        return elsewhere
    if visit.request.method == "POST" and not csrf.is_token(
        visit.settings, visit.data.get(csrf.FIELD, ""), visit.binding()
    ):
        return errors.page(visit, "stale_form", 403)
    return handler(visit)


def _turn_away(page: Page, visit: Visit) -> Response | None:
    if page.access not in {Access.EVERYBODY, Access.REGISTERING} and visit.session is None:
        ended = cookies.read(visit.settings, visit.request, Cookie.SESSION) != ""
        back = f"&next={quote(visit.request.url.path)}" if visit.request.method == "GET" else ""
        return visit.go(f"/signin?{'notice=session_ended' if ended else 'notice=sign_in_first'}{back}")
    desks = {Access.EUS: visit.is_eus, Access.MAC: visit.is_mac, Access.AUDITOR: visit.is_auditor}
    if not desks.get(page.access, True):
        return errors.page(visit, "not_found", 404)
    if page.access is Access.REGISTERING and not visit.cookie(Cookie.REGISTRATION):
        return visit.go("/register?notice=start_first")
    return None


def _judge(visit: Visit, *, upload: bool) -> None:
    """By what the headers say, before anything is read."""
    if not csrf.is_own(visit.settings, visit.request):
        raise HTTPException(403)
    most = visit.settings.upload_drained_bytes if upload else visit.settings.form_bytes
    length = visit.request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > most:
        raise HTTPException(413)
    kind = "multipart/form-data" if upload else "application/x-www-form-urlencoded"
    if not visit.request.headers.get("content-type", "").startswith(kind):
        raise HTTPException(415)


async def _read(visit: Visit) -> None:
    form = await visit.request.form(max_fields=200)
    _take(visit, [(name, str(value)) for name, value in form.multi_items()])


async def _read_upload(visit: Visit) -> None:
    """Into memory: what a person hands in is not left in a temporary file."""
    came = 0
    try:
        parts = Parts(visit.request.headers["content-type"], most=visit.settings.upload_bytes)
        async for chunk in visit.request.stream():
            came += len(chunk)
            if came > visit.settings.upload_drained_bytes:
                raise HTTPException(413)
            parts.feed(chunk)
        items, visit.files = parts.done()
    except (BadUploadError, ClientDisconnect) as error:
        log.warning("bad form", correlation=visit.correlation, error=type(error).__name__)
        raise HTTPException(415) from error
    _take(visit, items)


def _take(visit: Visit, items: list[tuple[str, str]]) -> None:
    visit.data = dict(items)
    visit.many = {name: [value for other, value in items if other == name] for name in visit.data}
