"""Whom mails about a request reach: the contact e-mail (IA-EMP-06) and the named official (IA-EMP-09)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from mandate.access.v1 import service_pb2 as pb

from chassis import nature
from chassis.domain import FaultsError, NotAllowedError, NotFoundError
from chassis.server import Caller
from chassis.tokens import Claims
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest
from tests.access_office import Office
from tests.attested import ATTESTATION
from tests.scenario import CP_575

AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"
JANE, MANAGER, INVITER, CLINIC = (uuid4() for _ in range(4))
NOTIFIER = Caller(claims=Claims(service="notifier"))
SAID = {
    "name": "Otto Named",
    "title": "Chief Executive",
    "phone": "207-555-0186 x12",
    "email": "Otto@named.example",
    "confirm_email": "otto@named.example",
}
SECRETS = (b"Otto", b"Chief", b"555-0186", b"5550186", b"named.example", b"jane.at.work")


def ask(office: Office, role: str = SEU, who: UUID = JANE, **more: Any) -> str:
    if "official" not in more and role != AO:
        more["official"] = pb.NamedOfficial(**SAID)
    answer = office.ask("RequestRole", who, employer_id=str(CLINIC), role=role, **more)
    office.house.settle()
    return str(answer.receipt.id)


def contact(office: Office, who: UUID = JANE) -> str:
    request = pb.GetEmployerContactRequest(account_id=str(who), employer_id=str(CLINIC))
    try:
        return str(office.invitees.GetEmployerContact(request, NOTIFIER).email)
    except NotFoundError:
        return ""


@pytest.mark.parametrize("role", [AM, SEU])
def test_the_named_official_is_kept_sealed_and_shown_to_who_named_them_and_the_desk(office: Office, role: str) -> None:
    """IA-EMP-09: nothing of it stands in the log as it was typed."""
    id_ = ask(office, role)
    shown = office.ask("GetRoleRequest", JANE, role_request_id=id_).official
    assert (shown.name, shown.title, shown.phone) == ("Otto Named", "Chief Executive", "+12075550186;ext=12")
    assert shown.email == "Otto@named.example"
    assert office.ask("GetRoleRequest", uuid4(), roles=["EUS"], role_request_id=id_).official == shown
    with office.room.app.session() as session:
        states = b"".join(bytes(state) for (state,) in session.run("SELECT state FROM log"))
    assert not [secret for secret in SECRETS if secret in states]


def test_the_notifier_alone_is_told_where_the_official_is_reached(office: Office) -> None:
    request = pb.GetNamedOfficialRequest(role_request_id=ask(office))
    found = office.invitees.GetNamedOfficial(request, NOTIFIER)
    assert (found.name, found.email) == ("Otto Named", "Otto@named.example")
    with pytest.raises(NotAllowedError):
        office.invitees.GetNamedOfficial(request, Caller(claims=Claims(service="portal")))
    office.parts.vault.destroy(UUID(request.role_request_id))
    with pytest.raises(NotFoundError):
        office.invitees.GetNamedOfficial(request, NOTIFIER)
    assert not office.ask("GetRoleRequest", JANE, role_request_id=request.role_request_id).HasField("official")


def test_who_is_named_is_written_to_in_the_language_of_the_page(office: Office) -> None:
    """M-10: nobody knows the person's own."""
    request = pb.RequestRoleRequest(
        command_id=str(nature.new_id()), employer_id=str(CLINIC), role=SEU, official=pb.NamedOfficial(**SAID)
    )
    sent = office.servicer.RequestRole(request, replace(office.caller(JANE), language="es"))
    about = pb.GetNamedOfficialRequest(role_request_id=sent.receipt.id)
    assert office.invitees.GetNamedOfficial(about, NOTIFIER).language == "es"


