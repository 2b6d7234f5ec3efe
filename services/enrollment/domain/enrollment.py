"""A Medicare enrollment record (4.7): who is enrolled, by which contractor, under which Medicare IDs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event, id_of
from chassis.vocabulary import eastern

APPROVED = "APPROVED"
PAPER, PECOS = "PAPER", "PECOS"
AUTHORIZED_OFFICIAL, DELEGATED_OFFICIAL = "AUTHORIZED_OFFICIAL", "DELEGATED_OFFICIAL"
CAPACITIES = (AUTHORIZED_OFFICIAL, DELEGATED_OFFICIAL)
YEARS, YEARS_DMEPOS, DMEPOS = 5, 3, "855S"
LEAP_DAY = (2, 29)


class UnknownCapacityError(DomainError):
    """An official is listed as AUTHORIZED_OFFICIAL or DELEGATED_OFFICIAL."""

    field = "officials"


class NotEnrolledError(DomainError):
    """Both sides of a reassignment must be enrolled: the group has no approved enrollment (PE-X-06)."""


@dataclass(frozen=True, slots=True)
class Official:
    """A signer whom the record lists; `name` is sealed under the person's own key."""

    person_id: UUID
    capacity: str
    name: str

    def as_fields(self) -> dict[str, str]:
        """As an event keeps it."""
        return {"person_id": str(self.person_id), "capacity": self.capacity, "name": self.name}

    @staticmethod
    def of(fields: dict[str, str]) -> Official:
        """As an event has kept it."""
        return Official(UUID(fields["person_id"]), fields["capacity"], fields["name"])


def ptan_claim(ptan: str) -> UUID:
    """The stream of a Medicare ID: one record at a time has it."""
    return id_of("enrollment.Ptan", ptan)


def revalidation_date(effective: date, form: str) -> date:
    """Five years on (DMEPOS three), at the last day of the month (PE-X-13)."""
    day = effective.replace(day=28) if (effective.month, effective.day) == LEAP_DAY else effective
    return eastern.last_day_of_month(day.replace(year=day.year + (YEARS_DMEPOS if form == DMEPOS else YEARS)))


class Enrollment(Aggregate):
    """One record of one provider; what it says, an approved application or a contractor's paper has said."""

    TOPIC = "enrollment.Enrollment"

    class Established(AggregateCreated):
        """The provider is enrolled from the effective date on."""

        TOPIC = "enrollment.Enrollment.Established"
        provider_id: UUID
        npi: str
        form: str
        state: str
        specialty: str
        contractor: str
        practice_location: str
        effective_date: str
        origin: str
        application_id: UUID | None
        officials: list[dict[str, str]]
        established_by: UUID

    class MedicareIdAssigned(Aggregate.Event):
        """The record has this Medicare ID (PTAN) too."""

        TOPIC = "enrollment.Enrollment.MedicareIdAssigned"
        ptan: str
        effective_date: str

    class RevalidationDateSet(Aggregate.Event):
        """The record is to be revalidated by the end of this day."""

        TOPIC = "enrollment.Enrollment.RevalidationDateSet"
        due_date: str

    class Changed(Aggregate.Event):
        """The record says from now on what the application said."""

        TOPIC = "enrollment.Enrollment.Changed"
        application_id: UUID
        state: str
        specialty: str
        practice_location: str
        effective_date: str
        changed_by: UUID

    @event(Established)
    def __init__(
        self,
        id: UUID,
        provider_id: UUID,
        npi: str,
        form: str,
        state: str,
        specialty: str,
        contractor: str,
        practice_location: str,
        effective_date: str,
        origin: str,
        application_id: UUID | None,
        officials: list[dict[str, str]],
        established_by: UUID,
    ) -> None:
        self.provider_id, self.npi, self.form = provider_id, npi, form
        self.state, self.specialty, self.contractor = state, specialty, contractor
        self.practice_location, self.effective_date = practice_location, effective_date
        self.origin, self.application_id = origin, application_id
        self.officials = [Official.of(one) for one in officials]
        self.status = APPROVED
        self.ptans: list[dict[str, str]] = []
        self.revalidation_due_date = ""

    def assign(self, *, ptan: str, effective_date: str) -> None:
        """Give a Medicare ID. Twice is the same as once."""
        if ptan not in [one["ptan"] for one in self.ptans]:
            self._assigned(ptan=ptan, effective_date=effective_date)

    def set_revalidation(self, *, due_date: str) -> None:
        """Set the day. The same again changes nothing."""
        if due_date != self.revalidation_due_date:
            self._revalidation_set(due_date=due_date)

    def change(
        self,
        *,
        application_id: UUID,
        state: str,
        specialty: str,
        practice_location: str,
        effective_date: str,
        changed_by: UUID,
    ) -> None:
        """Take over what an approved application says. Twice is the same as once."""
        if self.application_id != application_id:
            self._changed(
                application_id=application_id,
                state=state,
                specialty=specialty,
                practice_location=practice_location,
                effective_date=effective_date,
                changed_by=changed_by,
            )

    def lists(self, person_id: UUID, capacities: Sequence[str] = CAPACITIES) -> bool:
        """Whether the person is listed in one of these capacities (PE-X-05, X-11)."""
        return any(one.person_id == person_id and one.capacity in capacities for one in self.officials)

    @event(MedicareIdAssigned)
    def _assigned(self, ptan: str, effective_date: str) -> None:
        self.ptans = [*self.ptans, {"ptan": ptan, "effective_date": effective_date}]

    @event(RevalidationDateSet)
    def _revalidation_set(self, due_date: str) -> None:
        self.revalidation_due_date = due_date

    @event(Changed)
    def _changed(
        self,
        application_id: UUID,
        state: str,
        specialty: str,
        practice_location: str,
        effective_date: str,
        changed_by: UUID,
    ) -> None:
        self.application_id, self.state, self.specialty = application_id, state, specialty
        self.practice_location = practice_location
