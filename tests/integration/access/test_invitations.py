"""Invitations and their PINs (2.7, 2.8, 4.4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from mandate.access.v1 import service_pb2 as pb
from mandate.identity.v1.events_pb2 import AccountActivated
from mandate.identity.v1.state_pb2 import AccountState

from chassis import nature
from chassis.domain import DomainError, NotAllowedError, NotFoundError
from chassis.hashing import hash_of
from chassis.server import Caller
from chassis.tokens import Claims
from services.access.commands import inviting, role_requests, staff
from services.access.domain.association import Association
from services.access.domain.invitation import Invitation
from services.access.domain.role_request import RoleRequest
from tests.access_office import PORTAL, Office, refused
from tests.attested import ATTESTATION
from tests.papers import hand_in

GROUP, BRANCH = nature.new_id(), nature.new_id()
OFFICIAL, MANAGER, INVITEE, STRANGER, HELP = (nature.new_id() for _ in range(5))
AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"
EMAIL = "Cleo.Vargas@harbor.example"
PERSON = {"first_name": "Cleo", "last_name": "Vargas", "email": EMAIL, "confirm_email": EMAIL}


def with_role(office: Office, who: UUID, role: str, employer: UUID = GROUP) -> UUID:
    asked = office.room.execute(
        role_requests.request_role, who, employer_id=employer, role=role, attestation=ATTESTATION
    )
    hand_in(office.room.app, asked.id)
    office.room.execute(role_requests.approve, HELP, roles=["EUS"], role_request_id=asked.id)
    return Association.id_for(who, employer)


def offer(employer: UUID = GROUP, role: str = SEU, *functions: str) -> pb.Offer:
    return pb.Offer(employer_id=str(employer), role=role, functions=functions)


def invite(office: Office, by: UUID, *offers: pb.Offer, **more: Any) -> Any:
    return office.ask("InviteStaff", by, offers=offers or [offer(GROUP, SEU, "PECOS", "NPPES")], **(PERSON | more))


def status(office: Office, invitation_id: str) -> str:
    invitation: Invitation = office.room.app.repository.get(UUID(invitation_id))
    return invitation.status


def held(office: Office, who: UUID, employer: UUID = GROUP) -> tuple[str, list[str], str]:
    association: Association = office.room.app.repository.get(Association.id_for(who, employer))
    return association.role, association.functions, association.status


@pytest.fixture
def staffed(office: Office) -> Office:
    with_role(office, OFFICIAL, AO)
    with_role(office, MANAGER, AM)
    return office


# -- inviting


def test_ia_adds_01_an_invitation_is_sent_with_a_pin_and_a_tracking_id(staffed: Office) -> None:
    """4.4 StaffInvited, PinIssued; IA-ADDS-05: 72 hours; the log holds neither address nor PIN."""
    sent = invite(staffed, MANAGER)
    assert sent.tracking_id.startswith("V")
    left = sent.expires_at.ToDatetime(tzinfo=nature.now().tzinfo) - nature.now()
    assert 71 * 3600 < left.total_seconds() <= 72 * 3600
    pin = staffed.pin_of(sent.receipt.id)
    assert len(pin) == 8  # D-27
    with staffed.room.app.session() as session:
        states = b"".join(bytes(state) for (state,) in session.run("SELECT state FROM log")).lower()
        kept = str(session.run("SELECT * FROM pins")).lower()
    for secret in (pin.lower(), EMAIL.lower(), "vargas"):
        assert secret.encode() not in states
        assert secret not in kept
    shown = staffed.ask("GetInvitation", OFFICIAL, invitation_id=sent.receipt.id).invitation
    assert (shown.name, shown.email, shown.status) == ("Cleo Vargas", "Cleo.Vargas@harbor.example", "ISSUED")


def test_the_same_command_invites_once(staffed: Office) -> None:
    id_ = str(nature.new_id())
    first, again = (invite(staffed, MANAGER, command_id=id_) for _ in range(2))
    assert first == again
    assert len(staffed.room.events(Invitation.StaffInvited)) == 1


@pytest.mark.parametrize(
    ("by", "role", "allowed"),
    [(OFFICIAL, AM, True), (OFFICIAL, SEU, True), (MANAGER, SEU, True), (MANAGER, AM, False), (STRANGER, SEU, False)],
)
def test_d_09_who_may_invite_whom(staffed: Office, by: UUID, role: str, allowed: bool) -> None:
    call = partial(invite, staffed, by, offer(GROUP, role))
    if allowed:
        assert call().receipt.id
    else:
        assert refused(call) == "MAY_NOT_MANAGE"
        assert staffed.room.events(Invitation.StaffInvited) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"first_name": " "}, "FIELD_REQUIRED"),
        ({"last_name": ""}, "FIELD_REQUIRED"),
        ({"email": ""}, "FIELD_REQUIRED"),
        ({"first_name": "X" * 36}, "NAME_MALFORMED"),
        ({"middle_name": "4"}, "NAME_MALFORMED"),
        ({"first_name": "<b>x</b>"}, "NAME_MALFORMED"),
        ({"last_name": "=?utf-8?q?a?="}, "NAME_MALFORMED"),
        ({"email": "no address"}, "EMAIL_MALFORMED"),
        ({"email": "a@b.example, c@d.example"}, "EMAIL_MALFORMED"),
        ({"confirm_email": "other@harbor.example"}, "EMAIL_MISMATCH"),
        ({"offers": []}, "NO_EMPLOYER"),
        ({"offers": [offer(), offer()]}, "EMPLOYER_TWICE"),
        ({"offers": [offer(GROUP, AO)]}, "NOT_OFFERED"),
        ({"offers": [offer(GROUP, "")]}, "NOT_OFFERED"),
        ({"offers": [offer(GROUP, SEU, "EHR")]}, "EHR_RETIRED"),
        ({"offers": [offer(GROUP, SEU, "pecos")]}, "UNKNOWN_FUNCTION"),
        ({"offers": [offer(), offer(BRANCH)]}, "MAY_NOT_MANAGE"),
        ({"offers": [pb.Offer(employer_id="x", role=SEU)]}, "FIELD_MALFORMED"),
    ],
)
def test_ia_adds_03_what_cannot_be_invited(staffed: Office, changed: dict[str, Any], code: str) -> None:
    """IA-ADDS-01, IA-ADDS-03, IA-EHR-01: the answer names the rule, the log is unchanged."""
    before = staffed.room.end()
    fields = {"offers": [offer()]} | PERSON | changed
    assert refused(lambda: staffed.ask("InviteStaff", OFFICIAL, **fields)) == code
    assert staffed.room.end() == before


def test_a_repeat_gets_the_first_answer_though_the_right_to_invite_has_ended(staffed: Office) -> None:
    command_id = str(nature.new_id())
    first = invite(staffed, MANAGER, command_id=command_id).receipt
    staffed.room.execute(staff.disassociate, OFFICIAL, association_id=Association.id_for(MANAGER, GROUP))
    assert invite(staffed, MANAGER, command_id=command_id).receipt == first
    assert refused(lambda: invite(staffed, MANAGER)) == "MAY_NOT_MANAGE"


def test_only_those_who_may_manage_such_people_see_an_invitation(staffed: Office) -> None:
    sent = invite(staffed, OFFICIAL, offer(GROUP, AM))
    for who in (MANAGER, STRANGER):
        with pytest.raises(NotFoundError):
            staffed.ask("GetInvitation", who, invitation_id=sent.receipt.id)
        with pytest.raises(NotFoundError):
            staffed.ask("WithdrawInvitation", who, invitation_id=sent.receipt.id)
    staffed.house.settle()
    shown = staffed.ask("ListInvitations", OFFICIAL, employer_id=str(GROUP)).invitations
    assert [one.invitation_id for one in shown] == [sent.receipt.id]
    assert not staffed.ask("ListInvitations", MANAGER, employer_id=str(GROUP)).invitations  # D-09
    mine = [invite(staffed, MANAGER).receipt.id for _ in range(2)]
    staffed.house.settle()
    page, after = [], ""
    for _ in mine:  # a page is full of what may be seen, whatever lies between
        [one] = staffed.ask("ListInvitations", MANAGER, employer_id=str(GROUP), limit=1, after=after).invitations
        page.append(after := one.invitation_id)
    assert page == mine
    with pytest.raises(NotAllowedError):
        staffed.ask("ListInvitations", STRANGER, employer_id=str(GROUP))


# -- the PIN


def test_ia_pin_01_a_person_who_is_signed_in_accepts_at_once(staffed: Office) -> None:
    """4.4: PinRedeemed, InvitationAccepted; D-28: whatever address the account has."""
    sent = invite(staffed, MANAGER)
    pin = staffed.pin_of(sent.receipt.id)
    typed = f" {pin[:4].lower()}-{pin[4:]} "  # limits: spaces, dashes and case are forgiven
    answer = staffed.ask("EnterPin", INVITEE, email=EMAIL.upper(), pin=typed)
    assert answer.proof == ""
    assert status(staffed, sent.receipt.id) == "ACCEPTED"
    assert held(staffed, INVITEE) == (SEU, ["NPPES", "PECOS"], "APPROVED")


def test_a_visitor_gets_a_proof_and_the_account_that_is_made_with_it_is_staff(staffed: Office) -> None:
    """4.4: Redeemed, then Accepted when the registration is complete."""
    sent = invite(staffed, MANAGER, offer(GROUP, SEU, "PECOS"))
    id_ = str(nature.new_id())
    typed: dict[str, Any] = {"email": EMAIL, "pin": staffed.pin_of(sent.receipt.id), "command_id": id_}
    proof, again = (staffed.ask("EnterPin", **typed).proof for _ in range(2))
    assert proof == again  # a repeat is right again
    assert status(staffed, sent.receipt.id) == "REDEEMED"
    for number, who in enumerate((INVITEE, STRANGER), start=1):  # the first account, and no other
        told = AccountActivated(account_id=str(who), invitation_proof=hash_of(proof).hex())
        staffed.house.tell(told, position=number)
    assert status(staffed, sent.receipt.id) == "ACCEPTED"
    assert held(staffed, INVITEE) == (SEU, ["PECOS"], "APPROVED")
    assert [one.account_id for one in staffed.room.events(Association.Invited)] == [INVITEE]


def test_who_has_an_account_signs_in_and_accepts_with_the_proof(staffed: Office) -> None:
    sent = invite(staffed, MANAGER)
    proof = staffed.ask("EnterPin", email=EMAIL, pin=staffed.pin_of(sent.receipt.id)).proof
    seen = staffed.ask("PreviewInvitation", INVITEE, proof=proof)
    [one] = seen.offers
    assert (seen.invited_by, one.employer_id, one.role) == (str(MANAGER), str(GROUP), SEU)
    assert sorted(one.functions) == ["NPPES", "PECOS"]
    staffed.ask("AcceptInvitation", INVITEE, proof=proof)
    for spent in (proof, "x" * 43, ""):
        assert refused(partial(staffed.ask, "PreviewInvitation", INVITEE, proof=spent)) == "PIN_REFUSED"
    assert held(staffed, INVITEE)[2] == "APPROVED"
    for who in (STRANGER, INVITEE):
        assert refused(partial(staffed.ask, "AcceptInvitation", who, proof=proof)) == "PIN_REFUSED"
    assert refused(lambda: staffed.ask("AcceptInvitation", STRANGER, proof="x" * 43)) == "PIN_REFUSED"
    assert refused(lambda: staffed.ask("AcceptInvitation", STRANGER, proof="")) == "PIN_REFUSED"


def test_ia_pin_02_email_and_pin_belong_together(staffed: Office) -> None:
    """A-01: one answer, whether the address is known or not."""
    mine = invite(staffed, MANAGER)
    other = "other@harbor.example"
    theirs = invite(staffed, MANAGER, email=other, confirm_email=other)
    wrong = [
        (other, staffed.pin_of(mine.receipt.id)),
        (EMAIL, staffed.pin_of(theirs.receipt.id)),
        ("nobody@harbor.example", staffed.pin_of(mine.receipt.id)),
    ]
    said = set()
    for email, pin in wrong:
        with pytest.raises(DomainError) as caught:
            staffed.ask("EnterPin", email=email, pin=pin)
        said.add((caught.value.code, str(caught.value)))
    assert len(said) == 1
    assert status(staffed, mine.receipt.id) == "ISSUED"


@pytest.mark.parametrize("typed", ["", "ABC", "ABCDEFGHJ", "ABCD EFG!", "ÄBCDEFGH", "\0" * 8])
def test_what_cannot_be_a_pin_is_no_try(staffed: Office, typed: str) -> None:
    sent = invite(staffed, MANAGER)
    for _ in range(6):
        assert refused(lambda: staffed.ask("EnterPin", email=EMAIL, pin=typed)) == "PIN_MALFORMED"
    staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=staffed.pin_of(sent.receipt.id))


def test_five_wrong_pins_block_it(staffed: Office) -> None:
    """4.4 PinRejected, PinBlocked; limits: 5 wrong tries."""
    sent = invite(staffed, MANAGER)
    for _ in range(5):
        assert status(staffed, sent.receipt.id) == "ISSUED"
        assert refused(lambda: staffed.ask("EnterPin", email=EMAIL, pin="ABCDEFGH")) == "PIN_REFUSED"
    assert status(staffed, sent.receipt.id) == "BLOCKED"
    right = staffed.pin_of(sent.receipt.id)
    assert refused(lambda: staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=right)) == "PIN_REFUSED"


def test_the_right_pin_of_one_invitation_is_no_wrong_one_of_another(staffed: Office) -> None:
    with_role(staffed, OFFICIAL, AO, BRANCH)
    sent = [invite(staffed, OFFICIAL, offer(employer)) for employer in (GROUP, BRANCH)]
    for _ in range(4):
        refused(lambda: staffed.ask("EnterPin", email=EMAIL, pin="ABCDEFGH"))
    for one in sent:
        staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=staffed.pin_of(one.receipt.id))
    assert [status(staffed, one.receipt.id) for one in sent] == ["ACCEPTED", "ACCEPTED"]


def test_a_05_two_hundred_at_once_get_five_tries(staffed: Office) -> None:
    sent = invite(staffed, MANAGER)

    def guess(_number: int) -> str:
        return refused(lambda: staffed.ask("EnterPin", email=EMAIL, pin="ABCDEFGH"))

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(guess, range(200))) == {"PIN_REFUSED"}
    assert len(staffed.room.events(Invitation.PinRejected)) == 5
    assert status(staffed, sent.receipt.id) == "BLOCKED"


def test_a_19_the_same_pin_at_once_is_used_once(staffed: Office) -> None:
    pin = staffed.pin_of(invite(staffed, MANAGER).receipt.id)

    def enter(who: UUID) -> bool:
        try:
            staffed.ask("EnterPin", who, email=EMAIL, pin=pin)
        except DomainError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(enter, [uuid4() for _ in range(8)])) == 1


@pytest.mark.parametrize("late", [False, True])
def test_d_27_at_72_hours_it_is_expired(staffed: Office, late: bool) -> None:
    sent = invite(staffed, MANAGER)
    pin = staffed.pin_of(sent.receipt.id)
    staffed.clock.forward(hours=72, seconds=0 if late else -60)
    staffed.house.settle()
    if late:
        assert status(staffed, sent.receipt.id) == "EXPIRED"
        assert refused(lambda: staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=pin)) == "PIN_REFUSED"
        with staffed.room.app.session() as session:
            assert session.run("SELECT * FROM pins") == []
    else:
        staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=pin)
        assert status(staffed, sent.receipt.id) == "ACCEPTED"


def test_what_a_pin_is_compared_with_goes_with_its_time(staffed: Office) -> None:
    """S-20: used, blocked or neither."""
    used, _ = (invite(staffed, MANAGER) for _ in range(2))
    staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=staffed.pin_of(used.receipt.id))
    staffed.house.settle()
    with staffed.room.app.session() as session:
        assert len(session.run("SELECT * FROM pins")) == 2
        staffed.clock.forward(hours=72)
        staffed.house.settle()
        assert session.run("SELECT * FROM pins") == []


def test_a_late_timer_gives_nobody_more_time(staffed: Office) -> None:
    pin = staffed.pin_of(invite(staffed, MANAGER).receipt.id)
    staffed.clock.forward(hours=72)
    assert refused(lambda: staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=pin)) == "PIN_REFUSED"


def test_an_invitation_is_withdrawn_by_anybody_who_may_invite(staffed: Office) -> None:
    """4.4: inviter, any AO or AM."""
    sent = invite(staffed, MANAGER)
    staffed.ask("WithdrawInvitation", OFFICIAL, invitation_id=sent.receipt.id)
    staffed.ask("WithdrawInvitation", OFFICIAL, invitation_id=sent.receipt.id)
    assert len(staffed.room.events(Invitation.Withdrawn)) == 1
    pin = staffed.pin_of(sent.receipt.id)
    assert refused(lambda: staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=pin)) == "PIN_REFUSED"
    accepted = invite(staffed, MANAGER)
    staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=staffed.pin_of(accepted.receipt.id))
    over = partial(staffed.ask, "WithdrawInvitation", OFFICIAL, invitation_id=accepted.receipt.id)
    assert refused(over) == "INVITATION_OVER"


# -- what is had then


def test_what_the_inviter_may_not_give_any_more_is_not_given(staffed: Office) -> None:
    """D-50: judged when it is accepted."""
    with_role(staffed, MANAGER, AM, BRANCH)
    both = invite(staffed, MANAGER, offer(GROUP), offer(BRANCH))
    staffed.room.execute(staff.disassociate, MANAGER, association_id=Association.id_for(MANAGER, GROUP))
    staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=staffed.pin_of(both.receipt.id))
    assert held(staffed, INVITEE, BRANCH)[2] == "APPROVED"
    assert staffed.room.app.repository.find(Association.id_for(INVITEE, GROUP)) is None
    none = invite(staffed, MANAGER, offer(BRANCH))
    staffed.room.execute(staff.disassociate, MANAGER, association_id=Association.id_for(MANAGER, BRANCH))
    pin = staffed.pin_of(none.receipt.id)
    assert refused(lambda: staffed.ask("EnterPin", STRANGER, email=EMAIL, pin=pin)) == "INVITATION_VOID"


def test_a_registration_with_a_void_invitation_ends_the_invitation(staffed: Office) -> None:
    sent = invite(staffed, MANAGER)
    proof = staffed.ask("EnterPin", email=EMAIL, pin=staffed.pin_of(sent.receipt.id)).proof
    staffed.room.execute(staff.disassociate, MANAGER, association_id=Association.id_for(MANAGER, GROUP))
    staffed.house.tell(AccountActivated(account_id=str(INVITEE), invitation_proof=hash_of(proof).hex()))
    assert status(staffed, sent.receipt.id) == "WITHDRAWN"


def test_d_39_an_invitation_takes_nothing_away(staffed: Office) -> None:
    with_role(staffed, INVITEE, SEU)
    association = Association.id_for(INVITEE, GROUP)
    staffed.room.execute(staff.grant_function, MANAGER, association_id=association, function="NPPES")
    for offers, expected in (
        (offer(GROUP, SEU, "PECOS"), (SEU, ["NPPES", "PECOS"])),
        (offer(GROUP, AM), (AM, [])),
        (offer(GROUP, SEU, "PECOS"), (AM, [])),
    ):
        sent = invite(staffed, OFFICIAL, offers)
        staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=staffed.pin_of(sent.receipt.id))
        assert held(staffed, INVITEE)[:2] == expected


@pytest.mark.parametrize(("asked", "after"), [(SEU, "CANCELLED"), (AM, "PENDING")])
def test_a_request_for_no_more_than_is_had_now_is_closed(staffed: Office, asked: str, after: str) -> None:
    request = staffed.room.execute(role_requests.request_role, INVITEE, employer_id=GROUP, role=asked)
    sent = invite(staffed, OFFICIAL)
    staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=staffed.pin_of(sent.receipt.id))
    kept: RoleRequest = staffed.room.app.repository.get(request.id)
    assert kept.status == after
    assert held(staffed, INVITEE)[0] == SEU


def test_x_20_the_chain_begins_with_the_invitation(staffed: Office) -> None:
    sent = invite(staffed, MANAGER)
    staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=staffed.pin_of(sent.receipt.id))
    staffed.house.tell(AccountState(account_id=str(INVITEE), active=True))
    staffed.servicer._authority.step()
    said = staffed.ask("ExplainAuthority", MANAGER, account_id=str(INVITEE), provider_id=str(GROUP), function="PECOS")
    assert (said.invitation_id, said.invitation_tracking_id) == (sent.receipt.id, sent.tracking_id)


# -- the notifier's question


@pytest.mark.parametrize(("asked", "written"), [("es", "es"), ("xx", "en")])
def test_who_is_invited_is_written_to_in_the_language_of_the_page(staffed: Office, asked: str, written: str) -> None:
    """M-01: nobody knows the person's own; sending it again keeps it."""
    caller = replace(staffed.caller(MANAGER), language=asked)
    offers = [offer(GROUP, SEU, "PECOS")]
    request = pb.InviteStaffRequest(command_id=str(nature.new_id()), offers=offers, **PERSON)
    first = staffed.servicer.InviteStaff(request, caller)
    again = staffed.ask("ResendInvitation", MANAGER, invitation_id=first.receipt.id)
    for sent in (first, again):
        about = pb.GetInviteeRequest(invitation_id=sent.receipt.id)
        assert staffed.invitees.GetInvitee(about, Caller(claims=Claims(service="notifier"))).language == written


