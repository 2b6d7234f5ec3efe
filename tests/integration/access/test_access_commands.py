"""What may be asked of access: what is allowed happens once, what is refused leaves nothing in the log (4.2, 4.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import nature
from chassis.application import CommandIdError, CommandTooOldError
from chassis.cause import Cause, Receipt
from chassis.domain import DomainError, NotFoundError
from chassis.stepping_up import StepUpRequiredError
from chassis.vocabulary import attestations
from chassis.vocabulary.attestations import AttestationUnknownError
from chassis.vocabulary.functions import EhrRetiredError, UnknownFunctionError
from chassis.vocabulary.reasons import ReasonTooLongError
from services.access.commands import role_requests, staff
from services.access.commands.role_requests import AttestationMissingError, UnknownRoleError
from services.access.domain.association import (
    AlreadyAskedError,
    Association,
    NotAssociatedError,
    NotStaffError,
    SameRoleError,
)
from services.access.domain.deciding import MayNotDecideError, MayNotManageError
from services.access.domain.role_request import (
    AlreadyDecidedError,
    NotYoursToCancelError,
    OwnRequestError,
    RoleRequest,
)
from services.access.projections.role_requests import pending
from services.access.projections.staff_list import employers_of, of_managed
from services.access.projections.staff_people import Scope
from tests.attested import ATTESTATION, SIGNATURE
from tests.house import House, Room
from tests.papers import hand_in

AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"
HELP, OFFICIAL, MANAGER, PERSON, STRANGER = (uuid4() for _ in range(5))
EMPLOYER, ELSEWHERE = uuid4(), uuid4()
EUS = ("EUS",)


@pytest.fixture
def access(house: House) -> Room:
    return house.access


def count_of(room: Room) -> tuple[int, int]:
    with room.app.session() as session:
        [(events,)] = session.run("SELECT count(*) FROM log")
        [(answers,)] = session.run("SELECT count(*) FROM answered")
    return events, answers


@contextmanager
def refused(room: Room, error: type[DomainError]) -> Iterator[None]:
    """Inside, the error is raised; afterwards the log and the answers are as they were."""
    before = count_of(room)
    with pytest.raises(error):
        yield
    assert count_of(room) == before


def ask(room: Room, who: UUID, role: str, *, employer: UUID = EMPLOYER) -> UUID:
    attestation = ATTESTATION if role == AO else ""
    return room.execute(role_requests.request_role, who, employer_id=employer, role=role, attestation=attestation).id


def approve(room: Room, by: UUID, request: UUID, *, roles: tuple[str, ...] = ()) -> Receipt:
    return room.execute(role_requests.approve, by, roles=roles, role_request_id=request)


def with_role(room: Room, who: UUID, role: str, *, employer: UUID = EMPLOYER) -> UUID:
    """Give somebody a role by the help desk; the association's id."""
    request = ask(room, who, role, employer=employer)
    hand_in(room.app, request)
    approve(room, HELP, request, roles=EUS)
    return Association.id_for(who, employer)


def kinds(room: Room) -> list[str]:
    return [type(event).__qualname__ for event in room.events()]


def test_asking_opens_a_request_and_an_association_in_one_transaction(access: Room) -> None:
    cause = Cause.of(PERSON)
    receipt = access.app.execute(role_requests.request_role, cause, employer_id=EMPLOYER, role=SEU)
    assert kinds(access) == ["RoleRequest.Requested", "Association.Requested"]
    assert (receipt.id, receipt.position, receipt.origin) == (cause.command_id, access.end(), "access")
    [requested] = access.events(RoleRequest.Requested)
    assert requested.tracking_id[0] == "R"


def test_an_official_agrees_to_the_statement(access: Room) -> None:
    """IA-EMP-08."""
    with refused(access, AttestationMissingError):
        access.execute(role_requests.request_role, PERSON, employer_id=EMPLOYER, role=AO)
    ask(access, PERSON, AO)
    assert access.events(RoleRequest.Requested)[0].attestation == ATTESTATION


@pytest.mark.parametrize("agreed", ["v1", ATTESTATION[:-1], ATTESTATION.replace(".en:", ".es:"), SIGNATURE])
@pytest.mark.parametrize("role", [AO, SEU])
def test_nobody_agrees_to_a_statement_that_no_page_shows(access: Room, role: str, agreed: str) -> None:
    """IA-EMP-08."""
    with refused(access, AttestationUnknownError):
        access.execute(role_requests.request_role, PERSON, employer_id=EMPLOYER, role=role, attestation=agreed)


