"""Which signatures an application needs, by whom, and how each stands (PE-X-04, PE-X-05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.domain import Fault
from services.enrollment.domain.forms import REASSIGNMENT

PRACTITIONER, GROUP_OFFICIAL = "PRACTITIONER", "GROUP_OFFICIAL"
ELECTRONIC, STATEMENT = "ELECTRONIC", "STATEMENT"
REQUESTED, SIGNED, DECLINED, VOID = "REQUESTED", "SIGNED", "DECLINED", "VOID"


@dataclass(frozen=True, slots=True)
class Needed:
    """One signature that must be in before the application counts as received (PE-X-03)."""

    capacity: str
    provider_id: UUID
    """For whose record: the practitioner's own, or the receiving group's."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who is to give a needed signature; `sealed` is name and address, under the signature's own key."""

    signature_id: UUID
    needed: Needed
    sealed: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A needed signature, as it stands."""

    id: UUID
    needed: Needed
    sealed: str
    status: str = REQUESTED
    method: str = ""
    signed_by: UUID | None = None
    signed_at: datetime | None = None

    def given(self, *, by: UUID, method: str, at: datetime) -> Signature:
        """The same, signed."""
        return replace(self, status=SIGNED, method=method, signed_by=by, signed_at=at)


def needed(provider_id: UUID, topics: Mapping[str, Mapping[str, str]]) -> list[Needed]:
    """An 855I: the practitioner alone; with a new reassignment an official of the receiving group too (PE-X-05)."""
    found = [Needed(PRACTITIONER, provider_id)]
    if REASSIGNMENT in topics:
        found.append(Needed(GROUP_OFFICIAL, UUID(topics[REASSIGNMENT]["receiving_provider_id"])))
    return found


def mismatches(wanted: Sequence[Needed], named: Sequence[Needed], *, present: bool) -> list[Fault]:
    """What is wrong with the signers that were named; `present` where the practitioner signs while submitting."""
    faults = [
        Fault("SIGNER_NOT_NEEDED", f"signers.{number}", "nobody has to sign so: take this signer out")
        for number, one in enumerate(named)
        if one not in wanted or one in named[:number]
    ]
    open_ones = [one for one in wanted if not (present and one.capacity == PRACTITIONER)]
    faults += [
        Fault("SIGNER_MISSING", "signers", f"name who signs as {one.capacity}") for one in open_ones if one not in named
    ]
    return faults
