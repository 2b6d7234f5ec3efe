"""The relay: tells other services what stands in the log, in order, at least once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from chassis import failpoints, metrics, nature, positions, progress, told
from chassis.application import Application
from chassis.bus import Message as BusMessage
from chassis.bus import Publisher, Written
from chassis.cause import Cause
from chassis.database import Session
from chassis.domain import Aggregate
from chassis.followers import next_page
from chassis.hearing import HEARD
from chassis.log import MovedError, Recorded
from chassis.messages import PROGRESS, Origin, wrap
from chassis.progress import Standing
from chassis.told import Behind, Key, Told, ends_of_commands

PROGRESS_EVERY = timedelta(seconds=1)
PROGRESS_SOON = timedelta(milliseconds=100)
"""After work it is told when there is no more, at the latest then: whoever waits at a receipt waits for it."""


@dataclass(frozen=True)
class Publishing:
    """What a service tells: a service's `publishing.py` fills it; what is not named here is private."""

    to_message: Mapping[type, Callable[[Any, Any], Message | None]] = field(default_factory=dict)
    """Event class -> its public message, made of the event and of its aggregate as it was after it (or None)."""
    to_state: Mapping[type[Aggregate], Callable[[Any], Message]] = field(default_factory=dict)
    """Aggregate class -> its whole public state, made of its own events alone."""
    form: int = 1
    """Raised when a `to_state` changes: then all states that were ever told are told again, before anything else."""


