"""The explorer of auditors: what happened in all services, asked in one box, causes before what they caused."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from chassis.query import KEYS, LONGEST, QueryError
from services.portal.web import audit_saying
from services.portal.web.audit_asking import AUDIENCES, PAGE, Places, find, read_places, write_places
from services.portal.web.audit_saying import Line
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = "/audit"
QUERY = Field("q", "audit_explorer.query", required=False, longest=LONGEST)
EXAMPLES = (
    "npi:2000000002 type:connections.*",
    "type:*.Approved created:2026-05-01..2026-05-08",
    "fn:PECOS -type:heard.*",
    "actor:access/open_own_record",
    "pos:access@12..40",
)
"""Queries that show the grammar; each is a link."""
SAID = "audit_said."
"""What the catalogue's sentences of events are called by, before the stored name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of the answer, with the command that gives the same."""

    lines: list[Line]
    older: str
    newer: str
    """Paths; empty where there is nothing more."""
    newest: str
    command: str
    export: str
    """The command that writes all that the query finds, with the proofs."""


def show(visit: Visit) -> Response:
    """The box and what it finds; everything, the newest last, where nothing was typed."""
    form = visit.form(QUERY)
    asked = visit.request.query_params
    form.read({QUERY.name: asked.get(QUERY.name, "")})
    before, after = read_places(asked.get("before", "")), read_places(asked.get("after", ""))
    if before is None or after is None:  # the newest in its place would be taken for what was asked for
        form.fail("q", "audit_explorer.no_place")
    found, status = _find(visit, form, before or {}, after or {})
    return visit.page(
        "audit/explorer.html", status, form=form, found=found, examples=EXAMPLES, suggestions=_suggestions(visit)
    )


def _suggestions(visit: Visit) -> list[str]:
    """What the box offers while somebody types: the keys, and every event that has a name."""
    names = sorted(name.removeprefix(SAID) for name in visit.words.sentences if name.startswith(SAID))
    return [f"{key}:" for key in KEYS] + ["type:heard.*"] + [f"type:{name}" for name in names]


def _find(visit: Visit, form: Form, before: Places, after: Places) -> tuple[Answer | None, int]:
    if form.errors:
        return None, 422
    try:
        found = find(visit, form["q"], before=before, after=after)
        names = audit_saying.names_of(visit, found.events)
    except QueryError as error:
        form.fail("q", "audit_explorer.malformed", why=error)
        return None, 422
    except RefusedError as refused:
        return None, form.not_taken(refused, "", {"query": "q"})
    answer = Answer(
        lines=audit_saying.lines(visit, found.events, names),
        older=_path(form, "before", found.older),
        newer=_path(form, "after", found.newer),
        newest=_path(form, "", {}) if before or after else "",
        command=_command("find", form["q"], "--limit", str(PAGE), "--before", write_places(found.before)),
        export=_command("export", form["q"], "--out", "FOLDER"),
    )
    return answer, 200


def _path(form: Form, name: str, places: Places | None) -> str:
    if places is None:
        return ""
    asked = {"q": form["q"]} | ({name: write_places(places)} if places else {})
    return f"{PATH}?{urlencode(asked)}"


def _command(does: str, query: str, *options: str) -> str:
    """The line that gives the same answer, tomorrow too: where each log ended is in it."""
    typed = f" {query}" if query.startswith("-") else query  # else it would be an option
    return shlex.join(["mandate", "audit", does, typed, *options])


PAGES = (Page(PATH, Access.AUDITOR, get=show, audiences=AUDIENCES),)
