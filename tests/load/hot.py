"""L-08: fifty clients on one aggregate: all grant and withdraw the same function of one person at one employer."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from uuid import UUID

import grpc
from mandate.access.v1 import service_pb2 as access

from chassis import log, nature
from tests.bench.figures import percentile
from tests.load.arrivals import begin
from tests.load.city import City, city

CLIENTS, P99_MS = 50, 2_000.0
GRANTED, WITHDRAWN = "access.Association.FunctionGranted", "access.Association.FunctionWithdrawn"


class Client(threading.Thread):
    """Goes on asking until the time is over."""

    def __init__(self, place: City, until: float) -> None:
        super().__init__()
        self._city, self._until = place, until
        self.taken: list[UUID] = []
        self.latencies: list[float] = []
        self.errors: Counter[str] = Counter()

    def run(self) -> None:
        [employer] = self._city.employers
        about = {"association_id": str(employer.staff[0]), "function": "PECOS"}
        stub = self._city.access
        while time.perf_counter() < self._until:
            command_id, began = nature.new_id(), time.perf_counter()
            grants = command_id.int % 2 == 0
            method = stub.GrantFunction if grants else stub.WithdrawFunction
            made = (access.GrantFunctionRequest if grants else access.WithdrawFunctionRequest)(
                command_id=str(command_id), **about
            )
            try:
                self._city.ask(method, made, employer.official)
            except grpc.RpcError as error:
                self.errors[error.code().name] += 1
                continue
            self.latencies.append(time.perf_counter() - began)
            self.taken.append(command_id)


def wrong(place: City, taken: set[UUID]) -> int:
    """Commands in no log, and events of the person that do not follow each other: two grants, or a version left out."""
    found, last, version = 0, "", 0
    known: set[UUID] = set()
    [employer] = place.employers
    with place.looking("access") as session:
        for row in log.read(session, after=0, limit=10_000_000):
            known.add(row.cause.command_id)
            if row.stream == employer.staff[0]:
                found += row.version != version + 1
                found += row.topic in {GRANTED, WITHDRAWN} and row.topic == last
                version, last = row.version, row.topic
        known |= {one for (one,) in session.run("SELECT command_id FROM answered")}
    return found + len(taken - known)


def main() -> int:
    asking = begin("hot", __doc__, seconds=60.0)
    bench = asking.bench
    with city(employers=1, staff=1) as place:
        clients = [Client(place, time.perf_counter() + asking.seconds) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        latencies = [one for client in clients for one in client.latencies]
        errors = sum((client.errors for client in clients), Counter[str]())
        taken = {one for client in clients for one in client.taken}
        late = [1_000 * percentile(latencies, 0.99)] if latencies else [float("inf")]
        bench.add("50 clients, one aggregate: p99", "ms", late, P99_MS, at_most=True)
        bench.add("  commands answered", "commands/s", [len(taken) / asking.seconds])
        bench.add("  refused or unanswered", "commands", [errors.total()], 0, at_most=True, note=str(dict(errors)))
        bench.add("  lost or out of turn", "commands", [wrong(place, taken)], 0, at_most=True)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
