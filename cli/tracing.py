"""What one command brought about, found in all logs and on the bus, as a tree of causes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import nature
from chassis.bus import Place, Record, Subscriber, partition_of
from chassis.history import Event, Wanted, events_of, merge
from chassis.messages import Catalogue
from chassis.service import Service
from cli.installation import Installation
from cli.records import between

MAIL = "notifier.Notification."


@dataclass
class Node:
    """One thing that happened, and what it brought about."""

    kind: str
    """`command`, `event`, `message`, `heard` or `mail`."""
    what: str
    where: str
    """`service@position`, or `partition@offset` of a message, whose topic `what` is."""
    at: datetime
    details: dict[str, Any] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class View:
    """How far a view of a service has come, and how far the command's last event there lies."""

    service: str
    view: str
    position: int
    needed: int

    @property
    def shows_it(self) -> bool:
        """Whether the view has taken in everything that the command brought about in its service."""
        return self.position >= self.needed


@dataclass(frozen=True)
class Trace:
    """A command, all that followed, and whether the views show it."""

    command_id: UUID
    correlation_id: UUID
    root: Node
    views: list[View]


class UnknownCommandError(SystemExit):
    """No service has taken the command; a program that asked ends with the line."""


@dataclass(frozen=True)
class _Decision:
    service: str
    actor: UUID
    at: datetime
    position: int
    about: UUID | None
    correlation_id: UUID


def trace(installation: Installation, command_id: UUID) -> Trace:
    """Follow a command. Ends the program with a line where no service has taken it."""
    services = installation.services()
    decision = _decision(installation, services, command_id)
    logs: list[list[Event]] = []
    mails: dict[int, str] = {}
    for service in services:
        with installation.reading(service.name) as session:
            logs.append(events_of(session, service.name, Wanted(correlation=decision.correlation_id)))
            if service.name == MAIL.partition(".")[0]:
                mails = dict(session.run(_MAILS, (f"{MAIL}%", decision.correlation_id)))
    events = list(merge(logs))
    with installation.bus() as bus:
        messages = messages_of(bus, Catalogue(), decision.correlation_id, events)
    tree = _Tree(events, messages, mails)
    return Trace(
        command_id, decision.correlation_id, tree.grow(command_id, decision), _views(installation, tree.reached)
    )


_MAILS = """
    SELECT position, concat_ws(' ', state ->> 'template', 'at try ' || (state ->> 'attempts'), state ->> 'reason')
    FROM history WHERE topic LIKE %s AND correlation_id = %s
"""


def _decision(installation: Installation, services: tuple[Service, ...], command_id: UUID) -> _Decision:
    for service in services:
        with installation.reading(service.name) as session:
            events = [one for one in events_of(session, service.name, Wanted(command=command_id)) if not one.causation]
            answer = session.one(
                "SELECT actor, answered_at, position, id FROM answered WHERE command_id = %s", (command_id,)
            )
        if events or answer:
            correlation = events[0].correlation_id if events else command_id
            if answer:
                actor, at, position, about = answer
                return _Decision(service.name, actor, at, position, about, correlation)
            return _Decision(service.name, events[0].actor, events[0].at, events[-1].position, None, correlation)
    raise UnknownCommandError(
        f"no service has taken the command {command_id}: refused commands leave nothing,"
        " and answers without events are kept for a day; `mandate audit log --json` shows the ids of commands"
    )


def messages_of(bus: Subscriber, catalogue: Catalogue, correlation: UUID, events: list[Event]) -> list[Record]:
    """The messages on the bus that tell of these events; only partitions of their keys are read."""
    own = [one for one in events if not one.is_heard]
    origins, keys = {one.service for one in own}, {str(one.stream) for one in own}
    topics = [one for one in catalogue.topics.values() if one.origin in origins]
    if not topics:
        return []
    names = [one.name for one in topics]
    wanted = {(one.name, partition_of(key, one.partitions)) for one in topics for key in keys}
    ends = bus.ends(names)
    begin = {part: Place(end.topic_id, 0 if part in wanted else end.offset) for part, end in ends.items()}
    found = between(bus, names, begin, ends)
    return [one for one in found if one.headers.get("correlationid") == str(correlation)]


