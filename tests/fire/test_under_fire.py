"""A crowd goes on asking while processes are frozen, ended, doubled and restarted: every answer stays true (I1)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from chassis import log
from chassis.database import PooledDatabase
from chassis.embedded.postgres import PostgresStartError
from chassis.keys import Keyring
from chassis.ports import free_port
from chassis.runtime import Wakeup, seconds, wait_until
from cli.demo import eventually
from cli.up import HOST, Part, parts_of
from tests.faults.again import restart, start_postgres_again
from tests.faults.test_processes import check, part
from tests.fire import crowd
from tests.fire.crowd import Crowd

# one installation for all, in order; what is slow here is starting it
pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(420)]

STOPPED_S = 20.0
HELD_S = 5.0
"""Nobody is answered sooner while somebody holds the log: if it was so, nobody held it."""
STORM, STORM_S = 8, 2.0
"""How often another copy takes over, and for how long nothing more happens then."""
SERVED_S = 20.0
"""Until somebody is answered again: the log's lock is freed after ten seconds, pools look again within five."""


def rest(length_s: float) -> None:
    wait_until(lambda: False, Wakeup(), timeout_s=length_s)


def people_of(state: Path) -> Keyring:
    return Keyring(state / "up" / "keys")


def access_of(state: Path) -> PooledDatabase:
    environment = dict(part(state, "access.worker").environment)
    return PooledDatabase(environment["MANDATE_DATABASE_URL"], "access", size=2)


@contextmanager
def crowded(state: Path, *more: str) -> Iterator[Crowd]:
    """Let a crowd ask while the block breaks something; afterwards everything must be true, and at rest."""
    addresses = ",".join([part(state, "access.api").url, *more])
    with Crowd(f"ipv4:{addresses}", people_of(state).signer("identity"), crowd.employers_of(state)) as asking:
        asking.is_served(within_s=SERVED_S)
        yield asking
        asking.is_served(within_s=SERVED_S)
    check(state)
    database = access_of(state).open()
    try:
        with database.session() as session:
            ends = crowd.check(asking.history, log.read(session, after=0, limit=1_000_000))
    finally:
        database.close()
    assert set(ends) <= {"taken", "unknown, and there", "unknown, and not there"}, ends
    assert ends["taken"] > len(asking.history) / 2, ends


def send(one: Part, number: signal.Signals) -> None:
    assert one.alive()
    os.kill(one.pid, number)


