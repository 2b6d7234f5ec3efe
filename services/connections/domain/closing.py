"""An employer that access has told to be closed: what it is connected with ends (D-41)."""

from __future__ import annotations

from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event, id_of


class EmployerClosedError(DomainError):
    """This provider or organization is closed as an employer: nobody there decides. Choose another."""

    rule = "D-41"


class Closing(Aggregate):
    """Once an employer, for good: that there is one says that it is closed."""

    TOPIC = "connections.Closing"

    class Begun(AggregateCreated):
        """Nobody is connected with the employer any more, on either side."""

        TOPIC = "connections.Closing.Begun"
        employer_id: UUID

    class WentOn(Aggregate.Event):
        """Some connections have ended; there are more than end at once."""

        TOPIC = "connections.Closing.WentOn"

    @event(Begun)
    def __init__(self, id: UUID, employer_id: UUID) -> None:
        self.employer_id = employer_id

    @staticmethod
    def id_for(employer_id: UUID) -> UUID:
        """The one stream of an employer."""
        return id_of("connections.Closing", employer_id)

    def go_on(self) -> None:
        """Come back to those that are left: as often as some are."""
        self._went_on()

    @event(WentOn)
    def _went_on(self) -> None: ...
