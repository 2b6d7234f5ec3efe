"""What auditors ask all services at once: each tells of its own log, and what they tell is merged by causation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from mandate.audit.v1 import service_pb2 as pb
from mandate.registry.v1.service_pb2 import SearchProvidersRequest

from chassis import nature
from chassis.cause import system_actor
from chassis.history import Event, merge
from chassis.query import ABOUT, QueryError, Term, parse
from services.portal.web import clock
from services.portal.web.visits import Visit

AUDIENCES = ("registry", "identity", "access", "connections", "enrollment", "notifier")
"""All services that have a log, in the order in which the command line tells what happened at the same time."""
PAGE = 25
DEADLINE_S = 25.0
"""For all services together; each ends a question that takes it 20 s."""

Places = Mapping[str, int]
"""A position in each of several logs."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event with what only its service knows of it."""

    event: Event
    actor_name: str
    says: str


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what a query finds in all logs, in order of causation."""

    events: list[Told]
    before: Places
    """In front of these positions lies what was found: the command line's `--before`."""
    older: Places | None = None
    """What to ask `before` for the page before; None where there is none."""
    newer: Places | None = None
    """What to ask `after` for the next page."""


@dataclass(slots=True)
class Asking:
    """One question to all services, which together have one deadline."""

    visit: Visit
    began: Any = field(default_factory=nature.now)

    def ask(self, service: str, method: str, request: Any) -> Any:
        """One service's answer. Raises `RefusedError`."""
        left = DEADLINE_S - (nature.now() - self.began).total_seconds()
        stub = self.visit.portal.clients.audit[service]
        return self.visit.ask(getattr(stub, method), request, audience=service, deadline=max(left, 0.1))

    @property
    def services(self) -> list[str]:
        """The services that there are."""
        return [name for name in AUDIENCES if name in self.visit.portal.clients.audit]


def find(visit: Visit, query: str, *, before: Places, after: Places) -> Found:
    """A page: the last events in front of `before` (a log that is not named: its end), or the first behind `after`.

    Raises `QueryError` and `RefusedError`.
    """
    asking, terms = Asking(visit), parse(query)
    names = _names(asking, terms)
    about: dict[str, Sequence[pb.About]] = {}
    if any(one.key in ABOUT for one in terms):
        first = pb.FindStreamsRequest(query=query, names=names)
        about = {name: asking.ask(name, "FindStreams", first).about for name in asking.services}
    logs: dict[str, list[Told]] = {}
    ends: dict[str, int] = {}
    for name in asking.services:
        others = [one for other, found in about.items() if other != name for one in found]
        request = pb.FindEventsRequest(
            query=query,
            names=names,
            own=about.get(name, ()),
            others=others,
            before=0 if after else before.get(name, 0),
            after=after.get(name, 0) if after else 0,
            limit=PAGE + 1,
        )
        answer = asking.ask(name, "FindEvents", request)
        logs[name], ends[name] = [told(name, one) for one in answer.events], answer.end
    if after:
        return _first(logs, after)
    found = _last(logs, {name: before.get(name) or ends[name] + 1 for name in ends})
    return found if before else replace(found, newer=None)


def _last(logs: Mapping[str, list[Told]], before: Places) -> Found:
    """The last page in front of these places."""
    merged = _merged(logs)
    page = merged[-PAGE:]
    older = {name: _first_of(page, name, at) for name, at in before.items()} if len(merged) > PAGE else None
    return Found(page, before, older, {name: at - 1 for name, at in before.items()})


def _first(logs: Mapping[str, list[Told]], after: Places) -> Found:
    """The first page behind these places."""
    merged = _merged(logs, {name: log[-1].event.position for name, log in logs.items() if len(log) > PAGE})
    page = merged[:PAGE]
    ends = {name: max((_positions(page, name)), default=after.get(name, 0)) for name in logs}
    older = {name: after.get(name, 0) + 1 for name in logs} if any(after.values()) else None
    return Found(page, {name: at + 1 for name, at in ends.items()}, older, ends if len(merged) > PAGE else None)


def _merged(logs: Mapping[str, list[Told]], unread: Places | None = None) -> list[Told]:
    known = {one.event.where: one for log in logs.values() for one in log}
    return [
        known[one.where] for one in merge([[one.event for one in log] for log in logs.values()], unread=unread or {})
    ]


def _first_of(page: Sequence[Told], service: str, otherwise: int) -> int:
    return min(_positions(page, service), default=otherwise)


def _positions(page: Sequence[Told], service: str) -> list[int]:
    return [one.event.position for one in page if one.event.service == service]


def told(service: str, one: pb.Event) -> Told:
    """An event of a service's answer."""
    event = Event(
        service=service,
        position=one.position,
        stream=UUID(one.stream),
        version=one.version,
        topic=one.type,
        at=clock.moment(one.recorded_at),
        actor=UUID(one.actor),
        on_behalf_of=UUID(one.on_behalf_of) if one.on_behalf_of else None,
        command_id=UUID(one.command_id),
        correlation_id=UUID(one.correlation_id),
        causation=one.causation or None,
        leaf_hash=one.leaf_hash,
        ce_id=one.ce_id or None,
        heard_from=one.heard_from or None,
        heard_leaf=one.heard_leaf or None,
    )
    return Told(event, one.actor_name, one.says)


# -- names


def _names(asking: Asking, terms: Sequence[Term]) -> list[pb.Named]:
    """What names in the query stand for. Raises `QueryError` for one that nobody knows."""
    find_of: dict[str, Callable[[Asking, str], UUID]] = {"actor": _actor, "npi": _provider}
    wanted = {(one.key, one.value) for one in terms if one.key in find_of and not _is_id(one)}
    return [pb.Named(key=key, value=value, id=str(find_of[key](asking, value))) for key, value in sorted(wanted)]


def _is_id(term: Term) -> bool:
    try:
        UUID(term.value)
    except ValueError:
        return False
    return term.key == "actor"


def _actor(asking: Asking, name: str) -> UUID:
    known = [one for service in asking.services for one in asking.ask(service, "ListActors", _NOTHING).names]
    if name in known:
        return system_actor(name)
    near = get_close_matches(name, known, n=1)
    raise QueryError(
        f"actor:{name} is no id of an account and no part of a service" + (f" (is it {near[0]}?)" if near else "")
    )


def _provider(asking: Asking, npi: str) -> UUID:
    registry = asking.visit.portal.clients.registry
    request = SearchProvidersRequest(npi=npi)
    found = (
        asking.visit.ask(registry.SearchProviders, request, audience="registry").providers if npi.isdecimal() else ()
    )
    if not found:
        raise QueryError(f"npi:{npi} is no NPI that the registry knows; subject: and the provider's id finds the same")
    return UUID(found[0].provider_id)


_NOTHING = pb.ListActorsRequest()


# -- places


def write_places(places: Places) -> str:
    """`access@12,identity@40`, as `mandate audit find --before` takes it."""
    return ",".join(f"{name}@{at}" for name, at in sorted(places.items()))


def read_places(text: str) -> Places | None:
    """The same read again; None for what is none."""
    places: dict[str, int] = {}
    for part in text.split(",") if text else ():
        name, _, at = part.partition("@")
        if name not in AUDIENCES or not at.isascii() or not at.isdecimal() or len(at) > 18:  # noqa: PLR2004 - bigint
            return None
        places[name] = int(at)
    return places
