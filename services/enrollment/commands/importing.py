"""Records that came on paper, loaded by the contractor with their officials (PE-BEN-01, X-11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.application import Application as App
from chassis.application import once
from chassis.cause import Cause, Receipt
from chassis.domain import Fault, FaultsError
from chassis.vault import Vault
from chassis.vocabulary import addresses, npi, tax_numbers
from services.enrollment.commands import reviewing
from services.enrollment.commands.parts import Parts
from services.enrollment.commands.rights import require_contractor
from services.enrollment.commands.signers import name_fault
from services.enrollment.domain import forms
from services.enrollment.domain.enrollment import CAPACITIES, PAPER, Enrollment, Official, revalidation_date

NAME_CONTEXT = "enrollment.Enrollment.official"
LONGEST = {"specialty": 70, "contractor": 70, "practice_location": 60}


@dataclass(frozen=True, slots=True)
class Paper:
    """A record as the contractor reads it; officials are (name, SSN, capacity)."""

    provider_id: UUID
    npi: str
    form: str
    state: str
    specialty: str
    contractor: str
    ptans: Sequence[str]
    effective_date: str
    revalidation_due_date: str
    practice_location: str
    officials: Sequence[tuple[str, str, str]]


@once
def load(app: App, parts: Parts, cause: Cause, *, paper: Paper) -> Receipt:
    """Load an approved record; the receipt's id is the enrollment's. Repeating it changes nothing.

    An SSN is made into the person's id at once, and kept nowhere.
    """
    require_contractor(cause.roles)
    faults = _faults(paper)
    if faults:
        raise FaultsError(faults)
    officials = [
        _official(parts.vault, tax_numbers.person_id(parts.person_key, ssn), " ".join(name.split()), capacity)
        for name, ssn, capacity in paper.officials
    ]
    return app.execute(_load, cause, paper=paper, officials=officials)


def _official(vault: Vault, person_id: UUID, name: str, capacity: str) -> Official:
    vault.make_key(person_id)
    return Official(person_id, capacity, vault.seal(person_id, name, NAME_CONTEXT))


def _load(app: App, cause: Cause, *, paper: Paper, officials: Sequence[Official]) -> Receipt:
    ptans = [one.strip().upper() for one in paper.ptans]
    claims = [reviewing.claimed(app, one, cause.command_id) for one in dict.fromkeys(ptans)]
    effective = forms.day(paper.effective_date)
    due = paper.revalidation_due_date or revalidation_date(effective, paper.form).isoformat()
    record = Enrollment(
        id=cause.command_id,
        provider_id=paper.provider_id,
        npi=npi.parse(paper.npi),
        form=paper.form,
        state=addresses.state(paper.state),
        specialty=" ".join(paper.specialty.split()),
        contractor=" ".join(paper.contractor.split()),
        practice_location=" ".join(paper.practice_location.split()),
        effective_date=effective.isoformat(),
        origin=PAPER,
        application_id=None,
        officials=[one.as_fields() for one in officials],
        established_by=cause.actor,
    )
    for one in ptans:
        record.assign(ptan=one, effective_date=effective.isoformat())
    record.set_revalidation(due_date=due)
    return app.commit(record, *claims, cause=cause)


def _faults(paper: Paper) -> list[Fault]:
    """All that cannot be taken, in the order of the form."""
    faults = [] if npi.is_valid(paper.npi) else [Fault("NPI_INVALID", "npi", "write the 10 digits of the NPI")]
    if paper.form not in forms.FORMS:
        faults.append(Fault("UNKNOWN_FORM", "form", f"choose one of {', '.join(forms.FORMS)}"))
    if paper.state.strip().upper() not in addresses.STATES:
        faults.append(Fault("STATE_UNKNOWN", "state", "write the two letters of a state"))
    faults += _text_faults(paper)
    if not paper.ptans:
        faults.append(Fault("NO_PTAN", "ptans", "an approved record has a Medicare ID"))
    faults += [
        Fault("PTAN_MALFORMED", f"ptans.{number}", "a Medicare ID has 2 to 10 letters and digits")
        for number, one in enumerate(paper.ptans)
        if not reviewing.PTAN.fullmatch(one.strip().upper())
    ]
    if not _is_day(paper.effective_date):
        faults.append(Fault("DATE_MALFORMED", "effective_date", "write the date as YYYY-MM-DD"))
    if paper.revalidation_due_date and not _is_day(paper.revalidation_due_date):
        faults.append(Fault("DATE_MALFORMED", "revalidation_due_date", "write the date as YYYY-MM-DD"))
    return faults + _official_faults(paper)


def _text_faults(paper: Paper) -> list[Fault]:
    faults: list[Fault] = []
    for field, longest in LONGEST.items():
        text = getattr(paper, field).strip()
        if not text and field != "practice_location":
            faults.append(Fault("FIELD_REQUIRED", field, "fill in this field"))
        elif len(text) > longest or any(not character.isprintable() for character in text):
            faults.append(Fault("FIELD_TOO_LONG", field, f"write at most {longest} plain characters"))
    return faults


def _official_faults(paper: Paper) -> list[Fault]:
    faults: list[Fault] = []
    for number, (name, ssn, capacity) in enumerate(paper.officials):
        where = f"officials.{number}"
        fault = name_fault(name, f"{where}.name")
        faults += [fault] if fault else []
        if not tax_numbers.is_valid_ssn(ssn):
            faults.append(Fault("SSN_INVALID", f"{where}.ssn", "write the 9 digits of the Social Security Number"))
        if capacity not in CAPACITIES:
            faults.append(Fault("UNKNOWN_CAPACITY", f"{where}.capacity", f"choose {' or '.join(CAPACITIES)}"))
    return faults


def _is_day(text: str) -> bool:
    try:
        forms.day(text)
    except ValueError:
        return False
    return True
