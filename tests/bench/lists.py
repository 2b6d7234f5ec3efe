"""Lists that grow: one person with up to 500 employers, one employer with up to 2,000 staff.

First and next page, by gRPC (floor p95 100 ms) and on the portal (300 ms), at each size; beside each curve, how many
times as long the largest takes as the smallest, and what a call costs of CPU, the server's and PostgreSQL's. The staff
have names, sealed as identity seals them. Asked one after the other, the sizes growing on one platform.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from html import unescape
from itertools import islice
from typing import Any
from uuid import UUID

import grpc
from mandate.access.v1 import service_pb2 as pb
from mandate.access.v1.service_pb2_grpc import AccessServiceStub
from mandate.identity.v1.people_service_pb2 import SelectPeopleRequest, SelectPeopleResponse
from mandate.identity.v1.people_service_pb2_grpc import PeopleServiceStub

from chassis import nature
from chassis.cause import Cause
from chassis.client import OPTIONS
from chassis.keys import Keyring
from chassis.messages import Catalogue
from chassis.migrate import open_database
from chassis.vault import Vault
from cli.demo import eventually
from cli.installation import find
from cli.platform import SEEDED
from services.access.__main__ import SERVICE
from services.access.application import AccessApplication
from services.identity.__main__ import SERVICE as IDENTITY
from services.identity.application import IdentityApplication
from services.identity.commands.credentials import USER_ID_CONTEXT
from services.identity.commands.information import NAMES_CONTEXT
from services.identity.domain.account import Account
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
BATCH, PAGE = 100, 25
MOST_AT_ONCE = 2_000
"""People whom one question puts in order: the gRPC figures are of one, the portal asks as often as it takes."""
AT_REST = 0.15
"""CPU seconds of a second in which nobody asks."""
AO, SEU = "AUTHORIZED_OFFICIAL", "STAFF_END_USER"
Ask = Callable[[], object]


class Names:
    """Accounts with a name and a user id, as a registration leaves them before the person is proofed."""

    def __init__(self, app: IdentityApplication, vault: Vault) -> None:
        self._app, self._vault = app, vault
        self._made = 0

    def make(self, size: int) -> list[UUID]:
        """So many more."""
        made = [self._account(self._made + number) for number in range(size)]
        self._made += size
        for start in range(0, size, BATCH):
            some = made[start : start + BATCH]
            self._app.execute(lambda app, cause, some=some: app.commit(*some, cause=cause), Cause.of(CLERK))
        return [one.id for one in made]

    def _account(self, number: int) -> Account:
        id_, now = nature.new_id(), nature.now()
        self._vault.make_key(id_)
        names = {"first_name": f"First{number % 13}", "middle_name": "", "last_name": f"Last{number * 7919 % 10_007}"}
        account = Account(id=id_, email="", email_claim=id_, language="en", expires_at=now + timedelta(hours=1))
        account.verify_email(now=now)
        sealed = self._vault.seal(id_, f"staff{number}", USER_ID_CONTEXT)
        account.choose_credentials(user_id=sealed, user_id_claim=id_, verifiers=id_, questions=[], now=now)
        sealed = self._vault.seal(id_, json.dumps(names), NAMES_CONTEXT)
        account.record_information(names=sealed, details="", ssn_index="", ssn_claim=id_, match_index="", now=now)
        return account


class Crowd:
    """Who works where, as far as it has grown."""

    def __init__(self, running: Running, app: AccessApplication, names: Names, official: UUID) -> None:
        self._app, self._names, self.official = app, names, official
        self._employers = iter(employers_of(running.state))
        self.big = next(self._employers)
        self.employers = 0
        self.staff: list[UUID] = []
        self._add([(official, self.big, AO)])

    def grow(self, size: int) -> None:
        """To so many staff of the one employer, and employers of the one person."""
        made = self._names.make(size - len(self.staff))
        self._add([(one, self.big, SEU) for one in made])
        more = max(0, min(size, MOST_EMPLOYERS) - self.employers)
        self._add([(self.official, one, SEU) for one in islice(self._employers, more)])
        self.staff, self.employers = self.staff + made, self.employers + more

    def _add(self, members: list[tuple[UUID, UUID, str]]) -> None:
        for start in range(0, len(members), BATCH):
            made = [approved(*one) for one in members[start : start + BATCH]]
            self._app.execute(lambda app, cause, made=made: app.commit(*made, cause=cause), Cause.of(CLERK))


class Stub:
    """Access by gRPC, in the person's name, and identity's names, in the portal's."""

    def __init__(self, running: Running, who: UUID) -> None:
        told = (running.state.parent / f"{running.state.name}.log").read_text()
        found = [re.search(rf"{name}\W+(127\S+)\s+\(gRPC\)", told) for name in ("access", "identity")]
        assert all(found), told[-2000:]
        self._channels = [grpc.insecure_channel(one[1], options=OPTIONS) for one in found if one]
        self.access: Any = AccessServiceStub(self._channels[0])  # type: ignore[no-untyped-call]
        self._people: Any = PeopleServiceStub(self._channels[1])  # type: ignore[no-untyped-call]
        keys = Keyring(running.state / "keys")
        self._signer, self._portal, self._who = keys.signer("identity"), keys.signer("portal"), who

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

    def employers_page(self, after: str = "") -> list[pb.Association]:
        """A page of them."""
        request = pb.ListMyEmployersRequest(limit=PAGE, after=after)
        return list(self.ask(self.access.ListMyEmployers, request).associations)

    def people(self, after: str = "") -> SelectPeopleResponse:
        """A page of all people, by name, as the portal asks for it: of a list whose order is known."""
        known = self._listed(digest_only=True).digest
        answer = self._named(SelectPeopleRequest(list=known, limit=PAGE, after=after))
        assert answer.list == known, "the order of this list is not known"
        return answer

    def people_of_ids(self, after: str = "") -> SelectPeopleResponse:
        """The same where the order is not known: the list is sent."""
        listed = self._listed()
        return self._named(SelectPeopleRequest(account_ids=listed.account_ids, limit=PAGE, after=after))

    def _listed(self, *, digest_only: bool = False) -> pb.SelectStaffResponse:
        request = pb.SelectStaffRequest(list="APPROVED", digest_only=digest_only)
        answer: pb.SelectStaffResponse = self.ask(self.access.SelectStaff, request)
        return answer

    def _named(self, request: SelectPeopleRequest) -> SelectPeopleResponse:
        sent = (("authorization", f"Bearer {self._portal.service_token('identity')}"),)
        answer: SelectPeopleResponse = self._people.SelectPeople(request, timeout=20, metadata=sent)
        return answer

    def close(self) -> None:
        for channel in self._channels:
            channel.close()


