"""Lists that grow: one person with up to 500 employers, one employer with up to 2,000 staff.

First and next page, by gRPC (floor p95 100 ms) and on the portal (300 ms), at each size; beside each curve, how many
times as long the largest takes as the smallest. The staff are accounts that nobody has registered: their names are not
among what is measured. Asked one after the other, the sizes growing on one platform.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any
from uuid import UUID

import grpc
from mandate.access.v1 import service_pb2 as pb
from mandate.access.v1.service_pb2_grpc import AccessServiceStub

from chassis import nature
from chassis.cause import Cause
from chassis.client import OPTIONS
from chassis.keys import Keyring
from chassis.messages import Catalogue
from cli.demo import eventually
from cli.installation import find
from cli.platform import SEEDED
from services.access.__main__ import SERVICE
from services.access.application import AccessApplication
from tests.bench.figures import Bench, begin, percentile
from tests.bench.history import CLERK
from tests.bench.machine import cpu_s, folder
from tests.bench.running import Reader, Running, platform
from tests.fire.crowd import employers_of
from tests.load.city import approved

SIZES = (10, 100, 500, 2_000)
MOST_EMPLOYERS = 500
GRPC_MS, PORTAL_MS = 100.0, 300.0
FLAT = 2.0
"""Times as long as at the smallest size: what a keyset allows, with room for noise."""
BATCH = 100
AO, SEU = "AUTHORIZED_OFFICIAL", "STAFF_END_USER"
Ask = Callable[[], object]


class Crowd:
    """Who works where, as far as it has grown."""

    def __init__(self, running: Running, app: AccessApplication, official: UUID) -> None:
        self._app, self.official = app, official
        self._employers = iter(employers_of(running.state))
        self.big = next(self._employers)
        self.employers = self.staff = 0
        self._add([(official, self.big, AO)])

    def grow(self, size: int) -> None:
        """To so many staff of the one employer, and employers of the one person."""
        self._add([(nature.new_id(), self.big, SEU) for _ in range(size - self.staff)])
        more = max(0, min(size, MOST_EMPLOYERS) - self.employers)
        self._add([(self.official, one, SEU) for one in islice(self._employers, more)])
        self.staff, self.employers = size, self.employers + more

    def _add(self, members: list[tuple[UUID, UUID, str]]) -> None:
        for start in range(0, len(members), BATCH):
            made = [approved(*one) for one in members[start : start + BATCH]]
            self._app.execute(lambda app, cause, made=made: app.commit(*made, cause=cause), Cause.of(CLERK))


class Stub:
    """Access by gRPC, in the person's name."""

    def __init__(self, running: Running, who: UUID) -> None:
        told = (running.state.parent / f"{running.state.name}.log").read_text()
        address = re.search(r"access\W+(127\S+)\s+\(gRPC\)", told)
        assert address, told[-2000:]
        self._channel = grpc.insecure_channel(address[1], options=OPTIONS)
        self.access: Any = AccessServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._signer, self._who = Keyring(running.state / "keys").signer("identity"), who

    def ask(self, method: Any, request: Any) -> Any:
        token, _ = self._signer.user_token(self._who, audience="access", roles=(), mfa_at=nature.now(), session="b")
        return method(request, timeout=20, metadata=(("authorization", f"Bearer {token}"),))

    def staff(self, employer: UUID, after: str = "", limit: int = 25) -> list[pb.Association]:
        """A page of the employer's people."""
        request = pb.ListStaffRequest(employer_id=str(employer), after=after, limit=limit)
        return list(self.ask(self.access.ListStaff, request).staff)

    def employers(self) -> list[pb.Association]:
        """All employers of the person: this list is whole."""
        return list(self.ask(self.access.ListMyEmployers, pb.ListMyEmployersRequest()).associations)

    def close(self) -> None:
        self._channel.close()


def p95(ask: Ask, times: int) -> float:
    """Milliseconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1e3)
    return percentile(took, 0.95)


def seen(reader: Reader, path: str) -> None:
    """A page that is one."""
    answer = reader.http.get(path)
    assert answer.status_code == 200, (path, answer.status_code)


def questions(stub: Stub, reader: Reader, crowd: Crowd) -> dict[str, Ask]:
    """What is asked at each size."""
    last = stub.staff(crowd.big)[-1].association_id
    return {
        "gRPC, staff, first page": lambda: stub.staff(crowd.big),
        "gRPC, staff, next page": lambda: stub.staff(crowd.big, last),
        "gRPC, my employers": stub.employers,
        "portal, My Staff, first page": lambda: seen(reader, "/staff"),
        "portal, My Staff, next page": lambda: seen(reader, "/staff?page=2"),
        "portal, My Profile": lambda: seen(reader, "/profile"),
        "portal, My Profile, next page": lambda: seen(reader, "/profile?page=2"),
    }


@contextmanager
def growing(running: Running) -> Iterator[tuple[Stub, Reader, Crowd]]:
    """The seeded reviewer before the portal and at access, and the crowd in access's own log."""
    reader = Reader(running)
    reader.sign_in()
    installation = find(running.state)
    with installation.looking("identity") as session:
        rows = session.run("SELECT account_id FROM accounts_v1 WHERE roles ? %s", (SEEDED[0].role,))
    with installation.working(SERVICE) as database:
        crowd = Crowd(running, AccessApplication(database, Catalogue()), rows[0][0])
        stub = Stub(running, crowd.official)
        yield stub, reader, crowd
        stub.close()
    reader.http.close()


def measure(bench: Bench, rounds: int, times: int) -> dict[str, dict[int, list[float]]]:
    """Question -> size -> p95 of each round."""
    took: dict[str, dict[int, list[float]]] = {}
    with folder() as base, platform(base / "state") as running, growing(running) as (stub, reader, crowd):
        for size in SIZES[:2] if bench.quick else SIZES:
            crowd.grow(size)
            eventually(lambda: _shows(stub, crowd), f"all {size} of them in the lists", wait_s=120)
            for name, ask in questions(stub, reader, crowd).items():
                ask()
                took.setdefault(name, {})[size] = [p95(ask, times) for _ in range(rounds)]
        bench.foreign.count(cpu_s([pid for some in running.processes().values() for pid in some]))
    return took


def _shows(stub: Stub, crowd: Crowd) -> bool:
    """Whether the views have come so far: the last page is there, and every employer."""
    found, after = 0, ""
    while page := stub.staff(crowd.big, after, 200):
        found, after = found + len(page), page[-1].association_id
    return (found, len(stub.employers())) == (crowd.staff + 1, crowd.employers + 1)


def main() -> int:
    bench = begin("lists", __doc__)
    rounds, times = (1, 20) if bench.quick else (bench.rounds or 5, 40)
    for name, by_size in measure(bench, rounds, times).items():
        floor = GRPC_MS if name.startswith("gRPC") else PORTAL_MS
        for size, values in by_size.items():
            bench.add(f"{name}, of {size:,}: p95", "ms", values, floor, at_most=True)
        smallest, largest = by_size[min(by_size)], by_size[max(by_size)]
        grown = [one / other for one, other in zip(largest, smallest, strict=True)]
        bench.add(f"  {name}: largest / smallest", "x", grown, goal=FLAT, at_most=True)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
