# ruff: noqa: N802 - gRPC names its methods so, and gives each two arguments
"""What identity answers in unit tests of pages: enough to be led from form to form. Real is tests/e2e/pages.

Code 123456 is right, every other wrong. User "arivera1" and everybody else of `CAST` sign in with "Ab1-cdef".
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID, uuid4, uuid5

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from mandate.common.v1.receipt_pb2 import ErrorDetail, Receipt
from mandate.identity.v1 import people_service_pb2 as people
from mandate.identity.v1 import service_pb2 as m

from chassis.paging import digest

Context = grpc.ServicerContext
CODE = "123456"
IDLE_S = 900
USER_ID, PASSWORD = "arivera1", "Ab1-cdef"
SPECIAL = "@#&)(-_'\".,*;:/$!"
SPACE = UUID("5f3bd1a2-0c1f-4f43-9a55-1f6d1f1c0a11")


@dataclass(frozen=True)
class Who:
    user_id: str
    first_name: str
    last_name: str
    roles: tuple[m.StaffRole, ...] = ()

    @property
    def account_id(self) -> str:
        return str(uuid5(SPACE, self.user_id))


CAST = {
    who.user_id: who
    for who in (
        Who("arivera1", "Ana", "Rivera"),
        Who("jnakamura", "Jo", "Nakamura"),
        Who("dmarsh22", "Delia", "Marsh"),
        Who("pnovak31", "Petra", "Novak"),
        Who("tokafor7", "Tunde", "Okafor"),
        Who("tquill88", "Theo", "Quill"),
        Who("newhere1", "Nora", "Newhere"),
        Who("eusdesk1", "Erin", "Usher", (m.STAFF_ROLE_EUS,)),
        Who("macdesk1", "Milo", "Acker", (m.STAFF_ROLE_MAC,)),
        Who("auditkim", "Kim", "Audley", (m.STAFF_ROLE_AUDITOR,)),
    )
}
INVALID = grpc.StatusCode.INVALID_ARGUMENT
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


def stamp(seconds: float = 0) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(datetime.now(UTC) + timedelta(seconds=seconds))
    return made


def receipt() -> Receipt:
    return Receipt(origin="identity", edition=1, position=1, id=str(uuid4()))


def refuse(context: Context, status: grpc.StatusCode, *details: ErrorDetail) -> NoReturn:
    context.set_trailing_metadata(tuple(("mandate-error-bin", detail.SerializeToString()) for detail in details))
    context.abort(status, details[0].code)
    raise AssertionError("abort raises")


BROKEN = {USER_ID: ("IA-UID-02",), "1aaa": ("IA-PW-01", "IA-PW-04", "IA-PW-06", "IA-PW-07")}
"""What some typed values break; every other meets all. The rules themselves are identity's."""


def rules(area: str, count: int, typed: str) -> list[m.ComplianceRule]:
    met = m.COMPLIANCE_STATE_MET if typed else m.COMPLIANCE_STATE_NOT_YET
    broken = BROKEN.get(typed, ())
    ids = [f"IA-{area}-{number:02}" for number in range(1, count + 1)]
    return [m.ComplianceRule(rule=one, state=m.COMPLIANCE_STATE_NOT_MET if one in broken else met) for one in ids]


@dataclass
class Draft:
    email: str
    step: m.RegistrationStep = m.REGISTRATION_STEP_EMAIL
    user_id: str = ""
    questions: list[m.SecurityQuestion] = field(default_factory=list)
    information: m.PersonalInformation | None = None
    methods: list[m.MfaMethod] = field(default_factory=list)
    code: m.CodeSent | None = None


