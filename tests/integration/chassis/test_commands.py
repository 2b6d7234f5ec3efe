"""A command is taken once, whatever happens to its answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from chassis import application, log, nature
from chassis import turns as turns_module
from chassis.application import BusyError, CommandIdError, CommandTooOldError
from chassis.cause import Cause, Receipt
from chassis.codec import UnstorableTextError
from chassis.database import DatabaseUnavailableError, PooledDatabase
from chassis.domain import NotFoundError, id_of
from chassis.hearing import HEARD
from chassis.log import ConflictError
from chassis.migrate import open_database, role_of
from chassis.runtime import Wakeup, wait_until
from chassis.turns import Turns
from chassis.waiting import GroupCommit
from tests.faults.proxy import Proxy
from tests.house import CATALOGUE, Room
from tests.integration.chassis.conftest import Clock
from tests.integration.chassis.shop import ShopApplication, add, close, open_tab
from tests.integration.chassis.tab import ClosedTabError, Note, Tab

ME, YOU = uuid4(), uuid4()


def count_of(room: Room) -> int:
    with room.app.session() as session:
        [(count,)] = session.run("SELECT count(*) FROM log")
        return int(count)


@pytest.mark.parametrize("by_turns", [False, True])
def test_eight_threads_on_one_aggregate_lose_nothing_and_all_are_answered(shop: Room, *, by_turns: bool) -> None:
    """L-08, in small."""
    if by_turns:
        shop.database.together, shop.app.turns = GroupCommit(), Turns()
    tab = shop.execute(open_tab, ME).id

    def work(thread: int) -> list[int]:
        return [shop.execute(add, ME, tab_id=tab, what=f"{thread}/{n}").position for n in range(15)]

    with ThreadPoolExecutor(8) as threads:
        positions = [position for found in threads.map(work, range(8)) for position in found]
    things = shop.app.repository.get(tab).things
    assert sorted(things) == sorted(f"{thread}/{n}" for thread in range(8) for n in range(15))
    assert len(set(positions)) == 120
    assert [event.originator_version for event in shop.events(Tab.Added)] == list(range(2, 122))


def test_who_has_lost_decides_once_more_and_whoever_comes_meanwhile_waits(
    shop: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without turns the newcomer would load what the loser is about to change, and one of them be in vain."""
    monkeypatch.setattr(turns_module, "TURN_S", 60.0)
    turns = shop.app.turns = Turns()
    tab = shop.execute(open_tab, ME).id
    loaded: list[str] = []
    decided, go_on = threading.Event(), threading.Event()

    def slow(app: ShopApplication, cause: Cause, *, what: str) -> Receipt:
        one = app.repository.get(tab)
        loaded.append(what)
        if loaded == ["first"]:
            add(app, Cause.of(YOU), tab_id=tab, what="behind the back of the first")
        elif loaded == ["first", "first"]:
            decided.set()
            assert go_on.wait(20)
        one.add(what)
        return app.commit(one, cause=cause)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(shop.execute, slow, ME, what="first")
        assert decided.wait(20)
        second = threads.submit(shop.execute, slow, YOU, what="second")
        assert wait_until(lambda: bool(turns._lines[tab]), Wakeup(), timeout_s=20)
        assert loaded == ["first", "first"]
        go_on.set()
        assert first.result(20).position < second.result(20).position
    assert loaded == ["first", "first", "second"]
    assert shop.app.repository.get(tab).things == ["behind the back of the first", "first", "second"]
    assert turns.taken == 0


