"""Enrollment for tests: its servicer on a real log, called directly; access, which it asks, is the real one too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from mandate.access.v1 import service_pb2 as access
from mandate.bus.v1.topics_pb2 import Progress
from mandate.enrollment.v1 import service_pb2 as pb
from mandate.identity.v1.state_pb2 import AccountState

from chassis import nature
from chassis.bus import Message
from chassis.documents.examiner import ProcessExaminer
from chassis.runtime import Wakeup
from chassis.server import Caller
from chassis.tokens import Claims
from chassis.vocabulary import tax_numbers
from chassis.waiting import Waiter
from services.access.commands import role_requests, staff
from services.access.domain.association import Association
from services.connections.commands import connections
from services.connections.domain.connection import Connection
from services.enrollment.api.servicer import EnrollmentServicer
from services.enrollment.commands.parts import KINDS, EnrollmentSettings, Parts
from services.enrollment.commands.rights import AccessSilentError, Rights
from services.enrollment.projections.authority import AuthorityFollower
from tests.access_office import Clock, Office
from tests.attested import ATTESTATION, SIGNATURE
from tests.house import House, Room

DOCTOR, OFFICIAL, STAFF, STRANGER, MAC = (uuid4() for _ in range(5))
PRACTICE, GROUP = uuid4(), uuid4()
SSNS = {DOCTOR: "881402816", OFFICIAL: "871204417", STAFF: "872315528", STRANGER: "873426639"}
PERSON_KEY = b"q" * 32
NPIS = {PRACTICE: "2000000002", GROUP: "2000000036"}
TOPICS = {
    "IDENTIFYING_INFORMATION": {"state": "ME", "specialty": "Family Practice"},
    "PRACTICE_LOCATION": {
        "street": "1 Elm Street",
        "city": "Harbor Point",
        "state": "ME",
        "zip": "03904",
        "phone": "207-555-0142",
        "first_service_date": "2021-03-01",
    },
    "FINAL_ADVERSE_ACTIONS": {"any": "NO"},
}
TO_GROUP = {"REASSIGNMENT": {"receiving_provider_id": str(GROUP)}}
PRACTITIONER, GROUP_OFFICIAL = "PRACTITIONER", "GROUP_OFFICIAL"


class Numbers:
    """The NPIs that a test names."""

    def npi_of(self, provider_id: UUID) -> str | None:
        return NPIS.get(provider_id)


@dataclass
class Asked:
    """Access's own answer, called directly; it can be made silent."""

    office: Office
    silent: bool = False

    def may_act(self, account_id: UUID, provider_id: UUID) -> bool:
        if self.silent:
            raise AccessSilentError
        request = access.CheckAuthorityRequest(
            account_id=str(account_id), provider_id=str(provider_id), function="PECOS"
        )
        caller = Caller(claims=Claims(service="enrollment"))
        return bool(self.office.servicer.CheckAuthority(request, caller).allowed)


