"""What is kept in memory takes the events it names, and waits before a topic that only a newer release knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from chassis.codec import DamagedEventError
from chassis.followers import InMemory
from tests.house import Room
from tests.integration.chassis.shop import add, open_tab
from tests.integration.chassis.tab import Tab


def taking(shop: Room, *own: type) -> tuple[InMemory, list[Any]]:
    taken: list[Any] = []
    return InMemory(shop.app, "things", taken.append, own=own or None), taken


def test_only_the_events_that_it_names_reach_it(shop: Room) -> None:
    tab = shop.execute(open_tab, uuid4()).id
    shop.execute(add, uuid4(), tab_id=tab, what="a")
    some, taken = taking(shop, Tab.Added)
    every, all_ = taking(shop)
    for one in (some, every):
        while one.step():
            pass
        assert one.position == shop.end()
    assert [type(one) for one in all_] == [Tab.Opened, Tab.Added]
    assert taken == all_[1:]


def test_what_does_not_concern_it_need_not_be_whole(shop: Room, write: Callable[..., int]) -> None:
    write(shop, Tab.Opened.TOPIC, b"{")
    some, taken = taking(shop, Tab.Added)
    assert some.step()
    assert (some.position, taken) == (1, [])
    write(shop, Tab.Added.TOPIC, b"{")
    with pytest.raises(DamagedEventError, match=Tab.Added.TOPIC):
        some.step()
    assert (some.position, taken) == (1, [])


def test_it_waits_before_what_a_newer_release_wrote(shop: Room, write: Callable[..., int]) -> None:
    write(shop, "shop.Tab.Emptied", b"{}")
    shop.execute(open_tab, uuid4())
    some, taken = taking(shop, Tab.Opened)
    assert not some.step()
    assert (some.position, taken) == (0, [])