@dataclass
class Curve:
    """What one question costs at each size, of each round."""

    p95: dict[int, list[float]] = field(default_factory=dict)
    """Milliseconds."""
    cpu: dict[int, list[float]] = field(default_factory=dict)
    """Milliseconds a call, of the platform and its PostgreSQL."""


def asked(ask: Ask, times: int, running: Running) -> tuple[float, float]:
    """The p95 and the CPU of a call."""
    took = []
    pids = [pid for some in running.processes().values() for pid in some]
    before = cpu_s(pids)
    for _ in range(times):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1e3)
    return percentile(took, 0.95), (cpu_s(pids) - before) / times * 1e3


def seen(reader: Reader, path: str, rows: int) -> str:
    """A page with so many rows."""
    answer = reader.http.get(path)
    found = answer.text.count('class="m-open"')
    assert (answer.status_code, found) == (200, rows), (path, answer.status_code, found)
    return answer.text


def behind(text: str, path: str) -> str:
    """The address of the next page; this one where there is none."""
    links = re.findall(r'<a href="([^"]*)">[^<]*(?:<svg[^>]*>.*?</svg>)?[^<]*</a>', text, re.DOTALL)
    return next((unescape(one) for one in links if re.search(r"\bat=after", one)), path)


def questions(stub: Stub, reader: Reader, crowd: Crowd) -> dict[str, Ask]:
    """What is asked at each size."""
    last = stub.staff(crowd.big)[-1].association_id
    tenth = stub.employers_page()[9].association_id
    middle = stub.people_of_ids().people[-1].account_id
    members = min(PAGE, len(crowd.staff) + 1)
    pages = {"My Staff": ("/staff", members), "My Profile": ("/profile", min(PAGE, crowd.employers + 1))}
    asks: dict[str, Ask] = {
        "gRPC, staff, first page": lambda: stub.staff(crowd.big),
        "gRPC, staff, next page": lambda: stub.staff(crowd.big, last),
        "gRPC, people by name, list sent": stub.people_of_ids,
        "gRPC, people by name, first page": stub.people,
        "gRPC, people by name, next page": lambda: stub.people(middle),
        "gRPC, my employers, all": stub.employers,
        "gRPC, my employers, first page": stub.employers_page,
        "gRPC, my employers, next page": lambda: stub.employers_page(tenth),
    }
    for name, (path, rows) in pages.items():
        first = seen(reader, path, rows)
        following = behind(first, path)
        left = (len(crowd.staff) if path == "/staff" else crowd.employers) + 1 - rows
        more = min(PAGE, left) if following != path else rows
        asks[f"portal, {name}, first page"] = partial(seen, reader, path, rows)
        asks[f"portal, {name}, next page"] = partial(seen, reader, following, more)
    return asks


