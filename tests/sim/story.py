"""The clients of the simulation: the story of getting access, and people who get in its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from chassis.domain import id_of
from services.access.commands import employers, role_requests, staff
from services.access.domain.association import Association
from services.connections.commands import connections
from services.connections.domain.connection import PROVIDER, SURROGATE, Connection
from tests.attested import ATTESTATION
from tests.papers import attach
from tests.sim.stage import Asked, Stage


def person(name: str) -> UUID:
    return id_of("sim", "person", name)


EUS, OFFICIAL, STAFF, RIVAL, DOCTOR = (person(n) for n in ("eus", "official", "staff", "rival", "doctor"))
CLERK, LATECOMER = person("clerk"), person("latecomer")
GROUP, PRACTICE, BRANCH = (id_of("sim", "employer", name) for name in ("group", "practice", "branch"))
"""The branch is closed while people ask to work for it, and to be connected with it."""


@dataclass
class Story:
    """What the clients have reached; it outlives their crashes, as a person's memory does."""

    stage: Stage
    requests: dict[str, UUID] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)

    def tell(self) -> None:
        """Add the clients."""
        clients: list[tuple[str, Callable[[], Iterator[bool]]]] = [
            ("client.eus", self.eus),
            ("client.official", self.official),
            ("client.doctor", self.doctor),
            ("client.staff", self.staff),
            ("client.rival", self.rival),
            ("client.clerk", self.clerk),
            ("client.latecomer", self.latecomer),
            ("client.early", self.early),
            ("client.late", self.late),
        ]
        for name, script in clients:
            self.stage.client(name, script)

    @property
    def is_told(self) -> bool:
        return {"disconnected", "granted", "rejected", "rival", "closed"} <= self.reached

    def _until(self, goal: str, ask: Callable[[], Asked]) -> Iterator[bool]:
        """Ask until it is answered: what is refused now may be allowed once more has been heard."""
        while goal not in self.reached:
            asked = ask()
            if asked.receipt is not None:
                self.requests.setdefault(goal, asked.receipt.id)
                self.reached.add(goal)
            yield asked.receipt is not None

    def _after(self, goal: str) -> Iterator[bool]:
        while goal not in self.reached:
            yield False

    def _ask_role(self, who: UUID, employer: UUID, role: str) -> Callable[[], Asked]:
        return lambda: self.stage.ask(
            "access", role_requests.request_role, who, employer_id=employer, role=role, attestation=ATTESTATION
        )

    def _decide(self, who: UUID, goal: str, *, eus: bool = False) -> Callable[[], Asked]:
        roles = ("EUS",) if eus else ()
        return lambda: self.stage.ask(
            "access", role_requests.approve, who, roles=roles, role_request_id=self.requests[goal]
        )

    def official(self) -> Iterator[bool]:
        """Steps 3 to 5 and 6: becomes official, lets staff in, asks the doctor for two connections."""
        yield from self._until("official asked", self._ask_role(OFFICIAL, GROUP, "AUTHORIZED_OFFICIAL"))
        yield from self._until("official has papers", partial(self._hand_in, OFFICIAL, "official asked"))
        yield from self._after("official approved")
        yield from self._after("staff asked")
        yield from self._until("staff approved", self._decide(OFFICIAL, "staff asked"))
        yield from self._until("granted", lambda: self._grant("PECOS"))
        for function in ("PECOS", "NPPES"):
            yield from self._until(f"{function} asked", partial(self._connect, function))

    def _hand_in(self, who: UUID, goal: str) -> Asked:
        return self.stage.ask("access", attach, who, id=self.requests[goal], document_type="CP_575")

    def _grant(self, function: str) -> Asked:
        association = Association.id_for(STAFF, GROUP)
        return self.stage.ask("access", staff.grant_function, OFFICIAL, association_id=association, function=function)

    def _connect(self, function: str) -> Asked:
        return self.stage.ask(
            "connections",
            connections.request,
            OFFICIAL,
            provider_id=PRACTICE,
            surrogate_id=GROUP,
            function=function,
            side=SURROGATE,
        )

    def doctor(self) -> Iterator[bool]:
        """Steps 2, 6 and 9: his own record, one yes, one no, and in the end the disconnection."""
        yield from self._until("doctor asked", self._ask_role(DOCTOR, PRACTICE, "AUTHORIZED_OFFICIAL"))
        yield from self._until("doctor has papers", partial(self._hand_in, DOCTOR, "doctor asked"))
        yield from self._after("PECOS asked")
        yield from self._until("connected", lambda: self._answer(connections.approve, "PECOS"))
        yield from self._after("NPPES asked")
        yield from self._until("rejected", lambda: self._answer(connections.reject, "NPPES"))
        yield from self._until("disconnected", lambda: self._answer(connections.disconnect, "PECOS"))

    def _answer(self, command: object, function: str) -> Asked:
        connection = Connection.id_for(PRACTICE, GROUP, function)
        return self.stage.ask("connections", command, DOCTOR, connection_id=connection, side=PROVIDER)

    def eus(self) -> Iterator[bool]:
        """Approves both officials; at the same time as the official, the staff request; and closes the branch."""
        for asked, approved in (("official asked", "official approved"), ("doctor asked", "doctor approved")):
            yield from self._after(asked)
            yield from self._until(approved, self._decide(EUS, asked, eus=True))
        yield from self._after("staff asked")
        self._decide(EUS, "staff asked", eus=True)()
        yield True
        yield from self._after("clerk approved")
        yield from self._after("linked")
        yield from self._until("closed", self._close)

    def _close(self) -> Asked:
        return self.stage.ask("access", employers.close, EUS, roles=("EUS",), employer_id=BRANCH, reason="Moved.")

    def clerk(self) -> Iterator[bool]:
        """Works for the branch that is closed, and asks for another role there meanwhile (D-41)."""
        yield from self._until("clerk asked", self._ask_role(CLERK, BRANCH, "STAFF_END_USER"))
        yield from self._until("clerk approved", self._decide(EUS, "clerk asked", eus=True))
        self._ask_role(CLERK, BRANCH, "ACCESS_MANAGER")()
        yield True

    def latecomer(self) -> Iterator[bool]:
        """Asks to work for the branch at about the moment in which it is closed."""
        yield from self._after("linked")
        self._ask_role(LATECOMER, BRANCH, "STAFF_END_USER")()
        yield True

    def early(self) -> Iterator[bool]:
        """In the doctor's name, who cannot be in two places: asks the branch for a connection before its end."""
        yield from self._after("doctor approved")
        yield from self._until("linked", partial(self._link, "NPPES"))

    def late(self) -> Iterator[bool]:
        """Asks it for another while the services hear of its end."""
        yield from self._after("closed")
        self._link("PECOS")
        yield True

    def _link(self, function: str) -> Asked:
        return self.stage.ask(
            "connections",
            connections.request,
            DOCTOR,
            provider_id=PRACTICE,
            surrogate_id=BRANCH,
            function=function,
            side=PROVIDER,
        )

    def staff(self) -> Iterator[bool]:
        """Asks for a role, and twice for good measure."""
        yield from self._until("staff asked", self._ask_role(STAFF, GROUP, "STAFF_END_USER"))
        self._ask_role(STAFF, GROUP, "STAFF_END_USER")()
        yield True

    def rival(self) -> Iterator[bool]:
        """Tries what he may not: his own approval, other people's, connections; then asks and takes it back."""
        self._connect_as_rival()
        yield from self._until("rival asked", self._ask_role(RIVAL, GROUP, "STAFF_END_USER"))
        self._decide(RIVAL, "rival asked")()
        yield from self._until(
            "rival",
            lambda: self.stage.ask("access", role_requests.cancel, RIVAL, role_request_id=self.requests["rival asked"]),
        )

    def _connect_as_rival(self) -> None:
        self.stage.ask(
            "connections",
            connections.request,
            RIVAL,
            provider_id=PRACTICE,
            surrogate_id=GROUP,
            function="PECOS",
            side=PROVIDER,
        )
