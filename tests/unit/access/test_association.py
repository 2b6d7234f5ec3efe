"""4.3: one person at one employer; D-39: the role held stays while another is asked for."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from services.access.domain.association import (
    AlreadyAskedError,
    Association,
    NotAssociatedError,
    NotStaffError,
    SameRoleError,
)
from tests.given import Fact, fact, given

STAFF, OFFICIAL, EMPLOYER, FIRST, SECOND = (uuid4() for _ in range(5))
AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"

Ask = Callable[[Association], None]


def requested(role: str = SEU) -> Fact:
    return fact(Association.Requested, account_id=STAFF, employer_id=EMPLOYER, role=role, role_request_id=FIRST)


def asked_again(role: str = SEU, *, held: str = "") -> Fact:
    return fact(Association.RequestedAgain, held_role=held, role=role, role_request_id=SECOND)


def approved(role: str = SEU) -> Fact:
    return fact(Association.Approved, role=role, approved_by=OFFICIAL)


def rejected(held: str = "") -> Fact:
    return fact(Association.Rejected, held_role=held)


def cancelled(held: str = "") -> Fact:
    return fact(Association.Cancelled, held_role=held)


ENDED = fact(Association.Ended, ended_by=OFFICIAL)
PECOS = fact(Association.FunctionGranted, function="PECOS", functions=["PECOS"])
BOTH = fact(Association.FunctionGranted, function="NPPES", functions=["NPPES", "PECOS"])


def approve(id_: UUID) -> Ask:
    return lambda a: a.approve(role_request_id=id_, approved_by=OFFICIAL)


def reject(id_: UUID) -> Ask:
    return lambda a: a.reject(role_request_id=id_)


def cancel(id_: UUID) -> Ask:
    return lambda a: a.cancel(role_request_id=id_)


def ask(role: str = SEU) -> Ask:
    return lambda a: a.request(role=role, role_request_id=SECOND)


def grant(function: str) -> Ask:
    return lambda a: a.grant(function=function)


def withdraw(function: str) -> Ask:
    return lambda a: a.withdraw(function=function)


def end(association: Association) -> None:
    association.end(ended_by=OFFICIAL)


def test_a_person_at_an_employer_is_one_stream() -> None:
    assert Association.id_for(STAFF, EMPLOYER) == Association.id_for(STAFF, EMPLOYER)
    assert Association.id_for(STAFF, EMPLOYER) != Association.id_for(EMPLOYER, STAFF)


@pytest.mark.parametrize(
    ("do", "then"), [(approve(FIRST), approved()), (reject(FIRST), rejected()), (cancel(FIRST), cancelled())]
)
def test_the_open_request_is_decided_once(do: Ask, then: Fact) -> None:
    given(Association, requested()).when(do).then(then)
    given(Association, requested(), then).when(do).then()


@pytest.mark.parametrize("decide", [approve, reject, cancel])
def test_a_decision_about_another_request_changes_nothing(decide: Callable[[UUID], Ask]) -> None:
    given(Association, requested()).when(decide(SECOND)).then()


@pytest.mark.parametrize("over", [[rejected()], [cancelled()], [approved(), ENDED]])
def test_after_an_end_a_role_may_be_asked_for_again(over: list[Fact]) -> None:
    given(Association, requested(), *over).when(ask(AM)).then(asked_again(AM))


def test_a_second_request_waits_for_the_first() -> None:
    given(Association, requested()).when(ask(AM)).then_raises(AlreadyAskedError)
    given(Association, requested(), approved(), asked_again(AM, held=SEU)).when(ask(AO)).then_raises(AlreadyAskedError)


def test_the_same_role_is_not_asked_for_while_it_is_held() -> None:
    given(Association, requested(), approved()).when(ask(SEU)).then_raises(SameRoleError)


def test_the_role_held_stays_until_the_other_is_decided() -> None:
    """D-39."""
    change = (requested(), approved(), PECOS, asked_again(AM, held=SEU))
    given(Association, *change).when(grant("NPPES")).then(BOTH)
    given(Association, *change).when(reject(SECOND)).then(rejected(SEU))
    given(Association, *change).when(cancel(SECOND)).then(cancelled(SEU))
    for refused in (rejected(SEU), cancelled(SEU)):
        given(Association, *change, refused).when(grant("NPPES")).then(BOTH)
        given(Association, *change, refused).when(ask(SEU)).then_raises(SameRoleError)


def test_a_new_role_begins_without_the_functions_of_the_old_one() -> None:
    """D-39, IA-EMP-10."""
    up = (requested(), approved(), PECOS, asked_again(AM, held=SEU), approved(AM))
    given(Association, *up).when(withdraw("PECOS")).then_raises(NotStaffError)
    back = (*up, asked_again(SEU, held=AM), approved(SEU))
    given(Association, *back).when(grant("PECOS")).then(PECOS)


def test_functions_are_granted_and_withdrawn_one_by_one() -> None:
    """IA-EMP-10: staff have what they were given; the event says all that is left, sorted."""
    staff = (requested(), approved())
    given(Association, *staff).when(grant("PECOS")).then(PECOS)
    given(Association, *staff, PECOS).when(grant("PECOS")).then()
    given(Association, *staff, PECOS).when(grant("NPPES")).then(BOTH)
    left = fact(Association.FunctionWithdrawn, function="PECOS", functions=["NPPES"])
    given(Association, *staff, PECOS, BOTH).when(withdraw("PECOS")).then(left)
    given(Association, *staff, PECOS, BOTH, left).when(withdraw("PECOS")).then()


@pytest.mark.parametrize("role", [AO, AM])
@pytest.mark.parametrize("do", [grant("PECOS"), withdraw("PECOS")])
def test_officials_and_managers_have_every_function_without_being_given_it(role: str, do: Ask) -> None:
    """IA-EMP-10."""
    given(Association, requested(role), approved(role)).when(do).then_raises(NotStaffError)


@pytest.mark.parametrize("history", [[requested()], [requested(), rejected()], [requested(), approved(), ENDED]])
@pytest.mark.parametrize("do", [grant("PECOS"), withdraw("PECOS")])
def test_without_an_approved_role_there_are_no_functions(history: list[Fact], do: Ask) -> None:
    given(Association, *history).when(do).then_raises(NotAssociatedError)


def test_an_association_ends_once_and_keeps_no_function() -> None:
    given(Association, requested(), approved(), PECOS).when(end).then(ENDED)
    given(Association, requested(), approved(), PECOS, ENDED).when(end).then()
    given(Association, requested()).when(end).then()
    again = (requested(), approved(), PECOS, ENDED, asked_again(), approved())
    given(Association, *again).when(grant("NPPES")).then(
        fact(Association.FunctionGranted, function="NPPES", functions=["NPPES"])
    )


@pytest.mark.parametrize("history", [[], [rejected()], [approved()], [approved(), ENDED], [approved(AM)]])
def test_a_provider_is_official_of_his_own_record(history: list[Fact]) -> None:
    """D-10, IA-PROF-09."""
    own = given(Association, requested(), *history).when(lambda a: a.open_own_record(confirmed_by=OFFICIAL))
    own.then(approved(AO))
    twice = given(Association, requested(), *history, approved(AO)).when(
        lambda a: a.open_own_record(confirmed_by=OFFICIAL)
    )
    twice.then()


def changed(before: str, has: list[str], role: str, functions: list[str], *, closes: bool = False) -> Fact:
    return fact(
        Association.RoleChanged, role_before=before, functions_before=has, role=role, functions=functions,
        changed_by=OFFICIAL, closes_request=closes,
    )  # fmt: skip


def change(role: str, *functions: str) -> Ask:
    return lambda a: a.change(role=role, functions=functions, changed_by=OFFICIAL)


def test_a_manager_gives_another_role_with_its_functions() -> None:
    """4.3 RoleChanged, IA-MOD-01; IA-MOD-02: a manager's are not named, for they are all."""
    staff = (requested(), approved(), PECOS)
    given(Association, *staff).when(change(AM, "PECOS")).then(changed(SEU, ["PECOS"], AM, []))
    given(Association, requested(AM), approved(AM)).when(change(SEU, "PECOS", "NPPES", "PECOS")).then(
        changed(AM, [], SEU, ["NPPES", "PECOS"])
    )


