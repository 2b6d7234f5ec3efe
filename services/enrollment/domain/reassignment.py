"""A reassignment (4.8): an individual gives a group the right to bill and be paid for his services."""

from __future__ import annotations

from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event, id_of

PENDING, ACTIVE, VOID, ENDED = "PENDING", "ACTIVE", "VOID", "ENDED"


class AlreadyReassignedError(DomainError):
    """The benefits go to this group already, or another application that asks for it is on its way."""

    field = "topics.REASSIGNMENT"


class Reassignment(Aggregate):
    """At most one between an individual and a group's enrollment; proposed by an application, one at a time."""

    TOPIC = "enrollment.Reassignment"

    class Proposed(AggregateCreated):
        """An application that was submitted asks for it."""

        TOPIC = "enrollment.Reassignment.Proposed"
        provider_id: UUID
        npi: str
        receiving_enrollment_id: UUID
        receiving_provider_id: UUID
        receiving_npi: str
        application_id: UUID

    class ProposedAgain(Aggregate.Event):
        """Another application asks for it, after an earlier one failed or it ended."""

        TOPIC = "enrollment.Reassignment.ProposedAgain"
        application_id: UUID

    class Established(Aggregate.Event):
        """The benefits go to the group from the effective date on."""

        TOPIC = "enrollment.Reassignment.Established"
        enrollment_id: UUID
        effective_date: str

    class Voided(Aggregate.Event):
        """The application that asked for it has failed."""

        TOPIC = "enrollment.Reassignment.Voided"

    class Ended(Aggregate.Event):
        """The benefits do not go to the group any more after the end date."""

        TOPIC = "enrollment.Reassignment.Ended"
        end_date: str
        ended_by: UUID

    @event(Proposed)
    def __init__(
        self,
        id: UUID,
        provider_id: UUID,
        npi: str,
        receiving_enrollment_id: UUID,
        receiving_provider_id: UUID,
        receiving_npi: str,
        application_id: UUID,
    ) -> None:
        self.provider_id, self.npi = provider_id, npi
        self.receiving_enrollment_id = receiving_enrollment_id
        self.receiving_provider_id, self.receiving_npi = receiving_provider_id, receiving_npi
        self.application_id = application_id
        self.status = PENDING

    @staticmethod
    def id_for(provider_id: UUID, receiving_enrollment_id: UUID) -> UUID:
        """The one stream of a reassignment."""
        return id_of("enrollment.Reassignment", provider_id, receiving_enrollment_id)

    def propose(self, *, application_id: UUID) -> None:
        """Ask for it by another application. Twice is the same as once."""
        if self.status == PENDING and self.application_id == application_id:
            return
        if self.status in (PENDING, ACTIVE):
            raise AlreadyReassignedError
        self._proposed_again(application_id=application_id)

    def establish(self, *, application_id: UUID, enrollment_id: UUID, effective_date: str) -> None:
        """Begin it, for the application that asks for it. Twice is the same as once."""
        if self.status == PENDING and self.application_id == application_id:
            self._established(enrollment_id=enrollment_id, effective_date=effective_date)

    def void(self, *, application_id: UUID) -> None:
        """Let it fall, for the application that asked for it. Twice is the same as once."""
        if self.status == PENDING and self.application_id == application_id:
            self._voided()

    def end(self, *, end_date: str, ended_by: UUID) -> None:
        """End it. Twice is the same as once."""
        if self.status == ACTIVE:
            self._ended(end_date=end_date, ended_by=ended_by)

    @event(ProposedAgain)
    def _proposed_again(self, application_id: UUID) -> None:
        self.status, self.application_id = PENDING, application_id

    @event(Established)
    def _established(self, enrollment_id: UUID, effective_date: str) -> None:
        self.status = ACTIVE

    @event(Voided)
    def _voided(self) -> None:
        self.status = VOID

    @event(Ended)
    def _ended(self, end_date: str, ended_by: UUID) -> None:
        self.status = ENDED
