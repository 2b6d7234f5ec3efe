"""Nobody asks for a role at a closed employer, is invited to it, or works for it any more (D-41)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from chassis import nature
from chassis.domain import NotAllowedError
from services.access.commands import employers, role_requests, staff
from services.access.domain.association import Association
from services.access.domain.employer import Employer
from services.access.domain.invitation import Invitation, Offer
from services.access.domain.role_request import RoleRequest
from services.access.policies import close_with_employer
from services.access.policies.close_with_employer import CLOSER
from tests.access_office import Office, refused
from tests.attested import ATTESTATION
from tests.papers import hand_in

GROUP, BRANCH = nature.new_id(), nature.new_id()
JANE, KIM, LEO, HELP = (nature.new_id() for _ in range(4))
AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"
WHY = "Out of business since May."


def ask(office: Office, who: UUID, role: str, employer: UUID = GROUP) -> UUID:
    receipt = office.room.execute(
        role_requests.request_role, who, employer_id=employer, role=role, attestation=ATTESTATION
    )
    return receipt.id


def approved(office: Office, who: UUID, role: str, employer: UUID = GROUP) -> None:
    request_id = ask(office, who, role, employer)
    hand_in(office.room.app, request_id)
    office.room.execute(role_requests.approve, HELP, roles=["EUS"], role_request_id=request_id)


def invite(office: Office, *employer_ids: UUID) -> str:
    offers = [{"employer_id": str(id_), "role": SEU, "functions": ["PECOS"]} for id_ in employer_ids]
    address = "new@clinic.example"
    invitee = {"first_name": "New", "last_name": "Comer", "email": address, "confirm_email": address}
    return str(office.ask("InviteStaff", JANE, offers=offers, **invitee).receipt.id)


def close(office: Office, employer: UUID = GROUP, *, settled: bool = True) -> None:
    office.ask("CloseEmployer", HELP, roles=["EUS"], employer_id=str(employer), reason=f" {WHY} ")
    if settled:
        office.house.settle()


def status(office: Office, who: UUID, employer: UUID = GROUP) -> str:
    association: Association = office.room.app.repository.get(Association.id_for(who, employer))
    return association.status


def invitation(office: Office, id_: str) -> str:
    found: Invitation = office.room.app.repository.get(UUID(id_), kind=Invitation)
    return found.status


@pytest.fixture
def staffed(office: Office) -> Office:
    """Jane is official at two employers, Kim works for both, Leo asks to at both."""
    for employer in (GROUP, BRANCH):
        approved(office, JANE, AO, employer)
        approved(office, KIM, SEU, employer)
        ask(office, LEO, SEU, employer)
    office.house.settle()
    return office


def test_d_41_what_was_asked_for_is_cancelled_what_was_held_ends_and_invitations_are_withdrawn(
    staffed: Office,
) -> None:
    """By the system; at other employers nothing changes."""
    here, there = invite(staffed, GROUP), invite(staffed, BRANCH)
    close(staffed)
    assert [status(staffed, who) for who in (JANE, KIM, LEO)] == ["DISASSOCIATED", "DISASSOCIATED", "CANCELLED"]
    assert [status(staffed, who, BRANCH) for who in (JANE, KIM, LEO)] == ["APPROVED", "APPROVED", "PENDING"]
    assert {one.ended_by for one in staffed.room.events(Association.Ended)} == {CLOSER}
    assert [one.reason for one in staffed.room.events(RoleRequest.Closed)] == ["EMPLOYER_CLOSED"]
    assert (invitation(staffed, here), invitation(staffed, there)) == ("WITHDRAWN", "ISSUED")
    [withdrawn] = staffed.room.events(Invitation.Withdrawn)
    assert withdrawn.withdrawn_by == CLOSER


def test_d_41_history_says_who_closed_it_and_why_once(staffed: Office) -> None:
    close(staffed)
    close(staffed)
    [closed] = staffed.room.events(Employer.Closed)
    assert (closed.employer_id, closed.closed_by, closed.reason) == (GROUP, HELP, WHY)


def test_d_41_nobody_is_told_that_a_closed_employer_lacks_an_official(staffed: Office) -> None:
    """D-08 is of employers that go on."""
    close(staffed)
    assert staffed.room.events(Association.EmployerLeftWithoutOfficial) == []


def test_d_41_nobody_asks_invites_approves_or_modifies_there_even_before_anybody_was_let_go(staffed: Office) -> None:
    """What to do is in the words of EMPLOYER_CLOSED."""
    [request_id] = [
        one.originator_id
        for one in staffed.room.events(RoleRequest.Requested)
        if (one.account_id, one.employer_id) == (LEO, GROUP)
    ]
    close(staffed, settled=False)
    about = {"association_id": str(Association.id_for(KIM, GROUP))}
    offer = {"employer_id": str(GROUP), "role": SEU, "functions": ["PECOS"]}
    for call in (
        lambda: staffed.ask("RequestRole", KIM, employer_id=str(GROUP), role=AO, attestation=ATTESTATION),
        lambda: staffed.ask("ApproveRoleRequest", JANE, role_request_id=str(request_id)),
        lambda: invite(staffed, BRANCH, GROUP),
        lambda: staffed.ask("ModifyStaff", JANE, account_id=str(KIM), offers=[offer]),
        lambda: staffed.ask("GrantFunction", JANE, function="NPPES", **about),
        lambda: staffed.ask("WithholdProviders", JANE, provider_ids=[], **about),
    ):
        assert refused(call) == "EMPLOYER_CLOSED"
    staffed.house.settle()
    assert refused(lambda: ask(staffed, KIM, SEU)) == "EMPLOYER_CLOSED"


def at_the_same_moment(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Close the employer behind the back of what is asked next, which has looked just before."""
    close(office)
    for module in ("role_requests", "staff", "inviting"):
        monkeypatch.setattr(f"services.access.commands.{module}.require_open", lambda *_: None)


