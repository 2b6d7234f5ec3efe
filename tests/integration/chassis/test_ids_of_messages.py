"""A message whose ids are none is parked on arrival: no view and no policy ever stumbles over it (B-05)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from mandate.access.v1.events_pb2 import RoleRequested
from mandate.access.v1.state_pb2 import AssociationState

from chassis import nature
from chassis.bus import Message
from chassis.messages import Origin, wrap
from chassis.parking import unknown_keys
from services.connections.commands import connections
from tests.house import House
from tests.integration.chassis.tab import Note

KEY, OFFICIAL, PERSON, PRACTICE, GROUP = (uuid4() for _ in range(5))
Rows = Callable[..., list[Any]]


def state(key: UUID, version: int = 1, **changes: str) -> Message:
    """An approved official, as access would say it."""
    whole = {"association_id": str(key), "account_id": str(OFFICIAL), "employer_id": str(GROUP)}
    message = AssociationState(**whole | changes, role="AUTHORIZED_OFFICIAL", status="APPROVED")
    return wrap(message, _origin(key, version), form=1)


def asked(key: UUID, version: int = 1, **changes: str) -> Message:
    whole: dict[str, Any] = {
        "role_request_id": str(key),
        "account_id": str(PERSON),
        "employer_id": str(GROUP),
        "tracking_id": "R1",
    }
    return wrap(RoleRequested(**whole | changes), _origin(key, version))


def _origin(key: UUID, version: int) -> Origin:
    return Origin("access", 1, version, key, version, nature.now(), uuid4(), "", bytes(32))


@pytest.mark.parametrize("broken", ["employer_id", "account_id", "association_id"])
def test_the_view_goes_on_and_rights_on_the_key_are_unknown(house: House, rows: Rows, broken: str) -> None:
    other = uuid4()
    house.publisher.publish([state(KEY), state(KEY, 2, **{broken: "no id"}), state(other, account_id=str(PERSON))])
    house.settle()
    [(cause, value)] = rows(house.connections, "SELECT cause, value FROM parked_messages")
    assert cause == f"{broken} is no UUID: 'no id'"
    assert b"no id" in value
    managers = rows(house.connections, "SELECT association_id, account_id FROM managers_v1 ORDER BY 1")
    assert managers == sorted([(KEY, OFFICIAL), (other, PERSON)])
    with house.connections.app.session() as session:
        assert unknown_keys(session, ["AssociationState"]) == {str(KEY)}
    which: dict[str, Any] = {"provider_id": PRACTICE, "surrogate_id": GROUP, "function": "PECOS", "side": "SURROGATE"}
    with pytest.raises(connections.NotYourSideError):
        house.connections.execute(connections.request, OFFICIAL, **which)
    house.connections.execute(connections.request, PERSON, **which)


def test_the_policy_is_not_woken_and_a_redrive_wakes_it_in_order(shop_house: House, rows: Rows) -> None:
    shop = shop_house.shop
    broken = asked(KEY, account_id="nobody")
    shop_house.publisher.publish([broken, asked(KEY, 2), asked(uuid4())])
    shop_house.settle()
    assert len(shop.events(Note.Taken)) == 1
    assert rows(shop, "SELECT 1 FROM parked") == []
    causes = rows(shop, 'SELECT cause FROM parked_messages ORDER BY "offset"')
    assert causes == [("account_id is no UUID: 'nobody'",), ("waits behind an earlier message of the same key",)]
    ingest = shop.follower("shop.ingest")
    assert ingest.redrive() == 0
    rows(shop, "UPDATE parked_messages SET value = %s WHERE value = %s", asked(KEY).value, broken.value)
    assert ingest.redrive() == 2
    shop_house.settle()
    heard = rows(shop, "SELECT version FROM log WHERE topic = 'heard.RoleRequested' ORDER BY position")
    assert heard == [(1,), (1,), (2,)]
    assert len(shop.events(Note.Taken)) == 3
