"""What is asked of the database while nobody does anything, and what must not be missed for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from chassis import arrays, log, positions
from chassis.database import Session
from chassis.followers import Abreast, Page
from chassis.migrate import open_database
from tests.house import Room
from tests.integration.chassis.shop import add, open_tab


class Noted:
    """A follower that says what it was given."""

    def __init__(self, follower: Any) -> None:
        self.name, self._follower = follower.name, follower
        self.taken: list[tuple[int, int, bool | None]] = []

    def step(self) -> bool:
        raise NotImplementedError

    def take(self, session: Session, was: int, page: Page) -> bool | None:
        work: bool | None = self._follower.take(session, was, page)
        self.taken.append((was, len(page.recorded), work))
        return work


def test_a_page_is_read_once_for_all_who_stand_before_it(shop: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = [Noted(one) for role in ("policies", "views") for one in shop.followers[role]]
    reads: list[int] = []
    real = log.read

    def read(session: Session, *, after: int, limit: int = log.PAGE) -> Any:
        reads.append(after)
        return real(session, after=after, limit=limit)

    monkeypatch.setattr(log, "read", read)
    together = Abreast(shop.app, "all", noted)
    assert (together.step(), reads, {len(one.taken) for one in noted}) == (False, [], {0})
    tab = shop.execute(open_tab, uuid4()).id
    reads.clear()
    assert together.step()
    assert reads[0] == 0
    assert reads.count(0) == 1
    shop.execute(add, uuid4(), tab_id=tab, what="a")
    while together.step():
        pass
    with shop.app.session() as session:
        assert not positions.behind(session, [one.name for one in noted])
    reads.clear()
    assert (together.step(), reads) == (False, [])


def test_whom_nothing_concerns_is_moved_on_and_no_further_than_where_it_stood(shop: Room) -> None:
    shop.execute(open_tab, uuid4())

    class Elsewhere:
        """Nothing concerns it; meanwhile another copy moves it."""

        name = "tabs_v1"

        def step(self) -> bool:
            raise NotImplementedError

        def take(self, session: Session, was: int, page: Page) -> bool | None:
            positions.move(session, self.name, was=was, becomes=page.recorded[-1].position + 5)
            return None

    end = shop.end()
    assert Abreast(shop.app, "views", [Elsewhere()]).step()
    with shop.app.session() as session:
        assert positions.of(session, "tabs_v1") == end + 5


def test_a_follower_that_waits_is_asked_again(shop: Room) -> None:
    """It had no work to show, and is still behind: what it waits for may be no event."""

    class Waits:
        name, asked = "tabs_v1", 0

        def step(self) -> bool:
            raise NotImplementedError

        def take(self, session: Session, was: int, page: Page) -> bool | None:
            self.asked += 1
            return False

    shop.execute(open_tab, uuid4())
    waits = Waits()
    together = Abreast(shop.app, "views", [waits])
    assert [together.step() for _ in range(3)] == [False] * 3
    assert waits.asked == 3


def test_one_that_is_far_behind_holds_nobody_up(shop: Room) -> None:
    tab = shop.execute(open_tab, uuid4()).id
    policies: Sequence[Any] = shop.followers["policies"]
    for one in policies:
        while one.step():
            pass
    with shop.app.session() as session:
        session.run("UPDATE positions SET position = 0 WHERE follower = 'policy.picky'")
        was = positions.of(session, "policy.counting")
    shop.execute(add, uuid4(), tab_id=tab, what="a")
    Abreast(shop.app, "policies", policies, batch=1).step()
    with shop.app.session() as session:
        assert positions.of(session, "policy.picky") == 1
        assert positions.of(session, "policy.counting") > was


def test_a_follower_that_migrate_has_not_made_is_named(shop: Room) -> None:
    with shop.app.session() as session, pytest.raises(LookupError, match="nobody_v9 has no position here"):
        positions.behind(session, ["tabs_v1", "nobody_v9"])


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
