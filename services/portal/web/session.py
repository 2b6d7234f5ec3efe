"""The running session: looking at its end and putting it off (WCAG 2.2.1)."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from services.portal.web.pages import Access, Page
from services.portal.web.signin import local
from services.portal.web.templating import epoch
from services.portal.web.visits import Visit


def state(visit: Visit) -> Response:
    """When the session ends, without keeping it alive; for the page's script."""
    if visit.session is None:
        return visit.answer(JSONResponse({}, 401))
    return visit.answer(JSONResponse(_state(visit)))


def extend(visit: Visit) -> Response:
    """The request itself has put the end off; say until when, or go back where the reader was."""
    visit.form().read(visit.data)
    if "application/json" in visit.request.headers.get("accept", ""):
        return visit.answer(JSONResponse(_state(visit)))
    came_from = visit.request.headers.get("referer", "")
    path = "/" + came_from.partition("//")[2].partition("/")[2]
    return visit.go(local(path.partition("?")[0]) + "?done=extended")


def _state(visit: Visit) -> dict[str, object]:
    ends = visit.session_ends()
    words = visit.words("shell.ends", time=visit.time_of_day(ends))
    return {"ends": epoch(ends), "words": words.unescape()}


PAGES = (
    Page("/session/state", Access.EVERYBODY, get=state, activity=False),
    Page("/session/extend", Access.SIGNED_IN, post=extend),
)