def test_an_official_agrees_in_the_language_of_the_page(access: Room) -> None:
    """IA-EMP-08: the Spanish page shows Spanish words, whose hash is another."""
    agreed = attestations.shown("es")[attestations.OFFICIAL].mark
    access.execute(role_requests.request_role, PERSON, employer_id=EMPLOYER, role=AO, attestation=agreed)
    assert access.events(RoleRequest.Requested)[0].attestation == agreed


@pytest.mark.parametrize("role", ["", "SURROGATE", "authorized_official", "EUS", "\0", "🏥" * 1000])
def test_an_unknown_role_is_refused(access: Room, role: str) -> None:
    """IA-EMP-07."""
    with refused(access, UnknownRoleError):
        ask(access, PERSON, role)


def test_one_request_at_an_employer_waits_at_a_time(access: Room) -> None:
    ask(access, PERSON, SEU)
    with refused(access, AlreadyAskedError):
        ask(access, PERSON, AM)
    ask(access, PERSON, AM, employer=ELSEWHERE)


def test_a_role_that_is_held_is_not_asked_for_again(access: Room) -> None:
    with_role(access, PERSON, SEU)
    with refused(access, SameRoleError):
        ask(access, PERSON, SEU)


def decider(room: Room, who: str) -> tuple[UUID, tuple[str, ...]]:
    if who == "EUS":
        return HELP, EUS
    if who:
        with_role(room, OFFICIAL, who)
    return OFFICIAL, ()


@pytest.mark.parametrize("decide", [role_requests.approve, role_requests.reject])
@pytest.mark.parametrize("by", ["EUS", AO, AM, SEU, ""])
@pytest.mark.parametrize("role", [AO, AM, SEU])
def test_the_matrix_decides(access: Room, role: str, by: str, decide: Callable[..., Receipt]) -> None:
    """4.2, D-09, D-10, X-12."""
    who, roles = decider(access, by)
    request = ask(access, PERSON, role)
    hand_in(access.app, request)
    if by in {AO: {"EUS"}, AM: {"EUS", AO}, SEU: {"EUS", AO, AM}}[role]:
        access.execute(decide, who, roles=roles, role_request_id=request)
        assert access.app.repository.get(request).status in {"APPROVED", "REJECTED"}
    else:
        with refused(access, MayNotDecideError):
            access.execute(decide, who, roles=roles, role_request_id=request)


@pytest.mark.parametrize("decide", [role_requests.approve, role_requests.reject])
def test_nobody_decides_their_own_request_not_even_external_user_services(
    access: Room, decide: Callable[..., Receipt]
) -> None:
    with_role(access, PERSON, AO)
    request = ask(access, PERSON, AM)
    for roles in ((), EUS):
        with refused(access, OwnRequestError):
            access.execute(decide, PERSON, roles=roles, role_request_id=request)


def test_a_role_elsewhere_or_one_that_has_ended_decides_nothing(access: Room) -> None:
    """D-11: rights are judged per employer."""
    request = ask(access, PERSON, SEU)
    with_role(access, STRANGER, AO, employer=ELSEWHERE)
    with refused(access, MayNotDecideError):
        approve(access, STRANGER, request)
    official = with_role(access, OFFICIAL, AO)
    access.execute(staff.disassociate, OFFICIAL, association_id=official)
    with refused(access, MayNotDecideError):
        approve(access, OFFICIAL, request)
    ask(access, MANAGER, AO)
    with refused(access, MayNotDecideError):
        approve(access, MANAGER, request)


def test_a_decision_twice_is_one_and_the_other_way_is_refused(access: Room) -> None:
    request = ask(access, PERSON, SEU)
    approve(access, HELP, request, roles=EUS)
    before = kinds(access)
    approve(access, HELP, request, roles=EUS)
    assert kinds(access) == before
    with refused(access, AlreadyDecidedError):
        access.execute(role_requests.reject, HELP, roles=EUS, role_request_id=request)
    with refused(access, AlreadyDecidedError):
        access.execute(role_requests.cancel, PERSON, role_request_id=request)


def test_a_reason_longer_than_a_mail_carries_is_refused_by_its_field(access: Room) -> None:
    request = ask(access, PERSON, SEU)
    with refused(access, ReasonTooLongError):
        access.execute(role_requests.reject, HELP, roles=EUS, role_request_id=request, reason="ñ" * 501)
    access.execute(role_requests.reject, HELP, roles=EUS, role_request_id=request, reason="ñ" * 500)


def test_only_the_person_takes_a_request_back(access: Room) -> None:
    request = ask(access, PERSON, SEU)
    for who in (OFFICIAL, HELP):
        with refused(access, NotYoursToCancelError):
            access.execute(role_requests.cancel, who, roles=EUS, role_request_id=request)
    access.execute(role_requests.cancel, PERSON, role_request_id=request)
    assert kinds(access)[-2:] == ["RoleRequest.Cancelled", "Association.Cancelled"]
    ask(access, PERSON, AM)


