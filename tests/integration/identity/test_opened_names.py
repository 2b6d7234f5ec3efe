"""Names that a list has opened are kept for its next page, and no longer than they may be (architecture.md 5)."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from mandate.identity.v1 import people_service_pb2 as m

from services.identity.commands.information import NAMES_CONTEXT
from services.identity.domain.account import Account
from tests.integration.identity.desk import Desk
from tests.integration.identity.test_contents import PORTAL

Opened = list[UUID]


def names(desk: Desk, *ids: UUID, **wanted: Any) -> list[tuple[str, str]]:
    request = m.SelectPeopleRequest(account_ids=[str(one) for one in ids], **wanted)
    people = desk.people.SelectPeople(request, PORTAL).people
    return [(one.first_name, one.user_id) for one in people]


@pytest.fixture
def opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Whose names the vault has opened."""
    seen: Opened = []
    really = desk.parts.vault.open_all

    def open_all(sealed: Any, context: str) -> Any:
        seen.extend(subject for subject, _ in sealed if context == NAMES_CONTEXT)
        return really(sealed, context)

    monkeypatch.setattr(desk.parts.vault, "open_all", open_all)
    return seen


def two(desk: Desk) -> tuple[UUID, UUID]:
    ana = desk.registered().account_id
    about = {"first_name": "Bea", "last_name": "Adams", "ssn": "219098888"}
    bea = desk.registered("bea@example.com", "beatrice", **about).account_id
    desk.house.settle()
    return ana, bea


def test_a_name_is_opened_once_for_all_pages(desk: Desk, opened: Opened) -> None:
    ana, bea = two(desk)
    opened.clear()
    assert names(desk, ana, bea, limit=1) == [("Bea", "beatrice")]
    assert sorted(opened) == sorted([ana, bea])
    assert names(desk, ana, bea, limit=1, after=str(bea)) == [("Ana", "arivera26")]
    assert names(desk, ana, bea, last_name_prefix="riv") == [("Ana", "arivera26")]
    assert len(opened) == 2


def test_whoever_is_shredded_is_gone_from_the_next_page(desk: Desk, opened: Opened) -> None:
    ana, bea = two(desk)
    opened.clear()
    assert names(desk, ana, bea) == [("Bea", "beatrice"), ("Ana", "arivera26")]
    desk.parts.vault.destroy(bea)
    assert names(desk, ana, bea) == [("", ""), ("Ana", "arivera26")]
    assert names(desk, ana, bea, last_name_prefix="a") == []
    assert bea not in desk.parts.opened.of([ana, bea], life=desk.parts.settings.names_life)
    assert bea in opened[2:], "a key that is destroyed is asked for again, and opens nothing"


def test_a_name_that_has_changed_is_opened_again(desk: Desk, opened: Opened) -> None:
    token = desk.proven()
    desk.choose(token)
    desk.record(token)
    desk.house.settle()
    (id_,) = {one.originator_id for one in desk.room.events(Account.RegistrationStarted)}
    assert names(desk, id_) == [("Ana", "arivera26")]
    desk.record(token, first_name="Ántonia")
    desk.house.settle()
    opened.clear()
    assert names(desk, id_) == [("Ántonia", "arivera26")]
    assert opened == [id_]


def test_whoever_has_no_name_yet_has_one_as_soon_as_it_is_known(desk: Desk) -> None:
    token = desk.proven()
    desk.choose(token)
    desk.house.settle()
    (id_,) = {one.originator_id for one in desk.room.events(Account.RegistrationStarted)}
    assert names(desk, id_) == [("", "arivera26")]
    desk.record(token)
    desk.house.settle()
    assert names(desk, id_) == [("Ana", "arivera26")]


def test_names_are_kept_for_a_time_and_in_a_number(desk: Desk, opened: Opened) -> None:
    """Limits of IdentitySettings: names_minutes, names_kept."""
    ana, bea = two(desk)
    opened.clear()
    names(desk, ana, bea)
    desk.clock.forward(minutes=14, seconds=59)
    names(desk, ana, bea)
    assert len(opened) == 2
    desk.clock.forward(seconds=1)
    assert desk.parts.opened.of([ana, bea], life=desk.parts.settings.names_life) == {}
    assert len(desk.parts.opened) == 0
    names(desk, ana, bea)
    assert len(opened) == 4
    object.__setattr__(desk.parts, "settings", desk.parts.settings.model_copy(update={"names_kept": 1}))
    desk.clock.forward(minutes=15)
    assert names(desk, ana, bea) == [("Bea", "beatrice"), ("Ana", "arivera26")]
    assert len(desk.parts.opened) == 1


def test_an_accent_orders_behind_its_letter_and_case_counts_nothing(desk: Desk) -> None:
    """As lists have always been ordered: by case-folded names, then by account."""
    last_names = ["de la Cruz", "Dé", "Zeta", "Émile", "adams", "Straße", "STRASSE"]
    ids = []
    for number, last in enumerate(last_names, start=1):
        about = {"first_name": "ABCDEFG"[number - 1], "last_name": last, "ssn": f"21909000{number}"}
        ids.append(desk.registered(f"p{number}@example.com", f"person{number}", **about).account_id)
    desk.house.settle()
    expected = ["person5", "person1", "person2", "person6", "person7", "person3", "person4"]
    seen: list[str] = []
    after = ""
    for _ in range(3):
        page = m.SelectPeopleRequest(account_ids=[str(one) for one in [*ids, uuid4()]], after=after, limit=3)
        found = desk.people.SelectPeople(page, PORTAL).people
        seen += [one.user_id for one in found]
        after = found[-1].account_id
    assert seen == expected
