"""The story of getting access, told once: the demo, the end-to-end tests and later tellings all play this one.

Everything goes through public interfaces: gRPC with signed user tokens, and codes read from the mail that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any, Protocol

import grpc
from mandate.access.v1 import service_pb2 as access
from mandate.access.v1.service_pb2_grpc import AccessServiceStub
from mandate.common.v1.receipt_pb2 import Receipt
from mandate.connections.v1 import service_pb2 as connections
from mandate.connections.v1.service_pb2_grpc import ConnectionsServiceStub
from mandate.enrollment.v1.service_pb2_grpc import EnrollmentServiceStub
from mandate.identity.v1 import service_pb2 as identity
from mandate.identity.v1.service_pb2_grpc import IdentityServiceStub
from mandate.registry.v1 import service_pb2 as registry
from mandate.registry.v1.service_pb2_grpc import RegistryServiceStub

from chassis import nature
from chassis.runtime import seconds
from chassis.server import details_of
from chassis.vocabulary import tracking
from services.registry.adapters.generated_month import CAST
from tests.attested import ATTESTATION

DEADLINE_S = 20.0
INVITATION = "You've been invited to register with the Centers for Medicare and Medicaid Identity & Access System"
CP_575 = (Path(__file__).parent / "cp575.pdf").read_bytes()
"""An invented one: a page that says so."""
PIECE = 256 * 1024
CODE_MAILS = ("Your verification code", "Su código de verificación")
AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"

NAMED = access.NamedOfficial(
    name="Otto Named",
    title="Chief Executive",
    phone="207-555-0186",
    email="otto@named.example",
    confirm_email="otto@named.example",
)


def official_for(role: str) -> access.NamedOfficial | None:
    """Whom somebody names who asks for a role: an Authorized Official names nobody (IA-EMP-09)."""
    return None if role == AO else NAMED


class Inbox(Protocol):
    """Where the mails of the story arrive."""

    def messages(self, to: str = "") -> Any: ...


class Eventually(Protocol):
    """Waits, bounded, until something is there; the runtime's own waiting, no sleep of the story's."""

    def __call__(self, look: Callable[[], Any], what: str) -> Any: ...


def new_password() -> str:
    """One that meets the deck's rules (2.3): never three of a kind in a row."""
    chance = nature.random_bytes(6)
    return "Qz#" + "".join("bcdfgh"[chance[n] % 6] + "245679"[chance[n + 1] % 6] for n in (0, 2, 4)) + "-k"


@dataclass
class Person:
    """Somebody of the story, as they know themselves. Everything about them is invented."""

    first_name: str
    last_name: str
    user_id: str
    email: str
    ssn: str
    born_on: date
    password: str = field(default_factory=new_password, repr=False)
    session: str = field(default="", repr=False)
    account_id: str = ""
    language: str = "en"
    """Of the pages on which the person registers, and so of mails."""


def people(telling: int = 0) -> dict[str, Person]:
    """The people of one telling: a provider of the registry, and three others."""
    doctor = CAST.individuals[telling]
    provider = Person(
        doctor.first_name,
        doctor.last_name,
        f"{doctor.last_name[:6].lower()}{telling + 1}",
        f"{doctor.first_name.lower()}@practice.example",
        doctor.ssn,
        doctor.born_on,
    )
    others = (
        ("official", "Alma", "Oddsen", "871204417", date(1969, 2, 11)),
        ("manager", "Bruno", "Takkel", "872315528", date(1980, 7, 3)),
        ("staff", "Cleo", "Vargas", "873426639", date(1995, 10, 30)),
    )
    found = {"provider": provider}
    for role, first_name, last_name, ssn, born_on in others:
        user_id = f"{last_name.lower()}{telling + 1}"
        email = f"{first_name.lower()}{telling + 1}@harbor.example"
        found[role] = Person(first_name, last_name, user_id, email, f"{ssn[:8]}{telling}", born_on)
    return found


