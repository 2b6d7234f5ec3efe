"""Whoever's account is closed asks for nothing and works for nobody any more (D-41)."""

from __future__ import annotations

from uuid import UUID

import pytest
from mandate.identity.v1.events_pb2 import AccountClosed

from chassis import nature
from chassis.domain import NotAllowedError
from chassis.messages import timestamp
from services.access.commands import role_requests
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest
from services.access.policies.close_with_account import CLOSER
from tests.access_office import Office
from tests.attested import ATTESTATION
from tests.papers import hand_in

GROUP, BRANCH = nature.new_id(), nature.new_id()
JANE, KIM, HELP = (nature.new_id() for _ in range(3))
AO, SEU = "AUTHORIZED_OFFICIAL", "STAFF_END_USER"


def ask(office: Office, who: UUID, role: str, employer: UUID = GROUP) -> UUID:
    return office.room.execute(
        role_requests.request_role, who, employer_id=employer, role=role, attestation=ATTESTATION
    ).id


def approved(office: Office, who: UUID, role: str, employer: UUID = GROUP) -> None:
    request_id = ask(office, who, role, employer)
    hand_in(office.room.app, request_id)
    office.room.execute(role_requests.approve, HELP, roles=["EUS"], role_request_id=request_id)


def close(office: Office, who: UUID) -> None:
    closed = AccountClosed(account_id=str(who), closed_by=str(HELP), closed_at=timestamp(nature.now()))
    office.house.tell(closed, key=who)
    office.house.settle()


def status(office: Office, who: UUID, employer: UUID = GROUP) -> str:
    association: Association = office.room.app.repository.get(Association.id_for(who, employer))
    return association.status


def test_what_was_asked_for_is_cancelled_and_what_was_held_ends(office: Office) -> None:
    """D-41: by the system; of others nothing changes."""
    approved(office, JANE, AO)
    approved(office, KIM, SEU)
    waiting = ask(office, JANE, SEU, BRANCH)
    close(office, JANE)
    [closed] = office.room.events(RoleRequest.Closed)
    assert (closed.originator_id, closed.reason) == (waiting, "ACCOUNT_CLOSED")
    assert (status(office, JANE), status(office, JANE, BRANCH)) == ("DISASSOCIATED", "CANCELLED")
    [ended] = office.room.events(Association.Ended)
    assert ended.ended_by == CLOSER
    assert status(office, KIM) == "APPROVED"


def test_the_last_official_s_account_leaves_the_employer_without_one(office: Office) -> None:
    """D-08 follows D-41."""
    approved(office, JANE, AO)
    close(office, JANE)
    assert len(office.room.events(Association.EmployerLeftWithoutOfficial)) == 1


def test_a_change_of_role_that_waits_goes_with_the_role(office: Office) -> None:
    """D-39."""
    approved(office, JANE, SEU)
    ask(office, JANE, AO)
    close(office, JANE)
    assert len(office.room.events(RoleRequest.Closed)) == 1
    assert status(office, JANE) == "DISASSOCIATED"


def test_what_a_last_token_asks_for_is_cancelled_too(office: Office) -> None:
    """A token outlives its account by seconds (limits)."""
    close(office, JANE)
    ask(office, JANE, SEU)
    office.house.settle()
    assert status(office, JANE) == "CANCELLED"


def test_the_desk_sees_what_ends_and_nobody_else_does(office: Office) -> None:
    """D-41: before it closes an account."""
    approved(office, JANE, AO)
    waiting = ask(office, JANE, SEU, BRANCH)
    office.house.settle()
    listed = office.ask("ListEmployersOf", HELP, roles=("EUS",), account_id=str(JANE)).associations
    assert {one.employer_id: one.status for one in listed} == {str(GROUP): "APPROVED", str(BRANCH): "PENDING"}
    assert {one.role_request_id for one in listed} == {"", str(waiting)}
    for who, roles in ((JANE, ()), (KIM, ()), (KIM, ("MAC", "AUDITOR"))):
        with pytest.raises(NotAllowedError):
            office.ask("ListEmployersOf", who, roles=roles, account_id=str(JANE))
