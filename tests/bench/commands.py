"""A whole command over RPC: token, loading, deciding, appending, answering (P4), against pgbench with the same row.

The api of access as `mandate up` starts it, alone on a PostgreSQL; two processes ask, 64 in flight in all: each place
is an official who grants a function to one of his staff after the other and withdraws it again. Then they ask at half
the rate that was reached, at fixed times. pgbench inserts one row of the same table with 64 clients, by turns; its
clients speak no protobuf and sign no tokens, and so the servers' CPU a command stands beside the rates.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from chassis import log, nature
from chassis.cause import Cause
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.keys import Keyring
from chassis.messages import Catalogue
from chassis.migrate import migrate, open_database
from chassis.ports import free_port
from chassis.vault import migrate_vault
from cli.demo import eventually
from cli.platform import make_keys, service_environment
from cli.up import Part
from services.access.__main__ import SERVICE as ACCESS
from services.access.application import AccessApplication
from tests.bench.figures import Bench, begin, percentile, ratios
from tests.bench.history import CLERK
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.bench.writers import Pgbench, pgbench_program
from tests.load.city import approved

MANY, CLIENTS = 64, 2
STAFF = 20
"""Of each official: so that nobody's history grows beyond some dozens of events, as nobody's does."""
FLOOR, GOAL = 0.1, 0.25
READY_S = 60.0
EVENTS = 1
"""Of a command."""
ROOT = Path(__file__).parents[2]


@dataclass
class Totals:
    """What came of a run, of all clients."""

    taken: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, told: Mapping[str, Any]) -> None:
        self.taken += told["taken"]
        self.latencies += told["latencies"]
        self.errors += told["errors"]


class Client:
    """A process that asks on order."""

    def __init__(self, target: str, keys: Path, places: Sequence[tuple[UUID, list[UUID]]]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.asking"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        about = {
            "target": target,
            "keys": str(keys),
            "places": [[str(one), list(map(str, staff))] for one, staff in places],
        }
        self.order(json.dumps(about))

    def order(self, words: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()

    def said(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(20)


def settle(dsn: str) -> list[tuple[UUID, list[UUID]]]:
    """An employer for each place in flight, with an official and staff: the official, and the others' associations."""
    database = open_database(dsn, "access", size=2)
    app = AccessApplication(database, Catalogue())
    places = []
    for _ in range(MANY):
        employer, official = nature.new_id(), nature.new_id()
        staff = [approved(nature.new_id(), employer, "STAFF_END_USER") for _ in range(STAFF)]
        all_ = [approved(official, employer, "AUTHORIZED_OFFICIAL"), *staff]
        app.execute(lambda app, cause, all_=all_: app.commit(*all_, cause=cause), Cause.of(CLERK))
        places.append((official, [one.id for one in staff]))
    database.close()
    return places


@contextmanager
def api(dsn: str, keys: Path) -> Iterator[tuple[str, int]]:
    """The api of access, ready: its address and process id."""
    port, management = free_port(), free_port()
    environment = service_environment("http://portal.example", "none", smtp=("127.0.0.1", 25)) | {
        "MANDATE_DATABASE_URL": dsn,
        "MANDATE_BUS": "kafka",  # which an api never speaks to
        "MANDATE_KEYS": str(keys),
        "MANDATE_POOL": "4",
        "MANDATE_PORT": str(port),
        "MANDATE_MANAGEMENT_PORT": str(management),
        "MANDATE_ADDRESSES": json.dumps({"registry": f"127.0.0.1:{free_port()}"}),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "services.access", "api"],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        made = Part("access.api", process.pid, "services.access", health=f"http://127.0.0.1:{management}/readyz")
        eventually(made.ready, "the api of access", wait_s=READY_S)
        yield f"127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(30)


def asked(clients: Sequence[Client], seconds: float, rate: float = 0) -> tuple[Totals, float]:
    """Let all ask; what came of it, and in how many seconds."""
    totals, began = Totals(), time.perf_counter()
    for one in clients:
        one.order(f"{seconds} {rate / len(clients)}")
    answers = [one.said() for one in clients]
    took = time.perf_counter() - began
    for answer in answers:
        totals.add(json.loads(answer))
    return totals, took


def check(dsn: str, taken: Sequence[str]) -> None:
    """What was answered with OK stands in the log, once."""
    database = open_database(dsn, "access", size=1)
    with database.session() as session:
        rows = log.read(session, after=2 * (1 + STAFF) * MANY, limit=10_000_000)
    database.close()
    found = [str(row.cause.command_id) for row in rows]
    assert len(set(found)) * EVENTS == len(found), "a command left its events twice"
    assert set(taken) <= set(found), "a command was answered with OK and is in no log"


def measure(bench: Bench, postgres: EmbeddedPostgres) -> None:
    rounds, seconds = (2, 2) if bench.quick else (bench.rounds or 7, 3)
    dsn, keys = postgres.dsn(), postgres.base / "keys"
    make_keys(Keyring(keys, make=True))
    migrate(ACCESS.application, dsn, extra=ACCESS.scripts)
    migrate_vault(dsn)
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA pgbench")
        admin.execute("CREATE TABLE pgbench.log (LIKE access.log INCLUDING ALL)")
    program = pgbench_program()
    rival = Pgbench(program, postgres, "postgres", postgres.base) if program else None
    if rival is None:
        bench.skip("pgbench", "there is no pgbench: apt-get install postgresql-contrib")
    places, master = settle(dsn), [postmaster(postgres.base)]
    rates: list[float] = []
    limit: list[float] = []
    server_us: list[float] = []
    late: dict[float, list[float]] = {0.5: [], 0.99: []}
    everything = Totals()
    with api(dsn, keys) as (target, pid), ExitStack() as closing:
        clients = [Client(target, keys, places[number::CLIENTS]) for number in range(CLIENTS)]
        for one in clients:
            closing.callback(one.close)
            assert one.said() == "ready"
        for _ in range(rounds):
            before = cpu_s(children(*master)) + cpu_s([pid])
            run, took = asked(clients, seconds)
            used = cpu_s(children(*master)) + cpu_s([pid]) - before
            everything.add(vars(run))
            rates.append(len(run.taken) / took)
            server_us.append(used / len(run.taken) * 1e6)
            if rival is not None:
                limit.append(rival.run(MANY, seconds)[0])
            half, _ = asked(clients, seconds, rates[-1] / 2)
            everything.add(vars(half))
            for part, values in late.items():
                values.append(percentile(half.latencies, part) * 1e3)
        bench.foreign.count(cpu_s(children(*master)))
    assert not everything.errors, sorted(set(everything.errors))
    check(dsn, everything.taken)
    bench.add("whole command over RPC, 64 in flight", "commands/s", rates)
    bench.add("  CPU of api and PostgreSQL a command", "us", server_us, at_most=True)
    if rival is not None:
        bench.add("  / pgbench inserting one row, 64 clients", "x", ratios(rates, limit), FLOOR, goal=GOAL)
        bench.add("pgbench, 64 clients", "rows/s", limit)
    bench.add("  at half of that rate: p50", "ms", late[0.5], at_most=True)
    bench.add("  at half of that rate: p99", "ms", late[0.99], at_most=True)


def main() -> int:
    bench = begin("commands", __doc__)
    with server() as postgres:
        measure(bench, postgres)
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
