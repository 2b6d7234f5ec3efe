"""The order of a list is kept for its next page: never of old names, of nobody else's list, and not without bound."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from mandate.identity.v1 import people_service_pb2 as m

from chassis import arrays, log
from chassis.cause import Cause
from chassis.paging import digest
from chassis.server import Caller, RefusedError
from chassis.tokens import Claims, Signer
from services.identity.api.people import PeopleServicer
from services.identity.commands.opened_names import OpenedNames
from services.identity.commands.orders import Orders
from services.identity.domain.account import Account
from services.identity.projections import accounts
from tests.integration.identity.desk import Desk
from tests.integration.identity.test_contents import PORTAL

NAMES = (("Ana", "Adams"), ("Bea", "Brook"), ("Cal", "Brook"), ("Dee", "Dunn"), ("Eve", "Ellis"))
Page = tuple[list[str], int, int]


class Listed:
    """A list of people with ranks, asked for as the portal does: by its digest first."""

    def __init__(self, desk: Desk, ids: list[UUID], ranks: list[int] | None = None, servicer: Any = None) -> None:
        self.ids = sorted(ids)
        self.ranks = ranks or [0] * len(ids)
        self.digest = digest(self.ids, self.ranks)
        self._servicer = servicer or desk.people

    def sent(self, **wanted: Any) -> Page:
        """Asked for by ids."""
        ids = [str(one) for one in self.ids]
        return page(self._ask(m.SelectPeopleRequest(account_ids=ids, ranks=self.ranks, limit=2), wanted))

    def again(self, **wanted: Any) -> Page | None:
        """Asked for by its digest; None where its order is not known."""
        answer = self._ask(m.SelectPeopleRequest(list=self.digest, limit=2), wanted)
        assert len(answer.ranks) == len(answer.people)
        assert answer.list or not (answer.people or answer.found), "nothing is told of a list that is not known"
        return page(answer) if answer.list == self.digest else None

    def _ask(self, request: m.SelectPeopleRequest, wanted: dict[str, Any]) -> m.SelectPeopleResponse:
        request.MergeFrom(m.SelectPeopleRequest(**wanted))
        answer: m.SelectPeopleResponse = self._servicer.SelectPeople(request, PORTAL)
        return answer


def page(answer: m.SelectPeopleResponse) -> Page:
    return [one.first_name for one in answer.people], answer.found, answer.skipped


def people(desk: Desk) -> list[UUID]:
    """Five, who are what `NAMES` says."""
    ids = []
    for number, (first, last) in enumerate(NAMES, start=1):
        about = {"first_name": first, "last_name": last, "ssn": f"21909000{number}"}
        ids.append(desk.registered(f"p{number}@example.com", f"person{number}", **about).account_id)
    desk.house.settle()
    return ids


def unfinished(desk: Desk) -> tuple[str, UUID]:
    """Somebody who registers still, and may correct the name: the token, the account."""
    token = desk.proven("late@example.com")
    desk.choose(token, "latecomer")
    desk.record(token, first_name="Zoe", last_name="Zeller")
    desk.house.settle()
    return token, desk.room.events(Account.RegistrationStarted)[-1].originator_id


def other_copy(desk: Desk) -> PeopleServicer:
    """Another process of identity on the same database: it shares no memory."""
    parts = replace(desk.parts, opened=OpenedNames(), orders=Orders())
    return PeopleServicer(desk.room.app, parts, signer=Signer("identity", Ed25519PrivateKey.generate()))


@pytest.mark.parametrize("ranks", [[0] * 5, [2, -1, 2, 0, -1]])
def test_pages_of_a_known_order_are_those_of_the_list_sent(desk: Desk, ranks: list[int]) -> None:
    """Forwards and back, both ways round, of all people and of those whose names begin so."""
    listed = Listed(desk, people(desk), ranks)
    assert listed.again() is None, "nobody has asked for it yet"
    listed.sent()
    rank = dict(zip(map(str, listed.ids), ranks, strict=True))
    for wanted in ({}, {"last_name_prefix": "b"}, {"last_name_prefix": "B", "first_name_prefix": "c"}):
        for descending in (False, True):
            assert listed.again(**wanted, descending=descending) == listed.sent(**wanted, descending=descending)
            for id_ in listed.ids:
                for before in (False, True):
                    at = {"after": str(id_), "after_rank": rank[str(id_)], "descending": descending, "before": before}
                    known = listed.again(**wanted, **at)
                    assert known is not None
                    assert known == listed.sent(**wanted, **at)


def test_a_page_begins_where_somebody_stood_who_is_not_on_the_list(desk: Desk) -> None:
    *others, dee, _ = people(desk)
    listed = Listed(desk, others)
    assert listed.sent(after=str(dee)) == listed.again(after=str(dee)) == ([], 3, 3)
    assert listed.again(after=str(dee), before=True) == (["Bea", "Cal"], 3, 1)


def test_a_name_that_changes_between_two_pages_is_in_its_new_place(desk: Desk) -> None:
    token, zoe = unfinished(desk)
    listed = Listed(desk, [*people(desk), zoe])
    assert listed.sent() == (["Ana", "Bea"], 6, 0)
    assert listed.again() == (["Ana", "Bea"], 6, 0)
    desk.record(token, first_name="Aaron", last_name="Aalto")
    desk.house.settle()
    assert listed.again() is None
    assert listed.sent() == listed.again() == (["Aaron", "Ana"], 6, 0)
    assert listed.again(last_name_prefix="z") == ([], 0, 0)


def test_a_name_that_is_opened_again_elsewhere_changes_every_order(desk: Desk) -> None:
    """Another list has met the new name already: this one still knows only the old."""
    token, zoe = unfinished(desk)
    ana = people(desk)[0]
    one, other = Listed(desk, [ana, zoe]), Listed(desk, [zoe])
    assert one.sent() == (["Ana", "Zoe"], 2, 0)
    desk.record(token, first_name="Aaron", last_name="Aalto")
    desk.house.settle()
    assert other.sent() == (["Aaron"], 1, 0)
    assert one.again() is None
    assert one.sent() == (["Aaron", "Ana"], 2, 0)


def test_whoever_is_known_later_is_on_the_list_from_then_on(desk: Desk) -> None:
    """The list names an account that is not in the view yet."""
    ids = people(desk)
    token = desk.proven("late@example.com")
    zoe = desk.room.events(Account.RegistrationStarted)[-1].originator_id
    listed = Listed(desk, [*ids, zoe])
    assert listed.sent() == (["Ana", "Bea"], 5, 0)
    desk.choose(token, "latecomer")
    desk.record(token, first_name="Aaron", last_name="Aalto")
    desk.house.settle()
    assert listed.again() is None
    assert listed.sent() == (["Aaron", "Ana"], 6, 0)


def test_what_else_happens_to_people_leaves_the_order(desk: Desk) -> None:
    """A sign-in, another account, a person recognised: the same names and order, and that is not looked at again."""
    ids = people(desk)
    listed = Listed(desk, ids)
    listed.sent()
    before = desk.parts.orders.of(listed.digest, life=desk.parts.settings.names_life)
    assert before is not None
    at = before.position
    desk.session("person1")
    account: Account = desk.app.repository.get(ids[0])
    account.identify(person_id=uuid4())
    desk.app.commit(account, cause=Cause.of(ids[0]))
    desk.registered("q@example.com", "somebody", ssn="219090077")
    desk.house.settle()
    assert listed.again() == (["Ana", "Bea"], 5, 0)
    assert before.position > at


def test_somebody_who_joins_is_on_the_list_that_is_sent_then(desk: Desk) -> None:
    ids = people(desk)
    before, after = Listed(desk, ids[1:]), Listed(desk, ids)
    assert before.sent() == (["Bea", "Cal"], 4, 0)
    assert after.again() is None
    assert after.sent() == after.again() == (["Ana", "Bea"], 5, 0)
    assert before.again() == (["Bea", "Cal"], 4, 0)


def test_whoever_is_shredded_is_nameless_from_the_next_page_on(desk: Desk) -> None:
    """Neither found by the old name, nor counted, nor standing in its place."""
    ids = people(desk)
    listed = Listed(desk, ids)
    listed.sent()
    desk.parts.vault.destroy(ids[3])
    assert listed.again(last_name_prefix="d") is None
    assert listed.again() is None
    assert listed.sent(last_name_prefix="d") == ([], 0, 0)
    assert listed.again(last_name_prefix="d") == ([], 0, 0), "kept again, and known to be so"
    assert listed.again() == (["", "Ana"], 5, 0)


def test_each_copy_of_identity_knows_what_it_was_sent(desk: Desk) -> None:
    token, zoe = unfinished(desk)
    ids = [*people(desk), zoe]
    here, there = Listed(desk, ids), Listed(desk, ids, servicer=other_copy(desk))
    here.sent()
    assert there.again() is None
    assert there.sent() == here.again() == (["Ana", "Bea"], 6, 0)
    desk.record(token, first_name="Aaron", last_name="Aalto")
    desk.house.settle()
    assert here.again() is there.again() is None
    assert here.sent() == there.sent() == (["Aaron", "Ana"], 6, 0)


def test_orders_are_kept_in_a_number_and_the_oldest_go(desk: Desk) -> None:
    """Limits of IdentitySettings: names_kept."""
    ids = people(desk)
    object.__setattr__(desk.parts, "settings", desk.parts.settings.model_copy(update={"names_kept": 4}))
    one, two, whole = Listed(desk, ids[:2]), Listed(desk, ids[2:4]), Listed(desk, ids)
    one.sent()
    two.sent()
    assert one.again() == (["Ana", "Bea"], 2, 0)
    third = Listed(desk, ids[4:])
    third.sent()
    assert one.again() is None
    assert two.again() == (["Cal", "Dee"], 2, 0), "its names have been forgotten, and are opened again"
    assert whole.sent() == (["Ana", "Bea"], 5, 0)
    assert whole.again() is None, "more than all that are kept"
    assert len(desk.parts.orders) == 0


def test_an_order_lives_as_long_as_its_oldest_name(desk: Desk) -> None:
    """Limits of IdentitySettings: names_minutes."""
    ids = people(desk)
    first, second = Listed(desk, ids[:2]), Listed(desk, ids[1:4])
    first.sent()
    desk.clock.forward(minutes=10)
    second.sent()
    desk.clock.forward(minutes=4, seconds=59)
    assert second.again() is not None
    desk.clock.forward(seconds=1)
    assert second.again() is None, "Bea's name was opened for the first list"
    assert len(desk.parts.orders) == 0
    second.sent()
    assert second.again() == (["Bea", "Cal"], 3, 0)


def test_after_too_much_has_happened_the_list_is_sent_again(desk: Desk) -> None:
    """Looking for changes is bounded; a log that was put back tells nothing."""
    listed = arrays.uuids(people(desk))
    with desk.room.app.session() as session:
        position, touched = accounts.touched(session, listed, since=0) or (0, set())
        assert touched == {one.originator_id for one in desk.room.events(Account.RegistrationStarted)}
        assert accounts.touched(session, listed, since=position) == (position, set())
        assert accounts.touched(session, listed, since=position + 1) is None
        assert accounts.touched(session, listed, since=position - log.PAGE) is not None
        assert accounts.touched(session, listed, since=position - log.PAGE - 1) is None


@pytest.mark.parametrize("who", [Claims(service="access"), Claims(account_id=uuid4())])
def test_a_digest_tells_nobody_but_the_portal_anything(desk: Desk, who: Claims) -> None:
    listed = Listed(desk, people(desk))
    listed.sent()
    with pytest.raises(RefusedError) as caught:
        desk.people.SelectPeople(m.SelectPeopleRequest(list=listed.digest, limit=2), Caller(claims=who))
    assert caught.value.details[0].code == "NOT_ALLOWED"


def test_a_digest_is_of_one_list_alone(desk: Desk) -> None:
    """Whoever is sent under it, in whatever order of ranks, has another; what is no digest is no list."""
    ids = people(desk)
    Listed(desk, ids).sent()
    assert Listed(desk, ids, [1, 0, 0, 0, 0]).again() is None
    assert Listed(desk, ids[:-1]).again() is None
    for wrong in (digest(ids, [0] * 5)[:-1], b"x", b"\0" * 32):
        assert not desk.people.SelectPeople(m.SelectPeopleRequest(list=wrong, limit=2), PORTAL).list


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": 2, "account_ids": [str(UUID(int=1))]}])
def test_a_list_is_asked_for_by_pages_and_by_one_thing(desk: Desk, wrong: dict[str, Any]) -> None:
    with pytest.raises(RefusedError) as caught:
        desk.people.SelectPeople(m.SelectPeopleRequest(list=b"x", **wrong), PORTAL)
    assert caught.value.details[0].code == "FIELD_MALFORMED"