@contextmanager
def growing(running: Running) -> Iterator[tuple[Stub, Reader, Crowd]]:
    """The seeded reviewer before the portal and at access, and the crowd in the logs of access and identity."""
    reader = Reader(running)
    reader.sign_in()
    installation = find(running.state)
    with installation.looking("identity") as session:
        rows = session.run("SELECT account_id FROM accounts_v1 WHERE roles ? %s", (SEEDED[0].role,))
    vault = open_database(installation.dsn("identity"), "vault", size=2)
    with installation.working(SERVICE) as staffing, installation.working(IDENTITY) as naming:
        key = Keyring(running.state / "keys").secret("vault.key")
        names = Names(IdentityApplication(naming, Catalogue()), Vault(vault, key))
        crowd = Crowd(running, AccessApplication(staffing, Catalogue()), names, rows[0][0])
        stub = Stub(running, crowd.official)
        yield stub, reader, crowd
        stub.close()
    vault.close()
    reader.http.close()


def measure(bench: Bench, rounds: int, times: int) -> dict[str, Curve]:
    """Question -> its curve."""
    curves: dict[str, Curve] = {}
    with folder() as base, platform(base / "state") as running, growing(running) as (stub, reader, crowd):
        for size in SIZES[:2] if bench.quick else SIZES:
            crowd.grow(size)
            eventually(lambda: _shows(stub, crowd), f"all {size} of them in the lists", wait_s=120)
            eventually(lambda: _rests(running), "rest after all had been told", wait_s=120)
            for name, ask in questions(stub, reader, crowd).items():
                ask()
                curve = curves.setdefault(name, Curve())
                found = [asked(ask, times, running) for _ in range(rounds)]
                curve.p95[size], curve.cpu[size] = ([one[at] for one in found] for at in (0, 1))
        bench.foreign.count(cpu_s([pid for some in running.processes().values() for pid in some]))
    return curves


def _shows(stub: Stub, crowd: Crowd) -> bool:
    """Whether the views have come so far: the last page is there, every employer, and every name."""
    found, after = 0, ""
    while page := stub.staff(crowd.big, after, 200):
        found, after = found + len(page), page[-1].association_id
    if (found, len(stub.employers())) != (len(crowd.staff) + 1, crowd.employers + 1):
        return False
    return stub.people_of_ids().found == min(len(crowd.staff) + 1, MOST_AT_ONCE)


def _rests(running: Running) -> bool:
    """Whether what growing made has been sealed and told: the first questions would be charged with it."""
    pids = [pid for some in running.processes().values() for pid in some]
    before = cpu_s(pids)
    time.sleep(1)
    return cpu_s(pids) - before < AT_REST


def main() -> int:
    bench = begin("lists", __doc__)
    rounds, times = (1, 20) if bench.quick else (bench.rounds or 5, 40)
    for name, curve in measure(bench, rounds, times).items():
        floor = GRPC_MS if name.startswith("gRPC") else PORTAL_MS
        for size, values in curve.p95.items():
            bench.add(f"{name}, of {size:,}: p95", "ms", values, floor, at_most=True)
        for size, values in curve.cpu.items():
            bench.add(f"  {name}, of {size:,}: CPU a call", "ms", values)
        smallest, largest = curve.p95[min(curve.p95)], curve.p95[max(curve.p95)]
        grown = [one / other for one, other in zip(largest, smallest, strict=True)]
        bench.add(f"  {name}: largest / smallest", "x", grown, goal=FLAT, at_most=True)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
