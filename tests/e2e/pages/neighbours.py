"""Who is looked at: people who really registered, employers of the registry, and what they ask of each other.

The walks look at pages; what must have happened before is done here by gRPC, in the people's own names, because that
is quick. Each test has people and employers of its own, so that no test sees what another has left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import grpc
from mandate.access.v1 import service_pb2 as access
from mandate.common.v1.receipt_pb2 import Receipt
from mandate.connections.v1 import service_pb2 as connections
from mandate.registry.v1 import service_pb2 as registry

from chassis import nature
from chassis.server import details_of
from cli.platform import SEEDED
from services.registry.adapters.generated_month import CAST
from services.registry.domain.provider_ids import of_employer
from tests.attested import ATTESTATION
from tests.scenario import AM, AO, CP_575, DEADLINE_S, SEU, Person, Story, official_for

HARBOR, JUNIPER = (str(of_employer(group.employer)) for group in CAST.groups)
AM_PAPERS = ("CERTIFICATION", "CP_575")
STATES = ("ME", "CO", "NY", "TX")
"""Where employers are looked for: some two dozen in each."""


@dataclass
class Place:
    """A group and a person's practice that nobody else works for, and the Authorized Official of both."""

    clinic: registry.Provider
    practice: registry.Provider
    official: Person


