"""An employer that is closed (D-41); of one that is not, access says nothing: who it is, is the registry's."""

from __future__ import annotations

from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event, id_of


class EmployerClosedError(DomainError):
    """This employer is closed: nobody works for it any more. Choose another, or ask External User Services."""

    rule = "D-41"


class Employer(Aggregate):
    """Closed once and for good: that there is one says that it is closed."""

    TOPIC = "access.Employer"

    class Closed(AggregateCreated):
        """Nobody asks for a role there, is invited, or works there any more; why, is in the desk's words."""

        TOPIC = "access.Employer.Closed"
        employer_id: UUID
        closed_by: UUID
        reason: str

    class ClosingWentOn(Aggregate.Event):
        """Some of its people were let go; there are more than go at once."""

        TOPIC = "access.Employer.ClosingWentOn"

    @event(Closed)
    def __init__(self, id: UUID, employer_id: UUID, closed_by: UUID, reason: str) -> None:
        self.employer_id = employer_id
        self.closed_by = closed_by
        self.reason = reason

    @staticmethod
    def id_for(employer_id: UUID) -> UUID:
        """The one stream of an employer."""
        return id_of("access.Employer", employer_id)

    def go_on(self) -> None:
        """Come back to those who are left: as often as some are."""
        self._closing_went_on()

    @event(ClosingWentOn)
    def _closing_went_on(self) -> None: ...