def test_with_the_same_role_only_functions_change() -> None:
    """4.3: granted and withdrawn one by one; twice is the same as once."""
    staff = (requested(), approved(), PECOS)
    given(Association, *staff).when(change(SEU, "NPPES")).then(
        fact(Association.FunctionGranted, function="NPPES", functions=["NPPES", "PECOS"]),
        fact(Association.FunctionWithdrawn, function="PECOS", functions=["NPPES"]),
    )
    given(Association, *staff).when(change(SEU, "PECOS")).then()
    given(Association, requested(AM), approved(AM)).when(change(AM)).then()


def test_a_first_role_and_one_after_leaving_are_given_alike() -> None:
    added = fact(Association.Added, account_id=STAFF, employer_id=EMPLOYER)
    given(Association, added).when(change(SEU, "PECOS")).then(changed("", [], SEU, ["PECOS"]))
    given(Association, requested(), approved(), ENDED).when(change(SEU)).then(changed("", [], SEU, []))


def test_a_request_for_no_more_than_what_is_given_closes() -> None:
    """D-39 the other way round: one for more goes on."""
    given(Association, requested()).when(change(AM)).then(changed("", [], AM, [], closes=True))
    waiting = (requested(), approved(), asked_again(AO, held=SEU))
    given(Association, *waiting).when(change(AM)).then(changed(SEU, [], AM, []))
