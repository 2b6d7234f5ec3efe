"""Home (rows 14 to 16): what waits for the person, where to go, what to do first."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import commands, inbox, invited, naming
from services.portal.web.forms import Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit


def show(visit: Visit) -> Response:
    """The page that people see most."""
    return _home(visit, visit.form(inbox.BOX, inbox.INBOX))


def decide(visit: Visit) -> Response:
    """Approve what was ticked, tick everything, or go on to the reason of a rejection."""
    form = visit.form(inbox.BOX, inbox.INBOX)
    form.read(visit.data)
    chosen = inbox.ticked(visit, form)
    do = visit.data.get("do", "")
    if do == "select-all":
        everything = inbox.inboxes(visit)[form["inbox"]]
        return _home(visit, form, {box.connection_id for ask in everything.asks for box in ask.boxes.values()})
    if not chosen:
        form.fail("connection", "IA-APPR-01.nothing")
        return _home(visit, form, status=422)
    if do == "reject":
        query = urlencode([("inbox", form["inbox"]), *(("connection", one) for one in chosen)])
        return visit.go(f"/home/reject?{query}")
    if do != "approve":
        raise HTTPException(404)
    status = inbox.approve(visit, form, chosen)
    return _home(visit, form, chosen, status) if form.errors else visit.go("/home?done=connections_approved")


def ask_reject(visit: Visit) -> Response:
    """Why?"""
    asked = visit.request.query_params
    form = visit.form(inbox.BOX, inbox.INBOX, inbox.REASON, values={"inbox": asked.get("inbox", "")})
    return _reject(visit, form, asked.getlist("connection"))


def reject(visit: Visit) -> Response:
    """Reject what was chosen, with the reason that the other side will read."""
    form = visit.form(inbox.BOX, inbox.INBOX, inbox.REASON)
    form.read(visit.data)
    chosen = inbox.ticked(visit, form)
    status = 422 if form.errors else inbox.reject(visit, form, chosen)
    return _reject(visit, form, chosen, status) if form.errors else visit.go("/home?done=connections_rejected")


def _home(visit: Visit, form: Form, ticked: Collection[str] = (), status: int = 200) -> Response:
    settings = visit.settings
    links = {
        "nppes": settings.nppes_url or "/npi",
        "pecos": settings.pecos_url or "/enrollments",
        "pepper": settings.pepper_url or "/help",
    }
    return visit.page(
        "home/home.html",
        status,
        form=form,
        ticked=ticked,
        inboxes=inbox.inboxes(visit),
        functions=naming.FUNCTIONS,
        links=links,
        invited=invited.waiting(visit),
    )


def _reject(visit: Visit, form: Form, chosen: Collection[str], status: int = 200) -> Response:
    if form["inbox"] not in inbox.SIDES or not all(map(commands.is_id, chosen)):
        raise HTTPException(404)
    found = inbox.inboxes(visit)[form["inbox"]]
    lines = [(ask, box) for ask in found.asks for box in ask.boxes.values() if box.connection_id in chosen]
    if not lines and not form.errors:
        return visit.go("/home?notice=decided_already")
    return visit.page("home/reject.html", status, form=form, lines=lines, ids=chosen)


PAGES = (
    Page("/home", Access.SIGNED_IN, get=show, post=decide),
    Page("/home/reject", Access.SIGNED_IN, get=ask_reject, post=reject),
)
