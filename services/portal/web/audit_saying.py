"""Events in words: who, what in a sentence, when here and in UTC, and what of it leads where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import EllipsisType
from typing import Any
from uuid import UUID

from mandate.identity.v1.people_service_pb2 import Person
from markupsafe import Markup

from chassis.hearing import HEARD
from services.portal.web import clock, naming
from services.portal.web.audit_asking import Told
from services.portal.web.visits import Visit

DEEPEST = 3
"""Steps to the right that causation is shown in."""
NAMES_MOST = naming.AT_ONCE
"""Ids of one page that are called by a name."""
_PARTIES = ("employer_id", "provider_id", "surrogate_id")
_PLAIN = ("function", "template", "kind", "topic")


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids of a page are called."""

    people: Mapping[str, Person]
    providers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One event as lists show it."""

    where: str
    service: str
    position: int
    version: int
    local: str
    utc: str
    actor: str
    actor_note: str
    behalf: str
    sentence: Markup
    type: str
    subject: str
    stream: str
    """Path of the page of its stream, as of this event."""
    because: str
    """`service@position` of what brought it about; empty where nothing did."""
    depth: int


def lines(visit: Visit, events: Sequence[Told], names: Names) -> list[Line]:
    """Events in words, each behind its cause and as many steps to the right of it as the page can show."""
    depths: dict[str, int] = {}
    for one in events:
        before = depths.get(one.event.because_of, -1)
        depths[one.event.where] = min(before + 1, DEEPEST)
    return [_line(visit, one, names, depths[one.event.where]) for one in events]


def _line(visit: Visit, one: Told, names: Names, depth: int) -> Line:
    event = one.event
    actor, note = who(visit, str(event.actor), one.actor_name, names)
    return Line(
        where=event.where,
        service=event.service,
        position=event.position,
        version=event.version,
        local=clock.stamp(event.at, visit.settings.zone),
        utc=utc(event.at),
        actor=actor,
        actor_note=note,
        behalf=who(visit, str(event.on_behalf_of), "", names)[0] if event.on_behalf_of else "",
        sentence=sentence(visit, event.topic, one.says, names),
        type=event.topic,
        subject=noun(event.topic),
        stream=f"/audit/streams/{event.service}/{event.stream}?at={event.version}",
        because=event.because_of,
        depth=depth,
    )


def utc(at: datetime) -> str:
    """`2026-05-08 13:21:47.123Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}Z"


def who(visit: Visit, id: str, name: str, names: Names) -> tuple[str, str]:
    """What somebody is called, and beside it what makes it sure: a part's name, or a person's and the user id."""
    if name:
        return name, ""
    person = names.people.get(id)
    return (naming.person(visit, person), person.user_id or id) if person else (id, "")


def noun(topic: str) -> str:
    """`Role Request` of `access.RoleRequest.Approved`, `Connection State` of a heard one."""
    return spaced(topic.removeprefix(HEARD) if topic.startswith(HEARD) else topic.rsplit(".", 2)[-2])


def spaced(name: str) -> str:
    """`Role Request` of `RoleRequest`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)


def sentence(visit: Visit, topic: str, says: str, names: Names) -> Markup:
    """What happened, in the catalogue's words where it has some, else the event's own name in words."""
    key = f"audit_said.{topic}"
    if topic.startswith(HEARD):
        return visit.words("audit_explorer.heard", what=spaced(topic.removeprefix(HEARD)))
    if key not in visit.words:
        return Markup.escape(" ".join(spaced(part) for part in topic.split(".")[1:]))
    return visit.words(key, **_values(visit, _read(says), names))


def _values(visit: Visit, said: Mapping[str, Any], names: Names) -> dict[str, str]:
    """What sentences may name; words of their own stand for what an event does not say."""
    unsaid = str(visit.words("audit_explorer.unsaid"))
    values = dict.fromkeys(("role", *_PLAIN, *(one.removesuffix("_id") for one in _PARTIES)), unsaid)
    values |= {name: str(said[name]) for name in _PLAIN if said.get(name)}
    if said.get("role"):
        values["role"] = str(naming.role(visit, str(said["role"])))
    for name in _PARTIES:
        if said.get(name):
            values[name.removesuffix("_id")] = names.providers.get(str(said[name]), str(said[name]))
    return values


def _read(says: str) -> Mapping[str, Any]:
    found = json.loads(says) if says else {}
    return found if isinstance(found, dict) else {}


def names_of(visit: Visit, events: Iterable[Told], more: Iterable[str] = ()) -> Names:
    """What actors and parties of these events are called, and whoever is in `more` (JSON). Raises `RefusedError`."""
    told = list(events)
    acting = [one for event in told for one in (event.event.actor, event.event.on_behalf_of) if one]
    parts = {str(event.event.actor) for event in told if event.actor_name}
    said = [id_ for text in (*(event.says for event in told), *more) for id_ in ids_in(text)]
    ids = [one for one in dict.fromkeys([*map(str, acting), *said]) if one not in parts][: NAMES_MOST * 2]
    providers = naming.providers(visit, ids)
    people = naming.people(visit, [one for one in ids if one not in providers])
    return Names(people, {id_: provider.name for id_, provider in providers.items()})


_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def ids_in(text: str) -> list[str]:
    """The ids that a JSON text names."""
    return [str(UUID(one)) for one in _ID.findall(text)]


def shown(visit: Visit, text: str, names: Names) -> tuple[str, str]:
    """A JSON value as people read it, and the name of what it stands for, where it is known."""
    value = json.loads(text) if text else ...
    match value:
        case str() if value:
            person = names.people.get(value)
            return value, naming.person(visit, person) if person else names.providers.get(value, "")
        case None | EllipsisType() | "":
            return str(visit.words("audit_stream.none")), ""
        case [*many] if all(isinstance(one, str | int) for one in many):
            return ", ".join(map(str, many)) or str(visit.words("audit_stream.none")), ""
        case bool():
            return str(visit.words("audit_stream.yes" if value else "audit_stream.no")), ""
        case _:
            return text, ""
