"""What is asked of every RPC about things of others, and for whom it is meant (A-09).

A request is made of its descriptor: a field that holds an id gets that of a thing of the clinic's people, the rest is
what a sample says. An RPC without a sample fails the test by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from chassis.fields import is_id
from tests.attested import ATTESTATION, SIGNATURE
from tests.e2e.strangers.town import AT_THE_CLINIC, DECIDE, MANAGE, OWNER, PERSONS, PREPARE, PUBLIC, new_id
from tests.scenario import CP_575, SEU

SERVICES = ("portal", "notifier")
"""Services that ask in nobody's name."""
ASKERS = ("nobody", *PERSONS, *SERVICES)
EVERYBODY = frozenset(ASKERS)
ALL_PERSONS = frozenset(PERSONS)
PORTAL = frozenset({"portal"})
NOTIFIER = frozenset({"notifier"})
EUS = frozenset({"eus"})


@dataclass(frozen=True)
class Sample:
    """One RPC."""

    may: frozenset[str]
    """For whom the answer is."""
    knows: frozenset[str] = frozenset()
    """Who is refused too, but sees the thing elsewhere, so that the refusal may say why."""
    says: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the request beside ids."""
    about: Mapping[str, str] = field(default_factory=dict)
    """Fields that hold a thing known under another name."""
    piece: bytes = b""
    """What follows on a stream."""

    def sees(self, asker: str) -> bool:
        """Whether somebody may know that the thing is there."""
        return asker in self.may | self.knows

    def asks_about(self, descriptor: Descriptor, things: Mapping[str, str]) -> list[str]:
        """The things that a request names, and which nobody finds in the registry."""
        whole = str(self._made(descriptor, things))
        return [name for name, thing in things.items() if name not in PUBLIC and thing and thing in whole]

    def request(self, descriptor: Descriptor, things: Mapping[str, str]) -> list[bytes]:
        """The request, or the messages of its stream."""
        whole = self._made(descriptor, things)
        more = [message_factory.GetMessageClass(descriptor)(piece=self.piece)] if self.piece else []
        return [one.SerializeToString() for one in (whole, *more)]

    def _made(self, descriptor: Descriptor, things: Mapping[str, str]) -> Message:
        made = message_factory.GetMessageClass(descriptor)()
        for name, value in self._fields(descriptor, things):
            if isinstance(value, Message):
                getattr(made, name).CopyFrom(value)
            elif isinstance(value, (list, tuple)):
                getattr(made, name).extend(value)
            else:
                setattr(made, name, value)
        return made

    def _fields(self, descriptor: Descriptor, things: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        for one in descriptor.fields:
            thing = self.about.get(one.name, one.name)
            if one.name == "command_id":
                yield one.name, new_id()
            elif one.name in self.says:
                yield one.name, self.says[one.name]
            elif one.name == "about" and one.message_type is not None:
                yield one.name, self._made(one.message_type, things)
            elif one.name == "questions" and one.message_type is not None:
                yield one.name, [self._made(one.message_type, things)]
            elif one.name == "offers" and one.message_type is not None:
                yield one.name, [self._offer(one.message_type, things)]
            elif is_id(one) or one.name in self.about or one.name == "tracking_id":
                value = things.get(thing, "")
                yield one.name, [value] if one.is_repeated else value

    @staticmethod
    def _offer(descriptor: Descriptor, things: Mapping[str, str]) -> Any:
        offer = message_factory.GetMessageClass(descriptor)
        return offer(employer_id=things["employer_id"], role=SEU, functions=["NPPES"])


def _decided(**more: Any) -> Sample:
    return Sample(DECIDE, knows=frozenset({"asker"}), **more)


def _of_mac(**says: Any) -> Sample:
    return Sample(frozenset({"mac"}), knows=PREPARE, says=says)


AUDITED = Sample(frozenset({"auditor"}))
PREPARED = Sample(PREPARE)
OF_RECORD = Sample(AT_THE_CLINIC | {"mac"})
REASON = {"reason": "Because."}
CONNECTED = frozenset({"official", "manager", "practitioner"})
DOCUMENT = {"document_type": "CP_575", "file_name": "mine.pdf"}
INVITED = {"first_name": "Ilse", "last_name": "Nvited", "email": "ilse@pages.example"}
PRIVATE = {"function": "PECOS"}
ASKED = frozenset({"staff", *MANAGE, "auditor", *SERVICES})
"""Whom access tells about the right of a member of the clinic's staff (4.5)."""