class _Tree:
    """Finds the children of each event: each event and each message is somebody's child once."""

    def __init__(self, events: list[Event], messages: list[Record], mails: dict[int, str]) -> None:
        self.reached: dict[str, int] = {}
        """Service -> position of its last event in the tree."""
        self._mails = mails
        self._events = events
        self._messages: defaultdict[str, list[Record]] = defaultdict(list)
        seen: set[str] = set()
        for record in messages:
            if record.headers.get("ce_id", "") not in seen:  # a relay that died has told it twice
                seen.add(record.headers.get("ce_id", ""))
                self._messages[record.headers.get("leafhash", "")].append(record)
        self._heard: defaultdict[str | None, list[Event]] = defaultdict(list)
        self._caused: defaultdict[tuple[str, int], list[Event]] = defaultdict(list)
        self._later: defaultdict[tuple[str, UUID], list[Event]] = defaultdict(list)
        for event in events:
            if event.is_heard:
                self._heard[event.ce_id].append(event)
            elif event.causation:
                self._caused[event.service, event.causation].append(event)
            else:
                self._later[event.service, event.stream].append(event)

    def grow(self, command_id: UUID, decision: _Decision) -> Node:
        """The command with everything below it."""
        made_at = nature.made_at(command_id) or decision.at
        details = {"actor": decision.actor, "about": decision.about, "decided_at": decision.at}
        root = Node("command", str(command_id), f"{decision.service}@{decision.position}", made_at, details)
        first = [
            one
            for one in self._events
            if one.service == decision.service and one.command_id == command_id and not one.causation
        ]
        for one in first:
            if not one.is_heard:
                self._later[one.service, one.stream].remove(one)
        root.children = [self._event(one) for one in first]
        return root

    def _event(self, event: Event) -> Node:
        self.reached[event.service] = max(event.position, self.reached.get(event.service, 0))
        kind = "heard" if event.is_heard else "mail" if event.topic.startswith(MAIL) else "event"
        details: dict[str, Any] = {"actor": event.actor, "stream": event.stream, "version": event.version}
        if kind == "mail":
            details["mail"] = self._mails.get(event.position, "")
        node = Node(kind, event.topic, event.where, event.at, details)
        if not event.is_heard:
            node.children += [self._message(record) for record in self._messages.pop(event.leaf_hash, [])]
            node.children += [self._event(one) for one in self._gone(event)]
        node.children += [self._event(one) for one in self._caused.pop((event.service, event.position), [])]
        node.children += [self._event(one) for one in self._next(event)]
        return node

    def _message(self, record: Record) -> Node:
        details = {"ce_id": record.headers["ce_id"], "key": record.key}
        where = f"{record.partition}@{record.offset}"
        node = Node("message", record.topic, where, record.appended_at, details)
        node.children = [self._event(one) for one in self._heard.pop(record.headers["ce_id"], [])]
        return node

    def _gone(self, event: Event) -> list[Event]:
        """What others have heard of an event by messages that the bus no longer has."""
        left = [key for key, heard in self._heard.items() if heard and heard[0].heard_leaf == event.leaf_hash]
        return [one for key in left for one in self._heard.pop(key)]

    def _next(self, event: Event) -> list[Event]:
        """What was done to the same stream afterwards by a command of a follower: a mail that was sent."""
        stream = self._later[event.service, event.stream]
        later = [one for one in stream if one.version > event.version]
        for one in later:
            stream.remove(one)
        return later


def _views(installation: Installation, reached: dict[str, int]) -> list[View]:
    found: list[View] = []
    for name, needed in reached.items():
        application = installation.service(name).application
        views = dict.fromkeys(one.name for one in (*application.policy_views, *application.views))
        with installation.reading(name) as session:
            rows = session.run("SELECT follower, position FROM positions WHERE follower = ANY(%s)", (list(views),))
        positions = dict[str, int](rows)
        found += [View(name, view, positions.get(view, 0), needed) for view in views]
    return found
