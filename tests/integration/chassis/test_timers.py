"""A deadline is taken note of once, when the clock has passed it, and is not lost while nobody can act on it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from chassis.application import Application
from chassis.cause import Cause, system_actor
from chassis.database import DatabaseUnavailableError
from chassis.progress import Standing
from chassis.timers import Timers
from tests.house import CATALOGUE, House, Room
from tests.integration.chassis.conftest import Clock
from tests.integration.chassis.picky import NotNowError
from tests.integration.chassis.shop import DEADLINES, ShopApplication, add, close, open_tab
from tests.integration.chassis.tab import Tab

ME = uuid4()
Rows = Callable[..., list[Any]]


def run(timers: Timers) -> None:
    while timers.step():
        pass


def waiting(rows: Rows, room: Room) -> int:
    [(count,)] = rows(room, "SELECT count(*) FROM deadlines")
    return int(count)


def test_a_deadline_is_taken_note_of_when_it_has_passed_and_not_before(shop: Room, rows: Rows, clock: Clock) -> None:
    tab = shop.execute(open_tab, ME, minutes=60).id
    timers = shop.follower("shop.timers")
    run(timers)
    clock.move(minutes=59, seconds=59)
    run(timers)
    assert shop.events(Tab.Closed) == []
    clock.move(seconds=1)
    run(timers)
    [closed] = shop.events(Tab.Closed)
    assert (closed.originator_id, closed.timestamp) == (tab, clock.now)
    assert waiting(rows, shop) == 0
    actors = rows(shop, "SELECT actor FROM history WHERE topic = %s", Tab.Closed.TOPIC)
    assert actors == [(system_actor("shop.timers"),)]


def test_two_timers_take_it_once(shop_house: House, shop: Room, rows: Rows, clock: Clock) -> None:
    for _ in range(12):
        shop.execute(open_tab, ME, minutes=5)
    clock.move(minutes=5)
    standing = Standing(shop_house.subscriber, "shop")
    copies = [Timers(ShopApplication(shop.database, CATALOGUE), DEADLINES, standing, batch=5) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(run, copies))
    assert len(shop.events(Tab.Closed)) == 12
    assert waiting(rows, shop) == 0


def test_an_aggregate_that_has_gone_on_is_left_alone(shop: Room, rows: Rows, clock: Clock) -> None:
    tab = shop.execute(open_tab, ME, minutes=5).id
    shop.execute(close, ME, id=tab)
    clock.move(minutes=6)
    run(shop.follower("shop.timers"))
    assert len(shop.events(Tab.Closed)) == 1
    assert waiting(rows, shop) == 0


def test_a_deadline_that_cannot_be_acted_on_just_now_stays(shop: Room, rows: Rows, clock: Clock) -> None:
    """Refused for a moment (VIEW_STALE, too busy): dropped then, it would never pass."""
    shop.execute(open_tab, ME, minutes=5)
    answers: list[Exception] = [NotNowError(), NotNowError()]

    def not_now(app: Application, cause: Cause, *, id: Any) -> Any:
        if answers:
            raise answers.pop()
        return close(app, cause, id=id)

    timers = shop.follower("shop.timers")
    timers._commands[Tab.Opened.TOPIC] = not_now
    clock.move(minutes=5)
    assert timers.step() is True  # it was noted
    assert timers.step() is False  # and does not spin
    assert waiting(rows, shop) == 1
    run(timers)
    assert len(shop.events(Tab.Closed)) == 1
    assert waiting(rows, shop) == 0


def test_a_database_that_is_away_loses_no_deadline(shop: Room, rows: Rows, clock: Clock) -> None:
    shop.execute(open_tab, ME, minutes=5)

    def away(app: Application, cause: Cause, *, id: Any) -> Any:
        raise DatabaseUnavailableError

    timers = shop.follower("shop.timers")
    run(timers)
    timers._commands[Tab.Opened.TOPIC] = away
    clock.move(minutes=5)
    with pytest.raises(DatabaseUnavailableError):
        timers.step()
    assert waiting(rows, shop) == 1


def test_a_clock_that_is_set_back_loses_no_deadline(shop: Room, rows: Rows, clock: Clock) -> None:
    """Due by the first look, too early by the command's own: the command says no, and the deadline must stay."""
    shop.execute(open_tab, ME, minutes=5)

    def set_back_then_close(app: Application, cause: Cause, *, id: Any) -> Any:
        clock.move(minutes=-1)
        return close(app, cause, id=id)

    timers = shop.follower("shop.timers")
    run(timers)
    timers._commands[Tab.Opened.TOPIC] = set_back_then_close
    clock.move(minutes=5)
    assert timers.step() is False
    assert (waiting(rows, shop), shop.events(Tab.Closed)) == (1, [])
    timers._commands[Tab.Opened.TOPIC] = close
    clock.move(minutes=1)
    run(timers)
    assert (waiting(rows, shop), len(shop.events(Tab.Closed))) == (0, 1)


def test_what_a_newer_release_has_noted_is_left_to_it(shop: Room, rows: Rows, clock: Clock) -> None:
    rows(shop, "INSERT INTO deadlines VALUES ('shop.Tab.Renamed', %s, %s)", uuid4(), clock.now)
    assert shop.follower("shop.timers").step() is False
    assert waiting(rows, shop) == 1


def test_answers_are_forgotten_when_no_repeat_is_taken_any_more(shop: Room, rows: Rows, clock: Clock) -> None:
    tab = shop.execute(open_tab, ME, minutes=10**6).id
    clock.move(hours=25, minutes=59)
    shop.execute(add, ME, tab_id=tab, what="a")
    timers = shop.follower("shop.timers")
    run(timers)
    assert rows(shop, "SELECT count(*) FROM answered") == [(2,)]
    clock.move(minutes=2)
    run(timers)
    assert rows(shop, "SELECT count(*) FROM answered") == [(1,)]
