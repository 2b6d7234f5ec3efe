"""Policies react once, in order, as of now; what they cannot answer waits, and holds back only what belongs to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from chassis import followers, log, migrate, nature, policies
from chassis.cause import Cause, system_actor
from chassis.codec import DamagedEventError, UnknownEventError
from chassis.database import Session
from chassis.domain import Aggregate
from chassis.migrate import open_database
from chassis.policies import PolicyFollower, World
from chassis.progress import Standing
from tests.house import CATALOGUE, House, Room
from tests.integration.chassis.picky import NotNowError
from tests.integration.chassis.shop import SERVICE, ShopApplication, add, close, open_tab
from tests.integration.chassis.tab import Note, Tab

ME = uuid4()
Rows = Callable[..., list[Any]]


def tab_with(room: Room, *things: str) -> UUID:
    id_ = room.execute(open_tab, ME).id
    for what in things:
        room.execute(add, ME, tab_id=id_, what=what)
    return id_


def notes(room: Room, policy: str) -> list[int]:
    """Positions to which a policy has reacted, in the order of its reactions."""
    with room.app.session() as session:
        found = session.run(
            "SELECT (state->>'position')::bigint FROM history"
            " WHERE topic = %s AND state->>'policy' = %s ORDER BY position",
            (Note.Taken.TOPIC, policy),
        )
    return [position for (position,) in found]


def positions(rows: Rows, room: Room, topic: str = Tab.Added.TOPIC) -> list[int]:
    return [position for (position,) in rows(room, "SELECT position FROM log WHERE topic = %s ORDER BY 1", topic)]


def run(follower: PolicyFollower) -> None:
    while follower.step():
        pass


def test_two_copies_of_a_policy_react_once_to_each_event(shop_house: House, shop: Room, rows: Rows) -> None:
    for _ in range(8):
        tab_with(shop, "a", "b", "c")
    databases = [open_database(shop.database.dsn, "shop", size=2) for _ in range(3)]
    standing = Standing(shop_house.subscriber, "shop")
    copies = [PolicyFollower(ShopApplication(one, CATALOGUE), "counting", standing, batch=4) for one in databases]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(run, copies))
    for database in databases:
        database.close()
    assert Counter(notes(shop, "counting")) == Counter(positions(rows, shop))


def test_without_compare_and_set_two_copies_react_twice(shop_house: House, shop: Room, rows: Rows) -> None:
    """Seen failing: the test above is worth something."""
    [(text,)] = rows(shop, "SELECT pg_get_functiondef('append'::regproc)")
    guard = " AND position = was"
    assert guard in text
    with psycopg.connect(shop.database.dsn, options="-c search_path=shop", autocommit=True) as owner:
        owner.execute(text.replace(guard, "").encode())
    tab_with(shop, "a")
    standing = Standing(shop_house.subscriber, "shop")
    one, other = (PolicyFollower(ShopApplication(shop.database, CATALOGUE), "counting", standing) for _ in range(2))
    original = followers.read_page

    def read_then_let_the_other_go_first(*arguments: Any, **named: Any) -> Any:
        followers.read_page = original
        page = original(*arguments, **named)
        run(other)
        return page

    followers.read_page = read_then_let_the_other_go_first
    try:
        run(one)
    finally:
        followers.read_page = original
    assert len(notes(shop, "counting")) == 2


def test_a_reaction_names_its_actor_its_command_and_what_woke_it(shop: Room) -> None:
    tab = tab_with(shop)
    cause = Cause.of(ME)
    position = shop.app.execute(add, cause, tab_id=tab, what="a").position
    run(shop.follower("policy.counting"))
    with shop.app.session() as session:
        note = log.read(session, after=position)[0]
    assert note.cause == Cause(
        actor=system_actor("shop/counting"),
        command_id=cause.command_id,
        correlation_id=cause.command_id,
        causation=position,
    )


def test_what_cannot_be_answered_is_parked_and_later_events_of_its_stream_wait(
    shop: Room, rows: Rows, dislikes: dict[str, Exception]
) -> None:
    """F-15: only that stream waits; a redrive keeps its order."""
    dislikes["bad"] = ValueError("not \0 this")
    one = tab_with(shop, "good", "bad", "then")
    other = tab_with(shop, "x", "y")
    run(shop.follower("policy.picky"))
    good, bad, then, x, y = positions(rows, shop)
    assert notes(shop, "picky") == [good, x, y]
    assert rows(shop, "SELECT position, stream, cause FROM parked ORDER BY 1") == [
        (bad, one, "ValueError: not \\x00 this"),
        (then, one, "waits behind an earlier event of the same stream"),
    ]
    shop.execute(add, ME, tab_id=one, what="last")
    shop.execute(add, ME, tab_id=other, what="z")
    run(shop.follower("policy.picky"))
    assert len(rows(shop, "SELECT 1 FROM parked")) == 3
    assert notes(shop, "counting") == []

    with pytest.raises(ValueError, match="not"):
        shop.follower("policy.picky").redrive()
    assert len(rows(shop, "SELECT 1 FROM parked")) == 3

    dislikes.clear()
    assert shop.follower("policy.picky").redrive() == 3
    assert rows(shop, "SELECT 1 FROM parked") == []
    last = positions(rows, shop)[5]
    assert notes(shop, "picky")[-3:] == [bad, then, last]
    assert sorted(notes(shop, "picky")) == positions(rows, shop)
    assert shop.follower("policy.picky").redrive() == 0


def test_a_redrive_judges_as_of_now(shop: Room, dislikes: dict[str, Exception]) -> None:
    dislikes["bad"] = ValueError()
    one = tab_with(shop, "bad")
    run(shop.follower("policy.picky"))
    shop.execute(add, ME, tab_id=one, what="more")
    shop.execute(add, ME, tab_id=one, what="still more")
    dislikes.clear()
    shop.follower("policy.picky").redrive()
    assert [note.things for note in shop.events(Note.Taken)] == [3]


def test_a_stream_that_still_cannot_be_answered_holds_no_other_back(
    shop: Room, rows: Rows, dislikes: dict[str, Exception]
) -> None:
    dislikes |= {"worse": ValueError("worse"), "bad": ValueError("bad")}
    one, other = tab_with(shop, "worse", "after"), tab_with(shop, "bad", "then")
    run(shop.follower("policy.picky"))
    del dislikes["bad"]
    with pytest.raises(ValueError, match="worse"):
        shop.follower("policy.picky").redrive()
    assert {stream for (stream,) in rows(shop, "SELECT stream FROM parked")} == {one}
    assert notes(shop, "picky") == positions(rows, shop)[2:]
    del dislikes["worse"]
    assert shop.follower("policy.picky").redrive(other) == 0
    assert shop.follower("policy.picky").redrive(one) == 2


def test_an_event_that_comes_while_its_stream_is_redriven_is_not_left_behind(
    shop_house: House, shop: Room, rows: Rows, dislikes: dict[str, Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks, finds its stream parked, and before it parks itself the redrive is through."""
    dislikes["bad"] = ValueError()
    one = tab_with(shop, "bad")
    follower = shop.follower("policy.picky")
    run(follower)
    shop.execute(add, ME, tab_id=one, what="then")
    dislikes.clear()
    waits = PolicyFollower._wait_behind

    def redrive_then_wait(self: PolicyFollower, *arguments: Any) -> bool:
        monkeypatch.setattr(PolicyFollower, "_wait_behind", waits)
        standing = Standing(shop_house.subscriber, "shop")
        with_its_own_session = PolicyFollower(ShopApplication(shop.database, CATALOGUE), "picky", standing)
        assert with_its_own_session.redrive() == 1
        return waits(self, *arguments)

    monkeypatch.setattr(PolicyFollower, "_wait_behind", redrive_then_wait)
    run(follower)
    assert rows(shop, "SELECT 1 FROM parked") == []
    assert notes(shop, "picky") == positions(rows, shop)


