"""The way to the broker or the database is lost, slow or cut while a crowd asks: nothing lost, nothing done twice."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from chassis.database import PooledDatabase
from chassis.runtime import seconds
from cli.demo import eventually
from cli.up import Part
from tests.faults.again import restart
from tests.faults.proxy import FROM, TO, Proxy
from tests.faults.test_processes import part
from tests.fire.crowd import Crowd
from tests.fire.test_under_fire import SERVED_S, access_of, copy_of, crowded, ends, is_ready, rest, send

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(420)]

WORKER = "access.worker"
PRODUCE = b"\0\0"
"""Kafka's number for it, behind the length of a request."""
CUTS = 5
SLOW_S = 2.0
HELD_S = 12.0
"""Longer than a lease is kept without a beat, and than the driver waits for the broker."""
TAKEN_OVER_S = 20.0
MORE_THREADS = 4


@contextmanager
def behind(state: Path, *, kafka: bool) -> Iterator[Proxy]:
    """Access's worker with a proxy before the broker, or before its database; then as it was."""
    one = part(state, WORKER)
    environment = dict(one.environment)
    name = "MANDATE_BUS_URL" if kafka else "MANDATE_DATABASE_URL"
    port = int(part(state, "kafka" if kafka else "postgres").url.rpartition(":")[2])
    proxy = Proxy(port, stands_in=kafka)
    through = environment[name].replace(f":{port}", f":{proxy.port}")
    assert through != environment[name]
    try:
        again(state, **{name: through})
        yield proxy
    finally:
        proxy.release()
        again(state)
        proxy.close()


def again(state: Path, **more: str) -> None:
    send(part(state, WORKER), signal.SIGTERM)
    ends(state, WORKER)
    restart(state, WORKER, **more)
    is_ready(state, WORKER)


def told(state: Path) -> int:
    """How far access's relay has come."""
    database: PooledDatabase = access_of(state).open()
    try:
        with database.session() as session:
            [(position,)] = session.run("SELECT position FROM positions WHERE follower = 'access.relay'")
            return int(position)
    finally:
        database.close()


def goes_on(state: Path, asking: Crowd, *, within_s: float) -> None:
    """What is asked from now on is told too."""
    asking.is_served(within_s=SERVED_S)
    database = access_of(state).open()
    with database.session() as session:
        [(end,)] = session.run("SELECT max(position) FROM log")
    database.close()
    eventually(lambda: told(state) >= end, "the relay to come so far", wait_s=within_s)


def _has_cut(proxy: Proxy, times: int) -> bool:
    return proxy.cuts == times


def threads(one: Part) -> int:
    lines = Path(f"/proc/{one.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Threads:")).split()[1])


def lives(one: Part) -> bool:
    return httpx.get(one.health.replace("/readyz", "/livez"), timeout=10).status_code == 200


def test_an_acknowledgement_that_the_broker_lost_is_asked_for_again(up_state: Path) -> None:
    """F-02 after Produce: written or not, nobody knows; it is told again with the same id, and heard once."""
    with crowded(up_state) as asking, behind(up_state, kafka=True) as proxy:
        for number in range(1, CUTS + 1):
            proxy.cut_at(lambda sent: sent[4:6] == PRODUCE and b"AssociationState" in sent, forward=True)
            eventually(partial(_has_cut, proxy, number), "an acknowledgement to be lost", wait_s=60)
            goes_on(up_state, asking, within_s=60)


def test_a_slow_broker_holds_up_what_is_told_and_nothing_else(up_state: Path) -> None:
    """F-06: each piece two seconds late, both ways."""
    with crowded(up_state) as asking, behind(up_state, kafka=True) as proxy:
        goes_on(up_state, asking, within_s=60)
        worker = part(up_state, WORKER)
        before, proxy.slow_s = threads(worker), SLOW_S
        for _ in range(4):
            rest(5)
            assert asking.is_served(within_s=SERVED_S) < SLOW_S
            assert threads(worker) <= before + MORE_THREADS
            assert lives(worker)
        proxy.slow_s = 0.0
        goes_on(up_state, asking, within_s=60)


@pytest.mark.parametrize("ways", [(TO,), (FROM,), (TO, FROM)], ids=str)
def test_a_broker_that_cannot_be_reached_leaves_the_worker_alive(up_state: Path, ways: tuple[str, ...]) -> None:
    """F-06 and F-08: half-open or cut off, in each direction."""
    with crowded(up_state) as asking, behind(up_state, kafka=True) as proxy:
        goes_on(up_state, asking, within_s=60)
        worker = part(up_state, WORKER)
        before, was = threads(worker), told(up_state)
        proxy.hold(*ways)
        rest(HELD_S)
        assert asking.is_served(within_s=SERVED_S) < SLOW_S
        assert threads(worker) <= before + MORE_THREADS
        assert lives(worker)
        stood = told(up_state)
        rest(2)
        assert told(up_state) == stood >= was
        proxy.release()
        goes_on(up_state, asking, within_s=60)


@pytest.mark.parametrize("ways", [(TO,), (FROM,), (TO, FROM)], ids=str)
def test_a_leader_that_cannot_reach_the_database_is_replaced_and_does_nothing_late(
    up_state: Path, ways: tuple[str, ...]
) -> None:
    """F-08: its leases end, a copy goes on, and what it still had in hand changes nothing once the way is free."""
    first = part(up_state, WORKER)
    with crowded(up_state) as asking, behind(up_state, kafka=False) as proxy, copy_of(first) as (second, _):
        goes_on(up_state, asking, within_s=60)
        began = seconds()
        proxy.hold(*ways)
        goes_on(up_state, asking, within_s=TAKEN_OVER_S)
        rest(max(0.0, HELD_S - (seconds() - began)))
        proxy.release()
        rest(3)
        goes_on(up_state, asking, within_s=60)
        assert second.poll() is None
