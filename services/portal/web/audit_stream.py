"""One stream for auditors: its history beside its state as of one of its events; and one event, taken apart."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mandate.audit.v1 import service_pb2 as pb
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import audit_saying
from services.portal.web.audit_asking import AUDIENCES, Asking, told
from services.portal.web.audit_saying import Names
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

STREAM = "/audit/streams/{service}/{stream}"
EVENT = "/audit/events/{service}/{position}"
LONGEST = 18
"""Digits of a position or version."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field, before and after the chosen event."""

    name: str
    before: str
    before_name: str
    after: str
    after_name: str
    is_changed: bool


def show_stream(visit: Visit) -> Response:
    """History beside state, as of the event `at`, or the last one."""
    service, stream = _service(visit), _id(visit.request.path_params["stream"])
    at = _number(visit.request.query_params.get("at") or "0")
    answer = Asking(visit).ask(service, "ReadStream", pb.ReadStreamRequest(stream=stream, version=at))
    events = [told(service, one) for one in answer.events]
    names = audit_saying.names_of(visit, events, [text for one in answer.fields for text in (one.before, one.after)])
    lines = audit_saying.lines(visit, events, names)
    return visit.page(
        "audit/stream.html",
        service=service,
        stream=stream,
        lines=lines,
        here_line=next(one for one in lines if one.version == answer.version),
        told=answer,
        rows=[_row(visit, one, names) for one in answer.fields],
        command=shlex.join(["mandate", "audit", "state", f"{service}/{stream}", "--at", str(answer.version)]),
    )


def show_event(visit: Visit) -> Response:
    """What `mandate audit show` tells, with the leaf and the checkpoint."""
    service, position = _service(visit), _number(visit.request.path_params["position"])
    answer = Asking(visit).ask(service, "GetEvent", pb.GetEventRequest(position=position))
    event = told(service, answer.event)
    names = audit_saying.names_of(visit, [event])
    [line] = audit_saying.lines(visit, [event], names)
    said = _flat(json.loads(answer.event.says or "{}"))
    return visit.page(
        "audit/event.html",
        line=line,
        event=event.event,
        told=answer,
        said=[(name, *audit_saying.shown(visit, json.dumps(value, ensure_ascii=False), names)) for name, value in said],
        command=shlex.join(["mandate", "audit", "show", line.where]),
        proof=shlex.join(["mandate", "audit", "prove", line.where]),
    )


def _row(visit: Visit, one: pb.Field, names: Names) -> Row:
    before, after = (audit_saying.shown(visit, text, names) for text in (one.before, one.after))
    return Row(one.name, *before, *after, is_changed=one.is_changed)


def _flat(said: dict[str, Any]) -> list[tuple[str, Any]]:
    """The fields; of a heard message first what it says, then its headers."""
    return [
        (f"{name}.{part}" if part else name, one)
        for name, value in sorted(said.items(), key=lambda one: one[0] == "headers")
        for part, one in (value.items() if isinstance(value, dict) else [("", value)])
    ]


def _service(visit: Visit) -> str:
    service: str = visit.request.path_params["service"]
    if service not in visit.portal.clients.audit:
        raise HTTPException(404)
    return service


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise HTTPException(404) from None


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > LONGEST:
        raise HTTPException(404)
    return int(text)


PAGES = (
    Page(STREAM, Access.AUDITOR, get=show_stream, audiences=AUDIENCES),
    Page(EVENT, Access.AUDITOR, get=show_event, audiences=AUDIENCES),
)