def test_a_refusal_that_will_pass_is_waited_for_and_never_parked(
    shop: Room, rows: Rows, dislikes: dict[str, Exception]
) -> None:
    dislikes["later"] = NotNowError()
    tab_with(shop, "first", "later", "after")
    follower = shop.follower("policy.picky")
    run(follower)
    assert follower.step() is False  # it does not spin either
    assert rows(shop, "SELECT 1 FROM parked") == []
    assert notes(shop, "picky") == positions(rows, shop)[:1]
    dislikes.clear()
    run(follower)
    assert notes(shop, "picky") == positions(rows, shop)


def test_a_policy_that_yields_two_copies_of_one_aggregate_is_parked_not_tried_for_ever(
    shop: Room, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(added: Tab.Added, world: Any) -> Any:
        for _ in range(2):
            tab = world.repository.get(added.originator_id)
            tab.add("again")
            yield tab

    follower = shop.follower("policy.picky")
    monkeypatch.setitem(follower._functions, Tab.Added.TOPIC, [careless])
    tab_with(shop, "a")
    run(follower)
    [(cause,)] = rows(shop, "SELECT cause FROM parked")
    assert "two copies" in cause


def test_a_hot_aggregate_is_taken_under_the_lock(shop: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """After three conflicts the policy takes the log first: nobody is faster then."""
    tab = tab_with(shop, "a")
    tries: list[bool] = []

    def add_after(added: Tab.Added, world: Any) -> Any:
        one = world.repository.get(added.originator_id)
        tries.append(world.db.in_transaction)
        if not world.db.in_transaction:  # somebody is faster, as long as it can be
            other = ShopApplication(shop.database, CATALOGUE)
            other.execute(add, Cause.of(ME), tab_id=tab, what=f"faster {len(tries)}")
        one.add("mine")
        yield one

    follower = shop.follower("policy.picky")
    monkeypatch.setitem(follower._functions, Tab.Added.TOPIC, [add_after])
    follower._batch = 2
    follower.step()
    assert tries == [False, False, False, True]
    assert shop.app.repository.get(tab).things == ["a", "faster 1", "faster 2", "faster 3", "mine"]


@pytest.fixture
def appends(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many events each append had that a policy made."""
    sizes: list[int] = []
    original = log.append

    def append(session: Session, origin: str, entries: Sequence[Any], *more: Any, **named: Any) -> list[int]:
        sizes.append(len(entries))
        return original(session, origin, entries, *more, **named)

    monkeypatch.setattr(log, "append", append)
    return sizes


def test_what_waits_is_judged_together_and_answered_in_one_transaction(
    shop: Room, rows: Rows, appends: list[int]
) -> None:
    for _ in range(7):
        tab_with(shop, "a", "b")
    appends.clear()
    run(shop.follower("policy.picky"))
    assert appends == [14]
    assert notes(shop, "picky") == positions(rows, shop)
    causes = rows(shop, f"SELECT causation FROM history WHERE topic = '{Note.Taken.TOPIC}' ORDER BY position")
    assert [one for (one,) in causes] == positions(rows, shop), "each names what woke it"


def test_one_that_looks_up_what_another_changes_is_judged_after_it(
    shop: Room, monkeypatch: pytest.MonkeyPatch, appends: list[int]
) -> None:
    """Nothing else would tell: it changes something of its own, and there is no conflict."""
    first_id = uuid4()
    for what in ("first", "then", "last"):
        tab_with(shop, what)

    def note(added: Tab.Added, world: World) -> Iterator[Aggregate]:
        id_ = first_id if added.what == "first" else nature.new_id()
        is_there = world.repository.find(first_id) is not None
        yield Note(id=id_, policy="picky", position=world.woken_by.position, things=int(is_there))

    follower = shop.follower("policy.picky")
    monkeypatch.setitem(follower._functions, Tab.Added.TOPIC, [note])
    appends.clear()
    run(follower)
    assert [one.things for one in shop.events(Note.Taken)] == [0, 1, 1]
    assert appends == [1, 2]


def test_one_that_somebody_was_faster_with_holds_up_no_other(
    shop: Room, monkeypatch: pytest.MonkeyPatch, appends: list[int]
) -> None:
    tabs = [tab_with(shop, "a") for _ in range(4)]
    raced: list[UUID] = []

    def add_mine(added: Tab.Added, world: World) -> Iterator[Aggregate]:
        tab: Tab = world.repository.get(added.originator_id)
        if tab.id == tabs[2] and not raced:
            raced.append(tab.id)
            ShopApplication(shop.database, CATALOGUE).execute(add, Cause.of(ME), tab_id=tab.id, what="faster")
        if added.what == "a":
            tab.add("mine")
            yield tab

    follower = shop.follower("policy.picky")
    monkeypatch.setitem(follower._functions, Tab.Added.TOPIC, [add_mine])
    appends.clear()
    run(follower)
    things = [shop.app.repository.get(tab).things for tab in tabs]
    assert things == [["a", "mine"], ["a", "mine"], ["a", "faster", "mine"], ["a", "mine"]]
    assert appends == [1, 4, 1, 1, 1, 1], "the command's, all together in vain, then each alone"


def test_of_many_the_one_whose_answer_cannot_be_appended_is_parked_alone(
    shop: Room, rows: Rows, monkeypatch: pytest.MonkeyPatch, appends: list[int]
) -> None:
    tabs = [tab_with(shop, "a") for _ in range(4)]
    shop.execute(add, ME, tab_id=tabs[1], what="b")

    def twice(added: Tab.Added, world: World) -> Iterator[Aggregate]:
        for _ in range(1 + (added.originator_id == tabs[1])):
            tab: Tab = world.repository.get(added.originator_id)
            tab.add("mine")
            yield tab

    follower = shop.follower("policy.picky")
    monkeypatch.setitem(follower._functions, Tab.Added.TOPIC, [twice])
    appends.clear()
    follower.step()
    assert [shop.app.repository.get(tab).things[-1] for tab in tabs] == ["mine", "b", "mine", "mine"]
    assert [stream for (stream,) in rows(shop, "SELECT stream FROM parked ORDER BY position")] == [tabs[1]] * 2
    assert appends[:5] == [5, 1, 2, 1, 1]


def test_a_transaction_of_many_stays_small(
    shop: Room, rows: Rows, monkeypatch: pytest.MonkeyPatch, appends: list[int]
) -> None:
    monkeypatch.setattr(policies, "TOGETHER", 5)
    monkeypatch.setattr(policies, "MOST", 4)
    for number in range(12):
        tab_with(shop, str(number))

    def notes_of(added: Tab.Added, world: World) -> Iterator[Aggregate]:
        for _ in range(9 if added.what == "7" else 1):
            yield Note(id=nature.new_id(), policy="picky", position=world.woken_by.position, things=0)

    follower = shop.follower("policy.picky")
    monkeypatch.setitem(follower._functions, Tab.Added.TOPIC, [notes_of])
    appends.clear()
    run(follower)
    assert appends == [4, 3, 9, 4]
    assert sorted(set(notes(shop, "picky"))) == positions(rows, shop)
    monkeypatch.setattr(policies, "MOST", 1_000)
    for number in range(12):
        tab_with(shop, f"more {number}")
    appends.clear()
    run(follower)
    assert appends == [5, 5, 2]


def test_a_damaged_event_stops_policies_and_views_and_is_not_skipped(
    shop: Room, rows: Rows, write: Callable[..., int]
) -> None:
    """B-04."""
    tab_with(shop, "a")
    where = write(shop, Tab.Added.TOPIC, b'{"what": 7}')
    tab_with(shop, "b")
    for name in ("policy.picky", "tabs_v1", "shop.relay", "shop.timers"):
        for _ in range(2):
            with pytest.raises(DamagedEventError, match=r"shop\.Tab\.Added"):
                shop.follower(name).step()
    assert all(position < where for (position,) in rows(shop, "SELECT position FROM positions"))
    assert rows(shop, "SELECT * FROM tabs_v1") == []


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        ("shop.Tab.Renamed", b"{}"),
        ("heard.NeverHeardState", b"{}"),
        (Tab.Closed.TOPIC, b'{"class_version":2,"timestamp":"2026-01-01T00:00:00Z"}'),
    ],
)
def test_what_a_newer_release_wrote_is_waited_for(
    shop: Room, rows: Rows, write: Callable[..., int], topic: str, state: bytes
) -> None:
    """F-17: in a rolling upgrade the old copies stand still before it, and lose nothing."""
    tab_with(shop, "a")
    where = write(shop, topic, state)
    tab_with(shop, "b")
    for name in ("policy.picky", "tabs_v1", "roles_v1", "shop.relay", "shop.timers"):
        run(shop.follower(name))
        [(position,)] = rows(shop, "SELECT position FROM positions WHERE follower = %s", name)
        assert position in {where - 1, where - 2}, name  # before it; a policy's own note may stand behind
    assert notes(shop, "picky") == positions(rows, shop)[:1]


def test_a_heard_row_that_does_not_fit_is_damaged(shop: Room, write: Callable[..., int]) -> None:
    write(shop, "heard.RoleRequested", b'{"headers":{},"key":"k","value":"/w=="}')
    with pytest.raises(DamagedEventError, match="RoleRequested"):
        shop.follower("asked_v1").step()


def test_a_policy_whose_aggregate_a_newer_release_has_changed_waits(
    shop: Room, rows: Rows, write: Callable[..., int]
) -> None:
    """Its event it knows; but the aggregate that it must load has been changed by a newer release since."""
    tab = tab_with(shop, "a")
    write(shop, "shop.Tab.Renamed", b"{}", stream=tab, version=3)
    follower = shop.follower("policy.picky")
    run(follower)
    assert rows(shop, "SELECT 1 FROM parked") == []
    assert notes(shop, "picky") == []
    with pytest.raises(UnknownEventError):
        shop.app.repository.get(tab)


def test_a_new_policy_begins_at_the_logs_end_and_a_new_view_at_its_beginning(shop: Room, rows: Rows) -> None:
    tab_with(shop, "a", "b")
    with psycopg.connect(shop.database.dsn, options="-c search_path=shop", autocommit=True) as owner:
        owner.execute("DELETE FROM positions WHERE follower IN ('policy.picky', 'tabs_v1')")
    migrate.migrate(SERVICE.application, shop.database.dsn)
    tab_with(shop, "c")
    run(shop.follower("policy.picky"))
    run(shop.follower("tabs_v1"))
    assert notes(shop, "picky") == positions(rows, shop)[2:]
    assert sorted(added for (added,) in rows(shop, "SELECT added FROM tabs_v1")) == [1, 2]


def test_settling_reacts_to_everything_once(shop_house: House, rows: Rows) -> None:
    shop = shop_house.shop
    tab = tab_with(shop, "a", "b")
    shop.execute(close, ME, id=tab)
    shop_house.settle()
    assert notes(shop, "counting") == notes(shop, "picky") == positions(rows, shop)
    end = shop.end()
    shop_house.settle()
    assert shop.end() == end
