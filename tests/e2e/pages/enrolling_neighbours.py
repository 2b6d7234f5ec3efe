"""A practitioner with a practice of his own, a group that may act for it, and the contractor: who walks step 8."""

from __future__ import annotations

from dataclasses import dataclass

from mandate.connections.v1 import service_pb2 as connections
from mandate.enrollment.v1 import service_pb2 as pb

from chassis import nature
from services.registry.adapters.generated_month import CAST
from tests.e2e.pages.neighbours import Neighbours, Place
from tests.scenario import SEU, Person

CONTRACTOR = "National Government Services"


@dataclass
class Practice:
    """Who takes part in one walk, and where."""

    number: int
    at: Place
    """The group, and its Authorized Official."""
    staff: Person
    practitioner: Person
    practice: str
    """The practitioner as a provider."""
    connection: str
    """By which the group acts for the practitioner."""


class Practices:
    """One practice for each walk, out of the cast."""

    def __init__(self, neighbours: Neighbours) -> None:
        self.neighbours, self.story = neighbours, neighbours.story
        assert self.story.mac is not None
        self.mac = self.story.mac
        self._next = 0

    def next(self) -> Practice:
        """Register everybody, connect them, and load the group's record (PE-BEN-01)."""
        number, self._next = self._next, self._next + 1
        doctor, at = CAST.individuals[number], self.neighbours.place()
        practitioner = self.neighbours.someone(doctor.first_name, doctor.last_name)
        practitioner.ssn, practitioner.born_on = doctor.ssn, doctor.born_on
        self.story.register(practitioner)
        [found] = self.story.search(npi=doctor.npi)
        staff = self.neighbours.registered("Cleo", "Vargas")
        self.neighbours.give_role(at.official, staff, at.clinic.provider_id, SEU, "PECOS")
        self.neighbours.connect(at.official, found.provider_id, at.clinic.provider_id, "PECOS", "SURROGATE")
        connection = self._approve(practitioner)
        if not self.mac.session:
            self.story.sign_in(self.mac)
        self._import(at, number)
        return Practice(number, at, staff, practitioner, found.provider_id, connection)

    def disconnect(self, practice: Practice) -> None:
        """Step 9: the practitioner ends the connection."""
        end = connections.EndConnectionRequest(command_id=_id(), connection_id=practice.connection, side="PROVIDER")
        self.story.ask(self.story.connections.EndConnection, end, practice.practitioner, "connections")

    def _approve(self, practitioner: Person) -> str:
        asked = self.story.eventually(lambda: self.neighbours.pending(practitioner), "the request")
        id_ = str(asked[0].connection_id)
        approve = connections.ApproveConnectionRequest(command_id=_id(), connection_id=id_, side="PROVIDER")
        self.story.ask(self.story.connections.ApproveConnection, approve, practitioner, "connections")
        return id_

    def _import(self, at: Place, number: int) -> None:
        name = f"{at.official.first_name} {at.official.last_name}"
        request = pb.ImportEnrollmentRequest(
            command_id=_id(),
            provider_id=at.clinic.provider_id,
            npi=at.clinic.npis[0].npi,
            form="855B",
            state="ME",
            specialty="Clinic/Group Practice",
            contractor=CONTRACTOR,
            ptans=[f"PG{number}100"],
            effective_date="2021-03-01",
            officials=[pb.Official(name=name, ssn=at.official.ssn, capacity="AUTHORIZED_OFFICIAL")],
            practice_location="Harbor Point, ME",
        )
        self.story.ask(self.story.enrollment.ImportEnrollment, request, self.mac, "enrollment")


def _id() -> str:
    return str(nature.new_id())
