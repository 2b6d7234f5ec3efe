"""A relay that froze between reading and publishing tells an old state last: it is told anew, before compaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import mending
from chassis.bus import Message, Record
from chassis.mending import Mender
from chassis.relay import Relay
from services.access.commands import staff
from tests.house import House
from tests.integration.chassis.conftest import Clock
from tests.integration.chassis.test_relay import EUS, OFFICIAL, relay_of, run, said, staffed, states


def mended(house: House) -> tuple[Relay, Mender]:
    relay = relay_of(house)
    return relay, Mender(house.access.app, relay, house.subscriber)


def rest(relay: Relay, mender: Mender) -> None:
    while relay.step() | mender.step():
        pass


def freeze(house: House, id_: UUID) -> Record:
    """What a frozen relay still has in hand: a state that is older by now."""
    [*_, old] = said(house, "AssociationState")
    house.access.execute(staff.grant_function, OFFICIAL, roles=EUS, association_id=id_, function="PECOS")
    return old


def thaw(house: House, old: Record) -> None:
    house.publisher.publish([Message(old.topic, old.key, old.value, old.headers)])


@pytest.fixture
def late(house: House) -> tuple[Relay, Mender, UUID]:
    """A house in which an old state stands last."""
    id_ = staffed(house)
    relay, mender = mended(house)
    rest(relay, mender)
    old = freeze(house, id_)
    rest(relay, mender)
    thaw(house, old)
    return relay, mender, id_


def test_a_late_record_is_followed_by_the_newest_state(
    house: House, clock: Clock, late: tuple[Relay, Mender, UUID]
) -> None:
    relay, mender, id_ = late
    assert [version for version, _ in states(house, id_)] == [1, 2, 3, 2]
    rest(relay, mender)
    assert len(states(house, id_)) == 4  # it looks only now and then
    clock.move(seconds=mending.EVERY.total_seconds())
    rest(relay, mender)
    assert states(house, id_)[-1] == (3, ["PECOS"])


def test_it_is_mended_once(house: House, clock: Clock, late: tuple[Relay, Mender, UUID]) -> None:
    relay, mender, id_ = late
    for _ in range(3):
        clock.move(seconds=mending.EVERY.total_seconds())
        rest(relay, mender)
    assert [version for version, _ in states(house, id_)] == [1, 2, 3, 2, 3]


def test_whoever_is_new_mends_what_another_has_seen_and_died(
    house: House, clock: Clock, late: tuple[Relay, Mender, UUID]
) -> None:
    _, mender, id_ = late
    clock.move(seconds=mending.EVERY.total_seconds())
    while mender.step():
        pass  # in the end it has marked what is late, and the relay has not told it
    assert len(states(house, id_)) == 4
    relay, mender = mended(house)
    rest(relay, mender)
    assert states(house, id_)[-1] == (3, ["PECOS"])


def test_what_was_read_only_in_part_is_history(house: House) -> None:
    """Older records that a newer one follows, though in another batch, are no reason to tell anything."""
    id_ = staffed(house)
    relay = relay_of(house)
    run(relay)
    for change in (staff.grant_function, staff.withdraw_function, staff.grant_function):
        house.access.execute(change, OFFICIAL, roles=EUS, association_id=id_, function="PECOS")
        run(relay)
    before = states(house, id_)

    class ByOne:
        def another(self) -> ByOne:
            return self

        def poll(self, topics: Any, places: Any) -> Any:
            return house.subscriber.poll(topics, places, limit=1)

    mender = Mender(house.access.app, relay, ByOne())  # type: ignore[arg-type]
    rest(relay, mender)
    assert states(house, id_) == before


def test_a_strangers_record_stops_nobody(house: House, late: tuple[Relay, Mender, UUID]) -> None:
    _, _, id_ = late
    strange = (Message("AssociationState", "nobody", b"\xff", {}), Message("AssociationState", str(uuid4()), None, {}))
    house.publisher.publish(strange)
    relay, mender = mended(house)
    rest(relay, mender)
    assert states(house, id_)[-1] == (3, ["PECOS"])
