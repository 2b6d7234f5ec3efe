"""Whom mails about a request reach: the contact e-mail of IA-EMP-06 and the official of IA-EMP-09, sealed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from uuid import UUID

from chassis.application import Application, once
from chassis.cause import Cause, Receipt
from chassis.domain import Fault, FaultsError
from chassis.vault import ShreddedError
from chassis.vocabulary import addresses
from chassis.vocabulary.header_text import refuse_hostile
from chassis.vocabulary.names import is_name
from chassis.vocabulary.roles import AUTHORIZED_OFFICIAL
from services.access.commands import inviting, role_requests
from services.access.commands.parts import Parts
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest

CONTACT_CONTEXT = "access.Association.contact"
OFFICIAL_CONTEXT = "access.RoleRequest.official"
LONGEST = 100
"""Of a name and a title."""


@dataclass(frozen=True, slots=True)
class Official:
    """Whom somebody names as Authorized Official of an employer; personal, and sealed wherever it is kept."""

    name: str
    title: str
    phone: str
    """E.164, an extension after ";ext="."""
    email: str
    language: str = "en"
    """Of the pages on which the person was named."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The boxes of IA-EMP-06 and IA-EMP-09 as they were filled in."""

    contact_email: str = ""
    confirm_contact_email: str = ""
    official_name: str = ""
    official_title: str = ""
    official_phone: str = ""
    official_email: str = ""
    confirm_official_email: str = ""
    language: str = "en"
    """Of the page that they stood on."""


@once
def request_role(
    app: Application,
    parts: Parts,
    cause: Cause,
    *,
    employer_id: UUID,
    role: str,
    attestation: str,
    typed: Typed,
) -> Receipt:
    """Ask for a role, and say whom to reach about it; the receipt's id is the request's. A repeat changes nothing.

    Raises `FaultsError` with all that cannot be taken of what was typed, and `UnknownEmployerError` and
    `RegistrySilentError` by what the registry says of the employer (IA-EMP-01).
    """
    role_requests.require_known(role)
    contact, official = _read(typed, names_official=role != AUTHORIZED_OFFICIAL)
    if not parts.registry.knows(employer_id):  # asked beforehand: no log is held while another service is waited for
        raise role_requests.UnknownEmployerError
    return app.execute(
        role_requests.request_role,
        cause,
        employer_id=employer_id,
        role=role,
        attestation=attestation,
        contact=_sealed_contact(app, parts, cause.actor, employer_id, contact),
        official=_sealed_official(parts, cause.command_id, official) if official else "",
    )


def official_of(app: Application, parts: Parts, role_request_id: UUID) -> Official | None:
    """Whom a request names; None for nobody, or where the key was shredded. Raises `NotFoundError`."""
    request: RoleRequest = app.repository.get(role_request_id, kind=RoleRequest)
    if not request.official:
        return None
    try:
        return Official(**json.loads(parts.vault.open(request.id, request.official, OFFICIAL_CONTEXT)))
    except ShreddedError:
        return None


def contact_at(app: Application, parts: Parts, account_id: UUID, employer_id: UUID) -> str:
    """Where a person is reached about an employer; empty for the primary address (IA-EMP-06, D-28)."""
    association: Association | None = app.repository.find(Association.id_for(account_id, employer_id))
    if association is None:
        return ""
    if association.contact_invitation_id is not None:
        invitee = inviting.sent(app, parts, association.contact_invitation_id).invitee
        return invitee.email if invitee else ""
    if not association.contact_email:
        return ""
    try:
        return parts.vault.open(account_id, association.contact_email, CONTACT_CONTEXT)
    except ShreddedError:
        return ""


def _read(typed: Typed, *, names_official: bool) -> tuple[str, Official | None]:
    """Judge all boxes at once: an address as typed twice, and an official where one is needed."""
    faults: list[Fault] = []
    contact = ""
    if typed.contact_email.strip() or typed.confirm_contact_email.strip():
        contact = _address(typed, "contact_email", faults)
    if names_official:
        official = Official(
            name=_judged(typed, "official_name", _name, "NAME_MALFORMED", faults),
            title=_judged(typed, "official_title", _title, "FIELD_MALFORMED", faults),
            phone=_judged(typed, "official_phone", _phone, "PHONE_MALFORMED", faults),
            email=_address(typed, "official_email", faults),
            language=typed.language,
        )
    else:
        official = None
        faults += _unneeded(typed)
    if faults:
        raise FaultsError(faults)
    return contact, official


def _unneeded(typed: Typed) -> Iterator[Fault]:
    for field, text in asdict(typed).items():
        if "official" in field and text.strip():
            yield Fault("OFFICIAL_NOT_NEEDED", field, "an Authorized Official names nobody")


def _address(typed: Typed, field: str, faults: list[Fault]) -> str:
    address = _judged(typed, field, addresses.email, "EMAIL_MALFORMED", faults)
    if address and address.casefold() != getattr(typed, f"confirm_{field}").strip().casefold():
        faults.append(Fault("EMAIL_MISMATCH", f"confirm_{field}", "write the same address twice"))
    return address


def _judged(typed: Typed, field: str, judge: Callable[[str], str], code: str, faults: list[Fault]) -> str:
    text = " ".join(getattr(typed, field).split())
    if not text:
        faults.append(Fault("FIELD_REQUIRED", field, "fill in this field"))
        return ""
    try:
        return judge(text)
    except ValueError as error:
        faults.append(Fault("FIELD_TOO_LONG" if len(text) > LONGEST else code, field, str(error)))
        return ""


def _name(text: str) -> str:
    if len(text) > LONGEST or not is_name(text):
        raise ValueError(f"a name of at most {LONGEST} letters, without digits or signs")
    return text


def _title(text: str) -> str:
    refuse_hostile(text, "title")
    if len(text) > LONGEST:
        raise ValueError(f"at most {LONGEST} characters")
    return text


def _phone(text: str) -> str:
    return addresses.phone(text, extension=True)


def _sealed_contact(app: Application, parts: Parts, account_id: UUID, employer_id: UUID, address: str) -> str:
    """The address sealed; as it stands in the log already, where it is the same."""
    if not address:
        return ""
    association: Association | None = app.repository.find(Association.id_for(account_id, employer_id))
    if association and association.contact_email and address == contact_at(app, parts, account_id, employer_id):
        return association.contact_email
    parts.vault.make_key(account_id)
    return parts.vault.seal(account_id, address, CONTACT_CONTEXT)


def _sealed_official(parts: Parts, role_request_id: UUID, official: Official) -> str:
    parts.vault.make_key(role_request_id)
    return parts.vault.seal(role_request_id, json.dumps(asdict(official)), OFFICIAL_CONTEXT)
