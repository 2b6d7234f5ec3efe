"""Who signs: named by the submitter, sealed under a key of the signature's own, and judged when he comes (PE-X-04)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from chassis.application import Application as App
from chassis.domain import Fault, FaultsError, id_of
from chassis.vault import ShreddedError
from chassis.vocabulary import addresses
from chassis.vocabulary.header_text import HostileTextError, refuse_hostile
from services.enrollment.commands.applications import receiving_record
from services.enrollment.commands.parts import Parts
from services.enrollment.domain.application import Application
from services.enrollment.domain.signatures import PRACTITIONER, Needed, Signature, Signer

CONTEXT = "enrollment.Application.signer"
LONGEST_NAME = 70


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to sign; personal, and sealed wherever it is kept."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Named:
    """A signer as the submitter names him."""

    needed: Needed
    person: Person


def read(typed: Sequence[tuple[str, UUID, str, str]]) -> list[Named]:
    """Judge the signers, as (capacity, provider, name, email). Raises `FaultsError` with all that is wrong."""
    faults: list[Fault] = []
    found: list[Named] = []
    for number, (capacity, provider_id, name, email) in enumerate(typed):
        where = f"signers.{number}"
        fault = name_fault(name, f"{where}.name")
        faults += [fault] if fault else []
        address = ""
        try:
            address = addresses.email(email)
        except addresses.AddressError as error:
            code = "EMAIL_MALFORMED" if email.strip() else "FIELD_REQUIRED"
            faults.append(Fault(code, f"{where}.email", str(error)))
        found.append(Named(Needed(capacity, provider_id), Person(" ".join(name.split()), address)))
    if faults:
        raise FaultsError(faults)
    return found


def name_fault(name: str, field: str) -> Fault | None:
    """What is wrong with a name; None where nothing is."""
    if not name.strip():
        return Fault("FIELD_REQUIRED", field, "write the name")
    try:
        refuse_hostile(name, field)
    except HostileTextError as error:
        return Fault("NAME_MALFORMED", field, str(error))
    if len(name) > LONGEST_NAME:
        return Fault("NAME_MALFORMED", field, f"write at most {LONGEST_NAME} characters")
    return None


def sealed(parts: Parts, command_id: UUID, named: Sequence[Named]) -> list[Signer]:
    """The signers of one submission, sealed; the same ids for the same command."""
    return [
        Signer(id_, one.needed, seal(parts, id_, one.person))
        for number, one in enumerate(named)
        for id_ in (signature_id(command_id, number),)
    ]


def signature_id(command_id: UUID, number: int) -> UUID:
    """The id of a signature that a submission asks for."""
    return id_of("enrollment.Signature", command_id, number)


def seal(parts: Parts, id: UUID, person: Person) -> str:
    """A signer under the signature's own key."""
    parts.vault.make_key(id)
    return parts.vault.seal(id, json.dumps(asdict(person)), CONTEXT)


def person_of(parts: Parts, signature: Signature) -> Person | None:
    """Who is to sign; None where it was shredded, or the practitioner signed while submitting."""
    if not signature.sealed:
        return None
    try:
        return Person(**json.loads(parts.vault.open(signature.id, signature.sealed, CONTEXT)))
    except ShreddedError:
        return None


def may_sign(app: App, parts: Parts, account_id: UUID, application: Application, needed: Needed) -> bool:
    """Whether the signature is this person's to give, by what is known here (PE-X-05, X-22).

    PRACTITIONER: whose own record it is, and nobody else. GROUP_OFFICIAL: whom the group's record lists, and who may
    act for the group.
    """
    if needed.capacity == PRACTITIONER:
        return parts.rights.is_own_record(account_id, needed.provider_id)
    person_id, record = parts.rights.person_of(account_id), receiving_record(app, application)
    return (
        person_id is not None
        and record is not None
        and record.lists(person_id)
        and parts.rights.may_act(account_id, needed.provider_id)
    )


def is_signer(app: App, parts: Parts, account_id: UUID, application: Application) -> bool:
    """Whether one of the application's signatures is this person's to give."""
    return any(may_sign(app, parts, account_id, application, one.needed) for one in application.signatures.values())


def may_see(app: App, parts: Parts, account_id: UUID, application: Application, *, is_contractor: bool) -> bool:
    """Whether the application is there for this person: preparers, signers, the contractor once it was submitted."""
    return (
        (is_contractor and application.was_submitted)
        or parts.rights.may_act(account_id, application.provider_id)
        or is_signer(app, parts, account_id, application)
    )
