"""The people of `make run`: they register at its first start through the public interfaces, as in the story.

A group and a clinic with their officials, a manager and staff of the clinic, a provider on his own, and one connection
that waits for a decision: enough to try every desk of the portal with one password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from mandate.access.v1 import service_pb2 as access
from mandate.common.v1.receipt_pb2 import Receipt
from mandate.connections.v1 import service_pb2 as connections
from mandate.enrollment.v1 import service_pb2 as enrollment

from chassis import nature
from cli.demo import desk, eventually
from cli.platform import Platform
from services.registry.adapters.generated_month import CAST, Group
from tests.scenario import AM, AO, INVITATION, SEU, Person, Story

GROUP, CLINIC = CAST.groups
DOCTOR = CAST.individuals[-1]
DONE = "demo-people"
"""The file that says they are all here."""


@dataclass(frozen=True)
class Role:
    """Somebody to sign in as."""

    user_id: str
    first_name: str
    last_name: str
    role: str
    """What they are, for the table."""
    ssn: str = ""
    born_on: date = date(1979, 5, 4)

    def person(self, password: str) -> Person:
        """The same, as they know themselves."""
        mail = f"{self.user_id}@demo.example"
        return Person(self.first_name, self.last_name, self.user_id, mail, self.ssn, self.born_on, password)


OFFICIAL = Role("aorivera", "Ana", "Rivera", "Authorized Official", "875206317")
CHIEF = Role("srlopez", "Sol", "Lopez", "Surrogate's official", "875206328")
MANAGER = Role("amchen", "Min", "Chen", "Access Manager", "875206339")
STAFF = Role("stokafor", "Tobe", "Okafor", "Staff", "875206340")
PROVIDER = Role(
    f"dr{DOCTOR.last_name.lower()}", DOCTOR.first_name, DOCTOR.last_name, "Provider", DOCTOR.ssn, DOCTOR.born_on
)
PEOPLE = (OFFICIAL, CHIEF, MANAGER, STAFF, PROVIDER)


def are_here(started: Platform) -> bool:
    """Whether all of them have been made in this installation."""
    return (started.state / DONE).exists()


def make(started: Platform) -> None:
    """Let them register, and bring them to where a reader takes over. Once; some 10 seconds."""
    story = Story(
        started.channel, started.inbox, eventually, eus=desk(started.password), mac=desk(started.password, "MAC")
    )
    _Beginning(story, {role: role.person(started.password) for role in PEOPLE}).tell()
    (started.state / DONE).touch()


class _Beginning:
    def __init__(self, story: Story, people: dict[Role, Person]) -> None:
        self._story, self._people = story, people
        self._ids = {one: story.search(npi=one.npis[0])[0].provider_id for one in CAST.groups}

    def tell(self) -> None:
        assert self._story.mac is not None
        self._story.sign_in(self._story.mac)
        for number, (company, role) in enumerate(((GROUP, OFFICIAL), (CLINIC, CHIEF))):
            self._on_record(company, role, number)  # whom the record lists is approved at once
            self._story.register(self._people[role])
            self._request(role, company, AO)
            self._hold(role, company)
        self._story.register(self._people[MANAGER])
        asked = self._request(MANAGER, CLINIC, AM)
        decision = access.ApproveRoleRequestRequest(command_id=_id(), role_request_id=asked.id)
        self._story.ask(self._story.access.ApproveRoleRequest, decision, self._people[CHIEF], "access")
        self._hold(MANAGER, CLINIC)
        self._invited()
        self._story.register(self._people[PROVIDER])
        self._connection()

    def _on_record(self, company: Group, role: Role, number: int) -> None:
        request = enrollment.ImportEnrollmentRequest(
            command_id=_id(),
            provider_id=self._ids[company],
            npi=company.npis[0],
            form="855B",
            state=company.addresses[0][3],
            specialty="Clinic/Group Practice",
            contractor="National Government Services",
            ptans=[f"DM{number + 1}00"],
            effective_date="2021-03-01",
            officials=[
                enrollment.Official(
                    name=f"{role.first_name} {role.last_name}", ssn=role.ssn, capacity="AUTHORIZED_OFFICIAL"
                )
            ],
            practice_location=", ".join(company.addresses[0][2:4]),
        )
        self._story.ask(self._story.enrollment.ImportEnrollment, request, self._story.mac, "enrollment")

    def _request(self, role: Role, company: Group, wanted: str) -> Receipt:
        agreed = "ao-2025-05:the-text-of-the-deck" if wanted == AO else ""
        request = access.RequestRoleRequest(
            command_id=_id(), employer_id=self._ids[company], role=wanted, attestation=agreed
        )
        receipt: Receipt = self._story.ask(
            self._story.access.RequestRole, request, self._people[role], "access"
        ).receipt
        return receipt

    def _hold(self, role: Role, company: Group) -> None:
        """Wait until the role is theirs."""

        def approved() -> bool:
            mine = self._story._employers(self._people[role])  # noqa: SLF001 - one telling
            return any(one.employer_id == self._ids[company] and one.status == "APPROVED" for one in mine)

        self._story.eventually(approved, f"the role of {role.user_id}")

    def _invited(self) -> None:
        manager, staff = self._people[MANAGER], self._people[STAFF]
        request = access.InviteStaffRequest(
            command_id=_id(),
            first_name=staff.first_name,
            last_name=staff.last_name,
            email=staff.email,
            confirm_email=staff.email,
            offers=[access.Offer(employer_id=self._ids[CLINIC], role=SEU, functions=["PECOS"])],
        )
        self._story.ask(self._story.access.InviteStaff, request, manager, "access")
        pin = re.search(r"PIN: *([A-Z2-9]{8})\b", self._story.mail(staff.email, INVITATION).text)
        assert pin
        enter = access.EnterPinRequest(command_id=_id(), email=staff.email, pin=pin[1])
        proof = self._story.ask(self._story.access.EnterPin, enter).proof
        self._story.register(staff, invitation_proof=proof)
        self._hold(STAFF, CLINIC)

    def _connection(self) -> None:
        """The clinic asks the group, whose official finds it on Home (IA-HOME-03)."""
        self._story.practice, self._story.group = self._ids[GROUP], self._ids[CLINIC]
        self._story._connect(self._people[MANAGER], "PECOS")  # noqa: SLF001 - one telling

        def waits() -> bool:
            request = connections.ListPendingRequest()
            official = self._people[OFFICIAL]
            return bool(
                self._story.ask(self._story.connections.ListPending, request, official, "connections").connections
            )

        self._story.eventually(waits, "the connection that waits")


def _id() -> str:
    return str(nature.new_id())
