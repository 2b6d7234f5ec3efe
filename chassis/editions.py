"""The editions of a log: where each began, and whether the log was put back and waits for the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from chassis import log, nature
from chassis.database import Session
from chassis.domain import Aggregate, AggregateCreated, event, id_of


class Edition(Aggregate):
    """One edition of a service's log behind the first: raised once, by a restore."""

    TOPIC = "chassis.Edition"

    class Raised(AggregateCreated):
        """The log was put back, and goes on as this edition from now on."""

        TOPIC = "chassis.Edition.Raised"
        edition: int
        begins_at: int
        """From this position on the log tells another story than it told before it was put back."""
        told_edition: int
        told_position: int
        """How far it had told, as the bus knows; 0 where the bus knew nothing."""
        raised_by: str

    @event(Raised)
    def __init__(
        self,
        id: UUID,  # noqa: ARG002 - `id` lets a caller pass it
        *,
        edition: int,
        begins_at: int,
        told_edition: int,
        told_position: int,
        raised_by: str,
    ) -> None:
        self.edition, self.begins_at = edition, begins_at
        self.told_edition, self.told_position = told_edition, told_position
        self.raised_by = raised_by


def id_for(service: str, edition: int) -> UUID:
    """The stream in which an edition of a service's log was raised."""
    return id_of(Edition.TOPIC, service, edition)


class _Stored(msgspec.Struct):
    edition: int
    begins_at: int


@dataclass(frozen=True, slots=True)
class Begun:
    """Where an edition began."""

    edition: int
    begins_at: int
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class Editions:
    """All editions that a log has had, as its own events say."""

    current: int
    begun: Sequence[Begun] = ()
    """Behind the first, in their order."""

    def of(self, position: int) -> int:
        """The edition in which an event was written: it keeps the names under which it was told, or would have been."""
        return max((one.edition for one in self.begun if one.begins_at <= position), default=1)

    def left_of(self, edition: int, position: int) -> int:
        """How far a position of an edition is left in the log: up to where the next edition began."""
        return min([position, *(one.begins_at - 1 for one in self.begun if one.edition > edition)])


def editions(session: Session, service: str) -> Editions:
    """The editions of the log in the session's schema."""
    current = log.edition(session)
    rows = session.run(
        "SELECT state, recorded_at FROM log WHERE stream = ANY(%s) ORDER BY position",
        ([id_for(service, edition) for edition in range(2, current + 1)],),
    )
    found = [(msgspec.json.decode(state, type=_Stored), at) for state, at in rows]
    return Editions(current, [Begun(one.edition, one.begins_at, at) for one, at in found])


def note_put_back(session: Session, why: str) -> None:
    """Let those who have no bus know that the log was put back."""
    session.run(
        "INSERT INTO put_back (edition, why, noticed_at) VALUES (%s, %s, %s) ON CONFLICT (one) DO UPDATE"
        " SET edition = excluded.edition, why = excluded.why, noticed_at = excluded.noticed_at",
        (log.edition(session), why, nature.now()),
    )


def note_whole(session: Session) -> None:
    """The log is as long as what it has told: whatever was noted of it is over."""
    if session.one("SELECT 1 FROM put_back") is not None:
        session.run("DELETE FROM put_back")


def why_put_back(session: Session) -> str:
    """What a process with a bus has found: that the log was put back, and what to type; nothing where it was not."""
    row = session.one("SELECT why FROM put_back WHERE edition >= (SELECT e.edition FROM edition AS e)")
    return str(row[0]) if row else ""
