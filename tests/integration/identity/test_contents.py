"""What stands in the log and beside it, what others are told, and races for what is unique (S-18, S-19, S-20)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from mandate.identity.v1 import contact_service_pb2, people_service_pb2
from mandate.identity.v1.events_pb2 import SignInFailed
from pydantic import SecretStr

from chassis.server import Caller, RefusedError
from chassis.tokens import Claims
from chassis.vocabulary import tax_numbers
from services.identity.adapters.sweeping import Sweeper
from services.identity.commands import seeding
from services.identity.commands.settings import IdentitySettings, SeededAccount
from services.identity.domain.account import Account
from tests.integration.identity.desk import PASSWORD, SMS, Desk

SECRETS = (
    PASSWORD,
    "219099999",
    "219-09-9999",
    "1980-02-29",
    "Biscuit",
    "biscuit",
    "ana@example.com",
    "arivera26",
    "Rivera",
    "5855550143",
    "12 Elm St",
)
NOTIFIER = Caller(claims=Claims(service="notifier"))
PORTAL = Caller(claims=Claims(service="portal"))


def everything(desk: Desk) -> str:
    """All rows of all tables of all schemas, as text; bytes both in hex and as they are."""
    found = []
    with desk.app.session() as session:
        tables = session.run(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('identity', 'vault', 'bus')"
        )
    import psycopg

    with psycopg.connect(desk.room.database.dsn) as owner:
        for schema, table in tables:
            rows = owner.execute(f'SELECT * FROM "{schema}"."{table}"'.encode()).fetchall()
            for row in rows:
                found += [
                    bytes(one).decode("latin-1") if isinstance(one, bytes | memoryview) else str(one) for one in row
                ]
    return "\n".join(found)


def test_no_secret_and_nothing_personal_stands_anywhere_in_the_clear(desk: Desk) -> None:
    """A-18, S-18, S-20: a canary through every flow, then all bytes of log, tables, views and topics."""
    who = desk.registered()
    codes = [desk.last_code()]
    desk.clock.forward(hours=1)
    session = desk.session()
    codes.append(desk.last_code())
    desk.house.settle()
    text = everything(desk)
    assert str(who.account_id) in text
    for secret in (*SECRETS, who.session, session):
        assert secret not in text, secret
    for code in codes:
        assert f'"{code}"' not in text


def test_one_of_many_gets_a_user_id(desk: Desk) -> None:
    """IA-UID-02, A-19: twenty at once, one has it."""
    tokens = [desk.proven(f"p{number}@example.com") for number in range(20)]
    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(lambda token: desk.choose(token, "wanted1"), tokens))
    won = [one for one in told if one.HasField("receipt")]
    lost = {error.code for one in told for error in one.refused.errors}
    assert (len(won), lost) == (1, {"USER_ID_TAKEN"})


def test_a_state_is_told_when_it_changes_and_a_sign_in_changes_none(desk: Desk) -> None:
    """AccountState: active or not, roles; sign-ins are a stream of their own."""
    from mandate.identity.v1.state_pb2 import AccountState

    who = desk.registered()
    desk.house.settle()

    def states() -> list[AccountState]:
        with desk.house.bus.session() as session:
            rows = session.run(
                "SELECT value FROM records WHERE topic = 'AccountState' ORDER BY appended_at, \"offset\""
            )
        return [AccountState.FromString(bytes(row[0])) for row in rows]

    assert [one.active for one in states()] == [False, True]
    assert states()[-1].account_id == str(who.account_id)
    person = tax_numbers.person_id(desk.parts.keys.person, "219099999")
    assert [one.person_id for one in states()] == ["", str(person)]  # nobody's before identity is proofed
    desk.clock.forward(hours=1)
    desk.session()
    desk.house.settle()
    assert len(states()) == 2


def test_what_happens_is_told_without_a_name(desk: Desk) -> None:
    """M-02, M-03, M-30: the events that the notifier hears."""
    desk.registered()
    desk.clock.forward(hours=1)
    desk.start()
    desk.house.settle()
    with desk.house.bus.session() as session:
        topics = {row[0] for row in session.run("SELECT DISTINCT topic FROM records")}
    assert topics >= {
        "RegistrationStarted",
        "AccountActivated",
        "MfaCodeIssued",
        "SignInSucceeded",
        "RegistrationAddressTaken",
    }


def test_an_attempt_that_fails_is_told_without_a_reason(desk: Desk) -> None:
    """Whose account it is where one is known; what was typed, and why it failed, stay here."""
    who = desk.registered()
    for user_id in ("arivera26", "nobody123"):
        assert desk.codes("SignIn", user_id=user_id, password="Wrong#204-k")[1] == "SIGN_IN_FAILED"
    desk.house.settle()
    with desk.house.bus.session() as session:
        rows = session.run("SELECT value FROM records WHERE topic = 'SignInFailed' ORDER BY appended_at")
    told = [SignInFailed.FromString(bytes(row[0])) for row in rows]
    assert [one.account_id for one in told] == [str(who.account_id), ""]
    assert all(one.sign_in_id and one.HasField("failed_at") for one in told)


def contact(desk: Desk, account_id: UUID, method_id: str = "", caller: Caller = NOTIFIER) -> object:
    request = contact_service_pb2.GetContactRequest(account_id=str(account_id), method_id=method_id)
    return desk.contacts.GetContact(request, caller)


def test_the_notifier_asks_where_a_person_is_reached(desk: Desk) -> None:
    token = desk.ready()
    sms = desk.with_method(token, SMS, "+15855550144")
    account_id = UUID(desk.ask("CompleteRegistration", registration_token=token).session.account_id)
    mail = contact(desk, account_id)
    assert (mail.kind, mail.destination, mail.user_id) == ("EMAIL", "ana@example.com", "arivera26")  # type: ignore[attr-defined]
    text = contact(desk, account_id, sms)
    assert (text.kind, text.destination) == ("SMS", "+15855550144")  # type: ignore[attr-defined]
    for unknown in (UUID(int=1), UUID(sms)):
        with pytest.raises(Exception, match="nobody"):
            contact(desk, unknown)


def test_nobody_but_the_notifier_is_told_an_address(desk: Desk) -> None:
    """A-11."""
    who = desk.registered()
    with pytest.raises(Exception, match="may not"):
        contact(desk, who.account_id, caller=PORTAL)


def test_whoever_is_shredded_cannot_be_reached_and_has_no_name(desk: Desk) -> None:
    """architecture.md 5: destroying the key erases the person."""
    who = desk.registered()
    desk.house.settle()
    desk.parts.vault.destroy(who.account_id)
    with pytest.raises(Exception, match="nobody"):
        contact(desk, who.account_id)
    request = people_service_pb2.SelectPeopleRequest(account_ids=[str(who.account_id)])
    people = desk.people.SelectPeople(request, PORTAL).people
    assert [(one.account_id, one.last_name) for one in people] == [(str(who.account_id), "")]


def test_names_for_a_list_are_chosen_and_ordered(desk: Desk) -> None:
    ana = desk.registered()
    bea = desk.registered("bea@example.com", "beatrice", first_name="Bea", last_name="Adams", ssn="219098888")
    desk.house.settle()
    ids = [str(ana.account_id), str(bea.account_id), str(UUID(int=5))]

    def names(**wanted: Any) -> list[str]:
        request = people_service_pb2.SelectPeopleRequest(account_ids=ids, **wanted)
        return [one.first_name for one in desk.people.SelectPeople(request, PORTAL).people]

    assert names() == ["Bea", "Ana"]
    assert names(last_name_prefix="RIV") == ["Ana"]
    assert names(first_name_prefix="c") == []
    with pytest.raises(RefusedError):
        desk.people.SelectPeople(people_service_pb2.SelectPeopleRequest(account_ids=ids), NOTIFIER)


def test_a_list_of_people_is_turned_over_page_by_page(desk: Desk) -> None:
    """IA-STAFF-01: by rank and name, forwards and back, both ways round; a cursor is an account, never a name."""
    people = [("Bea", "Adams"), ("Cleo", "Adams"), ("Dan", "Brown"), ("Eve", "Clay"), ("Finn", "Dale")]
    ids = []
    for number, (first, last) in enumerate(people, start=1):
        about = {"first_name": first, "last_name": last, "ssn": f"21909000{number}"}
        ids.append(str(desk.registered(f"{first}@example.com", f"{first}user1", **about).account_id))
    desk.house.settle()

    def page(**wanted: Any) -> tuple[list[str], int, int]:
        fields: dict[str, Any] = {"account_ids": ids[::-1], "limit": 2} | wanted
        answer = desk.people.SelectPeople(people_service_pb2.SelectPeopleRequest(**fields), PORTAL)
        return [one.first_name for one in answer.people], answer.found, answer.skipped

    assert page() == (["Bea", "Cleo"], 5, 0)
    assert page(after=ids[1]) == (["Dan", "Eve"], 5, 2)
    assert page(after=ids[3]) == (["Finn"], 5, 4)
    assert page(after=ids[4], before=True) == (["Dan", "Eve"], 5, 2)
    assert page(after=ids[1], before=True) == (["Bea"], 5, 0)
    assert page(descending=True) == (["Finn", "Eve"], 5, 0)
    assert page(descending=True, after=ids[3]) == (["Dan", "Cleo"], 5, 2)
    assert page(descending=True, after=ids[2], before=True) == (["Finn", "Eve"], 5, 0)
    assert page(last_name_prefix="ad", limit=1, after=ids[0]) == (["Cleo"], 2, 1)
    ranked: dict[str, Any] = {"account_ids": ids, "ranks": [2, 1, 2, 1, 2]}
    assert page(**ranked) == (["Cleo", "Eve"], 5, 0)
    assert page(**ranked, after=ids[3], after_rank=1) == (["Bea", "Dan"], 5, 2)
    gone: dict[str, Any] = {"account_ids": [ids[0], *ids[2:]]}
    assert page(**gone, after=ids[1]) == (["Dan", "Eve"], 4, 1), "who has left the list still marks the place"
    for wrong in ({"ranks": [1]}, {"account_ids": ids * 401}, {"account_ids": ids * 41, "limit": 0}):
        with pytest.raises(RefusedError):
            page(**wrong)


def test_whoever_is_erased_has_no_name_among_others(desk: Desk) -> None:
    """architecture.md 5: one question for all keys, and a destroyed one opens nothing."""
    ana = desk.registered()
    bea = desk.registered("bea@example.com", "beatrice", first_name="Bea", last_name="Adams", ssn="219098888")
    desk.house.settle()
    desk.parts.vault.destroy(bea.account_id)
    request = people_service_pb2.SelectPeopleRequest(account_ids=[str(ana.account_id), str(bea.account_id)])
    people = desk.people.SelectPeople(request, PORTAL).people
    assert [(one.user_id, one.first_name) for one in people] == [("", ""), ("arivera26", "Ana")]


SEEDED = [
    SeededAccount(
        user_id="eusdesk1",
        email="eus@desk.example",
        password=SecretStr("Dawn#1234-k"),
        first_name="Ewa",
        last_name="Usher",
        roles=["EUS"],
    )
]


def test_accounts_of_the_configuration_sign_in_with_their_roles(desk: Desk) -> None:
    """Made once, however often and by however many at once."""
    object.__setattr__(desk.parts, "settings", desk.parts.settings.model_copy(update={"seeded_accounts": SEEDED}))
    with ThreadPoolExecutor(4) as pool:
        ids = {tuple(one) for one in pool.map(lambda _: seeding.seed(desk.app, desk.parts), range(4))}
    assert len(ids) == 1
    assert len(desk.room.events(Account.Activated)) == 1
    token = desk.session("eusdesk1", "Dawn#1234-k")
    answer = desk.look(token, audiences=["access"])
    assert [answer.session.first_name, list(answer.session.roles)] == ["Ewa", [1]]
    assert desk.verifier("access").verify(answer.tokens[0].token).roles == {"EUS"}
    profile = desk.ask("GetProfile", caller=Caller(claims=Claims(account_id=UUID(answer.session.account_id))))
    assert (profile.information.first_name, profile.ssn_last_four) == ("Ewa", "")


def test_settings_are_those_of_the_limits() -> None:
    """limits.md: the defaults."""
    limits = IdentitySettings()
    assert (limits.wrong_passwords, limits.wrong_password_minutes) == (3, 120)
    assert (limits.code_minutes, limits.code_tries, limits.spent_codes) == (10, 5, 3)
    assert (limits.code_resend_seconds, limits.codes_per_hour) == (30, 5)
    assert (limits.session_idle_minutes, limits.session_hours, limits.registration_hours) == (15, 12, 72)
    assert (limits.hash_memory_kib, limits.hash_passes, limits.hashes_at_once, limits.hash_wait_seconds) == (
        19456,
        2,
        2,
        2,
    )


def test_what_is_good_for_nothing_any_more_is_swept(desk: Desk) -> None:
    """Commands, challenges, bearers and codes after 26 hours; the newest session stays, for the last sign-in's time."""
    desk.registered()
    desk.clock.forward(days=1)
    desk.session()
    desk.clock.forward(days=5)
    sweeper = Sweeper(desk.app)
    sweeper.step()
    with desk.app.session() as session:
        for table, left in (("taken", 0), ("challenges", 0), ("tokens", 0), ("codes", 0), ("sessions", 1)):
            assert session.one(f"SELECT count(*) FROM {table}") == (left,), table
        assert session.one("SELECT count(*) FROM verifiers") == (6,)
    desk.clock.forward(seconds=1)
    assert desk.look(desk.session()).session.HasField("last_signed_in_at")
