"""The sealer: every leaf in one tree, each checkpoint signed once, and nothing signed that does not fit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis import log, seals
from chassis.audit import open_checkpoint, root_of
from chassis.cause import Cause
from chassis.log import Entry
from chassis.merkle import consistency, inclusion, see_consistent
from chassis.sealer import SealingKey, TamperedError
from chassis.seals import Tiles
from tests.house import House, Room
from tests.integration.chassis.conftest import Clock
from tests.integration.chassis.shop import add, open_tab
from tests.notary import KEY, Notary


def fill(shop: Room, count: int) -> None:
    entries = [Entry(uuid4(), 1, "shop.Tab.Opened", b"{}") for _ in range(count)]
    with shop.app.session() as session:
        log.append(session, "shop", entries, Cause.of(uuid4()))


def owner(house: House, statement: str, *values: Any) -> None:
    """Do it as the owner of everything, with the trigger asleep: the worst that a superuser can do."""
    with psycopg.connect(house.bus.dsn, options="-c search_path=shop") as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement.encode(), values)


def test_all_leaves_are_in_the_tree_whose_root_is_signed(shop: Room, notary: Notary, rows: Callable[..., Any]) -> None:
    tab = shop.execute(open_tab, uuid4()).id
    shop.execute(add, uuid4(), tab_id=tab, what="a")
    notary.seal()
    with shop.app.session() as session:
        sealed = seals.last(session)
        node = Tiles(session).node
        leaves = rows(shop, "SELECT leaf_hash FROM log ORDER BY position")
        assert sealed is not None
        told = open_checkpoint(sealed.note, [KEY.public])
        assert (told.origin, told.size, sealed.position) == ("mandate.example/shop/1", 2, shop.end())
        for index, (leaf,) in enumerate(leaves):
            assert root_of(leaf, index, 2, inclusion(node, index, 2)) == told.root


def test_tiles_are_written_when_they_are_full_and_proofs_read_them(
    shop: Room, notary: Notary, rows: Callable[..., Any]
) -> None:
    """Three tiles and a part; all checkpoints are of one history, whatever the batches were."""
    fill(shop, 255)
    notary.seal(batch=100)
    assert rows(shop, "SELECT count(*) FROM tiles") == [(0,)]
    fill(shop, 1)
    notary.seal()
    assert rows(shop, "SELECT count(*) FROM tiles") == [(1,)]
    fill(shop, 600)
    notary.seal(batch=300)
    assert rows(shop, "SELECT level, number FROM tiles ORDER BY 1, 2") == [(0, 0), (0, 1), (0, 2)]
    with shop.app.session() as session:
        tiles = Tiles(session)
        all_of_them = seals.checkpoints(session)
        assert [one.size for one in all_of_them] == [100, 200, 255, 256, 556, 856]
        for older, newer in pairwise(all_of_them):
            proof = consistency(tiles.node, older.size, newer.size)
            see_consistent(older.size, older.root, newer.size, newer.root, proof)
        leaves = [leaf for (leaf,) in rows(shop, "SELECT leaf_hash FROM log ORDER BY position")]
        for index in (0, 255, 256, 600, 855):
            assert root_of(leaves[index], index, 856, inclusion(tiles.node, index, 856)) == all_of_them[-1].root


def test_a_tile_of_tiles_is_written_at_65536_leaves(shop: Room, notary: Notary, rows: Callable[..., Any]) -> None:
    fill(shop, 65_600)
    notary.seal(batch=20_000)
    assert rows(shop, "SELECT level, count(*)::int FROM tiles GROUP BY 1 ORDER BY 1") == [(0, 256), (1, 1)]
    with shop.app.session() as session:
        sealed = seals.last(session)
        assert sealed is not None
        [(leaf,)] = rows(shop, "SELECT leaf_hash FROM leaves WHERE index = 40000")
        path = inclusion(Tiles(session).node, 40_000, sealed.size)
        assert root_of(leaf, 40_000, sealed.size, path) == sealed.root


def test_a_second_after_the_last_or_when_enough_wait(shop: Room, notary: Notary, clock: Clock) -> None:
    sealer = notary.sealer("shop", every=timedelta(seconds=1), batch=10)
    assert not sealer.step()
    fill(shop, 1)
    assert sealer.step()
    fill(shop, 9)
    assert not sealer.step()
    clock.move(seconds=0.9)
    assert not sealer.step()
    clock.move(seconds=0.1)
    assert sealer.step()
    fill(shop, 11)
    assert sealer.step()
    assert not sealer.step()
    with shop.app.session() as session:
        assert [one.size for one in seals.checkpoints(session)] == [1, 10, 20]


def test_positions_that_were_never_committed_are_no_leaves(
    shop: Room, notary: Notary, rows: Callable[..., Any]
) -> None:
    fill(shop, 1)
    with pytest.raises(psycopg.errors.DivisionByZero), shop.app.session() as session, session.transaction():  # noqa: PT012
        log.append(session, "shop", [Entry(uuid4(), 1, "shop.Tab.Opened", b"{}")], Cause.of(uuid4()))
        session.run("SELECT 1 / 0")
    fill(shop, 1)
    notary.seal()
    assert rows(shop, "SELECT index, position FROM leaves ORDER BY 1") == [(0, 1), (1, 3)]


def test_two_sealers_at_once_make_one_tree(shop: Room, notary: Notary) -> None:
    one, other = notary.sealer("shop"), notary.sealer("shop")
    fill(shop, 3)
    assert one.step()
    assert not other.step()
    fill(shop, 3)
    assert other.step()
    assert one.step()  # it thought that the second three were to be sealed, and somebody was faster
    fill(shop, 1)
    assert one.step()
    with shop.app.session() as session:
        assert [one.size for one in seals.checkpoints(session)] == [3, 6, 7]


def test_a_crash_before_the_commit_leaves_nothing(
    shop: Room, notary: Notary, monkeypatch: pytest.MonkeyPatch, rows: Callable[..., Any]
) -> None:
    sealer = notary.sealer("shop")
    fill(shop, 3)

    def die(name: str) -> None:
        assert name == "sealer.before_commit"
        raise ZeroDivisionError(name)

    with monkeypatch.context() as patched:
        patched.setattr("chassis.failpoints.reach", die)
        with pytest.raises(ZeroDivisionError):
            sealer.step()
    assert rows(shop, "SELECT count(*) FROM leaves") == [(0,)]
    assert sealer.step()
    assert rows(shop, "SELECT count(*) FROM leaves") == [(3,)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE log SET state = '{\"a\": 1}' WHERE position = 2",
        "UPDATE log SET leaf_hash = sha256('x') WHERE position = 2",
        "UPDATE log SET recorded_at = recorded_at + interval '1 microsecond' WHERE position = 2",
        "UPDATE log SET cause = set_byte(cause, 5, 200) WHERE position = 2",
        "UPDATE log SET version = 7 WHERE position = 2",
        "UPDATE log SET topic = 'shop.Tab.Closed' WHERE position = 2",
    ],
)
def test_a_row_that_is_not_what_was_written_is_never_signed(
    shop_house: House, shop: Room, notary: Notary, change: str, rows: Callable[..., Any]
) -> None:
    fill(shop, 3)
    owner(shop_house, change)
    for _ in range(2):
        with pytest.raises(TamperedError, match="ALARM, sealing stops: shop@2 is not what was written"):
            notary.seal()
    assert rows(shop, "SELECT count(*) FROM checkpoints") == [(0,)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE leaves SET leaf_hash = sha256('x') WHERE index = 2", "is not the one whose checkpoint of 3"),
        ("UPDATE checkpoints SET root = sha256('x')", "is not the one whose checkpoint of 3"),
        ("UPDATE checkpoints SET size = 2, note = replace(note, E'\\n3\\n', E'\\n2\\n')", "signature .* is wrong"),
        ("DELETE FROM leaves WHERE index = 2", "the tree has no subtree 2 of height 0"),
        ("DELETE FROM log WHERE position = 3", "the log of shop ends before 3"),
    ],
)
def test_nothing_is_signed_that_does_not_go_on_from_the_last_checkpoint(
    shop_house: House, shop: Room, notary: Notary, change: str, said: str, rows: Callable[..., Any]
) -> None:
    fill(shop, 3)
    notary.seal()
    owner(shop_house, change)
    with pytest.raises(TamperedError, match=said):
        notary.seal()
    assert rows(shop, "SELECT count(*) FROM checkpoints") == [(1,)]


def test_another_key_goes_on_only_where_the_one_before_is_trusted(shop: Room, notary: Notary) -> None:
    fill(shop, 1)
    notary.seal()
    fill(shop, 1)
    new = SealingKey(KEY.name, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(TamperedError, match="not by a key that you trust"):
        notary.seal(key=new)
    notary.seal(key=new, trusted=[KEY.public])
    with shop.app.session() as session:
        assert [open_checkpoint(one.note, [KEY.public, new.public]).size for one in seals.checkpoints(session)] == [
            1,
            2,
        ]


def test_the_service_reads_what_is_sealed_and_the_sealer_reads_the_log(shop: Room, notary: Notary) -> None:
    """S-16: least rights, both ways."""
    fill(shop, 1)
    notary.seal()
    forbidden = {
        shop.database: (
            "INSERT INTO leaves VALUES (9, 9, sha256('x'))",
            "DELETE FROM checkpoints",
            "UPDATE tiles SET level = 9",
        ),
        notary.databases["shop"]: (
            "INSERT INTO positions VALUES ('x', 1)",
            "SELECT * FROM answered",
            "UPDATE log SET version = 9",
            "DELETE FROM leaves",
            "UPDATE checkpoints SET size = 9",
        ),
    }
    for database, statements in forbidden.items():
        for statement in statements:
            with database.session() as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.run(statement)


def test_the_owner_is_stopped_by_the_trigger(shop_house: House, shop: Room, notary: Notary) -> None:
    fill(shop, 1)
    notary.seal()
    for table in ("leaves", "tiles", "checkpoints"):
        with psycopg.connect(shop_house.bus.dsn) as connection, pytest.raises(psycopg.Error, match="append-only"):
            connection.execute(f"TRUNCATE shop.{table}".encode())