def test_an_official_names_nobody_and_everybody_else_must(office: Office) -> None:
    """IA-EMP-09: all that is missing is told at once, and nothing is written."""
    with pytest.raises(FaultsError) as caught:
        ask(office, AO, attestation=ATTESTATION, official=pb.NamedOfficial(name="Otto"))
    assert [(one.code, one.field) for one in caught.value.faults] == [("OFFICIAL_NOT_NEEDED", "official_name")]
    for role in (AM, SEU):
        with pytest.raises(FaultsError) as caught:
            ask(office, role, official=None)
        assert [(one.code, one.field) for one in caught.value.faults] == [
            ("FIELD_REQUIRED", f"official_{field}") for field in ("name", "title", "phone", "email")
        ]
    assert office.room.end() == 0
    ask(office, AO, attestation=ATTESTATION)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"name": "Otto <b>"}, "NAME_MALFORMED", "official_name"),
        ({"name": "O" * 101}, "FIELD_TOO_LONG", "official_name"),
        ({"title": "Chief =?utf-8?q?x?="}, "FIELD_MALFORMED", "official_title"),
        ({"phone": "0186"}, "PHONE_MALFORMED", "official_phone"),
        ({"email": "otto", "confirm_email": "otto"}, "EMAIL_MALFORMED", "official_email"),
        ({"confirm_email": "other@named.example"}, "EMAIL_MISMATCH", "confirm_official_email"),
    ],
)
def test_what_cannot_be_taken_of_an_official(office: Office, change: dict[str, str], code: str, field: str) -> None:
    """IA-EMP-09, S-25."""
    with pytest.raises(FaultsError) as caught:
        ask(office, official=pb.NamedOfficial(**(SAID | change)))
    assert [(one.code, one.field) for one in caught.value.faults] == [(code, field)]


def test_the_contact_of_an_employer_is_the_primary_address_until_another_is_typed_twice(office: Office) -> None:
    """IA-EMP-06: for this employer alone; the person sees it, and nobody else."""
    id_ = ask(office)
    assert contact(office) == ""
    assert office.ask("GetRoleRequest", JANE, role_request_id=id_).contact_email == ""
    office.ask("CancelRoleRequest", JANE, role_request_id=id_)
    address = "jane.at.work@clinic.example"
    work: dict[str, Any] = {"contact_email": address, "confirm_contact_email": address.title()}
    again = ask(office, **work)
    assert contact(office) == address
    assert office.ask("GetRoleRequest", JANE, role_request_id=again).contact_email == address
    assert office.ask("GetRoleRequest", MANAGER, roles=["EUS"], role_request_id=again).contact_email == ""
    office.ask("CancelRoleRequest", JANE, role_request_id=again)
    third = ask(office, **work)
    assert len(office.room.events(Association.ContactChosen)) == 1, "the same address is no change"
    office.ask("CancelRoleRequest", JANE, role_request_id=third)
    ask(office)
    assert contact(office) == "", "and back to the primary one"


@pytest.mark.parametrize(
    ("typed", "code", "field"),
    [
        ({"contact_email": "x"}, "EMAIL_MALFORMED", "contact_email"),
        ({"contact_email": "a@b.example"}, "EMAIL_MISMATCH", "confirm_contact_email"),
        ({"confirm_contact_email": "a@b.example"}, "FIELD_REQUIRED", "contact_email"),
    ],
)
def test_an_address_is_typed_twice(office: Office, typed: dict[str, Any], code: str, field: str) -> None:
    """IA-EMP-06."""
    with pytest.raises(FaultsError) as caught:
        ask(office, **typed)
    assert [(one.code, one.field) for one in caught.value.faults] == [(code, field)]
    assert office.room.end() == 0


def test_the_invited_address_becomes_the_contact_at_every_selected_employer(office: Office) -> None:
    """IA-ADDS-02, D-28: also where it is not the address of the account that accepts."""
    other = uuid4()
    for employer in (CLINIC, other):
        request = office.ask("RequestRole", INVITER, employer_id=str(employer), role=AO, attestation=ATTESTATION)
        office.upload(INVITER, CP_575, role_request_id=request.receipt.id)
        office.ask("ApproveRoleRequest", MANAGER, roles=["EUS"], role_request_id=request.receipt.id)
    sent = office.ask(
        "InviteStaff", INVITER, first_name="Jane", last_name="Doe", email="invited@clinic.example",
        confirm_email="invited@clinic.example",
        offers=[pb.Offer(employer_id=str(one), role=SEU, functions=["PECOS"]) for one in (CLINIC, other)],
    )  # fmt: skip
    office.ask("EnterPin", JANE, email="invited@clinic.example", pin=office.pin_of(sent.receipt.id))
    assert contact(office) == "invited@clinic.example"
    chosen = office.room.events(Association.ContactChosen)
    assert {one.originator_id for one in chosen} == {Association.id_for(JANE, one) for one in (CLINIC, other)}
    office.parts.vault.destroy(UUID(sent.receipt.id))
    assert contact(office) == "", "an invitation that was erased leaves the primary address"


def test_a_repeat_gets_its_first_answer(office: Office) -> None:
    id_ = str(nature.new_id())
    assert ask(office, command_id=id_) == ask(office, command_id=id_) == id_
    assert len(office.room.events(RoleRequest.OfficialNamed)) == 1
