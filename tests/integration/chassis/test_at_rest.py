"""What is asked of the database while nobody does anything, and what must not be missed for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from chassis import arrays, log
from chassis.followers import Behind
from chassis.migrate import open_database
from tests.house import Room
from tests.integration.chassis.shop import add, open_tab


class Noted:
    """A follower that says whether it was stepped."""

    def __init__(self, follower: Any) -> None:
        self.name, self.steps, self._follower = follower.name, 0, follower

    def step(self) -> bool:
        self.steps += 1
        return bool(self._follower.step())


def test_only_who_is_behind_is_stepped_and_until_the_end(shop: Room) -> None:
    noted = [Noted(one) for role in ("policies", "views") for one in shop.followers[role]]
    behind = Behind(shop.app, noted)
    assert (behind.step(), {one.steps for one in noted}) == (False, {0})
    tab = shop.execute(open_tab, uuid4()).id
    shop.execute(add, uuid4(), tab_id=tab, what="a")
    while behind.step():
        pass
    assert min(one.steps for one in noted) >= 1
    with shop.app.session() as session:
        assert {log.position(session, one.name) for one in noted} == {shop.end()}
    steps = [one.steps for one in noted]
    assert (behind.step(), [one.steps for one in noted]) == (False, steps)


def test_a_follower_that_waits_is_asked_again(shop: Room) -> None:
    """It had no work to show, and is still behind: what it waits for may be no event."""

    class Waits:
        name, steps = "tabs_v1", 0

        def step(self) -> bool:
            self.steps += 1
            return False

    shop.execute(open_tab, uuid4())
    waits = Waits()
    behind = Behind(shop.app, [waits])
    assert [behind.step() for _ in range(3)] == [False] * 3
    assert waits.steps == 3


def test_a_session_that_was_closed_in_the_pool_is_replaced_and_nobody_notices(shop: Room) -> None:
    database = open_database(shop.database.dsn, "shop", size=1)
    with database.session() as session:
        pid = session.connection.info.backend_pid
    with psycopg.connect(shop.database.dsn, autocommit=True) as admin:
        assert admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,)).fetchone() == (True,)
    with database.session() as session:
        assert session.one("SELECT 1") == (1,)
        assert session.connection.info.backend_pid != pid
    database.close()


def test_arrays_arrive_as_they_were(shop: Room) -> None:
    ids = [uuid4(), UUID(int=0), UUID(int=2**128 - 1)]
    moments = [datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)]
    moments.append(moments[1].astimezone(UTC) + timedelta(days=70_000))
    cases: list[tuple[Any, str, Any]] = [
        (arrays.uuids([*ids, None]), "uuid[]", [*ids, None]),
        (arrays.bigints([0, -(2**63), 2**63 - 1]), "bigint[]", [0, -(2**63), 2**63 - 1]),
        (arrays.texts(["", "NULL", 'ü"{},\\']), "text[]", ["", "NULL", 'ü"{},\\']),
        (arrays.byteas([b"", b"\x00\xff\xff\xff\xff", None]), "bytea[]", [b"", b"\x00\xff\xff\xff\xff", None]),
        (arrays.timestamps(moments), "timestamp with time zone[]", moments),
        *((make([]), kind, []) for make, kind in ((arrays.uuids, "uuid[]"), (arrays.texts, "text[]"))),
    ]
    with shop.app.session() as session:
        for array, kind, values in cases:
            assert session.one("SELECT pg_typeof(%s)::text, %s", (array, array)) == (kind, values)
