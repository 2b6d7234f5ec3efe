"""No policy acts before it knows that its log was not put back to before what it has told (F-18)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from chassis import progress
from chassis.bus import BusUnavailableError, Subscriber
from chassis.policies import PolicyFollower
from chassis.progress import LogBehindError, Standing
from chassis.runtime import Wakeup, Worker
from chassis.service import followers
from tests.house import CATALOGUE, House
from tests.integration.chassis.shop import SERVICE, ShopApplication, add, open_tab
from tests.integration.chassis.tab import Note

ME = uuid4()
Rows = Callable[..., list[Any]]


@pytest.fixture
def put_back(shop_house: House) -> House:
    """A shop whose log ends before the Progress that it has published."""
    shop = shop_house.shop
    shop.execute(add, ME, tab_id=shop.execute(open_tab, ME).id, what="a thing")
    with shop.app.session() as session:
        shop_house.publisher.publish([progress.message(session, "shop", 1, shop.end() + 1)])
    return shop_house


def policies(house: House, subscriber: Subscriber | None = None) -> list[Any]:
    """The policies of a new process."""
    app = ShopApplication(house.shop.database, CATALOGUE)
    return followers(SERVICE, app, house.publisher, subscriber or house.subscriber)["policies"]


def test_no_policy_acts_on_a_log_that_was_put_back(put_back: House) -> None:
    for policy in policies(put_back):
        for act in (policy.step, policy.redrive):
            with pytest.raises(LogBehindError, match="mandate restore shop"):
                act()
    assert put_back.shop.events(Note.Taken) == []


def test_the_worker_ends_and_says_why(put_back: House) -> None:
    worker = Worker("shop.policies", policies(put_back), Wakeup())
    worker.start()
    assert worker.join(10)
    assert isinstance(worker.error, LogBehindError)


def test_once_the_edition_is_raised_policies_act(put_back: House) -> None:
    with psycopg.connect(put_back.shop.database.dsn, options="-c search_path=shop", autocommit=True) as owner:
        owner.execute("UPDATE edition SET edition = 2")
    for policy in policies(put_back):
        while policy.step():
            pass
    assert len(put_back.shop.events(Note.Taken)) == 2


class Away:
    """A bus that does not answer, until it does."""

    def __init__(self, inner: Subscriber) -> None:
        self.inner, self.away, self.asked = inner, True, 0

    def ends(self, topics: Any) -> Any:
        self.asked += 1
        if self.away:
            raise BusUnavailableError
        return self.inner.ends(topics)

    def poll(self, topics: Any, places: Any, *, limit: int = 500) -> Any:
        return self.inner.poll(topics, places, limit=limit)

    def another(self) -> Away:
        return self

    def close(self) -> None: ...


def test_policies_wait_for_the_bus_at_the_start_and_need_it_no_more(shop_house: House) -> None:
    shop = shop_house.shop
    tab_id = shop.execute(open_tab, ME).id
    shop.execute(add, ME, tab_id=tab_id, what="a thing")
    bus = Away(shop_house.subscriber)
    both = policies(shop_house, bus)
    for policy in both:
        with pytest.raises(BusUnavailableError):
            policy.step()
    assert shop.events(Note.Taken) == []
    bus.away, bus.asked = False, 0
    for policy in both:
        policy.step()
    assert (len(shop.events(Note.Taken)), bus.asked) == (2, 1)  # asked once for all of them
    bus.away = True
    shop.execute(add, ME, tab_id=tab_id, what="another")
    for policy in both:
        while policy.step():
            pass
    assert len(shop.events(Note.Taken)) == 4


def test_nothing_told_yet_is_nothing_put_back(shop_house: House) -> None:
    standing = Standing(shop_house.subscriber, "shop")
    assert PolicyFollower(shop_house.shop.app, "counting", standing).step() is False