def test_only_the_notifier_learns_where_an_invitation_goes(staffed: Office) -> None:
    sent = invite(staffed, MANAGER)
    request = pb.GetInviteeRequest(invitation_id=sent.receipt.id)
    asks = Caller(claims=Claims(service="notifier"))
    found = staffed.invitees.GetInvitee(request, asks)
    assert (found.email, found.language) == (EMAIL, "en")
    with pytest.raises(NotAllowedError):
        staffed.invitees.GetInvitee(request, PORTAL)
    staffed.parts.vault.destroy(UUID(sent.receipt.id))
    with pytest.raises(NotFoundError):
        staffed.invitees.GetInvitee(request, asks)
    assert staffed.ask("GetInvitation", OFFICIAL, invitation_id=sent.receipt.id).invitation.name == ""


# -- sent again, and asked for


def wrong_tries(office: Office, count: int = 5) -> None:
    for _ in range(count):
        assert refused(lambda: office.ask("EnterPin", email=EMAIL, pin="ABCD2345")) == "PIN_REFUSED"


@pytest.mark.parametrize("how", ["live", "expired", "blocked"])
def test_what_is_sent_again_has_a_new_pin_and_the_old_one_is_dead(staffed: Office, how: str) -> None:
    """4.4 StaffInvited, PinIssued; the same person, the same offers, a Tracking ID of its own, 72 hours from now."""
    old = invite(staffed, MANAGER)
    pin = staffed.pin_of(old.receipt.id)
    if how == "expired":
        staffed.clock.forward(hours=72)
    if how == "blocked":
        wrong_tries(staffed)
    command_id = str(nature.new_id())
    again = staffed.ask("ResendInvitation", OFFICIAL, invitation_id=old.receipt.id, command_id=command_id)
    assert staffed.ask("ResendInvitation", OFFICIAL, invitation_id=old.receipt.id, command_id=command_id) == again
    assert again.tracking_id != old.tracking_id
    assert status(staffed, old.receipt.id) == ("REPLACED" if how == "blocked" else "WITHDRAWN")
    new_pin = staffed.pin_of(again.receipt.id)
    assert new_pin != pin
    assert refused(lambda: staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=pin)) == "PIN_REFUSED"
    staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=new_pin)
    assert held(staffed, INVITEE) == (SEU, ["NPPES", "PECOS"], "APPROVED")
    log = "".join(str(vars(event)) for event in staffed.room.events())
    assert not [secret for secret in (pin, new_pin, EMAIL, "Vargas") if secret in log]


