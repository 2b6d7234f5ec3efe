"""`mandate audit who-can|why` at another time: as it was true then, and as it was believed then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from mandate.access.v1.service_pb2 import CouldAct, WhoCouldActRequest
from mandate.identity.v1.state_pb2 import AccountState

from chassis import nature
from chassis.messages import Origin, wrap
from chassis.server import Caller
from chassis.tokens import Claims
from services.access.api.auditing import AuditAnswers
from services.access.projections.authority_then import AuthorityThen
from services.connections.commands import connections
from tests.house import House
from tests.integration.cli.terminal import Terminal, Village

HOUR = timedelta(hours=1)


class Clock:
    """Moves when it is told to, and a little at each look, so that nothing happens at the same time."""

    def __init__(self) -> None:
        self.now = nature.REAL.now() - 20 * HOUR

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=10)
        return self.now


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    made = Clock()
    before = nature.use(nature.Nature(now=made, random_bytes=nature.REAL.random_bytes))
    yield made
    nature.use(before)


@pytest.fixture
def village_then(clock: Clock, village: Village) -> Village:
    """Two hours after everything was set up."""
    clock.now += 2 * HOUR
    village.house.settle()  # everybody hears from everybody again
    return village


def people(found: dict[str, Any]) -> set[UUID]:
    return {UUID(one["account_id"]) for one in found["people"]}


def disconnect(village: Village) -> None:
    [connection] = {event.originator_id for event in village.house.connections.events() if hasattr(event, "function")}
    village.house.connections.execute(connections.disconnect, village.doctor, connection_id=connection, side="PROVIDER")


def test_who_could_act_before_and_after_a_disconnection(mandate: Terminal, village_then: Village, clock: Clock) -> None:
    village, asked = village_then, ("audit", "who-can", str(village_then.practice), "PECOS")
    at = clock()
    disconnect(village)
    village.house.settle()
    clock.now += 2 * HOUR
    before, after = (at - HOUR).isoformat(), (at + HOUR).isoformat()
    for more in ((), ("--known-at", before)):
        assert people(mandate.finds(*asked, "--as-of", before, *more)) == {village.doctor, village.official}
    for more in ((), ("--known-at", after)):
        assert people(mandate.finds(*asked, "--as-of", after, *more)) == {village.doctor}
    assert people(mandate.finds(*asked)) == {village.doctor}
    assert people(mandate.finds(*asked, "--as-of", (at - 10 * HOUR).isoformat())) == set()
    said = mandate.says(*asked, "--as-of", before)
    assert f"as true at {(at - HOUR).strftime('%Y-%m-%d %H:%M')}" in said
    assert "nobody may act" in mandate.says(*asked, "--as-of", (at - 10 * HOUR).isoformat())


def test_auditors_are_told_the_same_on_their_page(mandate: Terminal, village_then: Village, clock: Clock) -> None:
    """What the page shows is access's answer over its API; the command says the same."""
    village, at = village_then, clock()
    disconnect(village)
    village.house.settle()
    clock.now += HOUR
    answers = AuditAnswers(village.house.access.app)
    auditor = Caller(claims=Claims(account_id=uuid4(), roles=frozenset({"AUDITOR"})))
    for moment in (at - HOUR, at + HOUR):
        request = WhoCouldActRequest(provider_id=str(village.practice), function="PECOS")
        request.valid_at.FromDatetime(moment)
        said = mandate.finds("audit", "who-can", str(village.practice), "PECOS", "--as-of", moment.isoformat())
        page = answers.WhoCouldAct(request, auditor)
        fields = [one.name for one in CouldAct.DESCRIPTOR.fields]
        assert [
            {name: one[name] or type(getattr(CouldAct(), name))() for name in fields} for one in said["people"]
        ] == [{name: getattr(one, name) for name in fields} for one in page.people]
        assert page.position == said["position"]
        assert page.people
        known = page.known_at.ToJsonString()  # as the page's command has it
        asked = ("audit", "who-can", str(village.practice), "PECOS", "--as-of", page.valid_at.ToJsonString())
        assert people(mandate.finds(*asked, "--known-at", known)) == {UUID(one.account_id) for one in page.people}


def test_what_was_heard_late_was_true_before_it_was_believed(
    mandate: Terminal, village_then: Village, clock: Clock
) -> None:
    """An hour in which access had not heard that the connection had ended: ce_time and recorded_at differ."""
    village, asked = village_then, ("audit", "who-can", str(village_then.practice), "PECOS")
    at = clock()
    disconnect(village)
    clock.now += HOUR
    village.house.settle()
    clock.now += HOUR
    between = (at + HOUR / 2).isoformat()
    assert people(mandate.finds(*asked, "--as-of", between)) == {village.doctor}
    believed = mandate.finds(*asked, "--as-of", between, "--known-at", between)
    assert people(believed) == {village.doctor, village.official}
    assert believed["position"] < mandate.finds(*asked)["position"]
    assert people(mandate.finds(*asked, "--known-at", between)) == {village.doctor, village.official}


