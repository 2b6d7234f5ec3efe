"""What a service tells auditors of its own log (proto: mandate.audit.v1), whichever service it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog
from mandate.audit.v1 import service_pb2 as pb

from chassis import log, looks, seals
from chassis.application import Application
from chassis.cause import system_actor
from chassis.database import DatabaseUnavailableError, Session
from chassis.domain import DomainError, Fault, FaultsError, NotAllowedError, NotFoundError
from chassis.history import Event, Wanted, events_of, rows_at
from chassis.looks import Asker
from chassis.masking import said
from chassis.messages import timestamp
from chassis.query import ABOUT, QueryError, Resolve, Term, about, condition, hearing, parse
from chassis.replaying import read_stream
from chassis.vocabulary.roles import AUDITOR

PATIENCE_S = 20
"""Seconds that one question may keep the database busy; who asks waits for 30."""
PAGE, PAGE_MOST = 25, 200
STREAMS_MOST = 5_000
"""Streams that one answer names: six services' answers are then well below the size of a message."""
SAYS_MOST = 4_096
"""Characters of what an event of a list says: 200 of them are below the size of a message."""

logger = structlog.get_logger()


class QueryTooSlowError(DomainError):
    """To look for this would take too long here. Ask the same with `mandate audit find`."""


class TooManyStreamsError(DomainError):
    """Too much has to do with this to be listed here. Ask the same with `mandate audit find`."""


class AuditAnswers:
    """AuditService of one service; `actors` are the names of its parts that act in nobody's name."""

    def __init__(self, app: Application, actors: Collection[str]) -> None:
        self._app = app
        self._actors = {system_actor(name): name for name in actors}

    def ListActors(self, _: pb.ListActorsRequest, caller: Asker) -> pb.ListActorsResponse:
        """Names that `actor:` takes."""
        _decide(caller)
        self._note(caller, "actors", found=len(self._actors))
        return pb.ListActorsResponse(names=sorted(self._actors.values()))

    def FindStreams(self, request: pb.FindStreamsRequest, caller: Asker) -> pb.FindStreamsResponse:
        """The first of two rounds: what mentions the thing itself."""
        _decide(caller)
        terms, resolve = _read(request.query), _resolver(request.names)
        with self._asking() as session:
            found = {(one.key, one.value): about(session, one, resolve) for one in terms if one.key in ABOUT}
        if sum(map(len, found.values())) > STREAMS_MOST:
            raise TooManyStreamsError
        self._note(caller, "streams", query=_asked(terms), found=sum(map(len, found.values())))
        return pb.FindStreamsResponse(
            about=[
                pb.About(key=key, value=value, streams=sorted(one.bytes for one in streams))
                for (key, value), streams in found.items()
            ]
        )

    def FindEvents(self, request: pb.FindEventsRequest, caller: Asker) -> pb.FindEventsResponse:
        """The second round: a page of what the query finds."""
        _decide(caller)
        terms, resolve = _read(request.query), _resolver(request.names)
        own, others = _streams(request.own, "own"), _streams(request.others, "others")
        with self._asking() as session:
            end = log.end(session)  # before the look: what comes meanwhile belongs to the next page
            wanted = Wanted(before=request.before or (None if request.after else end + 1), after=request.after or None)
            streams = {
                one: own.get((one.key, one.value), set()) | hearing(session, others.get((one.key, one.value), set()))
                for one in terms
                if one.key in ABOUT
            }
            where = condition(terms, self._app.name, streams, resolve)
            found = events_of(session, self._app.name, wanted, limit=_page(request.limit), where=where)
            events = self._told(session, found)
        self._note(caller, "events", query=_asked(terms), found=len(found))
        return pb.FindEventsResponse(events=events, end=end)

    def GetEvent(self, request: pb.GetEventRequest, caller: Asker) -> pb.GetEventResponse:
        """What `mandate audit show` tells, and the checkpoint."""
        _decide(caller)
        with self._asking() as session:
            at = ("position = %(at)s", {"at": request.position})
            found = events_of(session, self._app.name, Wanted(), where=at)
            if not found:
                raise NotFoundError(f"There is no event {self._app.name}@{request.position}.")
            [event] = self._told(session, found, whole=True)
            leaf = session.one("SELECT index FROM leaves WHERE position = %s", (request.position,))
            last = seals.last(session)
        looks.note(self._app, caller, "event", about=found[0].stream, position=request.position)
        self._note(caller, "event", position=request.position, found=1)
        if leaf is None or last is None:
            return pb.GetEventResponse(event=event)
        return pb.GetEventResponse(event=event, is_sealed=True, leaf_index=leaf[0], checkpoint=last.note)

    def ReadStream(self, request: pb.ReadStreamRequest, caller: Asker) -> pb.ReadStreamResponse:
        """History beside state."""
        _decide(caller)
        stream = _uuid(request.stream, "stream")
        with self._asking() as session:
            read = read_stream(self._app, session, stream, version=request.version or None)
            if read is None:
                raise NotFoundError(f"There is no stream {stream} in {self._app.name}.")
            events = self._told(session, read.events)
        looks.note(self._app, caller, "stream", about=stream, version=read.version)
        self._note(caller, "stream", stream=str(stream), version=read.version, found=len(events))
        return pb.ReadStreamResponse(
            events=events,
            version=read.version,
            number=read.number,
            count=read.count,
            previous=read.previous or 0,
            next=read.next or 0,
            last=read.last,
            fields=[
                pb.Field(name=one.name, before=_json(one.before), after=_json(one.after), is_changed=one.is_changed)
                for one in read.fields
            ],
            unreadable=read.unreadable,
        )

    @contextmanager
    def _asking(self) -> Iterator[Session]:
        """One look at the log, which writes nothing and ends in time."""
        try:
            with self._app.session() as session, self._app.pinned(session), session.transaction():
                session.run(_LOOKING, (f"{PATIENCE_S}s",))
                yield session
        except DatabaseUnavailableError as error:
            if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
                raise QueryTooSlowError from error
            raise
        except QueryError as error:
            raise _malformed(error) from error

    def _told(self, session: Session, events: Sequence[Event], *, whole: bool = False) -> list[pb.Event]:
        rows = rows_at(session, [one.position for one in events])
        says = {one.position: _json(said(self._app, rows[one.position])) for one in events}
        return [self._event(one, says[one.position], whole=whole) for one in events]

    def _event(self, event: Event, says: str, *, whole: bool) -> pb.Event:
        return pb.Event(
            position=event.position,
            stream=str(event.stream),
            version=event.version,
            type=event.topic,
            recorded_at=timestamp(event.at),
            actor=str(event.actor),
            actor_name=self._actors.get(event.actor, ""),
            on_behalf_of=str(event.on_behalf_of or ""),
            command_id=str(event.command_id),
            correlation_id=str(event.correlation_id),
            causation=event.causation or 0,
            leaf_hash=event.leaf_hash,
            ce_id=event.ce_id or "",
            heard_from=event.heard_from or "",
            heard_leaf=event.heard_leaf or "",
            says=says if whole or len(says) <= SAYS_MOST else "",
        )

    def _note(self, caller: Asker, question: str, *, found: int, **asked: Any) -> None:
        """Each reading leaves a line; a look at one thing leaves an event besides (`chassis.looks`)."""
        logger.info(
            "audit read",
            actor=str(caller.account_id),
            question=question,
            **asked,
            found=found,
            correlation_id=caller.correlation_id,
        )