class Neighbours:
    """The people of one platform."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._people: list[Person] = []
        self._theo: Person | None = None
        self._auditor: Person | None = None
        self._groups, self._practices = (self._employers(is_organization=one) for one in (True, False))

    # -- who and where

    def someone(self, first_name: str, last_name: str, language: str = "en") -> Person:
        """A person whom I&A does not know yet."""
        number = len(self._people) + 1
        user_id, email = f"{last_name[:6].lower()}{number:02}", f"{first_name.lower()}{number}@pages.example"
        who = Person(first_name, last_name, user_id, email, f"896{number + 10}{number + 4000}", date(1980, 4, 17))
        who.language = language
        self._people.append(who)
        return who

    def registered(self, first_name: str, last_name: str, language: str = "en") -> Person:
        """A person with an account and a session."""
        who = self.someone(first_name, last_name, language)
        self.story.register(who)
        return who

    def known(self, first_name: str, last_name: str) -> Person:
        """The same person for every test: one whom pages show, and who looks at none."""
        for who in self._people:
            if (who.first_name, who.last_name) == (first_name, last_name):
                return who
        return self.registered(first_name, last_name)

    def theo(self) -> Person:
        """Theo Quill, Authorized Official of the other group of the cast."""
        if self._theo is None:
            self._theo = self.registered("Theo", "Quill")
            self.appoint(self._theo, JUNIPER)
        return self._theo

    def auditor(self) -> Person:
        """The seeded auditor, who signs in once: a person gets five codes an hour."""
        if self._auditor is None:
            seeded = next(one for one in SEEDED if one.role == "AUDITOR")
            born_on = date(1970, 1, 1)  # nobody asks for it at a sign-in
            self._auditor = Person(
                seeded.first_name, seeded.last_name, seeded.user_id, seeded.email, "", born_on, self.story.eus.password
            )
            self.story.sign_in(self._auditor)
        return self._auditor

    def place(self, language: str = "en") -> Place:
        """Ana Rivera with a group and a practice of her own."""
        found = Place(next(self._groups), next(self._practices), self.registered("Ana", "Rivera", language))
        for employer in (found.clinic, found.practice):
            self.appoint(found.official, employer.provider_id)
        return found

    def _employers(self, *, is_organization: bool) -> Iterator[registry.Provider]:
        named = {group.name for group in CAST.groups} | {
            f"{one.last_name}, {one.first_name}" for one in CAST.individuals
        }
        for state in STATES:
            request = registry.SearchProvidersRequest(state=state, limit=200)
            for found in self.story.registry.SearchProviders(request, timeout=DEADLINE_S).providers:
                if found.is_organization is is_organization and found.name not in named:
                    yield found

    # -- what they do

    def ask_role(self, who: Person, employer_id: str, role: str) -> str:
        """Ask for a role; the request's id."""
        request = access.RequestRoleRequest(
            command_id=_id(),
            employer_id=employer_id,
            role=role,
            attestation=ATTESTATION if role == AO else "",
            official=official_for(role),
        )
        return str(self._done(self.story.access.RequestRole, request, who).id)

    def have_asked(self, who: Person, employers: int) -> None:
        """Ask for a role at so many and take it back: the list grows, and nobody has to decide."""
        for found in list(self._employers(is_organization=True))[-employers:]:  # places are taken from the other end
            request = access.CancelRoleRequestRequest(
                command_id=_id(), role_request_id=self.ask_role(who, found.provider_id, SEU)
            )
            self._done(self.story.access.CancelRoleRequest, request, who)

    def check_code(self, who: Person, request_id: str) -> str:
        """What stands on the paper of a request today."""
        request = access.CertifyPaperRequest(role_request_id=request_id)
        return str(self.story.ask(self.story.access.CertifyPaper, request, who, "access").check_code)

    def give_role(self, official: Person, who: Person, employer_id: str, role: str, *functions: str) -> str:
        """Ask for a role, have it approved, and what goes with it; the association's id."""
        approved = self._approve(official, self.ask_role(who, employer_id, role))
        association_id = self._association(who, employer_id, approved)
        for function in functions:
            grant = access.GrantFunctionRequest(command_id=_id(), association_id=association_id, function=function)
            self._done(self.story.access.GrantFunction, grant, official)
        return association_id

    def _association(self, who: Person, employer_id: str, approved: Receipt) -> str:
        listed = self._employers_of(who, approved)
        return str(next(one.association_id for one in listed if one.employer_id == employer_id))

    def _approve(self, who: Person, request_id: str) -> Receipt:
        approve = access.ApproveRoleRequestRequest(command_id=_id(), role_request_id=request_id)
        return self._done(self.story.access.ApproveRoleRequest, approve, who)

    def appoint(self, who: Person, employer_id: str) -> str:
        """Let the desk make somebody Authorized Official; the association's id."""
        request_id = self.ask_role(who, employer_id, AO)
        self.story.hand_in(who, request_id)
        return self._association(who, employer_id, self._approve(self.story.eus, request_id))

    def _done(self, method: Callable[..., Any], request: Any, who: Person) -> Receipt:
        """A command of access, and its lists have it: no receipt leads from here to the browser that looks next."""
        receipt: Receipt = self.story.ask(method, request, who, "access").receipt
        self._employers_of(who, receipt)
        return receipt

    def _employers_of(self, who: Person, *at_least: Receipt) -> list[access.Association]:
        request = access.ListMyEmployersRequest(at_least=at_least)
        return list(self.story.ask(self.story.access.ListMyEmployers, request, who, "access").associations)

    def employ(self, at: Place) -> None:
        """People who work there, one who did, and two who ask to."""
        ana, clinic, practice = at.official, at.clinic.provider_id, at.practice.provider_id
        self.give_role(ana, self.known("Jo", "Nakamura"), clinic, AM)
        self.give_role(ana, self.known("Delia", "Marsh"), clinic, SEU, "PECOS")
        self.give_role(ana, self.known("Petra", "Novak"), clinic, SEU, "PECOS")
        self.give_role(ana, self.known("Petra", "Novak"), practice, SEU, "NPPES")
        was = self.give_role(ana, self.known("Tunde", "Okafor"), clinic, SEU, "NPPES")
        end = access.DisassociateRequest(command_id=_id(), association_id=was)
        self._done(self.story.access.Disassociate, end, ana)
        self.ask_role(self.theo(), clinic, AM)
        self.ask_role(self.known("Delia", "Marsh"), practice, SEU)

    def ask_to_connect(self, at: Place) -> None:
        """Theo Quill's group asks to work for both of Ana Rivera's, and one of hers to work for it."""
        clinic, practice, theo = at.clinic.provider_id, at.practice.provider_id, self.theo()
        self.connect(theo, clinic, JUNIPER, "PECOS", "SURROGATE")
        self.connect(theo, clinic, JUNIPER, "NPPES", "SURROGATE")
        self.connect(theo, practice, JUNIPER, "PECOS", "SURROGATE")
        self.connect(theo, JUNIPER, clinic, "NPPES", "PROVIDER")
        self.story.eventually(lambda: len(self.pending(at.official)) == 4, "the requests that wait for the official")

    def ask_the_desk(self) -> None:
        """Four people ask to be Access Manager, the first of them without papers."""
        for who, papers in (("Tunde", ()), ("Delia", AM_PAPERS), ("Petra", AM_PAPERS), ("Jo", AM_PAPERS)):
            asking = self.registered(who, "Usherwood")
            request_id = self.ask_role(asking, HARBOR, AM)
            for document_type in papers:
                self._hand_in(asking, request_id, document_type)

    def _hand_in(self, who: Person, request_id: str, document_type: str) -> None:
        about = access.UploadDocumentRequest.About(
            command_id=_id(), role_request_id=request_id, document_type=document_type, file_name="papers.pdf"
        )
        stream = [access.UploadDocumentRequest(about=about), access.UploadDocumentRequest(piece=CP_575)]
        self._done(self.story.access.UploadDocument, iter(stream), who)

    def pending(self, who: Person) -> list[connections.Connection]:
        request = connections.ListPendingRequest()
        return list(self.story.ask(self.story.connections.ListPending, request, who, "connections").connections)

    def accept(self, at: Place) -> None:
        """Approve whatever group asks to be a client of Ana Rivera's clinic."""
        for one in self.pending(at.official):
            if one.surrogate_id == at.clinic.provider_id:
                request = connections.ApproveConnectionRequest(
                    command_id=_id(), connection_id=one.connection_id, side="SURROGATE"
                )
                self.story.ask(self.story.connections.ApproveConnection, request, at.official, "connections")

    def connect(self, who: Person, provider_id: str, surrogate_id: str, function: str, side: str) -> None:
        request = connections.RequestConnectionRequest(
            command_id=_id(), provider_id=provider_id, surrogate_id=surrogate_id, function=function, side=side
        )

        def look() -> bool:
            try:
                self.story.ask(self.story.connections.RequestConnection, request, who, "connections")
            except grpc.RpcError as error:
                # connections may not have heard yet that this person manages the group
                if {detail.code for detail in details_of(error)} <= {"NOT_YOUR_SIDE", "VIEW_STALE"}:
                    return False
                raise
            return True

        self.story.eventually(look, f"the connection in {function}")


def _id() -> str:
    return str(nature.new_id())
