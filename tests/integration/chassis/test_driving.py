"""Who drives the followers of a process: what wakes each role, and what a worker does that is no leader any more."""

from __future__ import annotations

import psycopg
import pytest

from chassis import main
from chassis.runtime import Lease, Listener, Wakeup, running, seconds, wait_until
from tests.house import House

RINGS, APART_S = 40, 0.01
PATIENCE_S = 20.0
KILL_LEADERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE locktype = 'advisory' AND datname = current_database()
"""


class Counting:
    """A follower that counts its steps, and has work for ever where it is `busy`."""

    name = "counting"

    def __init__(self, *, busy: bool = False) -> None:
        self.steps, self._busy = 0, busy

    def step(self) -> bool:
        self.steps += 1
        if self._busy:
            pause(0.005)
        return self._busy

    def goes_on(self, steps: int) -> bool:
        """Whether it has stepped more often than that, soon."""
        return wait_until(lambda: self.steps > steps, Wakeup(), timeout_s=PATIENCE_S)

    def stands_still(self) -> bool:
        before = self.steps
        pause(0.1)
        return self.steps == before


def pause(for_s: float) -> None:
    wait_until(lambda: False, Wakeup(), timeout_s=for_s)


@pytest.mark.parametrize("role", ["policies", "views", "relay", "sender"])
def test_an_append_wakes_who_answers_it(process: main.Process, role: str) -> None:
    process.settings = process.settings.model_copy(update={"poll_s": 10 * PATIENCE_S})
    counting = Counting()
    with running([main.worker_of(process, role, [counting], leased=False)]):
        for _ in range(RINGS):
            before = counting.steps
            process.wakeup.ring()
            assert counting.goes_on(before)


@pytest.mark.parametrize("role", sorted(main.UNHURRIED))
def test_who_goes_by_the_clock_is_not_woken_by_appends(process: main.Process, role: str) -> None:
    counting, began = Counting(), seconds()
    with running([main.worker_of(process, role, [counting], leased=False)]):
        for _ in range(RINGS):
            process.wakeup.ring()
            pause(APART_S)
        assert 1 <= counting.steps <= 1 + (seconds() - began) / main.UNHURRIED_S
        assert counting.goes_on(counting.steps + 1), "it looks of its own accord"


def test_what_this_process_has_appended_itself_rings_once(process: main.Process, shop_house: House) -> None:
    bell = process.wakeup

    def rings_for(payload: str, *, timeout_s: float) -> bool:
        before = bell.rings
        with psycopg.connect(shop_house.bus.dsn) as other:
            other.execute("SELECT pg_notify('shop.log', %s)", (payload,))
        return wait_until(lambda: bell.rings > before, Wakeup(), timeout_s=timeout_s)

    with running([Listener(process.database, bell)]):
        assert wait_until(lambda: bell.rings == 1, Wakeup(), timeout_s=PATIENCE_S), "it rings once it listens"
        bell.ring(5)
        assert not rings_for("5", timeout_s=0.3)
        assert not rings_for("4", timeout_s=0.3)
        for others in ("6", "6", "", "nonsense", "9" * 5_000, "6"):
            assert rings_for(others, timeout_s=PATIENCE_S), others


def test_only_a_bell_of_several_services_is_rung_for_what_was_told(process: main.Process) -> None:
    process.app.on_told(7)
    assert process.wakeup.rings == 0
    bell = Wakeup()
    built = main.build(process.service, process.settings, wakeup=bell)
    with built.closing:
        built.app.on_told(7)
    assert bell.rings == 1


def test_who_has_lost_the_lease_stops_in_the_midst_of_work(process: main.Process, shop_house: House) -> None:
    counting = Counting(busy=True)
    worker = main.worker_of(process, "views", [counting], leased=True)
    heir = Lease(process.database, "views")
    with running([worker]):
        assert counting.goes_on(2)
        assert not heir.take()
        with psycopg.connect(shop_house.bus.dsn, autocommit=True) as owner:

            def inherits() -> bool:  # the one who led may be faster, and is killed again
                owner.execute(KILL_LEADERS)
                return heir.take()

            try:
                assert wait_until(inherits, Wakeup(), timeout_s=PATIENCE_S)
                assert wait_until(counting.stands_still, Wakeup(), timeout_s=PATIENCE_S)
            finally:
                heir.release()
        assert counting.goes_on(counting.steps), "it leads again"
    assert worker.error is None