_LOOKING = "SELECT set_config('statement_timeout', %s, true), set_config('transaction_read_only', 'on', true)"


def _asked(terms: Sequence[Term]) -> str:
    """A query as a log line may hold it: keys take ids and names out of our code, a word may be anything (S-27)."""
    return " ".join(f"{'-' * one.negated}{f'{one.key}:{one.value}' if one.key else '[word]'}" for one in terms)


def _decide(caller: Asker) -> None:
    """The one decision of this service: auditors, and nobody else."""
    if AUDITOR not in caller.roles:
        raise NotAllowedError("Only auditors read the log.")


def _read(query: str) -> tuple[Term, ...]:
    try:
        return parse(query)
    except QueryError as error:
        raise _malformed(error) from error


def _malformed(error: QueryError) -> FaultsError:
    return FaultsError([Fault("QUERY_MALFORMED", "query", str(error))])


def _resolver(names: Sequence[pb.Named]) -> Resolve:
    known = {(one.key, one.value): _uuid(one.id, "names") for one in names}

    def resolve(term: Term) -> UUID:
        if (term.key, term.value) in known:
            return known[term.key, term.value]
        try:
            return UUID(term.value)
        except ValueError:
            raise QueryError(f"{term.key}:{term.value} is not known") from None

    return resolve


def _streams(given: Sequence[pb.About], field: str) -> Mapping[tuple[str, str], set[UUID]]:
    found: dict[tuple[str, str], set[UUID]] = {}
    for one in given:
        if any(len(id_) != 16 for id_ in one.streams):  # noqa: PLR2004 - bytes of a UUID
            raise FaultsError([Fault("FIELD_MALFORMED", field, "a stream is a UUID in 16 bytes")])
        found.setdefault((one.key, one.value), set()).update(UUID(bytes=id_) for id_ in one.streams)
    return found


def _uuid(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise FaultsError([Fault("FIELD_MALFORMED", field, f"{field} is a UUID in 36 characters")]) from None


def _page(asked: int) -> int:
    return min(asked, PAGE_MOST) if asked > 0 else PAGE


def _json(value: Any) -> str:
    """What was said, for whoever asks; empty for what was not there."""
    if value is ...:
        return ""
    return json.dumps(value, default=_text, ensure_ascii=False, separators=(",", ":"))


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