SAMPLES: dict[str, Sample] = {
    # ---- access
    "AccessService/RequestRole": Sample(
        ALL_PERSONS, says={"role": "AUTHORIZED_OFFICIAL", "attestation": ATTESTATION}
    ),
    "AccessService/ApproveRoleRequest": _decided(),
    "AccessService/RejectRoleRequest": _decided(says=REASON),
    "AccessService/CancelRoleRequest": Sample(frozenset({"asker"}), knows=DECIDE),
    "AccessService/GetRoleRequest": Sample(DECIDE | {"asker"}),
    "AccessService/FindRoleRequest": Sample(frozenset({"eus"})),
    "AccessService/ListRoleRequests": Sample(MANAGE),
    "AccessService/UploadDocument": Sample(frozenset({"asker"}), knows=OWNER | DECIDE, says=DOCUMENT, piece=CP_575),
    "AccessService/DeleteDocument": Sample(frozenset({"asker"}), knows=OWNER),
    "AccessService/RefuseDocument": Sample(frozenset({"eus"}), knows=OWNER, says=REASON),
    "AccessService/AddComment": Sample(OWNER, says={"text": "I was here."}),
    "AccessService/RemoveComment": Sample(frozenset({"asker"}), knows=OWNER),
    "AccessService/ListDocuments": Sample(OWNER),
    "AccessService/ReadDocument": Sample(OWNER),
    "AccessService/CertifyPaper": Sample(OWNER),
    "AccessService/VerifyPaper": Sample(PORTAL, about={"check_code": "check_code"}),
    "AccessService/InviteStaff": Sample(MANAGE, says=INVITED | {"confirm_email": INVITED["email"]}),
    "AccessService/GetInvitation": Sample(MANAGE - {"eus"}),
    "AccessService/ListInvitations": Sample(MANAGE - {"eus"}),
    "AccessService/WithdrawInvitation": Sample(MANAGE - {"eus"}),
    "AccessService/ResendInvitation": Sample(MANAGE - {"eus"}),
    "AccessService/AskForNewPin": Sample(EVERYBODY - {"nobody"}, says={"email": "ilse@pages.example"}),
    "AccessService/EnterPin": Sample(EVERYBODY - {"nobody"}, says={"email": "ilse@pages.example", "pin": "ABCDEFGH"}),
    "AccessService/AcceptInvitation": Sample(ALL_PERSONS, says={"proof": "x" * 43}),
    "AccessService/ShowEin": Sample(MANAGE - {"eus"}),
    "AccessService/PreviewInvitation": Sample(ALL_PERSONS, says={"proof": "x" * 43}),
    "AccessService/GrantFunction": Sample(MANAGE, says=PRIVATE),
    "AccessService/WithdrawFunction": Sample(MANAGE, says=PRIVATE),
    "AccessService/Disassociate": Sample(MANAGE),
    "AccessService/ModifyStaff": Sample(MANAGE),
    "AccessService/WithholdProviders": Sample(MANAGE, about={"provider_ids": "provider_id"}),
    "AccessService/ListMyEmployers": Sample(ALL_PERSONS),
    "AccessService/ListEmployersOf": Sample(EUS),
    "AccessService/GetEmployer": Sample(EUS),
    "AccessService/CloseEmployer": Sample(EUS, says=REASON),
    "AccessService/SelectMyEmployers": Sample(ALL_PERSONS),
    "AccessService/ListStaff": Sample(MANAGE),
    "AccessService/SelectStaff": Sample(
        MANAGE - {"eus"}, says={"list": "APPROVED"}, about={"employer_ids": "employer_id"}
    ),
    "AccessService/CheckAuthority": Sample(ASKED - {"staff"}, says=PRIVATE),
    "AccessService/BatchCheckAuthority": Sample(ASKED - {"staff"}, says=PRIVATE),
    "AccessService/ExplainAuthority": Sample(ASKED - {"staff"}, says=PRIVATE),
    "AccessService/ListAuthorities": Sample(ASKED - {"staff"}, says=PRIVATE),
    "AccessService/WhoCouldAct": Sample(frozenset({"auditor"}), says=PRIVATE),
    "InviteeService/GetInvitee": Sample(NOTIFIER),
    "InviteeService/GetNamedOfficial": Sample(NOTIFIER),
    "InviteeService/GetEmployerContact": Sample(NOTIFIER, about={"account_id": "asker_id"}),
    # ---- connections
    "ConnectionsService/RequestConnection": Sample(
        frozenset({"official", "manager"}), says={"function": "PECOS", "side": "SURROGATE"}
    ),
    "ConnectionsService/ApproveConnection": Sample(
        frozenset({"practitioner"}), knows=CONNECTED, says={"side": "PROVIDER"}
    ),
    "ConnectionsService/RejectConnection": Sample(
        frozenset({"practitioner"}), knows=CONNECTED, says={"side": "PROVIDER"}
    ),
    "ConnectionsService/CancelConnection": Sample(
        frozenset({"official", "manager"}), knows=CONNECTED, says={"side": "SURROGATE"}
    ),
    "ConnectionsService/EndConnection": Sample(CONNECTED, says={"side": "SURROGATE"}),
    "ConnectionsService/ListPending": Sample(ALL_PERSONS),
    "ConnectionsService/ListConnections": Sample(frozenset({"official", "manager"})),
    # ---- enrollment
    "EnrollmentService/GetForm": Sample(ALL_PERSONS, says={"form": "855I"}),
    "EnrollmentService/StartApplication": Sample(
        PREPARE, says={"form": "855I", "purpose": "INITIAL", "enrollment_id": ""}
    ),
    "EnrollmentService/SaveTopic": PREPARED,
    "EnrollmentService/UploadDocument": Sample(
        PREPARE, says={"document_type": "SUPPORTING", "file_name": "mine.pdf"}, piece=CP_575
    ),
    "EnrollmentService/DeleteDocument": PREPARED,
    "EnrollmentService/ListDocuments": Sample(PREPARE | {"mac"}),
    "EnrollmentService/ReadDocument": Sample(PREPARE | {"mac"}),
    "EnrollmentService/SubmitApplication": PREPARED,
    "EnrollmentService/ReopenApplication": PREPARED,
    "EnrollmentService/WithdrawApplication": PREPARED,
    "EnrollmentService/SignApplication": Sample(
        frozenset({"practitioner"}), knows=PREPARE | {"mac"}, says={"attestation": SIGNATURE}
    ),
    "EnrollmentService/DeclineSignature": Sample(frozenset({"practitioner"}), knows=PREPARE | {"mac"}, says=REASON),
    "EnrollmentService/FileStatement": PREPARED,
    "EnrollmentService/RequestSignatureAgain": Sample(PREPARE, says={"email": "else@pages.example"}),
    "EnrollmentService/ImportEnrollment": Sample(frozenset({"mac"}), says={"npi": "2999999990", "form": "855B"}),
    "EnrollmentService/ListContractorQueue": Sample(frozenset({"mac"})),
    "EnrollmentService/TakeUpApplication": _of_mac(),
    "EnrollmentService/RequestCorrections": _of_mac(reason="Because."),
    "EnrollmentService/ApproveApplication": _of_mac(effective_date="2026-01-01", ptan="ME0777"),
    "EnrollmentService/DenyApplication": _of_mac(reason="Because."),
    "EnrollmentService/RejectApplication": _of_mac(reason="Because."),
    "EnrollmentService/ReturnApplication": _of_mac(reason="Because."),
    "EnrollmentService/GetApplication": Sample(PREPARE | {"mac"}, says={"tracking_id": ""}),
    "EnrollmentService/ListApplications": Sample(PREPARE),
    "EnrollmentService/ListEnrollments": Sample(PREPARE),
    "EnrollmentService/GetEnrollment": OF_RECORD,
    "EnrollmentService/ListMedicareIds": OF_RECORD,
    "EnrollmentService/ListPendingReassignmentApplications": OF_RECORD,
    "EnrollmentService/ListReassignments": OF_RECORD,
    "SignerService/GetSigner": Sample(NOTIFIER),
    # ---- identity: what opens these are tokens that nobody can guess, and which the portal alone brings
    **{
        f"IdentityService/{rpc}": Sample(PORTAL)
        for rpc in (
            "StartRegistration", "ResendRegistrationCode", "VerifyRegistrationEmail", "CheckCompliance",
            "ChooseCredentials", "RecordPersonalInformation", "AddMfaMethod", "RemoveMfaMethod", "SendMfaCode",
            "VerifyMfaCode", "GetRegistration", "CompleteRegistration", "SignIn", "SendSignInCode", "GetSignIn",
            "VerifySignInCode", "CheckSession", "SendStepUpCode", "GetStepUp", "VerifyStepUpCode", "EndSession",
        )
    },
    "DeskService/InviteToDesk": Sample(EUS, says=INVITED | {"confirm_email": INVITED["email"]}),
    "DeskService/WithdrawDeskInvitation": Sample(EUS),
    "DeskService/ListDeskInvitations": Sample(EUS),
    "DeskService/ListDeskPeople": Sample(EUS),
    "DeskService/EnterDeskPin": Sample(
        EVERYBODY - {"nobody"}, says={"email": "ilse@pages.example", "pin": "ABCDEFGH"}
    ),
    "DeskService/AcceptDeskInvitation": Sample(ALL_PERSONS, says={"proof": "x" * 43}),
    "DeskService/GetDeskInvitee": Sample(NOTIFIER),
    "DeskService/CloseAccount": Sample(EUS, says=REASON),
    "DeskService/FindAccount": Sample(EUS),
    "DeskService/TakeFromDesk": Sample(EUS),
    "IdentityService/GetProfile": Sample(ALL_PERSONS),
    "PeopleService/SelectPeople": Sample(PORTAL),
    "ContactService/GetContact": Sample(NOTIFIER),
    # ---- registry: what it tells is public
    "RegistryService/SearchProviders": Sample(EVERYBODY - {"nobody"}, says={"state": "ME"}),
    "RegistryService/GetProviders": Sample(EVERYBODY - {"nobody"}),
    "RegistryService/SelectProviders": Sample(EVERYBODY - {"nobody"}),
    "RegistryService/GetEin": Sample(frozenset()),  # access alone
    "RegistryService/FindBySsn": Sample(frozenset(), says={"ssn_index": "00" * 32}),  # identity alone
    "RegistryService/AddEmployer": Sample(ALL_PERSONS),
    # ---- what every service tells auditors of its log
    "AuditService/ListActors": AUDITED,
    "AuditService/FindStreams": Sample(AUDITED.may, says={"query": "actor:system"}),
    "AuditService/FindEvents": Sample(AUDITED.may, says={"query": "actor:system"}),
    "AuditService/GetEvent": Sample(AUDITED.may, says={"position": 1}),
    "AuditService/ReadStream": Sample(AUDITED.may, about={"stream": "connection_id"}),
}  # fmt: skip
"""By gRPC service and RPC."""
