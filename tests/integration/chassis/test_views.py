"""A view is the fold of its log, whatever the batches were, and whoever folded them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis import followers, positions
from chassis.database import Session
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.followers import ViewFollower
from chassis.migrate import open_database
from chassis.views import Rows, View
from tests.chance import beside_a_pool
from tests.house import CATALOGUE, Room, drop_database, new_database
from tests.integration.chassis.shop import TABS, ShopApplication, add, open_tab

THINGS = View(
    name="things_v1",
    table="""
        one uuid NOT NULL, other int NOT NULL, words text, sum numeric(10, 2), at timestamptz, tags jsonb, yes boolean,
        raw bytea, day date, many bigint, PRIMARY KEY (one, other)
    """,
    indexes=("words, one", "USING gin (tags)"),
)


@THINGS.fold
def fold(step: Any, rows: Rows) -> None:
    name, key, columns = step
    getattr(rows, name)(*key, **columns)


COLUMNS = {
    "words": st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    "sum": st.none() | st.decimals("-99999999.99", "99999999.99", places=2),
    "at": st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    "tags": st.none()
    | st.lists(st.text("ab\"\\,{}é'", max_size=3))
    | st.dictionaries(st.text("ab"), st.integers(-9, 9)),
    "yes": st.none() | st.booleans(),
    "raw": st.none() | st.binary(max_size=4),
    "day": st.none() | st.dates(),
    "many": st.none() | st.integers(-(1 << 63), (1 << 63) - 1),
}
KEYS = st.tuples(st.sampled_from([UUID(int=1), UUID(int=2)]), st.integers(0, 1))
STEPS = st.lists(
    st.tuples(st.just("put"), KEYS, st.fixed_dictionaries({}, optional=COLUMNS))
    | st.tuples(st.just("change"), KEYS, st.fixed_dictionaries({}, optional=COLUMNS))
    | st.tuples(st.just("drop"), KEYS, st.just({})),
    max_size=12,
)


@pytest.fixture(scope="module")
def session(postgres: EmbeddedPostgres) -> Any:
    name = new_database(postgres)
    with psycopg.connect(postgres.dsn(name), autocommit=True, options="-c TimeZone=UTC") as connection:
        made = Session(connection)
        made.run("CREATE TABLE positions (follower text PRIMARY KEY, position bigint NOT NULL)")
        for _ in range(2):  # twice is the same as once
            THINGS.create(made)
        yield made
    drop_database(postgres, name)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@beside_a_pool
@given(steps=STEPS, sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_the_table_is_the_same_for_every_batch_size(session: Session, steps: list[Any], sizes: list[int]) -> None:
    def table(sizes: list[int]) -> list[Any]:
        begin, number = 0, 0
        with session.connection.transaction(force_rollback=True):
            while begin < len(steps):
                size = sizes[number % len(sizes)]
                THINGS.write(session, THINGS.rows(steps[begin : begin + size]))
                begin, number = begin + size, number + 1
            return session.run("SELECT * FROM things_v1 ORDER BY one, other")

    one_by_one = table([1])
    assert table(sizes) == one_by_one
    assert table([100]) == one_by_one


def test_values_come_back_as_they_went(session: Session) -> None:
    row = {
        "words": "é\"'{}\\,NULL",
        "sum": Decimal("-0.01"),
        "at": datetime(2026, 5, 4, 13, 0, 0, 1, tzinfo=UTC),
        "tags": ["NULL", "{a,b}", 'q"'],
        "yes": False,
        "raw": b"\x00\\",
        "day": datetime(2026, 5, 4, tzinfo=UTC).date(),
        "many": -1,
    }
    with session.connection.transaction(force_rollback=True):
        THINGS.write(session, THINGS.rows([("put", (UUID(int=1), 1), row), ("put", (UUID(int=1), 2), {})]))
        first, second = session.run("SELECT * FROM things_v1 ORDER BY other")
    assert first == (UUID(int=1), 1, *row.values())
    assert second == (UUID(int=1), 2, *[None] * 8)


def test_a_column_that_does_not_exist_is_an_error(session: Session) -> None:
    for name in ("put", "change"):
        rows = THINGS.rows([(name, (UUID(int=1), 1), {"wrods": "x"})])
        with pytest.raises((TypeError, KeyError), match="wrods"), session.transaction():
            THINGS.write(session, rows)


def test_two_copies_of_a_view_fold_each_event_once(shop: Room, rows: Callable[..., list[Any]]) -> None:
    me = uuid4()
    for _ in range(6):
        tab = shop.execute(open_tab, me).id
        for what in "abcd":
            shop.execute(add, me, tab_id=tab, what=what)
    databases = [open_database(shop.database.dsn, "shop", size=1) for _ in range(2)]
    copies = [ViewFollower(ShopApplication(one, CATALOGUE), TABS, batch=3) for one in databases]

    def run(follower: ViewFollower) -> None:
        while follower.step():
            pass

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(run, copies))
    for database in databases:
        database.close()
    put, _, _ = TABS.rows(shop.events()).collected()
    found = rows(shop, "SELECT tab_id, things, added, status FROM tabs_v1")
    assert {id_: row for id_, *row in found} == {key: list(row.values()) for (key,), row in put.items()}
    assert rows(shop, "SELECT position FROM positions WHERE follower = 'tabs_v1'") == [(shop.end(),)]


def late_copy(shop: Room, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[Any]]:
    """One copy reads a page, another folds everything, then the first writes: (position, rows) afterwards."""
    me = uuid4()
    tab = shop.execute(open_tab, me).id
    shop.execute(add, me, tab_id=tab, what="a")
    one, other = (ViewFollower(ShopApplication(shop.database, CATALOGUE), TABS) for _ in range(2))
    original = followers.read_page

    def read_then_let_the_other_go_first(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(followers, "read_page", original)
        page = original(*arguments, **named)
        shop.execute(add, me, tab_id=tab, what="b")
        while other.step():
            pass
        return page

    monkeypatch.setattr(followers, "read_page", read_then_let_the_other_go_first)
    one.step()
    with shop.app.session() as session:
        return positions.of(session, TABS.name), session.run("SELECT added FROM tabs_v1")


def test_a_copy_that_comes_late_writes_nothing(shop: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    assert late_copy(shop, monkeypatch) == (3, [(2,)])


def test_without_compare_and_set_it_takes_the_view_back(shop: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen failing: the test above is worth something. It heals at the next step: no simulation sees it."""

    def move_blindly(session: Session, follower: str, *, was: int, becomes: int) -> None:
        session.run("UPDATE positions SET position = %s WHERE follower = %s", (becomes, follower))

    monkeypatch.setattr(positions, "move", move_blindly)
    assert late_copy(shop, monkeypatch) == (2, [(1,)])


def test_a_view_can_be_rebuilt_from_nothing_and_is_equal(shop: Room, rows: Callable[..., list[Any]]) -> None:
    me = uuid4()
    for _ in range(3):
        tab = shop.execute(open_tab, me).id
        shop.execute(add, me, tab_id=tab, what="a")
    follower = shop.follower("tabs_v1")
    while follower.step():
        pass
    before = rows(shop, "SELECT * FROM tabs_v1 ORDER BY 1")
    rows(shop, "DELETE FROM tabs_v1")
    rows(shop, "UPDATE positions SET position = 0 WHERE follower = 'tabs_v1'")
    while follower.step():
        pass
    assert rows(shop, "SELECT * FROM tabs_v1 ORDER BY 1") == before
    assert len(before) == 3