def test_nobody_waits_for_a_turn_with_the_log_in_hand(shop: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has the turn needs the log to go on: each would wait for the other."""
    monkeypatch.setattr(turns_module, "TURN_S", 60.0)
    turns = shop.app.turns = Turns()
    tab = shop.execute(open_tab, ME).id

    def outside() -> Receipt:
        with shop.app.locked():
            return shop.execute(add, YOU, tab_id=tab, what="x")

    def locking(app: ShopApplication, cause: Cause) -> Receipt:
        with app.locked():
            return add(app, cause, tab_id=tab, what="y")

    with turns.attempt([tab]), ThreadPoolExecutor(1) as threads:
        threads.submit(outside).result(20)
        threads.submit(shop.execute, locking, YOU).result(20)
    assert shop.app.repository.get(tab).things == ["x", "y"]


def under_lock(app: ShopApplication, cause: Cause, *, tab_id: UUID, what: str) -> Receipt:
    with app.locked():
        return add(app, cause, tab_id=tab_id, what=what)


def in_vain(app: ShopApplication, cause: Cause, *, tab_id: UUID, what: str) -> Receipt:
    with app.locked():
        add(app, cause, tab_id=tab_id, what=what)
        raise ZeroDivisionError


@pytest.mark.parametrize("optimistic", [0, 2])
@pytest.mark.parametrize("command", [add, under_lock])
def test_who_is_woken_finds_what_woke_him_and_is_woken_once(
    shop: Room, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Receipt], optimistic: int
) -> None:
    """Nobody would wake him again: a process does not listen to what it has appended itself."""
    monkeypatch.setattr(application, "OPTIMISTIC", optimistic)
    tab = shop.execute(open_tab, ME).id
    woken: list[tuple[int, int]] = []

    def look(position: int) -> None:
        with shop.database.session() as another:
            woken.append((position, log.end(another)))

    shop.app.on_append = look
    position = shop.execute(command, ME, tab_id=tab, what="x").position
    assert woken == [(position, position)]
    with pytest.raises(ZeroDivisionError):
        shop.execute(in_vain, ME, tab_id=tab, what="y")
    assert woken == [(position, position)]
    assert shop.app.repository.get(tab).things == ["x"]


def test_one_command_sent_by_eight_threads_at_once_happens_once(shop: Room) -> None:
    tab = shop.execute(open_tab, ME).id
    cause = Cause.of(ME)
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(shop.app.execute, add, cause, tab_id=tab, what="x") for _ in range(8)]
        receipts = {one.result() for one in asked}
    assert len(receipts) == 1
    assert len(shop.events(Tab.Added)) == 1


def test_a_repeat_gets_the_first_answer_whatever_it_asks(shop: Room) -> None:
    tab = shop.execute(open_tab, ME).id
    cause = Cause.of(ME)
    first = shop.app.execute(add, cause, tab_id=tab, what="x")
    shop.execute(add, ME, tab_id=tab, what="y")
    assert shop.app.execute(add, cause, tab_id=tab, what="x") == first
    assert shop.app.execute(add, cause, tab_id=uuid4(), what="z") == first
    assert len(shop.events(Tab.Added)) == 2


def test_a_command_that_changed_nothing_is_answered_too_so_that_a_late_retry_grants_nothing_again(shop: Room) -> None:
    tab = shop.execute(open_tab, ME).id
    shop.execute(add, ME, tab_id=tab, what="x")
    cause = Cause.of(ME)
    nothing = shop.app.execute(add, cause, tab_id=tab, what="x")
    assert nothing.position == shop.end()
    shop.execute(close, ME, id=tab)
    assert shop.app.execute(add, cause, tab_id=tab, what="x") == nothing


def test_a_command_that_was_refused_leaves_nothing_and_may_be_sent_again(shop: Room) -> None:
    tab = shop.execute(open_tab, ME).id
    cause = Cause.of(ME)
    shop.execute(close, ME, id=tab)
    before = count_of(shop)
    for _ in range(2):
        with pytest.raises(ClosedTabError):
            shop.app.execute(add, cause, tab_id=tab, what="x")
    assert count_of(shop) == before


def test_the_id_of_another_actors_command_is_refused(shop: Room) -> None:
    cause = Cause.of(ME)
    tab = shop.app.execute(open_tab, cause).id
    before = count_of(shop)
    with pytest.raises(CommandIdError):
        shop.app.execute(open_tab, Cause.of(YOU, cause.command_id))
    with pytest.raises(CommandIdError):
        shop.app.execute(add, Cause.of(YOU, cause.command_id), tab_id=tab, what="x")
    assert count_of(shop) == before


def id_from(moment: Any) -> UUID:
    before = nature.use(nature.Nature(now=lambda: moment, random_bytes=nature.REAL.random_bytes))
    try:
        return nature.new_id()
    finally:
        nature.use(before)


def test_ids_that_are_too_old_from_the_future_or_no_uuid7_are_refused(shop: Room, clock: Clock) -> None:
    day, hour, second = timedelta(hours=24), timedelta(hours=1), timedelta(seconds=1)
    before = count_of(shop)
    for id_ in (
        id_from(clock.now - day - second),
        id_from(clock.now + hour + second),
        UUID(int=(1 << 48) - 1 << 80 | 7 << 76 | 2 << 62),
    ):
        with pytest.raises(CommandTooOldError):
            shop.app.execute(open_tab, Cause.of(ME, id_))
    for id_ in (uuid4(), id_of("x"), UUID(int=0)):
        with pytest.raises(CommandIdError):
            shop.app.execute(open_tab, Cause.of(ME, id_))
    assert count_of(shop) == before
    for id_ in (id_from(clock.now - day + second), id_from(clock.now + hour - second)):
        shop.app.execute(open_tab, Cause.of(ME, id_))
    assert count_of(shop) == before + 2


def test_an_id_outlives_the_time_in_which_it_is_taken(shop: Room, clock: Clock) -> None:
    """An answer that was forgotten while its id is still taken would let a repeat happen again."""
    cause = Cause.of(ME, id_from(clock.now + timedelta(minutes=59)))
    receipt = shop.app.execute(open_tab, cause, minutes=60 * 24 * 30)
    clock.move(hours=24, minutes=58)
    shop.follower("shop.timers").step()
    assert shop.app.execute(open_tab, cause) == receipt
    clock.move(hours=2)
    shop.follower("shop.timers").step()
    with pytest.raises(CommandTooOldError):
        shop.app.execute(open_tab, cause)
    assert len(shop.events(Tab.Opened)) == 1


def test_ids_of_nothing_of_other_kinds_and_of_heard_messages_are_not_found(
    shop: Room, write: Callable[..., int]
) -> None:
    heard = uuid4()
    write(shop, f"{HEARD}RoleRequested", b"{}", stream=heard)
    tab = shop.execute(open_tab, ME).id
    for id_ in (uuid4(), heard):
        assert shop.app.repository.find(id_) is None
        with pytest.raises(NotFoundError):
            shop.execute(add, ME, tab_id=id_, what="x")
    with pytest.raises(NotFoundError):
        shop.app.repository.get(tab, kind=Note)
    assert shop.app.repository.get(tab, kind=Tab).id == tab


def test_a_command_that_always_conflicts_ends(shop: Room) -> None:
    def hopeless(app: Any, cause: Cause) -> Any:
        raise ConflictError

    with pytest.raises(BusyError) as busy:
        shop.execute(hopeless, ME)
    assert busy.value.transient


def test_a_text_with_a_nul_is_refused_and_stops_no_view(shop: Room) -> None:
    tab = shop.execute(open_tab, ME).id
    before = count_of(shop)
    with pytest.raises(UnstorableTextError, match="NUL"):
        shop.execute(add, ME, tab_id=tab, what="a\0b")
    assert count_of(shop) == before


@pytest.fixture
def proxied(shop: Room) -> Iterator[tuple[Proxy, ShopApplication, PooledDatabase]]:
    """The shop behind a proxy."""
    port = psycopg.conninfo.conninfo_to_dict(shop.database.dsn)["port"]
    proxy = Proxy(int(str(port)))
    dsn = shop.database.dsn.replace(f":{port}/", f":{proxy.port}/")
    assert dsn != shop.database.dsn
    database = open_database(dsn, "shop", size=2)
    yield proxy, ShopApplication(database, CATALOGUE), database
    database.close()
    proxy.close()


@pytest.mark.parametrize("under_lock", [False, True])
def test_an_answer_that_is_lost_after_the_commit_is_success(
    shop: Room,
    proxied: tuple[Proxy, ShopApplication, PooledDatabase],
    monkeypatch: pytest.MonkeyPatch,
    *,
    under_lock: bool,
) -> None:
    """F-02: one stored event, and no false conflict."""
    if under_lock:
        monkeypatch.setattr(application, "OPTIMISTIC", 0)
    proxy, app, _ = proxied
    tab = shop.execute(open_tab, ME).id
    proxy.cut_at(b"COMMIT" if under_lock else b"shop.Tab.Added", forward=True)
    receipt = app.execute(add, Cause.of(ME), tab_id=tab, what="x")
    assert proxy.cuts == 1
    assert [event.what for event in shop.events(Tab.Added)] == ["x"]
    assert receipt.position == shop.end()


@pytest.mark.parametrize("under_lock", [False, True])
def test_a_command_that_never_arrived_is_unknown_and_safe_to_repeat(
    shop: Room,
    proxied: tuple[Proxy, ShopApplication, PooledDatabase],
    monkeypatch: pytest.MonkeyPatch,
    *,
    under_lock: bool,
) -> None:
    if under_lock:
        monkeypatch.setattr(application, "OPTIMISTIC", 0)
    proxy, app, _ = proxied
    tab = shop.execute(open_tab, ME).id
    cause = Cause.of(ME)
    proxy.cut_at(b"COMMIT" if under_lock else b"shop.Tab.Added", forward=False)
    with pytest.raises(DatabaseUnavailableError):
        app.execute(add, cause, tab_id=tab, what="x")
    assert proxy.cuts == 1
    assert shop.events(Tab.Added) == []
    receipt = app.execute(add, cause, tab_id=tab, what="x")
    assert app.execute(add, cause, tab_id=tab, what="x") == receipt
    assert len(shop.events(Tab.Added)) == 1


def test_a_closed_pool_is_a_database_that_is_away(shop: Room) -> None:
    database = PooledDatabase(shop.database.dsn, "shop", role=role_of("shop"))
    with pytest.raises(DatabaseUnavailableError), database.session():
        pass