def test_d_41_what_is_asked_for_or_given_at_the_same_moment_ends_too(
    staffed: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever comes second."""
    at_the_same_moment(staffed, monkeypatch)
    ask(staffed, LEO, SEU)
    ask(staffed, HELP, SEU)
    offers = [offered(GROUP), offered(BRANCH)]  # by External User Services, who manage people everywhere
    staffed.room.execute(staff.modify, HELP, roles=["EUS"], account_id=KIM, offers=offers)
    assert status(staffed, KIM) == "APPROVED"
    staffed.house.settle()
    assert [status(staffed, who) for who in (LEO, HELP, KIM)] == ["CANCELLED", "CANCELLED", "DISASSOCIATED"]
    assert status(staffed, KIM, BRANCH) == "APPROVED"


def offered(employer: UUID) -> Offer:
    return Offer(employer, SEU, ("PECOS",))


def test_d_41_an_invitation_to_others_too_stays_and_gives_nothing_at_the_closed_one(staffed: Office) -> None:
    both = invite(staffed, GROUP, BRANCH)
    close(staffed, settled=False)
    pin = staffed.pin_of(both)
    newcomer = nature.new_id()
    staffed.ask("EnterPin", newcomer, email="new@clinic.example", pin=pin)
    [accepted] = staffed.room.events(Invitation.Accepted)
    assert [one["employer_id"] for one in accepted.offers] == [str(BRANCH)]
    again = invite(staffed, BRANCH)
    staffed.house.settle()
    assert invitation(staffed, again) == "ISSUED"
    close(staffed, BRANCH)
    assert invitation(staffed, again) == "WITHDRAWN"


def test_d_41_an_invitation_to_two_goes_with_the_second(staffed: Office) -> None:
    both = invite(staffed, GROUP, BRANCH)
    close(staffed)
    assert invitation(staffed, both) == "ISSUED"
    close(staffed, BRANCH)
    assert invitation(staffed, both) == "WITHDRAWN"


def test_d_41_an_invitation_sent_at_the_same_moment_is_withdrawn(
    staffed: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By somebody who was looked up just before, and who is let go since."""
    close(staffed)
    monkeypatch.setattr("services.access.commands.inviting._require_may_offer", lambda *_: None)
    late = invite(staffed, GROUP)
    staffed.house.settle()
    assert invitation(staffed, late) == "WITHDRAWN"


def test_d_41_many_are_let_go_some_at_a_time(staffed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction has an end: nobody else writes while it lasts."""
    monkeypatch.setattr(close_with_employer, "AT_ONCE", 2)
    invitations = [invite(staffed, GROUP) for _ in range(3)]
    close(staffed)
    assert {status(staffed, who) for who in (JANE, KIM)} == {"DISASSOCIATED"}
    assert {invitation(staffed, id_) for id_ in invitations} == {"WITHDRAWN"}
    assert len(staffed.room.events(Employer.ClosingWentOn)) >= 1


def test_d_41_only_the_desk_closes_after_a_second_factor_with_a_reason_and_never_a_person_s_own_record(
    staffed: Office,
) -> None:
    def closing(who: UUID = HELP, employer: UUID = GROUP, reason: str = WHY) -> str:
        roles = ["EUS"] if who == HELP else ["MAC", "AUDITOR"]
        return refused(lambda: staffed.ask("CloseEmployer", who, roles=roles, employer_id=str(employer), reason=reason))

    stranger, doctor = nature.new_id(), nature.new_id()
    street: Any = staffed.parts.registry
    street.strangers.add(stranger)
    street.persons.add(doctor)
    assert closing(JANE) == "MAY_NOT_CLOSE"
    assert closing(reason=" ") == "FIELD_REQUIRED"
    assert closing(reason="x" * 501) == "FIELD_TOO_LONG"
    assert closing(employer=stranger) == "UNKNOWN_EMPLOYER"
    assert closing(employer=doctor) == "OWN_RECORD"
    cause = staffed.caller(HELP, ["EUS"]).cause(str(nature.new_id()))
    staffed.clock.forward(minutes=16)
    late = {"employer_id": GROUP, "reason": WHY}
    assert refused(lambda: staffed.room.app.execute(employers.close, cause, **late)) == "STEP_UP_REQUIRED"
    assert staffed.room.events(Employer.Closed) == []


def test_d_41_the_desk_sees_what_ends_then_why_it_is_closed_and_nobody_else_does(staffed: Office) -> None:
    invite(staffed, GROUP)
    invite(staffed, BRANCH)
    staffed.house.settle()

    def shown(who: UUID = HELP, roles: tuple[str, ...] = ("EUS",)) -> Any:
        return staffed.ask("GetEmployer", who, roles=roles, employer_id=str(GROUP))

    found = shown()
    assert (found.people, found.role_requests, found.invitations) == (2, 1, 1)
    assert not found.HasField("closed_at")
    close(staffed)
    found = shown()
    assert (found.people, found.role_requests, found.invitations) == (0, 0, 0)
    assert (found.closed_by, found.reason) == (str(HELP), WHY)
    assert found.HasField("closed_at")
    for who, roles in ((JANE, ()), (KIM, ("MAC", "AUDITOR"))):
        with pytest.raises(NotAllowedError):
            shown(who, roles)