def test_the_list_holds_what_was_sent_again_once(staffed: Office) -> None:
    """All employers that the caller manages in one question, D-09 kept."""
    with_role(staffed, OFFICIAL, AO, BRANCH)
    old = invite(staffed, OFFICIAL, offer(BRANCH, AM), offer(GROUP, SEU))
    staffed.clock.forward(hours=72)
    staffed.room.execute(inviting.expire, HELP, id=UUID(old.receipt.id))
    again = staffed.ask("ResendInvitation", OFFICIAL, invitation_id=old.receipt.id).receipt.id
    staffed.house.settle()
    for who in (OFFICIAL, MANAGER):
        assert [one.invitation_id for one in staffed.ask("ListInvitations", who).invitations] == [again]
    with pytest.raises(NotAllowedError):
        staffed.ask("ListInvitations", STRANGER)


def test_who_may_not_invite_to_all_of_it_sends_nothing_again(staffed: Office) -> None:
    """D-09, D-11: what the caller sees is not yet what the caller may give; nobody else learns that it exists."""
    with_role(staffed, OFFICIAL, AO, BRANCH)
    old = invite(staffed, OFFICIAL, offer(BRANCH, AM), offer(GROUP, SEU)).receipt.id
    assert refused(lambda: staffed.ask("ResendInvitation", MANAGER, invitation_id=old)) == "MAY_NOT_MANAGE"
    with pytest.raises(NotFoundError):
        staffed.ask("ResendInvitation", STRANGER, invitation_id=old)
    assert status(staffed, old) == "ISSUED"