def test_an_own_event_counts_from_its_own_time(mandate: Terminal, village_then: Village, clock: Clock) -> None:
    from services.access.commands import staff

    village = village_then
    rows = mandate.finds("audit", "who-can", str(village.practice), "PECOS")["people"]
    [mine] = [one for one in rows if one["account_id"] == str(village.official)]
    at = clock()
    village.house.access.execute(staff.disassociate, village.official, association_id=UUID(mine["association_id"]))
    village.house.settle()
    clock.now += HOUR
    asked = ("audit", "why", str(village.official), "can", "PECOS", str(village.practice))
    then = mandate.finds(*asked, "--as-of", at.isoformat())
    assert (then["allowed"], then["chain"]["role"]) == (True, "ACCESS_MANAGER")
    now = mandate.finds(*asked)
    assert now["allowed"] is False
    [missing] = now["missing"]
    assert (missing["what"], missing["status"]) == ("APPROVED_ASSOCIATION", "DISASSOCIATED")
    assert missing["changed_by"] == str(village.official)


def test_why_shows_the_chain_or_what_is_missing(mandate: Terminal, village_then: Village) -> None:
    village = village_then
    said = mandate.says("audit", "why", str(village.official), "can", "PECOS", str(village.practice))
    assert said.startswith("yes  PECOS for")
    assert f"{village.official} -> ACCESS_MANAGER at {village.group}" in said
    said = mandate.says("audit", "why", str(village.staff), "can", "PECOS", str(village.practice))
    assert said.startswith("no  PECOS for")
    assert f"missing FUNCTION at {village.group}: EMPLOYER_OFFICIAL can supply it" in said
    for words, line in (
        (("someone", "can", "PECOS", str(village.practice)), "an account is found by its id alone"),
        ((str(village.staff), "may", "PECOS", str(village.practice)), "it reads: mandate audit why"),
        ((str(village.staff), "can", "EHR", str(village.practice)), "choose PECOS or NPPES"),
        ((str(village.staff), "can", "PECOS", str(village.practice), "--as-of", "then"), "no day and no moment"),
        ((str(village.staff), "can", "PECOS", str(village.practice), "--known-at", "25:00"), "no day and no moment"),
    ):
        assert line in mandate.refuses("audit", "why", *words)


def tell(house: House, account_id: UUID, version: int, *, active: bool, at: datetime) -> None:
    """Identity says it, of that time; it arrives now."""
    state = AccountState(account_id=str(account_id), active=active)
    origin = Origin("identity", 1, 1_000 + version, account_id, version, at, account_id, "", bytes(32))
    house.publisher.publish([wrap(state, origin, form=1)])
    house.settle()


def test_a_gap_in_the_heard_versions_is_not_known(mandate: Terminal, village_then: Village, clock: Clock) -> None:
    """Version 3 of the official's account was never heard: between 2 and 4 nobody here can say."""
    village, asked = village_then, ("audit", "who-can", str(village_then.practice), "PECOS")
    begun = clock()
    tell(village.house, village.official, 2, active=True, at=begun)
    tell(village.house, village.official, 4, active=True, at=begun + 2 * HOUR)
    clock.now += 4 * HOUR
    between, later = (begun + HOUR).isoformat(), (begun + 3 * HOUR).isoformat()
    found = mandate.finds(*asked, "--as-of", between, code=3)
    assert (people(found), found["not_known"]) == ({village.doctor}, [str(village.official)])
    assert people(mandate.finds(*asked, "--as-of", later)) == {village.doctor, village.official}
    assert people(mandate.finds(*asked, "--as-of", (begun - HOUR).isoformat())) == {village.doctor, village.official}
    why = mandate.finds(
        "audit", "why", str(village.official), "can", "PECOS", str(village.practice), "--as-of", between, code=3
    )
    assert why["allowed"] is None
    assert "not known" in mandate.says(*asked, "--as-of", between, code=3)


def test_without_a_gap_the_earlier_state_held(mandate: Terminal, village_then: Village, clock: Clock) -> None:
    village, asked = village_then, ("audit", "who-can", str(village_then.practice), "PECOS")
    begun = clock()
    tell(village.house, village.official, 2, active=False, at=begun + 2 * HOUR)
    clock.now += 4 * HOUR
    assert people(mandate.finds(*asked, "--as-of", (begun + HOUR).isoformat())) == {village.doctor, village.official}
    assert people(mandate.finds(*asked, "--as-of", (begun + 3 * HOUR).isoformat())) == {village.doctor}


def test_what_did_not_exist_is_known_not_to_have_been(village_then: Village, clock: Clock) -> None:
    """The first state heard of an account made later is of version 5: before it was made, nobody had it."""
    village = village_then
    early = clock()
    clock.now += HOUR
    newcomer = nature.new_id()
    tell(village.house, newcomer, 5, active=True, at=clock())
    now = clock()
    before = AuthorityThen(village.house.access.app, valid_at=early, known_at=now)
    assert before._versions.get(("AccountState", str(newcomer))) is None
    assert ("AccountState", str(newcomer)) in before._passed
    assert newcomer not in before._perhaps.index._accounts
    unsure = AuthorityThen(village.house.access.app, valid_at=nature.made_at(newcomer) or early, known_at=now)
    assert newcomer in unsure._perhaps.index._accounts
    assert uuid4() not in unsure._perhaps.index._accounts