class IdentityAnswers:
    """The methods that a stub would have."""

    def __init__(self) -> None:
        self.signing_in: dict[str, str] = {}
        self.drafts: dict[str, Draft] = {}
        self.sign_ins: dict[str, m.CodeSent] = {}
        self.sessions: dict[str, tuple[str, Timestamp]] = {}
        self.lists: dict[bytes, people.SelectPeopleRequest] = {}

    # registration

    def StartRegistration(self, request: m.StartRegistrationRequest, context: Context) -> m.StartRegistrationResponse:
        if "@" not in request.email:
            refuse(context, INVALID, ErrorDetail(code="EMAIL_MALFORMED", field="email", rule="IA-REG-02"))
        token = secrets.token_urlsafe(32)
        code = self._code("", m.MFA_METHOD_KIND_EMAIL, request.email)
        self.drafts[token] = Draft(request.email, code=code)
        return m.StartRegistrationResponse(registration_token=token, code=code, receipt=receipt())

    def ResendRegistrationCode(
        self, request: m.ResendRegistrationCodeRequest, context: Context
    ) -> m.ResendRegistrationCodeResponse:
        draft = self._draft(request, context)
        draft.code = self._code("", m.MFA_METHOD_KIND_EMAIL, draft.email)
        return m.ResendRegistrationCodeResponse(code=draft.code, receipt=receipt())

    def VerifyRegistrationEmail(
        self, request: m.VerifyRegistrationEmailRequest, context: Context
    ) -> m.VerifyRegistrationEmailResponse:
        draft = self._draft(request, context)
        self._judge(request.code, context)
        token = secrets.token_urlsafe(32)
        self.drafts[token] = self.drafts.pop(request.registration_token)
        draft.step = m.REGISTRATION_STEP_SECURITY
        draft.code = None
        return m.VerifyRegistrationEmailResponse(registration_token=token, receipt=receipt())

    def CheckCompliance(self, request: m.CheckComplianceRequest, context: Context) -> m.CheckComplianceResponse:
        self._draft(request, context)
        users, passwords = rules("UID", 5, request.user_id), rules("PW", 9, request.password)
        return m.CheckComplianceResponse(user_id_rules=users, password_rules=passwords, special_characters=SPECIAL)

    def ChooseCredentials(self, request: m.ChooseCredentialsRequest, context: Context) -> m.ChooseCredentialsResponse:
        draft = self._draft(request, context)
        users, passwords = rules("UID", 5, request.user_id), rules("PW", 9, request.password)
        if any(rule.state != m.COMPLIANCE_STATE_MET for rule in (*users, *passwords)):
            errors = [ErrorDetail(code="PASSWORD_RULES", field="password")]
            if request.user_id == USER_ID:
                errors.insert(0, ErrorDetail(code="USER_ID_TAKEN", field="user_id", rule="IA-UID-02"))
            refused = m.CredentialsRefused(user_id_rules=users, password_rules=passwords, errors=errors)
            return m.ChooseCredentialsResponse(refused=refused)
        draft.user_id = request.user_id
        draft.questions = [answer.question for answer in request.answers]
        draft.step = max(draft.step, m.REGISTRATION_STEP_INFO)
        return m.ChooseCredentialsResponse(receipt=receipt())

    def RecordPersonalInformation(
        self, request: m.RecordPersonalInformationRequest, context: Context
    ) -> m.RecordPersonalInformationResponse:
        draft = self._draft(request, context)
        if request.information.ssn.startswith("000"):
            refuse(context, INVALID, ErrorDetail(code="SSN_INVALID", field="information.ssn", rule="TX-01"))
        draft.information = request.information
        draft.step = max(draft.step, m.REGISTRATION_STEP_MFA)
        return m.RecordPersonalInformationResponse(receipt=receipt(), next=m.REGISTRATION_STEP_MFA)

    def AddMfaMethod(self, request: m.AddMfaMethodRequest, context: Context) -> m.AddMfaMethodResponse:
        draft = self._draft(request, context)
        kept = [method for method in draft.methods if method.kind != request.kind]
        shown = draft.email[0] + "***@" + draft.email.partition("@")[2]
        if request.kind != m.MFA_METHOD_KIND_EMAIL:
            shown = request.destination[-4:]
        method = m.MfaMethod(id=str(uuid4()), kind=request.kind, destination=shown, primary=not kept)
        draft.methods = [*kept, method]
        return m.AddMfaMethodResponse(method_id=method.id, receipt=receipt())

    def RemoveMfaMethod(self, request: m.RemoveMfaMethodRequest, context: Context) -> m.RemoveMfaMethodResponse:
        draft = self._draft(request, context)
        draft.methods = [method for method in draft.methods if method.id != request.method_id]
        return m.RemoveMfaMethodResponse(receipt=receipt())

    def SendMfaCode(self, request: m.SendMfaCodeRequest, context: Context) -> m.SendMfaCodeResponse:
        draft = self._draft(request, context)
        method = next(method for method in draft.methods if method.id == request.method_id)
        draft.code = self._code(method.id, method.kind, method.destination)
        return m.SendMfaCodeResponse(code=draft.code, receipt=receipt())

    def VerifyMfaCode(self, request: m.VerifyMfaCodeRequest, context: Context) -> m.VerifyMfaCodeResponse:
        draft = self._draft(request, context)
        self._judge(request.code, context)
        for method in draft.methods:
            method.verified = method.verified or method.id == request.method_id
        draft.code = None
        draft.step = m.REGISTRATION_STEP_REVIEW
        return m.VerifyMfaCodeResponse(receipt=receipt())

    def GetRegistration(self, request: m.GetRegistrationRequest, context: Context) -> m.GetRegistrationResponse:
        draft = self._draft(request, context)
        answer = m.GetRegistrationResponse(
            step=draft.step, email=draft.email, user_id=draft.user_id, questions=draft.questions, methods=draft.methods
        )
        if draft.information:
            answer.information.CopyFrom(draft.information)
            answer.ssn_last_four = draft.information.ssn[-4:]
            answer.information.ssn = ""
        if draft.code:
            answer.code.CopyFrom(draft.code)
        return answer

    def CompleteRegistration(
        self, request: m.CompleteRegistrationRequest, context: Context
    ) -> m.CompleteRegistrationResponse:
        draft = self._draft(request, context)
        del self.drafts[request.registration_token]
        token = self._session(draft.user_id)
        return m.CompleteRegistrationResponse(session_token=token, receipt=receipt())

    # sign-in and session

    def SignIn(self, request: m.SignInRequest, context: Context) -> m.SignInResponse:
        if request.user_id not in CAST or request.password != PASSWORD:
            refuse(context, UNAUTHENTICATED, ErrorDetail(code="SIGN_IN_FAILED"))
        token = secrets.token_urlsafe(32)
        self.signing_in[token] = request.user_id
        self.sign_ins[token] = self._code("sms", m.MFA_METHOD_KIND_SMS, "0142")
        return m.SignInResponse(sign_in_token=token, code=self.sign_ins[token], methods=self._methods())

    def SendSignInCode(self, request: m.SendSignInCodeRequest, context: Context) -> m.SendSignInCodeResponse:
        self._sign_in(request, context)
        by_mail = request.method_id == "email"
        kind = m.MFA_METHOD_KIND_EMAIL if by_mail else m.MFA_METHOD_KIND_SMS
        code = self._code("email" if by_mail else "sms", kind, "a***@example.com" if by_mail else "0142")
        self.sign_ins[request.sign_in_token] = code
        return m.SendSignInCodeResponse(code=code)

    def GetSignIn(self, request: m.GetSignInRequest, context: Context) -> m.GetSignInResponse:
        return m.GetSignInResponse(code=self._sign_in(request, context), methods=self._methods())

    def VerifySignInCode(self, request: m.VerifySignInCodeRequest, context: Context) -> m.VerifySignInCodeResponse:
        self._sign_in(request, context)
        self._judge(request.code, context)
        del self.sign_ins[request.sign_in_token]
        return m.VerifySignInCodeResponse(
            session_token=self._session(self.signing_in.pop(request.sign_in_token)), receipt=receipt()
        )

    def CheckSession(self, request: m.CheckSessionRequest, context: Context) -> m.CheckSessionResponse:
        if request.session_token not in self.sessions:
            refuse(context, UNAUTHENTICATED, ErrorDetail(code="SESSION_ENDED"))
        user_id, idle = self.sessions[request.session_token]
        if request.activity:
            idle = stamp(IDLE_S)
            self.sessions[request.session_token] = (user_id, idle)
        who = CAST.get(user_id, Who(user_id, "Sam", "Elliott"))
        session = m.Session(
            account_id=who.account_id,
            user_id=user_id,
            first_name=who.first_name,
            last_name=who.last_name,
            roles=who.roles,
            last_signed_in_at=stamp(-86_400),
            idle_ends_at=idle,
            ends_at=stamp(43_200),
            password_days_left=57,
        )
        tokens = [m.UserToken(audience=name, token=f"token-{name}", expires_at=stamp(15)) for name in request.audiences]
        return m.CheckSessionResponse(session=session, tokens=tokens)

    def SelectPeople(self, request: people.SelectPeopleRequest, context: Context) -> people.SelectPeopleResponse:
        if request.list and request.list not in self.lists:
            return people.SelectPeopleResponse()
        listed = self.lists[request.list] if request.list else request
        if request.limit and not request.list:
            self.lists[digest([UUID(one) for one in request.account_ids], request.ranks)] = request
        ranks = dict(zip(listed.account_ids, listed.ranks, strict=False))
        last, first = request.last_name_prefix.casefold(), request.first_name_prefix.casefold()

        def place(who: Who) -> tuple[int, str, str]:
            rank = request.after_rank if who.account_id == request.after else ranks.get(who.account_id, 0)
            return rank, who.last_name.casefold(), who.first_name.casefold()

        wanted = [who for who in CAST.values() if who.account_id in set(listed.account_ids)]
        found = [who for who in wanted if place(who)[1].startswith(last) and place(who)[2].startswith(first)]
        found.sort(key=place, reverse=request.descending)
        begin, limit = 0, request.limit or len(found)
        anchor = next((place(who) for who in CAST.values() if who.account_id == request.after), None)
        if anchor is not None:
            ahead = [who for who in found if (place(who) > anchor if request.descending else place(who) < anchor)]
            at = sum(place(who) == anchor for who in found)
            begin = max(len(ahead) - limit, 0) if request.before else len(ahead) + at
            limit = len(ahead) - begin if request.before else limit
        return people.SelectPeopleResponse(
            people=[
                people.Person(
                    account_id=who.account_id, user_id=who.user_id, first_name=who.first_name, last_name=who.last_name
                )
                for who in found[begin : begin + limit]
            ],
            found=len(found),
            skipped=begin,
            ranks=[ranks[who.account_id] for who in found[begin : begin + limit]] if request.list else (),
            list=request.list,
        )

    def EndSession(self, request: m.EndSessionRequest, context: Context) -> m.EndSessionResponse:
        self.sessions.pop(request.session_token, None)
        return m.EndSessionResponse(receipt=receipt())

    def GetProfile(self, request: m.GetProfileRequest, context: Context) -> m.GetProfileResponse:
        authorization = dict(context.invocation_metadata())["authorization"]
        assert authorization == "Bearer token-identity"
        home = m.Address(line1="12 Harbor Road", city="Rochester", state="NY", postal_code="14604-1234", country="US")
        information = m.PersonalInformation(
            first_name="Ana",
            last_name="Rivera",
            business_phone="+15855550142",
            personal_phone="+15855550177",
            date_of_birth="1980-04-17",
            home_address=home,
        )
        return m.GetProfileResponse(
            user_id=USER_ID,
            information=information,
            ssn_last_four="6789",
            email="ana.rivera@example.com",
            password_days_left=57,
            methods=self._methods(),
        )

    # parts

    def _code(self, method_id: str, kind: m.MfaMethodKind, destination: str) -> m.CodeSent:
        return m.CodeSent(
            method_id=method_id, kind=kind, destination=destination, expires_at=stamp(600), resend_at=stamp(30)
        )

    def _methods(self) -> list[m.MfaMethod]:
        return [
            m.MfaMethod(id="sms", kind=m.MFA_METHOD_KIND_SMS, destination="0142", primary=True, verified=True),
            m.MfaMethod(id="email", kind=m.MFA_METHOD_KIND_EMAIL, destination="a***@example.com", verified=True),
        ]

    def _session(self, user_id: str) -> str:
        token = secrets.token_urlsafe(32)
        self.sessions[token] = (user_id, stamp(IDLE_S))
        return token

    def _draft(self, request: Any, context: Context) -> Draft:
        draft = self.drafts.get(request.registration_token)
        if draft is None:
            refuse(context, UNAUTHENTICATED, ErrorDetail(code="REGISTRATION_ENDED"))
        return draft

    def _sign_in(self, request: Any, context: Context) -> m.CodeSent:
        code = self.sign_ins.get(request.sign_in_token)
        if code is None:
            refuse(context, UNAUTHENTICATED, ErrorDetail(code="SIGN_IN_ENDED"))
        return code

    def _judge(self, code: str, context: Context) -> None:
        if code != CODE:
            refuse(context, INVALID, ErrorDetail(code="CODE_WRONG", field="code"))
