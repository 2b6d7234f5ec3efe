"""The relay: tells other services what stands in the log, in order, at least once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from chassis import failpoints, log, nature, progress
from chassis.application import Application
from chassis.bus import Message as BusMessage
from chassis.bus import Publisher, Subscriber, Written
from chassis.cause import Cause
from chassis.database import Session
from chassis.domain import Aggregate
from chassis.followers import next_page
from chassis.hearing import HEARD
from chassis.log import MovedError, Recorded
from chassis.messages import PROGRESS, Origin, wrap

PROGRESS_EVERY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Told:
    """A state's version and hash, as told last."""

    version: int
    hash: bytes


@dataclass(frozen=True)
class Publishing:
    """What a service tells: a service's `publishing.py` fills it; what is not named here is private."""

    to_message: Mapping[type, Callable[[Any, Any], Message | None]] = field(default_factory=dict)
    """Event class -> its public message, made of the event and of its aggregate as it was after it (or None)."""
    to_state: Mapping[type[Aggregate], Callable[[Any], Message]] = field(default_factory=dict)
    """Aggregate class -> its whole public state, made of its own events alone."""
    form: int = 1
    """Raised when a `to_state` changes: then all states are told again."""


class Relay:
    """Publishes one page of the log at a time; position and last offsets are saved in one transaction."""

    def __init__(
        self,
        app: Application,
        publishing: Publishing,
        publisher: Publisher,
        subscriber: Subscriber,
        *,
        batch: int = 500,
    ) -> None:
        self.name = f"{app.name}.relay"
        self._app, self._publishing, self._batch = app, publishing, batch
        self._out, self._in = publisher, subscriber
        self._checked = False
        self._told_at: datetime | None = None
        self._states = {aggregate.TOPIC: to_state for aggregate, to_state in publishing.to_state.items()}
        self._streams: dict[UUID, Aggregate] = {}

    def step(self) -> bool:
        """Tell one page, or how far we have told."""
        with self._app.database.session() as session, self._app.pinned(session):
            if not self._checked:
                progress.refuse_restored(session, self._in, self._app.name)
                self._checked = True
            was, page = next_page(self._app, session, self.name, limit=self._batch)
            if not page.recorded:
                return self._tell_progress(session, was)
            becomes = page.recorded[-1].position
            messages, told = self._messages(session, page.recorded, page.events)
            written = self._out.publish(messages) if messages else ()
            failpoints.reach("relay.after_publish")
            try:
                with session.transaction():
                    log.move(session, self.name, was=was, becomes=becomes)
                    _save(session, written, told)
            except MovedError:
                self._streams.clear()
                return True
            if messages:
                self._publish_progress(session, becomes)
                self._app.on_append(becomes)  # in one process listeners wait at the same bell: a poll would be a second
        return True

    def _tell_progress(self, session: Session, position: int) -> bool:
        if self._told_at is None or nature.now() - self._told_at >= PROGRESS_EVERY:
            self._publish_progress(session, position)
        return False

    def _publish_progress(self, session: Session, position: int) -> None:
        self._out.publish([progress.message(session, self._app.name, self._app.edition, position)])
        self._told_at = nature.now()

    def _messages(
        self, session: Session, recorded: Sequence[Recorded], events: Sequence[Any]
    ) -> tuple[list[BusMessage], dict[tuple[str, UUID], Told]]:
        messages: list[BusMessage] = []
        told: dict[tuple[str, UUID], Told] = {}
        for number, (row, event) in enumerate(zip(recorded, events, strict=True)):
            if row.topic.startswith(HEARD):
                continue
            origin = self._origin(row)
            to_message = self._publishing.to_message.get(type(event))
            to_state = self._states.get(row.topic.rpartition(".")[0])
            if to_message is None and to_state is None:
                continue
            aggregate = self._grown(row, event)
            message = to_message(event, aggregate) if to_message else None
            if message is not None:
                messages.append(wrap(message, origin))
            if to_state is None or self._command_goes_on(session, recorded, number):
                continue
            state = to_state(aggregate)
            name = state.DESCRIPTOR.name
            form = Told(row.version, _hash(state, self._publishing.form))
            before = told.get((name, row.stream)) or _last_told(session, name, row.stream)
            if before is None or before.hash != form.hash:
                messages.append(wrap(state, origin, form=self._publishing.form))
                told[name, row.stream] = form
        return messages, told

    def _origin(self, row: Recorded) -> Origin:
        cause = row.cause
        return Origin(
            service=self._app.name,
            edition=self._app.edition,
            position=row.position,
            stream=row.stream,
            version=row.version,
            at=row.recorded_at,
            correlation_id=cause.correlation_id,
            causation_id=_causation_id(self._app, cause),
            leaf_hash=row.leaf_hash,
        )

    def _command_goes_on(self, session: Session, recorded: Sequence[Recorded], number: int) -> bool:
        """Whether a later event of the same stream belongs to the same command: one state a command is told."""
        row = recorded[number]
        for later in recorded[number + 1 :]:
            if later.packed_cause != row.packed_cause:
                return False
            if later.stream == row.stream:
                return True
        if len(recorded) < self._batch:
            return False
        # the page ends inside the command, perhaps
        after = session.one("SELECT cause FROM log WHERE stream = %s AND version = %s", (row.stream, row.version + 1))
        return after is not None and after[0] == row.packed_cause

    def _grown(self, row: Recorded, event: Any) -> Aggregate:
        """The aggregate as it was after this event; grown event by event, loaded where we come in late."""
        aggregate = self._streams.get(row.stream)
        if aggregate is not None and aggregate.version == row.version - 1:
            event.mutate(aggregate)
        elif aggregate is None or aggregate.version != row.version:
            if len(self._streams) >= _KEPT:
                self._streams.clear()
            first = row.version == 1  # made of the event at hand: no query
            aggregate = event.mutate(None) if first else self._app.repository.get(row.stream, version=row.version)
            self._streams[row.stream] = aggregate
        return aggregate


_KEPT = 10_000


def _causation_id(app: Application, cause: Cause) -> str:
    """The event that a policy was woken by, as messages name it; or the command."""
    return f"{app.name}/{app.edition}/{cause.causation}" if cause.causation else str(cause.command_id)


def _hash(state: Message, form: int) -> bytes:
    return hashlib.sha256(f"{form}/".encode() + state.SerializeToString(deterministic=True)).digest()


def _last_told(session: Session, topic: str, key: UUID) -> Told | None:
    row = session.one("SELECT version, hash FROM told WHERE topic = %s AND key = %s", (topic, key))
    return Told(*row) if row else None


def _save(session: Session, written: Sequence[Written], told: Mapping[tuple[str, UUID], Told]) -> None:
    last = {(one.topic, one.partition): one for one in written if one.topic != PROGRESS}
    for (topic, partition), one in sorted(last.items()):
        session.run(
            "INSERT INTO written (topic, partition, topic_id, last) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (topic, partition) DO UPDATE SET topic_id = excluded.topic_id, last = excluded.last",
            (topic, partition, one.topic_id, one.offset),
        )
    if told:
        session.run(
            "INSERT INTO told (topic, key, version, hash)"
            " SELECT * FROM unnest(%s::text[], %s::uuid[], %s::bigint[], %s::bytea[])"
            " ON CONFLICT (topic, key) DO UPDATE SET version = excluded.version, hash = excluded.hash",
            (
                [topic for topic, _ in told],
                [key for _, key in told],
                [one.version for one in told.values()],
                [one.hash for one in told.values()],
            ),
        )