class Relay:
    """Publishes one page of the log at a time; position and last offsets are saved in one transaction."""

    def __init__(
        self,
        app: Application,
        publishing: Publishing,
        publisher: Publisher,
        standing: Standing,
        *,
        batch: int = 500,
    ) -> None:
        self.name = f"{app.name}.relay"
        self._app, self._publishing, self._batch = app, publishing, batch
        self._out, self._standing = publisher, standing
        self._told_at: datetime | None = None
        self._owed_since: datetime | None = None
        """When messages were told of whose progress nobody knows yet."""
        self._behind, self._left = Behind(), -1
        self._states = {aggregate.TOPIC: to_state for aggregate, to_state in publishing.to_state.items()}
        self._streams: OrderedDict[UUID, Aggregate] = OrderedDict()

    def step(self) -> bool:
        """Tell one page, or how far we have told."""
        with self._app.database.session() as session, self._app.pinned(session):
            self._standing.require(session)
            was, page = next_page(self._app, session, self.name, limit=self._batch)
            if was != self._left:  # at the start; or another copy has told since, in an earlier form perhaps
                self._behind.look(session, self._app.edition, self._publishing.form)
                self._left = was
            if behind := self._behind.page(session, self._batch):
                self._tell_again(session, behind, was)
                return True
            if not page.recorded:
                return self._tell_progress(session, was)
            becomes = page.recorded[-1].position
            messages, states = self._messages(session, page.recorded, page.events)
            if messages:
                self._owed_since = self._owed_since or nature.now()
            if self._tell(session, messages, states, was=was, becomes=becomes):
                if self._owed_since is not None and nature.now() - self._owed_since >= PROGRESS_SOON:
                    self._publish_progress(session, becomes)
                if messages:
                    self._app.on_told(becomes)
        return True

    def look_again(self) -> None:
        """Look anew which states are told in an earlier edition or form than ours."""
        self._left = -1

    def _tell_again(self, session: Session, behind: list[Key], position: int) -> None:
        """Tell states in our edition and form as they were at our place: what comes behind it follows in order."""
        messages: list[BusMessage] = []
        states: dict[Key, Told] = {}
        for row in ends_of_commands(session, {key for _, key in behind}, position):
            to_state = self._states.get(_aggregate_of(row))
            if to_state is not None:
                state = to_state(self._app.repository.get(row.stream, version=row.version))
                states[state.DESCRIPTOR.name, row.stream] = self._told(row, state)
                messages.append(self._wrapped(state, row))
        gone = set(behind) - set(states)
        if self._tell(session, messages, states, gone, was=position, becomes=position):
            self._behind.passed(behind)
            if not self._behind.hides_progress:
                self._tell_progress(session, position)
            self._app.on_told(position)

    def _tell(
        self,
        session: Session,
        messages: Sequence[BusMessage],
        states: Mapping[Key, Told],
        gone: Collection[Key] = (),
        *,
        was: int,
        becomes: int,
    ) -> bool:
        """Publish, then save position and what was told. Return whether this copy did it, or another was faster."""
        written = self._out.publish(messages) if messages else ()
        failpoints.reach("relay.after_publish")
        try:
            with session.transaction():
                positions.move(session, self.name, was=was, becomes=becomes)
                _save(session, written)
                told.save(session, states)
                told.forget(session, gone)
        except MovedError:
            self._streams.clear()
            return False
        self._left = becomes
        for one in messages:
            metrics.PUBLISHED.labels(self._app.name, one.topic).inc()
        return True

    def _tell_progress(self, session: Session, position: int) -> bool:
        """Tell how far we have told, where it is time. Return whether it was owed for messages."""
        owed = self._owed_since is not None
        if owed or self._told_at is None or nature.now() - self._told_at >= PROGRESS_EVERY:
            self._publish_progress(session, position)
        if owed:
            self._app.on_told(position)
        return owed

    def _publish_progress(self, session: Session, position: int) -> None:
        self._out.publish([progress.message(session, self._app.name, self._app.edition, position)])
        self._told_at, self._owed_since = nature.now(), None

    def _messages(
        self, session: Session, recorded: Sequence[Recorded], events: Sequence[Any]
    ) -> tuple[list[BusMessage], dict[Key, Told]]:
        messages: list[BusMessage] = []
        states: dict[Key, Told] = {}
        for number, (row, event) in enumerate(zip(recorded, events, strict=True)):
            if row.topic.startswith(HEARD):
                continue
            to_message = self._publishing.to_message.get(type(event))
            to_state = self._states.get(_aggregate_of(row))
            if to_message is None and to_state is None:
                continue
            aggregate = self._grown(row, event)
            message = to_message(event, aggregate) if to_message else None
            if message is not None:
                messages.append(wrap(message, self._origin(row, self._app.editions.of(row.position))))
            if to_state is None or self._command_goes_on(session, recorded, number):
                continue
            state = to_state(aggregate)
            key = (state.DESCRIPTOR.name, row.stream)
            now, before = self._told(row, state), states.get(key) or told.last(session, key)
            if before is not None and (before.edition, before.version) > (now.edition, now.version):
                continue  # another copy was faster with this page: an older state after a newer one would be the last
            if before is None or before.hash != now.hash:
                messages.append(self._wrapped(state, row))
                states[key] = now
        return messages, states

    def _told(self, row: Recorded, state: Message) -> Told:
        form = self._publishing.form
        return Told(row.version, _hash(state, form), self._app.edition, form)

    def _wrapped(self, state: Message, row: Recorded) -> BusMessage:
        """A state in our edition, for it must win over what was told before a restore."""
        return wrap(state, self._origin(row, self._app.edition), form=self._publishing.form)

    def _origin(self, row: Recorded, edition: int) -> Origin:
        """Where a message comes from. What happened keeps the edition in which it was written: the same `ce_id`."""
        cause = row.cause
        return Origin(
            service=self._app.name,
            edition=edition,
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
        aggregate = self._streams.pop(row.stream, None)
        if aggregate is None or aggregate.version not in {row.version - 1, row.version}:
            first = row.version == 1  # made of the event at hand: no query
            aggregate = event.mutate(None) if first else self._app.repository.get(row.stream, version=row.version)
        elif aggregate.version == row.version - 1:
            event.mutate(aggregate)
        self._streams[row.stream] = aggregate
        if len(self._streams) > _KEPT:
            self._streams.popitem(last=False)
        return aggregate


_KEPT = 2_000
"""Aggregates that are remembered, those used last: what is decided in one go is told in one go."""


def _causation_id(app: Application, cause: Cause) -> str:
    """The event that a policy was woken by, as messages name it; or the command."""
    position = cause.causation
    return f"{app.name}/{app.editions.of(position)}/{position}" if position else str(cause.command_id)


def _hash(state: Message, form: int) -> bytes:
    return hashlib.sha256(f"{form}/".encode() + state.SerializeToString(deterministic=True)).digest()


def _aggregate_of(row: Recorded) -> str:
    """The stored name of the aggregate that an event is of."""
    return row.topic.rpartition(".")[0]


def _save(session: Session, written: Sequence[Written]) -> None:
    last = {(one.topic, one.partition): one for one in written if one.topic != PROGRESS}
    for (topic, partition), one in sorted(last.items()):
        session.run(
            "INSERT INTO written (topic, partition, topic_id, last) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (topic, partition) DO UPDATE SET topic_id = excluded.topic_id, last = excluded.last",
            (topic, partition, one.topic_id, one.offset),
        )
