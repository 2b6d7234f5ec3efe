"""What External User Services do with accounts of others: find, close, take their own role back (4.1, D-41)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from chassis import nature
from chassis.domain import NotAllowedError, NotFoundError
from chassis.stepping_up import StepUpRequiredError
from chassis.vocabulary.reasons import ReasonMissingError, ReasonTooLongError
from services.identity.commands import accounts, seeding
from services.identity.commands.desk_accounts import OwnAccountError, OwnRoleError
from services.identity.domain.account import Account
from tests.integration.identity.at_desk import ask, codes, person
from tests.integration.identity.desk import Desk


def test_the_desk_closes_an_account_for_good(desk: Desk, ewa: UUID) -> None:
    """4.1, D-41: the session is dead at once; address and SSN are free again, the user id is not (X-03)."""
    ana = desk.registered()
    me = person(desk, ewa)
    ask(desk, "CloseAccount", me, account_id=str(ana.account_id), reason=" Died in May. ")
    ask(desk, "CloseAccount", me, account_id=str(ana.account_id), reason="Again.")
    [closed] = desk.room.events(Account.Closed)
    assert (closed.originator_id, closed.closed_by) == (ana.account_id, ewa)
    assert [one.reason for one in desk.room.events(Account.ClosingExplained)] == ["Died in May."]
    assert desk.codes("CheckSession", session_token=ana.session)[1:] == ["SESSION_ENDED"]
    token = desk.proven(ana.email)
    taken = desk.choose(token, ana.user_id).refused
    assert [one.code for one in taken.errors] == ["USER_ID_TAKEN"]
    desk.choose(token, "arivera27")
    desk.record(token)
    desk.with_method(token)
    desk.ask("CompleteRegistration", registration_token=token)


def test_nobody_closes_their_own_account_or_one_without_role_second_factor_and_reason(desk: Desk, ewa: UUID) -> None:
    """4.1, S-09, D-50: a role in a token that the account has lost since is none."""
    ana = desk.registered()
    fields = {"account_id": str(ana.account_id), "reason": "Because."}
    with pytest.raises(OwnAccountError):
        ask(desk, "CloseAccount", person(desk, ewa), **fields | {"account_id": str(ewa)})
    for roles in ((), ("EUS",)):
        with pytest.raises(NotAllowedError):
            ask(desk, "CloseAccount", person(desk, ana.account_id, roles=roles), **fields | {"account_id": str(ewa)})
    with pytest.raises(StepUpRequiredError):
        ask(desk, "CloseAccount", person(desk, ewa, minutes=16), **fields)
    with pytest.raises(NotFoundError):
        ask(desk, "CloseAccount", person(desk, ewa), **fields | {"account_id": str(uuid4())})
    for reason, refusal in ((" ", ReasonMissingError), ("x" * 501, ReasonTooLongError)):
        with pytest.raises(refusal):
            ask(desk, "CloseAccount", person(desk, ewa), **fields | {"reason": reason})
    assert desk.room.events(Account.Closed) == []


def test_an_account_is_found_by_what_a_person_says_on_the_telephone(desk: Desk, ewa: UUID) -> None:
    """By user id or address, whole, in any case; a closed one by its user id for ever (X-03)."""
    ana, me = desk.registered(), person(desk, ewa)
    for typed in (ana.user_id, f" {ana.user_id.upper()} ", ana.email, ana.email.upper()):
        found = ask(desk, "FindAccount", me, typed=typed)
        assert (found.account_id, found.user_id, found.status) == (str(ana.account_id), ana.user_id, "ACTIVE")
        assert (found.first_name, found.last_name) == ("Ana", "Rivera")
    assert found.HasField("registered_at")
    assert not found.is_at_desk
    assert ask(desk, "FindAccount", me, account_id=str(ewa)).is_at_desk
    ask(desk, "CloseAccount", me, account_id=str(ana.account_id), reason="Because.")
    assert ask(desk, "FindAccount", me, typed=ana.user_id).status == "CLOSED"
    for nobody in ({"typed": ana.email}, {"typed": ana.user_id[:-1]}, {"account_id": str(uuid4())}):
        with pytest.raises(NotFoundError):
            ask(desk, "FindAccount", me, **nobody)
    assert codes(desk, "FindAccount", me, typed=" ")[1:] == ["FIELD_REQUIRED"]


def test_a_registration_that_is_not_finished_is_found_by_its_address(desk: Desk, ewa: UUID) -> None:
    desk.proven("new@example.com")
    found = ask(desk, "FindAccount", person(desk, ewa), typed="new@example.com")
    assert (found.status, found.user_id, found.HasField("registered_at")) == ("STARTED", "", False)


def test_only_the_desk_finds_accounts(desk: Desk, ewa: UUID) -> None:
    ana = desk.registered()
    for roles in ((), ("MAC",), ("EUS",)):
        with pytest.raises(NotAllowedError):
            ask(desk, "FindAccount", person(desk, ana.account_id, roles=roles), typed="eusdesk1")


@pytest.fixture
def ben(desk: Desk, ewa: UUID) -> UUID:
    """A second person at the desk."""
    joined = desk.registered("ben@example.com", "benrivera1", ssn="219099998").account_id
    cause = person(desk, ewa).cause(str(nature.new_id()))
    desk.app.execute(accounts.give_roles, cause, account_id=joined, roles=["EUS", "MAC"])
    return joined


def test_the_role_of_the_desk_is_taken_back_by_another_of_its_people(desk: Desk, ewa: UUID, ben: UUID) -> None:
    """What else the person is stays; what they do next is refused at once (D-50); the log says who did it."""
    taken = ask(desk, "TakeFromDesk", person(desk, ben), account_id=str(ewa))
    assert taken.receipt.position
    assert desk.room.events(Account.RolesGiven)[-1].roles == []
    with pytest.raises(NotAllowedError):
        ask(desk, "TakeFromDesk", person(desk, ewa), account_id=str(ben))
    desk.house.settle()
    assert list(ask(desk, "ListDeskPeople", person(desk, ben)).account_ids) == [str(ben)]
    before = len(desk.room.events(Account.RolesGiven))
    ask(desk, "TakeFromDesk", person(desk, ben), account_id=str(ewa))
    assert len(desk.room.events(Account.RolesGiven)) == before


def test_nobody_takes_their_own_role_or_one_without_the_desk_and_a_second_factor(
    desk: Desk, ewa: UUID, ben: UUID
) -> None:
    """So the last one stays (S-09)."""
    with pytest.raises(OwnRoleError):
        ask(desk, "TakeFromDesk", person(desk, ewa), account_id=str(ewa))
    with pytest.raises(StepUpRequiredError):
        ask(desk, "TakeFromDesk", person(desk, ewa, minutes=16), account_id=str(ben))
    ana = desk.registered()
    with pytest.raises(NotAllowedError):
        ask(desk, "TakeFromDesk", person(desk, ana.account_id), account_id=str(ben))
    with pytest.raises(NotFoundError):
        ask(desk, "TakeFromDesk", person(desk, ewa), account_id=str(uuid4()))


@pytest.mark.parametrize("rpc", ["TakeFromDesk", "CloseAccount"])
def test_of_two_who_put_each_other_out_at_once_one_stays(desk: Desk, ewa: UUID, ben: UUID, rpc: str) -> None:
    """A-19: never the last one."""
    more = {"reason": "Because."} if rpc == "CloseAccount" else {}

    def put_out(pair: tuple[UUID, UUID]) -> bool:
        try:
            ask(desk, rpc, person(desk, pair[0]), account_id=str(pair[1]), **more)
        except NotAllowedError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(put_out, [(ewa, ben), (ben, ewa)])) == [False, True]


def test_what_was_changed_since_is_not_given_again_at_the_next_start(desk: Desk, ewa: UUID, ben: UUID) -> None:
    """Configuration counts at the first start."""
    ask(desk, "TakeFromDesk", person(desk, ben), account_id=str(ewa))
    assert seeding.seed(desk.app, desk.parts) == [ewa]
    assert not ask(desk, "FindAccount", person(desk, ben), account_id=str(ewa)).is_at_desk
    ask(desk, "CloseAccount", person(desk, ben), account_id=str(ewa), reason="Gone.")
    assert seeding.seed(desk.app, desk.parts) == [ewa]
    assert ask(desk, "FindAccount", person(desk, ben), account_id=str(ewa)).status == "CLOSED"