@pytest.mark.parametrize("end", ["accepted", "withdrawn", "sent again", "erased"])
def test_what_is_over_is_not_sent_again(staffed: Office, end: str) -> None:
    """4.4."""
    old = invite(staffed, MANAGER).receipt.id
    if end == "accepted":
        staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=staffed.pin_of(old))
    if end == "withdrawn":
        staffed.ask("WithdrawInvitation", MANAGER, invitation_id=old)
    if end == "sent again":
        staffed.ask("ResendInvitation", MANAGER, invitation_id=old)
    if end == "erased":
        staffed.parts.vault.destroy(UUID(old))
    before = len(staffed.room.events(Invitation.StaffInvited))
    assert refused(lambda: staffed.ask("ResendInvitation", MANAGER, invitation_id=old)) == "INVITATION_OVER"
    assert len(staffed.room.events(Invitation.StaffInvited)) == before


@pytest.mark.parametrize("how", ["late", "expired", "blocked"])
def test_who_comes_too_late_asks_for_a_new_pin_once(staffed: Office, how: str) -> None:
    """Row 43 of the portal: the timer may have run or not; asking again tells nobody anything new."""
    sent = invite(staffed, MANAGER).receipt.id
    if how == "blocked":
        wrong_tries(staffed)
    else:
        staffed.clock.forward(hours=72)
    if how == "expired":
        staffed.room.execute(inviting.expire, HELP, id=UUID(sent))
    for who in (None, INVITEE):
        staffed.ask("AskForNewPin", who, email=EMAIL.upper())
    [asked] = staffed.room.events(Invitation.NewPinAsked)
    assert str(asked.originator_id) == sent
    assert staffed.ask("GetInvitation", MANAGER, invitation_id=sent).invitation.new_pin_asked
    again = staffed.ask("ResendInvitation", MANAGER, invitation_id=sent).receipt.id
    staffed.ask("AskForNewPin", email=EMAIL)
    assert len(staffed.room.events(Invitation.NewPinAsked)) == 1
    assert status(staffed, again) == "ISSUED"