@dataclass
class Pecos:
    """What a test asks."""

    office: Office
    heard: AuthorityFollower = field(init=False)
    servicer: EnrollmentServicer = field(init=False)
    owner: Asked = field(init=False)
    parts: Parts = field(init=False)

    def __post_init__(self) -> None:
        app = self.room.app
        self.heard, self.owner = AuthorityFollower(app), Asked(self.office)
        settings = EnrollmentSettings()
        self.parts = Parts(
            settings=settings,
            person_key=PERSON_KEY,
            vault=self.office.parts.vault,
            examiner=ProcessExaminer(settings, KINDS),
            registry=Numbers(),
            rights=Rights(app, self.heard, self.owner),
        )
        self.servicer = EnrollmentServicer(app, Waiter(app, Wakeup()), self.parts)

    @property
    def house(self) -> House:
        return self.office.house

    @property
    def room(self) -> Room:
        return self.house.enrollment

    @property
    def clock(self) -> Clock:
        return self.office.clock

    def drawn(self, content: bytes) -> bytes:
        """A document as it is kept."""
        return self.parts.examiner.examine(content).content

    def settle(self) -> None:
        """Everybody hears everything; identity, which is not in this house, says that it has nothing more to say."""
        value = Progress(origin="identity", edition=1, position=1).SerializeToString(deterministic=True)
        headers = {"content-type": "application/protobuf", "ce_specversion": "1.0", "origin": "identity"}
        self.house.publisher.publish([Message(topic="Progress", key="identity", value=value, headers=headers)])
        self.house.settle()
        for follower in (self.heard, self.office.servicer._authority):
            while follower.step():
                pass

    def forward(self, **by: float) -> None:
        """Let time pass, and everybody say that they are still there."""
        self.clock.forward(**by)
        self.settle()

    def ask(self, rpc: str, who: UUID, /, *, roles: Sequence[str] = (), **fields: Any) -> Any:
        """Call an RPC in a person's name, then settle; commands get an id where none is given."""
        request_class = getattr(pb, f"{rpc}Request")
        if "command_id" in request_class.DESCRIPTOR.fields_by_name:
            fields.setdefault("command_id", str(nature.new_id()))
        answer = getattr(self.servicer, rpc)(request_class(**fields), self.office.caller(who, roles))
        self.settle()
        return answer

    def mac(self, rpc: str, **fields: Any) -> Any:
        """Call an RPC in the contractor's name."""
        return self.ask(rpc, MAC, roles=("MAC",), **fields)

    def upload(self, who: UUID, content: bytes, pieces: int = 256 * 1024, /, **about: str) -> Any:
        about = {
            "command_id": str(nature.new_id()),
            "document_type": "SUPPORTING",
            "file_name": "license.pdf",
        } | about
        stream = [
            pb.UploadDocumentRequest(about=pb.UploadDocumentRequest.About(**about)),
            *(pb.UploadDocumentRequest(piece=content[at : at + pieces]) for at in range(0, len(content), pieces)),
        ]
        answer = self.servicer.UploadDocument(iter(stream), self.office.caller(who))
        self.settle()
        return answer

    # -- what is so before a test begins

    def know_people(self) -> None:
        """Identity tells of four people; the doctor is a provider."""
        for who, ssn in SSNS.items():
            own = [str(PRACTICE)] if who == DOCTOR else []
            person = str(tax_numbers.person_id(PERSON_KEY, ssn))
            self.house.tell(AccountState(account_id=str(who), active=True, provider_ids=own, person_id=person), key=who)

    def bring_together(self) -> None:
        """The group is on record with its official; he and a manager get their roles by it (X-11); they connect."""
        self.load("GR1000", official=OFFICIAL, delegated=STAFF)
        for who, role in ((OFFICIAL, "AUTHORIZED_OFFICIAL"), (STAFF, "ACCESS_MANAGER")):
            self.house.access.execute(
                role_requests.request_role, who, employer_id=GROUP, role=role, attestation=ATTESTATION
            )
        self.settle()
        asked = self.house.connections.execute(
            connections.request, OFFICIAL, provider_id=PRACTICE, surrogate_id=GROUP, function="PECOS", side="SURROGATE"
        )
        self.house.connections.execute(connections.approve, DOCTOR, connection_id=asked.id, side="PROVIDER")
        self.settle()

    def load(self, ptan: str, *, official: UUID, delegated: UUID | None = None, **more: Any) -> str:
        """The contractor loads a group's record from paper."""
        listed = [(official, "AUTHORIZED_OFFICIAL")] + ([(delegated, "DELEGATED_OFFICIAL")] if delegated else [])
        fields = {
            "provider_id": str(GROUP),
            "npi": NPIS[GROUP],
            "form": "855B",
            "state": "ME",
            "specialty": "Clinic/Group Practice",
            "contractor": "Northern Contractor",
            "ptans": [ptan],
            "effective_date": "2021-03-01",
            "officials": [
                pb.Official(name="Alma Oddsen", ssn=SSNS[who], capacity=capacity) for who, capacity in listed
            ],
        } | more
        return str(self.mac("ImportEnrollment", **fields).receipt.id)

    def disconnect(self) -> None:
        """The doctor ends the connection."""
        id_ = Connection.id_for(PRACTICE, GROUP, "PECOS")
        self.house.connections.execute(connections.disconnect, DOCTOR, connection_id=id_, side="PROVIDER")

    def leave(self, who: UUID) -> None:
        """Somebody leaves the group."""
        self.house.access.execute(
            staff.disassociate, who, association_id=Association.id_for(who, GROUP), leaves_without_official=True
        )

    # -- what many tests do

    def draft(self, *, who: UUID = STAFF, group: bool = True) -> str:
        """An application with every topic."""
        started = self.ask("StartApplication", who, provider_id=str(PRACTICE), form="855I", purpose="INITIAL")
        for topic, fields in (TOPICS | (TO_GROUP if group else {})).items():
            self.ask("SaveTopic", who, application_id=started.receipt.id, topic=topic, fields=fields)
        return str(started.receipt.id)

    def submit(self, application_id: str, *, who: UUID = STAFF) -> dict[str, str]:
        """Submitted with both signers: capacity -> signature's id."""
        self.ask("SubmitApplication", who, application_id=application_id, signers=signers())
        return self.signatures(application_id)

    def signatures(self, application_id: str, who: UUID = STAFF) -> dict[str, str]:
        seen = self.ask("GetApplication", who, application_id=application_id)
        return {one.capacity: one.signature_id for one in seen.signatures}

    def sign(self, who: UUID, application_id: str, signature_id: str) -> Any:
        return self.ask(
            "SignApplication", who, application_id=application_id, signature_id=signature_id, attestation=SIGNATURE
        )

    def filed(self) -> str:
        """An application that was received."""
        application_id = self.draft()
        ids = self.submit(application_id)
        self.sign(DOCTOR, application_id, ids[PRACTITIONER])
        self.sign(OFFICIAL, application_id, ids[GROUP_OFFICIAL])
        return application_id

    def approved(self, application_id: str, *, ptan: str = "ME7777") -> str:
        """Taken up and approved: the record's id."""
        self.mac("TakeUpApplication", application_id=application_id)
        day = nature.now().date().isoformat()
        answer = self.mac("ApproveApplication", application_id=application_id, effective_date=day, ptan=ptan)
        return str(answer.enrollment_id)

    def status(self, application_id: str, who: UUID = DOCTOR) -> str:
        return str(self.ask("GetApplication", who, application_id=application_id).application.status)


def signers(**changed: Any) -> list[pb.NamedSigner]:
    """Both, as a submitter names them."""
    named = (
        {
            "capacity": PRACTITIONER,
            "name": "Rosalind Merriweld",
            "email": "r@practice.example",
            "provider_id": PRACTICE,
        },
        {"capacity": GROUP_OFFICIAL, "name": "Alma Oddsen", "email": "alma@harbor.example", "provider_id": GROUP},
    )
    return [pb.NamedSigner(**{**one, "provider_id": str(one["provider_id"]), **changed}) for one in named]