def test_the_role_held_stays_while_another_is_asked_for(access: Room) -> None:
    """D-39."""
    with_role(access, OFFICIAL, AM)
    request = ask(access, OFFICIAL, AO)
    assert access.events(RoleRequest.Requested)[-1].current_role == AM
    staff_request = ask(access, PERSON, SEU)
    approve(access, OFFICIAL, staff_request)
    access.execute(role_requests.reject, HELP, roles=EUS, role_request_id=request)
    association = access.app.repository.get(Association.id_for(OFFICIAL, EMPLOYER))
    assert (association.status, association.role) == ("APPROVED", AM)


@pytest.mark.parametrize("function", ["PECOS", "NPPES"])
@pytest.mark.parametrize("by", [AO, AM, "EUS"])
def test_managers_grant_and_withdraw_functions_of_staff(access: Room, by: str, function: str) -> None:
    """IA-EMP-10."""
    who, roles = decider(access, by)
    person = with_role(access, PERSON, SEU)
    for _ in range(2):
        access.execute(staff.grant_function, who, roles=roles, association_id=person, function=function)
    assert access.app.repository.get(person).functions == [function]
    for _ in range(2):
        access.execute(staff.withdraw_function, who, roles=roles, association_id=person, function=function)
    assert access.app.repository.get(person).functions == []
    assert kinds(access)[-2:] == ["Association.FunctionGranted", "Association.FunctionWithdrawn"]


@pytest.mark.parametrize("function", ["", "pecos", "HITECH", "\0"])
def test_an_unknown_function_is_refused(access: Room, function: str) -> None:
    person = with_role(access, PERSON, SEU)
    with refused(access, UnknownFunctionError):
        access.execute(staff.grant_function, HELP, roles=EUS, association_id=person, function=function)
    with refused(access, UnknownFunctionError):
        access.execute(staff.withdraw_function, HELP, roles=EUS, association_id=person, function=function)


def test_ehr_is_refused_by_its_own_code(access: Room) -> None:
    """IA-EHR-01, D-18."""
    person = with_role(access, PERSON, SEU)
    with refused(access, EhrRetiredError):
        access.execute(staff.grant_function, HELP, roles=EUS, association_id=person, function="EHR")
    with refused(access, EhrRetiredError):
        access.execute(staff.withdraw_function, HELP, roles=EUS, association_id=person, function="EHR")
    assert EhrRetiredError.code == "EHR_RETIRED"


def test_who_has_no_right_to_manage_manages_nobody(access: Room) -> None:
    """4.3, X-12."""
    staff_id = with_role(access, PERSON, SEU)
    manager_id = with_role(access, MANAGER, AM)
    with_role(access, STRANGER, AO, employer=ELSEWHERE)
    for who, whom in ((PERSON, staff_id), (STRANGER, staff_id), (PERSON, manager_id), (uuid4(), staff_id)):
        with refused(access, MayNotManageError):
            access.execute(staff.grant_function, who, association_id=whom, function="PECOS")
    for who, whom in ((PERSON, manager_id), (STRANGER, staff_id)):
        with refused(access, MayNotManageError):
            access.execute(staff.disassociate, who, association_id=whom)


def test_officials_and_managers_are_given_no_functions(access: Room) -> None:
    """IA-EMP-10."""
    for who, role in ((MANAGER, AM), (OFFICIAL, AO)):
        association = with_role(access, who, role)
        with refused(access, NotStaffError):
            access.execute(staff.grant_function, HELP, roles=EUS, association_id=association, function="PECOS")


def test_who_waits_or_has_left_is_given_no_functions(access: Room) -> None:
    ask(access, PERSON, SEU)
    association = Association.id_for(PERSON, EMPLOYER)
    with refused(access, NotAssociatedError):
        access.execute(staff.grant_function, HELP, roles=EUS, association_id=association, function="PECOS")


@pytest.mark.parametrize("by", ["themselves", AO, "EUS"])
def test_an_association_ends_once(access: Room, by: str) -> None:
    person = with_role(access, PERSON, SEU)
    who, roles = (PERSON, ()) if by == "themselves" else decider(access, by)
    for _ in range(2):
        access.execute(staff.disassociate, who, roles=roles, association_id=person)
    assert [event.ended_by for event in access.events(Association.Ended)] == [who]
    assert ask(access, PERSON, SEU)


