"""Who might act at another time: what was true then, by what was believed at some moment (architecture 4).

`ce_time`, or an own event's time, says since when a thing was true; the place in the own log, since when it was
believed here. Read anew from the log at every question: it is one of auditors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message
from mandate.connections.v1.state_pb2 import ConnectionState
from mandate.identity.v1.state_pb2 import AccountState
from mandate_kit import feeding
from mandate_kit.authority import APPROVED, Answer, AuthorityIndex

from chassis import nature
from chassis.application import Application
from chassis.codec import UnknownEventError
from chassis.hearing import HEARD, decode_heard, headers_of
from chassis.history import rows_of
from chassis.log import Recorded
from services.access.domain.association import Association
from services.access.projections.authority import AuthorityFollower

UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class CouldAct:
    """One person who could act, and the chain that let them."""

    account_id: UUID
    chain: Answer


class AuthorityThen:
    """The right to act at `valid_at`, by what stood in the log at `known_at`.

    `position` is how far the log was believed; `complete` says whether this release could read all of that.
    """

    def __init__(self, app: Application, *, valid_at: datetime | None = None, known_at: datetime | None = None) -> None:
        now = nature.now()
        self.valid_at, self.known_at = valid_at or known_at or now, known_at or now
        self.position = 0
        self.complete = True
        self._app = app
        self._sure = AuthorityFollower(app)
        self._perhaps = AuthorityFollower(app)
        """As if all that is not known had been so: whoever can act here alone may have been able to."""
        self._versions: dict[tuple[str, str], int] = {}
        """The newest version of each heard state that was true at the time."""
        self._passed: set[tuple[str, str]] = set()
        """States of which a later one has been looked at: the ones after it say nothing about the time."""
        self._read()

    @property
    def index(self) -> AuthorityIndex:
        """What is known to have been so."""
        return self._sure.index

    def could_act(self, provider_id: UUID, function: str) -> list[CouldAct]:
        """Who could act, each with the chain, in the order of ids."""
        people = self.index.people_for(provider_id, function)
        return [CouldAct(one, self.chain(one, provider_id, function)) for one in people]

    def chain(self, account_id: UUID, provider_id: UUID, function: str) -> Answer:
        """Whether and why a person could act; who works for the provider itself needs no connection."""
        answer = self.index.explain(account_id, provider_id, function)
        if answer.association is not None and answer.association.employer_id == provider_id:
            return replace(answer, connection=None)
        return answer

    def not_known(self, provider_id: UUID, function: str) -> list[UUID]:
        """Of whom it is not known: a state of that time, on which it rests, was never heard here."""
        sure = set(self.index.people_for(provider_id, function))
        return [one for one in self._perhaps.index.people_for(provider_id, function) if one not in sure]

    def is_not_known(self, account_id: UUID, provider_id: UUID, function: str) -> bool:
        """Whether it is not known of this person."""
        asked = (account_id, provider_id, function)
        return self._perhaps.index.can_act(*asked) and not self.index.can_act(*asked)

    def _read(self) -> None:
        """Only what the right to act is made of is read: most of a log is about something else."""
        codec, heard = self._app.codec, [HEARD + topic for topic in self._app.catalogue.topics]
        topics = [one for one in codec.topics if one.startswith(f"{Association.TOPIC}.")]
        topics += [HEARD + topic for topic in feeding.TOPICS]
        with self._app.session() as session:
            row = session.one(
                "SELECT coalesce(max(position), 0), min(position) FILTER (WHERE topic <> ALL(%s)) FROM log"
                " WHERE recorded_at <= %s",
                ([*codec.topics, *heard], self.known_at),
            )
            until, unknown = row or (0, None)
            if unknown is not None:
                self.complete, until = False, unknown - 1  # a newer release wrote what comes now
            while rows := rows_of(session, topics, after=self.position, until=until):
                for one in rows:
                    if not self._take_row(one):
                        self.complete = False
                        return
                    self.position = one.position
            self.position = until

    def _take_row(self, row: Recorded) -> bool:
        """Take one row. Return whether this release can read it."""
        try:
            if row.topic.startswith(HEARD):
                self._take_heard(row, decode_heard(self._app.catalogue, row))
            elif row.recorded_at <= self.valid_at:
                event = self._app.codec.event_in(row.topic, row.stream, row.version, row.state)
                self._take(event, event)
        except UnknownEventError:
            return False
        return True

    def _take_heard(self, row: Recorded, state: Message) -> None:
        headers = headers_of(row)
        key = (state.DESCRIPTOR.name, headers["ce_subject"])
        if datetime.fromisoformat(headers["ce_time"]) <= self.valid_at:
            self._versions[key] = row.version
            self._take(state, state)
            return
        if key in self._passed:
            return
        self._passed.add(key)
        before = self._versions.get(key, 0)
        if row.version > before + 1 and (before or self._was_there(headers["ce_subject"])):
            # what was between the two was never heard: a newcomer reads the last state alone, retention passed us
            self._take(_as_it_may_be(state, known=False), _as_it_may_be(state, known=True))

    def _take(self, sure: object, perhaps: object) -> None:
        self._sure.take(sure)
        self._perhaps.take(perhaps)

    def _was_there(self, id: str) -> bool:
        """Whether the thing may have been there: the time stands in front of its id."""
        made_at = nature.made_at(UUID(id))
        return made_at is None or made_at <= self.valid_at


def _as_it_may_be(state: Message, *, known: bool) -> Message:
    """A state of a time of which we know only that there was one: refused, or at its best."""
    made = type(state)()
    made.CopyFrom(state)
    match made:
        case AccountState():
            made.active = known
        case ConnectionState():
            made.status = APPROVED if known else UNKNOWN
            made.ClearField("since")
    return made