class Story:
    """The steps, each with what must be seen after it; `say` gets one line for each thing that happened."""

    def __init__(
        self,
        channel: Callable[[str], grpc.Channel],
        inbox: Inbox,
        eventually: Eventually,
        *,
        eus: Person,
        mac: Person | None = None,
        auditor: Person | None = None,
        telling: int = 0,
        say: Callable[[str, str], None] = lambda _step, _line: None,
    ) -> None:
        self.channel = channel
        self.identity: Any = IdentityServiceStub(channel("identity"))  # type: ignore[no-untyped-call]
        self.access: Any = AccessServiceStub(channel("access"))  # type: ignore[no-untyped-call]
        self.connections: Any = ConnectionsServiceStub(channel("connections"))  # type: ignore[no-untyped-call]
        self.registry: Any = RegistryServiceStub(channel("registry"))  # type: ignore[no-untyped-call]
        self.enrollment: Any = EnrollmentServiceStub(channel("enrollment")) if mac else None  # type: ignore[no-untyped-call]
        self.inbox, self.eventually, self.say = inbox, eventually, say
        self.people = people(telling)
        self.company, self.doctor = CAST.groups[telling], CAST.individuals[telling]
        self.eus, self.mac, self.auditor, self.telling = eus, mac, auditor, telling
        self.revoked_in_s = 0.0
        """From the provider's wish to the answer no (promise: 2 s in normal running)."""
        self.rejected = Receipt()
        """Of the provider's last decision: whoever asks after it says so."""
        self.group = ""
        self.practice = ""

    # -- asking

    def ask(self, method: Callable[..., Any], request: Any, who: Person | None = None, audience: str = "") -> Any:
        """A call in a person's name, or in the portal's where nobody is signed in.

        A view that has not come so far yet, or has not heard for a while (a broker is just back), says "try again", and
        is asked again, as a reader would.
        """

        def answered() -> tuple[Any] | None:
            metadata = (("authorization", f"Bearer {self.token(who, audience)}"),) if who else ()
            try:
                return (method(request, timeout=DEADLINE_S, metadata=metadata),)
            except grpc.RpcError as error:
                if {detail.code for detail in details_of(error)} in ({"VIEW_BEHIND"}, {"VIEW_STALE"}):
                    return None
                raise

        answer: tuple[Any] = self.eventually(answered, f"an answer to {method}")
        return answer[0]

    def token(self, who: Person, audience: str) -> str:
        """A user token, obtained with the session check, as a page does. Whoever waited too long signs in again."""
        try:
            answer = self._check_session(who, audience)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                raise
            self.sign_in(who)
            answer = self._check_session(who, audience)
        who.account_id = answer.session.account_id
        return str(answer.tokens[0].token)

    def _check_session(self, who: Person, audience: str) -> Any:
        request = identity.CheckSessionRequest(session_token=who.session, audiences=[audience], activity=True)
        return self.identity.CheckSession(request, timeout=DEADLINE_S)

    def refused(self, method: Callable[..., Any], request: Any, who: Person | None, audience: str) -> list[str]:
        """The codes with which a call is refused."""
        try:
            self.ask(method, request, who, audience)
        except grpc.RpcError as error:
            return [detail.code for detail in details_of(error)]
        raise AssertionError("this was not refused")

    def code_for(self, email: str, *, after: int) -> str:
        """The six digits of a code mail (M-03) that arrived after so many other mails."""

        def look() -> str | None:
            codes = [one for one in self.inbox.messages(to=email)[after:] if one.subject in CODE_MAILS]
            found = re.search(r"\b[0-9]{6}\b", codes[-1].text) if codes else None
            return found[0] if found else None

        return str(self.eventually(look, f"a mail with a code to {email}"))

    def mail(self, email: str, subject: str) -> Any:
        """A mail with this subject."""

        def look() -> Any:
            return next((one for one in self.inbox.messages(to=email) if one.subject == subject), None)

        return self.eventually(look, f"the mail {subject!r} to {email}")

    # -- the steps

    def step_1_the_registry_finds_them(self) -> None:
        """Search by name, NPI, city and state (IA-EMP-01)."""
        by_name = self.search(organization_name=f"{self.company.name[:12]}*")
        assert [one.name for one in by_name] == [self.company.name]
        group = by_name[0]
        assert [one.npi for one in group.npis] == list(self.company.npis)
        assert group.doing_business_as == self.company.doing_business_as
        assert self.search(npi=self.company.npis[-1])[0].provider_id == group.provider_id
        street, _, city, state, *_ = self.company.addresses[0]
        assert group.provider_id in {one.provider_id for one in self.search(city=city, state=state)}
        doctor = self.search(npi=self.doctor.npi)[0]
        self.group, self.practice = group.provider_id, doctor.provider_id
        self.say("1", f"the registry holds {group.name} at {street} and {doctor.name}")

    def search(self, **boxes: Any) -> list[registry.Provider]:
        answer = self.registry.SearchProviders(registry.SearchProvidersRequest(**boxes), timeout=DEADLINE_S)
        return list(answer.providers)

    def step_2_a_provider_registers_and_signs_in(self) -> None:
        """IA-REG, IA-USEC, IA-UINF, IA-MFA; then the own record without any request (IA-DONE-02, IA-PROF-09)."""
        provider = self.people["provider"]
        self.register(provider)
        self.mail(provider.email, "Your I&A account has been created")
        self.sign_in(provider)
        mine = self.eventually(lambda: self._employers(provider), "the provider's own record")
        assert [(one.employer_id, one.role, one.status) for one in mine] == [(self.practice, AO, "APPROVED")]
        self.say("2", f"{provider.user_id} registered, signed in and is Authorized Official of his own record")

    def register(self, who: Person, *, invitation_proof: str = "") -> None:
        """The whole registration, code by code; an invited person brings what the PIN gave."""
        mails = len(self.inbox.messages(to=who.email))
        start = identity.StartRegistrationRequest(
            command_id=_id(),
            email=who.email,
            confirm_email=who.email,
            challenge_id=nature.random_bytes(16).hex(),
            invitation_proof=invitation_proof,
        )
        started = self.identity.StartRegistration(
            start, timeout=DEADLINE_S, metadata=(("mandate-language", who.language),)
        )
        verify = identity.VerifyRegistrationEmailRequest(
            command_id=_id(),
            registration_token=started.registration_token,
            code=self.code_for(who.email, after=mails),
        )
        token = self.identity.VerifyRegistrationEmail(verify, timeout=DEADLINE_S).registration_token
        questions = list(identity.SecurityQuestion.keys())[1:6]
        answers = [
            identity.SecurityAnswer(question=question, answer=f"answer {n}") for n, question in enumerate(questions)
        ]
        chosen = self.identity.ChooseCredentials(
            identity.ChooseCredentialsRequest(
                command_id=_id(),
                registration_token=token,
                user_id=who.user_id,
                password=who.password,
                confirm_password=who.password,
                answers=answers,
            ),
            timeout=DEADLINE_S,
        )
        assert chosen.WhichOneof("outcome") == "receipt", chosen.refused
        self._tell_about(who, token)
        self._add_method(who, token)
        done = self.identity.CompleteRegistration(
            identity.CompleteRegistrationRequest(command_id=_id(), registration_token=token), timeout=DEADLINE_S
        )
        who.session = done.session_token
        who.account_id = done.session.account_id

    def _tell_about(self, who: Person, token: str) -> None:
        home = identity.Address(
            line1="1 Elm Street", city="Harbor Point", state="ME", postal_code="03904", country="US"
        )
        information = identity.PersonalInformation(
            first_name=who.first_name,
            last_name=who.last_name,
            business_phone="+12075550142",
            personal_phone="+12075550143",
            date_of_birth=who.born_on.isoformat(),
            ssn=who.ssn,
            home_address=home,
        )
        recorded = self.identity.RecordPersonalInformation(
            identity.RecordPersonalInformationRequest(
                command_id=_id(), registration_token=token, information=information
            ),
            timeout=DEADLINE_S,
        )
        assert recorded.next == identity.REGISTRATION_STEP_MFA

    def _add_method(self, who: Person, token: str) -> None:
        added = self.identity.AddMfaMethod(
            identity.AddMfaMethodRequest(
                command_id=_id(), registration_token=token, kind=identity.MFA_METHOD_KIND_EMAIL, primary=True
            ),
            timeout=DEADLINE_S,
        )
        mails = len(self.inbox.messages(to=who.email))
        self.identity.SendMfaCode(
            identity.SendMfaCodeRequest(command_id=_id(), registration_token=token, method_id=added.method_id),
            timeout=DEADLINE_S,
        )
        self.identity.VerifyMfaCode(
            identity.VerifyMfaCodeRequest(
                command_id=_id(),
                registration_token=token,
                method_id=added.method_id,
                code=self.code_for(who.email, after=mails),
            ),
            timeout=DEADLINE_S,
        )

    def sign_in(self, who: Person) -> None:
        """Password, then the code from the mail (X-04)."""
        mails = len(self.inbox.messages(to=who.email))
        started = self.identity.SignIn(
            identity.SignInRequest(command_id=_id(), user_id=who.user_id, password=who.password), timeout=DEADLINE_S
        )
        done = self.identity.VerifySignInCode(
            identity.VerifySignInCodeRequest(
                command_id=_id(), sign_in_token=started.sign_in_token, code=self.code_for(who.email, after=mails)
            ),
            timeout=DEADLINE_S,
        )
        who.session = done.session_token
        assert who.session

    def step_3_an_official_is_approved_by_external_user_services(self) -> None:
        """The attestation, the CP 575, the desk's decision, the mails (4.2, IA-CONF-04, M-09, M-11, M-12)."""
        official = self.people["official"]
        self.register(official)
        request = self._request_role(official, AO)
        self.sign_in(self.eus)
        approve = access.ApproveRoleRequestRequest(command_id=_id(), role_request_id=request.id)
        assert self.refused(self.access.ApproveRoleRequest, approve, self.eus, "access") == ["DOCUMENTS_MISSING"]
        uploaded = self.hand_in(official, request.id)
        self.mail(official.email, "Your documents were received")
        assert request.id in {one.role_request_id for one in self._queue(uploaded)}
        assert self._reads(self.eus, uploaded.id) == CP_575
        self._approve(self.eus, request)
        assert self._employers(official, request)[0].status == "APPROVED"
        self.mail(official.email, "Your employer request was received")
        self.mail(official.email, "Your role request was approved")
        self.say(
            "3",
            f"{official.user_id} asked for Authorized Official with a CP 575; External User Services approved",
        )

    def step_4_the_official_approves_a_manager(self) -> None:
        """Option B; nobody decides their own request (IA-CONF-02, 4.2)."""
        official, manager = self.people["official"], self.people["manager"]
        self.register(manager)
        request = self._request_role(manager, AM)
        own = access.ApproveRoleRequestRequest(command_id=_id(), role_request_id=request.id)
        assert self.refused(self.access.ApproveRoleRequest, own, manager, "access") == ["OWN_REQUEST"]
        self.mail(official.email, "A role request awaits your decision")
        waiting = self._role_requests(official, request)
        assert [(one.account_id, one.role) for one in waiting] == [(manager.account_id, AM)]
        self._approve(official, request)
        assert self._employers(manager, request)[0].functions == ["PECOS", "NPPES"]
        self.say("4", f"{manager.user_id} asked for Access Manager; {official.user_id} approved")

    def step_5_a_staff_member_is_invited_and_registers(self) -> None:
        """The PIN from the mail, the registration, exactly the functions that were offered (4.4, M-01, IA-PROF-08)."""
        manager, staff = self.people["manager"], self.people["staff"]
        sent = self._invite(manager, staff)
        mail = self.mail(staff.email, INVITATION)
        assert tracking.grouped(sent.tracking_id) in mail.text
        assert self.company.name in " ".join(mail.text.split())
        pin = re.search(r"PIN: *([A-Z2-9]{8})\b", mail.text)
        assert pin, mail.text
        wrong = access.EnterPinRequest(command_id=_id(), email=self.people["official"].email, pin=pin[1])
        assert self.refused(self.access.EnterPin, wrong, None, "") == ["PIN_REFUSED"]
        enter = access.EnterPinRequest(command_id=_id(), email=staff.email, pin=pin[1])
        self.register(staff, invitation_proof=self.ask(self.access.EnterPin, enter).proof)
        mine = self.eventually(lambda: self._employers(staff), "the invited person's employer")
        assert [(one.employer_id, one.role, one.status) for one in mine] == [(self.group, SEU, "APPROVED")]
        assert mine[0].functions == ["NPPES", "PECOS"]
        self.mail(manager.email, "Your invitation was accepted")
        self.say("5", f"{manager.user_id} invited {staff.user_id}, who is Staff End User with PECOS and NPPES")

    def step_6_the_provider_approves_one_connection_and_rejects_the_other(self) -> None:
        """Two rows, two tracking ids, the provider's Home counts 2 (IA-CONN-03, IA-HOME-03); M-16, M-17."""
        official, provider = self.people["official"], self.people["provider"]
        receipts = {function: self._connect(official, function) for function in ("PECOS", "NPPES")}
        waiting = self._pending(provider, *receipts.values())
        assert len(waiting) == 2
        assert len({one.tracking_id for one in waiting}) == 2
        self.mail(provider.email, "A connection request awaits your decision")
        approve = connections.ApproveConnectionRequest(
            command_id=_id(), connection_id=receipts["PECOS"].id, side="PROVIDER"
        )
        last = self.ask(self.connections.ApproveConnection, approve, provider, "connections").receipt
        reject = connections.RejectConnectionRequest(
            command_id=_id(), connection_id=receipts["NPPES"].id, side="PROVIDER"
        )
        last = self.ask(self.connections.RejectConnection, reject, provider, "connections").receipt
        assert self._pending(provider, last) == []
        self.rejected = last
        self.mail(official.email, "Your connection request was approved")
        self.say("6", f"{provider.user_id} approved PECOS and rejected NPPES for {self.company.name}")

    def step_7_who_may_act_and_why(self) -> None:
        """Yes with its chain for PECOS; no, what is missing and who supplies it, for NPPES."""
        staff = self.people["staff"]
        yes = self.eventually(lambda: self._allowed(staff, "PECOS", want=True), "the right to act in PECOS")
        assert all((yes.invitation_id, yes.association_id, yes.connection_id))
        assert (yes.employer_id, yes.role) == (self.group, SEU)
        no = self._explain(staff, "NPPES", self.rejected)
        assert not no.allowed
        missing = [(one.what, one.supplied_by, one.status) for one in no.missing]
        assert missing == [("CONNECTION", "PROVIDER", "REJECTED")]
        assert self._authorities(staff) == [self.practice, self.group]
        self.say("7", f"{staff.user_id} may act for the provider in PECOS, and not in NPPES")

    def step_9_the_provider_disconnects(self) -> None:
        """The right ends everywhere; `ExplainAuthority` says since when; M-18."""
        provider, staff = self.people["provider"], self.people["staff"]
        listed = self._connections(provider)
        pecos = next(one for one in listed if one.function == "PECOS")
        end = connections.EndConnectionRequest(command_id=_id(), connection_id=pecos.connection_id, side="PROVIDER")
        began = seconds()
        self.ask(self.connections.EndConnection, end, provider, "connections")
        self.eventually(lambda: self._allowed(staff, "PECOS", want=False), "the end of the right to act")
        self.revoked_in_s = seconds() - began
        assert self._authorities(staff) == [self.group]
        [gone] = self._explain(staff, "PECOS").missing
        assert (gone.what, gone.status, gone.changed_by) == ("CONNECTION", "DISCONNECTED", provider.account_id)
        assert abs(gone.since.ToDatetime(UTC) - nature.now()) < timedelta(minutes=5)
        self.mail(provider.email, "A connection has ended")
        self.say("9", "the provider disconnected the group, and the right to act is gone")

    # -- what is seen

    def _request_role(self, who: Person, role: str) -> Receipt:
        request = access.RequestRoleRequest(
            command_id=_id(),
            employer_id=self.group,
            role=role,
            attestation=ATTESTATION if role == AO else "",
            official=official_for(role),
        )
        receipt: Receipt = self.ask(self.access.RequestRole, request, who, "access").receipt
        return receipt

    def _approve(self, who: Person, request: Receipt) -> None:
        approve = access.ApproveRoleRequestRequest(command_id=_id(), role_request_id=request.id)
        request.CopyFrom(self.ask(self.access.ApproveRoleRequest, approve, who, "access").receipt)

    def hand_in(self, who: Person, role_request_id: str) -> Receipt:
        """Send the CP 575 for a request (IA-CONF-03)."""
        about = access.UploadDocumentRequest.About(
            command_id=_id(), role_request_id=role_request_id, document_type="CP_575", file_name="CP 575.pdf"
        )
        pieces = [CP_575[start : start + PIECE] for start in range(0, len(CP_575), PIECE)]
        stream = [
            access.UploadDocumentRequest(about=about),
            *(access.UploadDocumentRequest(piece=piece) for piece in pieces),
        ]
        answer = self.ask(self.access.UploadDocument, iter(stream), who, "access")
        assert (answer.documents_uploaded, answer.documents_required) == (1, 1)
        receipt: Receipt = answer.receipt
        return receipt

    def _reads(self, who: Person, document_id: str) -> bytes:
        request = access.ReadDocumentRequest(document_id=document_id)
        return bytes(self.ask(self.access.ReadDocument, request, who, "access").piece)

    def _queue(self, *at_least: Receipt) -> list[access.RoleRequest]:
        request = access.ListRoleRequestsRequest(at_least=at_least, limit=200)
        return list(self.ask(self.access.ListRoleRequests, request, self.eus, "access").role_requests)

    def _invite(self, who: Person, staff: Person) -> access.InviteStaffResponse:
        request = access.InviteStaffRequest(
            command_id=_id(),
            first_name=staff.first_name,
            last_name=staff.last_name,
            email=staff.email,
            confirm_email=staff.email,
            offers=[access.Offer(employer_id=self.group, role=SEU, functions=["PECOS", "NPPES"])],
        )
        sent: access.InviteStaffResponse = self.ask(self.access.InviteStaff, request, who, "access")
        return sent

    def _authorities(self, who: Person) -> list[str]:
        """For whom a person may act in PECOS, as access lists it: the provider first, then the group."""
        request = access.ListAuthoritiesRequest(account_id=who.account_id, function="PECOS")
        found = set(self.ask(self.access.ListAuthorities, request, who, "access").provider_ids)
        assert found <= {self.practice, self.group}
        return [one for one in (self.practice, self.group) if one in found]

    def _employers(self, who: Person, *at_least: Receipt) -> list[access.Association]:
        request = access.ListMyEmployersRequest(at_least=at_least)
        return list(self.ask(self.access.ListMyEmployers, request, who, "access").associations)

    def _role_requests(self, who: Person, *at_least: Receipt) -> list[access.RoleRequest]:
        request = access.ListRoleRequestsRequest(employer_id=self.group, at_least=at_least)
        return list(self.ask(self.access.ListRoleRequests, request, who, "access").role_requests)

    def _connect(self, who: Person, function: str) -> Receipt:
        request = connections.RequestConnectionRequest(
            command_id=_id(),
            provider_id=self.practice,
            surrogate_id=self.group,
            function=function,
            side="SURROGATE",
        )

        def look() -> Receipt | None:
            try:
                receipt: Receipt = self.ask(self.connections.RequestConnection, request, who, "connections").receipt
            except grpc.RpcError as error:
                # connections may not have heard yet that this person manages the group
                if {detail.code for detail in details_of(error)} <= {"NOT_YOUR_SIDE", "VIEW_STALE"}:
                    return None
                raise
            return receipt

        found: Receipt = self.eventually(look, f"the connection in {function}")
        return found

    def _pending(self, who: Person, *at_least: Receipt) -> list[connections.Connection]:
        request = connections.ListPendingRequest(at_least=at_least)
        return list(self.ask(self.connections.ListPending, request, who, "connections").connections)

    def _connections(self, who: Person) -> list[connections.Connection]:
        request = connections.ListConnectionsRequest(employer_id=self.practice)
        return list(self.ask(self.connections.ListConnections, request, who, "connections").connections)

    def _explain(self, who: Person, function: str, *at_least: Receipt) -> access.ExplainAuthorityResponse:
        request = access.ExplainAuthorityRequest(
            account_id=who.account_id, provider_id=self.practice, function=function, at_least=at_least
        )
        answer: access.ExplainAuthorityResponse = self.ask(self.access.ExplainAuthority, request, who, "access")
        return answer

    def _allowed(self, who: Person, function: str, *, want: bool) -> access.ExplainAuthorityResponse | None:
        answer = self._explain(who, function)
        return answer if answer.allowed is want else None


def _id() -> str:
    return str(nature.new_id())