def test_asking_for_a_new_pin_tells_nobody_whether_there_is_an_invitation(staffed: Office) -> None:
    """A-01: the same answer, nothing written, for a live PIN, an unknown address and one that is accepted."""
    sent = invite(staffed, MANAGER).receipt.id
    before = staffed.room.end()
    answers = [staffed.ask("AskForNewPin", email=address) for address in (EMAIL, "nobody@harbor.example")]
    staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=staffed.pin_of(sent))
    written = staffed.room.end()
    staffed.clock.forward(hours=73)
    staffed.room.execute(inviting.expire, HELP, id=UUID(sent))
    answers.append(staffed.ask("AskForNewPin", email=EMAIL))
    assert answers == [pb.AskForNewPinResponse()] * 3
    assert before < written == staffed.room.end()
    assert refused(lambda: staffed.ask("AskForNewPin", email="x")) == "EMAIL_MALFORMED"


def test_nothing_to_compare_a_pin_with_is_left_when_its_time_is_over(staffed: Office) -> None:
    """S-06, S-20: of a dead PIN its address is kept, blind, for who asks for a new one; of a used one nothing."""
    dead, used = invite(staffed, MANAGER).receipt.id, invite(staffed, MANAGER).receipt.id
    staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=staffed.pin_of(used))
    staffed.clock.forward(hours=72)
    for id_ in (dead, used):
        staffed.room.execute(inviting.expire, HELP, id=UUID(id_))
    with staffed.room.app.session() as session:
        assert session.run("SELECT * FROM pins") == []
        assert session.run("SELECT invitation_id FROM invited") == [(UUID(dead),)]


def test_an_invitation_with_changes_takes_the_place_of_the_old_one(staffed: Office) -> None:
    """4.4: a PIN that went to a wrong address is dead once the right one is written to."""
    old = invite(staffed, MANAGER).receipt.id
    pin = staffed.pin_of(old)
    right = {"email": "right@harbor.example", "confirm_email": "right@harbor.example"}
    with_role(staffed, STRANGER, AO, BRANCH)
    with pytest.raises(NotFoundError):
        invite(staffed, STRANGER, offer(BRANCH), replaces=old, **right)
    new = invite(staffed, MANAGER, replaces=old, **right).receipt.id
    assert (status(staffed, old), status(staffed, new)) == ("WITHDRAWN", "ISSUED")
    assert refused(lambda: staffed.ask("EnterPin", INVITEE, email=EMAIL, pin=pin)) == "PIN_REFUSED"
    assert refused(lambda: invite(staffed, MANAGER, replaces=old, **right)) == "INVITATION_OVER"
    staffed.ask("EnterPin", INVITEE, email="right@harbor.example", pin=staffed.pin_of(new))
    assert held(staffed, INVITEE)[0] == SEU