def is_frozen(one: Part) -> bool:
    return Path(f"/proc/{one.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def ends(state: Path, name: str) -> None:
    eventually(lambda: not part(state, name).alive(), f"the end of {name}")


def is_ready(state: Path, name: str) -> None:
    eventually(lambda: part(state, name).ready(), f"{name} to be ready again", wait_s=60)


def spawn(one: Part, **more: str) -> subprocess.Popen[bytes]:
    """A process of the same role and log, with further environment."""
    with Path(one.log).open("ab") as out:
        return subprocess.Popen(
            [sys.executable, *one.words], env=os.environ | dict(one.environment) | more, stdout=out, stderr=out
        )


@contextmanager
def copy_of(one: Part) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A second process of the same role, and its address; ended as the block ends."""
    ports = {"MANDATE_MANAGEMENT_PORT": str(free_port()), "MANDATE_PORT": str(free_port())}
    process = spawn(one, **ports)
    made = Part(one.name, process.pid, one.word, health=f"http://{HOST}:{ports['MANDATE_MANAGEMENT_PORT']}/readyz")
    try:
        eventually(made.ready, f"a second {one.name}", wait_s=60)
        yield process, f"{HOST}:{ports['MANDATE_PORT']}"
    finally:
        process.terminate()
        process.wait(30)


def test_who_freezes_with_the_log_in_hand_holds_nobody_up_for_long(up_state: Path) -> None:
    """F-04, and F-13 with offsets set back to 0: all that access ever heard is told it again, and absorbed."""
    database = access_of(up_state).open()
    with crowded(up_state) as asking:
        send(part(up_state, "access.worker"), signal.SIGKILL)
        ends(up_state, "access.worker")
        with database.session() as session:
            heard = session.one("SELECT count(*) FROM log WHERE topic LIKE 'heard.%%'")
            assert heard != (0,)
            session.run("DELETE FROM offsets")
        restart(up_state, "access.worker", MANDATE_FAILPOINT="ingest.before_commit:stop")
        frozen = part(up_state, "access.worker")
        eventually(lambda: is_frozen(frozen), "the worker to freeze inside its transaction", wait_s=60)
        assert asking.is_served(within_s=SERVED_S) > HELD_S
        assert is_frozen(frozen)
        send(frozen, signal.SIGCONT)
        is_ready(up_state, "access.worker")
    with database.session() as session:
        assert session.one("SELECT count(*) FROM log WHERE topic LIKE 'heard.%%'") == heard
    database.close()
    assert part(up_state, "access.worker").pid == frozen.pid


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
def test_a_database_that_goes_and_comes_is_found_again_by_everybody(up_state: Path, how: signal.Signals) -> None:
    """F-07: fast, immediate, and kill -9 with recovery; no process of ours needs a restart."""
    before = {one.name: one.pid for one in parts_of(up_state / "up") if one.name != "postgres"}
    with crowded(up_state) as asking:
        send(part(up_state, "postgres"), how)
        ends(up_state, "postgres")
        rest(1)
        eventually(lambda: came_up(up_state), "the database to start again", wait_s=60)
        asking.is_served(within_s=SERVED_S)
        for name in before:
            is_ready(up_state, name)
    assert {one.name: one.pid for one in parts_of(up_state / "up") if one.alive() and one.name != "postgres"} == before


def came_up(state: Path) -> bool:
    """Start it; after kill -9 its children linger for a moment, and the first try may fail."""
    try:
        start_postgres_again(state)
    except PostgresStartError:
        return False
    return True


def test_two_copies_of_a_worker_do_each_thing_once_whoever_leads(up_state: Path) -> None:
    """F-09: the leader freezes for longer than its lease, comes back, and freezes the other way round."""
    first = part(up_state, "access.worker")
    with crowded(up_state), copy_of(first) as (second, _):
        for pid in (first.pid, second.pid):
            os.kill(pid, signal.SIGSTOP)
            rest(7)
            os.kill(pid, signal.SIGCONT)
            rest(2)
        assert second.poll() is None
    assert first.alive()


def catches_up(state: Path) -> None:
    """Wait until a worker of access has come to what stands in the log by now: somebody leads each role."""
    database = access_of(state).open()
    try:
        with database.session() as session:
            end = log.end(session)

        def there() -> bool:
            with database.session() as session:
                return session.run("SELECT follower FROM positions WHERE position < %s", (end,)) == []

        eventually(there, "the new leader to take up the work")
    finally:
        database.close()


def test_a_leader_every_few_seconds_neither_loses_nor_repeats_anything(up_state: Path) -> None:
    """F-10: a copy is started, the older one ends, by turns asked to and killed; nobody who asks comes to wait."""
    first = part(up_state, "access.worker")
    with crowded(up_state) as asking, ExitStack() as copies:
        began = seconds()
        rest(4 * STORM_S)
        calm = asking.answers(began) / (seconds() - began)
        began = seconds()
        ending: Callable[[signal.Signals], None] = partial(send, first)
        for turn in range(STORM):
            newer, _ = copies.enter_context(copy_of(first))
            ending(signal.SIGKILL if turn % 2 else signal.SIGTERM)
            catches_up(up_state)
            rest(STORM_S)
            assert newer.poll() is None
            ending = newer.send_signal
        stormy = asking.answers(began) / (seconds() - began)
        restart(up_state, "access.worker")
        is_ready(up_state, "access.worker")
    assert stormy > calm / 2, (stormy, calm)


def test_a_mistake_in_a_thread_ends_the_process(up_state: Path) -> None:
    """F-20: with an exit code other than 0, so that whoever runs it starts it again."""
    with crowded(up_state) as asking:
        send(part(up_state, "access.worker"), signal.SIGTERM)
        ends(up_state, "access.worker")
        broken = spawn(part(up_state, "access.worker"), MANDATE_FAILPOINT="relay.after_publish:raise")
        try:
            assert broken.wait(60) == 1
        finally:
            broken.kill()
        asking.is_served(within_s=SERVED_S)
        restart(up_state, "access.worker")
        is_ready(up_state, "access.worker")


@pytest.mark.parametrize("name", ["access.api", "access.worker"])
def test_who_is_asked_to_stop_finishes_what_it_has_begun(up_state: Path, name: str) -> None:
    """F-21: within 20 seconds, with exit code 0; while another copy answers, nobody notices."""
    one = part(up_state, name)
    with (
        copy_of(part(up_state, "access.api")) as (_, address),
        copy_of(one) as (second, _),
        crowded(up_state, address) as asking,
    ):
        began = seconds()
        send(one, signal.SIGTERM)
        ends(up_state, name)
        assert seconds() - began < STOPPED_S
        rest(2)
        restart(up_state, name)
        is_ready(up_state, name)
        second.terminate()
        assert second.wait(STOPPED_S) == 0
    assert [one.tries for one in asking.history if one.tries[:1] != ["OK"]] == []