COMMANDS: list[tuple[Callable[..., Receipt], str, dict[str, Any]]] = [
    (role_requests.approve, "role_request_id", {}),
    (role_requests.reject, "role_request_id", {}),
    (role_requests.cancel, "role_request_id", {}),
    (staff.grant_function, "association_id", {"function": "PECOS"}),
    (staff.withdraw_function, "association_id", {"function": "PECOS"}),
    (staff.disassociate, "association_id", {}),
]


@pytest.mark.parametrize(("command", "name", "more"), COMMANDS, ids=[one.__name__ for one, _, _ in COMMANDS])
def test_an_id_of_nothing_is_not_found(
    access: Room, command: Callable[..., Receipt], name: str, more: dict[str, Any]
) -> None:
    with refused(access, NotFoundError):
        access.execute(command, HELP, roles=EUS, **{name: uuid4()}, **more)


def test_command_ids_are_taken_once_by_one_person_and_not_for_ever(access: Room) -> None:
    cause = Cause.of(PERSON)
    receipt = access.app.execute(role_requests.request_role, cause, employer_id=EMPLOYER, role=SEU)
    before = count_of(access)
    assert access.app.execute(role_requests.request_role, cause, employer_id=EMPLOYER, role=SEU) == receipt
    assert access.app.execute(role_requests.request_role, cause, employer_id=ELSEWHERE, role=AM) == receipt
    assert count_of(access) == before
    with refused(access, CommandIdError):
        access.app.execute(
            role_requests.request_role, Cause.of(STRANGER, cause.command_id), employer_id=EMPLOYER, role=SEU
        )
    with refused(access, CommandIdError):
        access.app.execute(role_requests.request_role, Cause.of(STRANGER, uuid4()), employer_id=EMPLOYER, role=SEU)
    stale = UUID(int=(nature.new_id().int >> 80) - 25 * 3_600_000 << 80 | 0x7 << 76 | 0b10 << 62)
    with refused(access, CommandTooOldError):
        access.app.execute(role_requests.request_role, Cause.of(STRANGER, stale), employer_id=EMPLOYER, role=SEU)


def test_the_pages_show_what_the_log_says(house: House) -> None:
    """IA-RREQ-01, IA-STAFF-03, IA-PROF-05."""
    access = house.access
    with_role(access, OFFICIAL, AO)
    person = with_role(access, PERSON, SEU)
    access.execute(staff.grant_function, OFFICIAL, association_id=person, function="PECOS")
    waiting = [ask(access, who, SEU) for who in (MANAGER, STRANGER)]
    house.settle()
    with access.app.session() as db:
        rows = pending(db, employer_id=EMPLOYER, after=None, limit=10)
        assert sorted(row.role_request_id for row in rows) == sorted(waiting)
        [first] = pending(db, employer_id=EMPLOYER, after=None, limit=1)
        [second] = pending(db, employer_id=EMPLOYER, after=first.role_request_id, limit=1)
        assert {first.account_id, second.account_id} == {MANAGER, STRANGER}
        assert pending(db, employer_id=ELSEWHERE, after=None, limit=10) == []
        scope = Scope(OFFICIAL, [EMPLOYER], [])
        shown = of_managed(db, scope, status="APPROVED", account_ids=[], after=None, limit=10)
        assert {(row.account_id, row.role, tuple(row.functions)) for row in shown} == {
            (OFFICIAL, AO, ()),
            (PERSON, SEU, ("PECOS",)),
        }
        [own] = employers_of(db, account_id=PERSON)
        assert (own.employer_id, own.status) == (EMPLOYER, "APPROVED")


@pytest.mark.parametrize(("minutes", "seconds", "allowed"), [(15, 0, True), (15, 1, False), (None, 0, False)])
@pytest.mark.parametrize("role", [AO, AM, SEU])
def test_s_09_officials_and_managers_are_approved_with_a_second_factor_given_just_now(
    access: Room,
    role: str,
    minutes: int | None,
    seconds: int,
    allowed: bool,
) -> None:
    """limits: within 15 minutes; a Staff End User needs none."""
    request = ask(access, PERSON, role)
    hand_in(access.app, request)
    now = nature.now()
    given_at = None if minutes is None else now - timedelta(minutes=minutes, seconds=seconds)
    cause = Cause.of(HELP, roles=frozenset(EUS), mfa_at=given_at)
    before = nature.use(nature.Nature(now=lambda: now, random_bytes=nature.REAL.random_bytes))
    try:
        if allowed or role == SEU:
            access.app.execute(role_requests.approve, cause, role_request_id=request)
        else:
            with refused(access, StepUpRequiredError):
                access.app.execute(role_requests.approve, cause, role_request_id=request)
    finally:
        nature.use(before)
