"""A desk for tests: identity's servicer on a real log, called directly, with a clock and a memory of mails sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from mandate.identity.v1 import service_pb2 as m

from chassis import nature
from chassis.sealing import open_sealed
from chassis.server import Caller, RefusedError
from chassis.tokens import Claims, Signer, Verifier
from services.identity.api.contact import ContactServicer
from services.identity.api.desk import DeskServicer
from services.identity.api.people import PeopleServicer
from services.identity.api.sign_in import IdentityServicer
from services.identity.commands.codes import SECRET_CONTEXT
from services.identity.commands.parts import Parts
from services.identity.domain.code import Code
from tests.house import House, Room

BEGIN = datetime(2026, 6, 14, 16, tzinfo=UTC)
PASSWORD = "tide-Pool42"
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
EMAIL, SMS, VOICE = m.MFA_METHOD_KIND_EMAIL, m.MFA_METHOD_KIND_SMS, m.MFA_METHOD_KIND_VOICE


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = BEGIN

    def now(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Registered:
    """Somebody who has an account."""

    account_id: UUID
    user_id: str
    email: str
    session: str


@dataclass
class Desk:
    """What a test asks."""

    house: House
    parts: Parts
    clock: Clock
    notifier_private: bytes
    signing: Ed25519PrivateKey
    address: str = "198.51.100.7"
    language: str = "en"
    """Of the page."""
    servicer: IdentityServicer = field(init=False)
    contacts: ContactServicer = field(init=False)
    people: PeopleServicer = field(init=False)
    eus: DeskServicer = field(init=False)

    def __post_init__(self) -> None:
        signer = Signer("identity", self.signing)
        self.servicer = IdentityServicer(self.room.app, self.parts, signer=signer)
        self.contacts = ContactServicer(self.room.app, self.parts, signer=signer)
        self.people = PeopleServicer(self.room.app, self.parts, signer=signer)
        self.eus = DeskServicer(self.room.app, self.parts, signer=signer)

    @property
    def room(self) -> Room:
        return self.house.identity

    @property
    def app(self) -> Any:
        return self.room.app

    def verifier(self, audience: str) -> Verifier:
        return Verifier(audience, {"identity": self.signing.public_key()})

    def ask(self, rpc: str, *, caller: Caller | None = None, **fields: Any) -> Any:
        """Call an RPC with the fields of its request; commands get an id where none is given."""
        request_class = getattr(m, f"{rpc}Request")
        if "command_id" in request_class.DESCRIPTOR.fields_by_name:
            fields.setdefault("command_id", str(nature.new_id()))
        portal = Caller(claims=Claims(service="portal"), client_address=self.address, language=self.language)
        return getattr(self.servicer, rpc)(request_class(**fields), caller or portal)

    def refused(self, rpc: str, **fields: Any) -> RefusedError:
        """The refusal of a call."""
        with pytest.raises(RefusedError) as caught:
            self.ask(rpc, **fields)
        return caught.value

    def codes(self, rpc: str, **fields: Any) -> list[str]:
        """Status and codes of a refusal."""
        error = self.refused(rpc, **fields)
        return [error.status.name, *(detail.code for detail in error.details)]

    def last_code(self) -> str:
        """The digits of the last code, as the notifier opens them."""
        issued = self.room.events(Code.Issued)[-1]
        return open_sealed(self.notifier_private, issued.secret, f"{SECRET_CONTEXT}{issued.originator_id}")

    def wrong_code(self) -> str:
        return f"{(int(self.last_code()) + 1) % 10**6:06}"

    # ---- registration

    def start(self, email: str = "ana@example.com") -> Any:
        return self.ask("StartRegistration", email=email, confirm_email=email, challenge_id=uuid4().hex[:22])

    def proven(self, email: str = "ana@example.com") -> str:
        """A registration token of step 1."""
        token = self.start(email).registration_token
        answer = self.ask("VerifyRegistrationEmail", registration_token=token, code=self.last_code())
        return str(answer.registration_token)

    def choose(self, token: str, user_id: str = "arivera26", password: str = PASSWORD, **fields: Any) -> Any:
        fields.setdefault("confirm_password", password)
        fields.setdefault("answers", answers())
        return self.ask("ChooseCredentials", registration_token=token, user_id=user_id, password=password, **fields)

    def record(self, token: str, **changes: Any) -> Any:
        return self.ask("RecordPersonalInformation", registration_token=token, information=person(**changes))

    def with_method(self, token: str, kind: int = EMAIL, destination: str = "") -> str:
        """A verified method, and its id."""
        method_id = self.ask("AddMfaMethod", registration_token=token, kind=kind, destination=destination).method_id
        self.ask("SendMfaCode", registration_token=token, method_id=method_id)
        self.ask("VerifyMfaCode", registration_token=token, method_id=method_id, code=self.last_code())
        return str(method_id)

    def ready(self, email: str = "ana@example.com", user_id: str = "arivera26", **changes: Any) -> str:
        """A registration token of the review."""
        token = self.proven(email)
        assert self.choose(token, user_id).HasField("receipt")
        self.record(token, **changes)
        self.with_method(token)
        return token

    def registered(self, email: str = "ana@example.com", user_id: str = "arivera26", **changes: Any) -> Registered:
        answer = self.ask("CompleteRegistration", registration_token=self.ready(email, user_id, **changes))
        return Registered(UUID(answer.session.account_id), user_id, email, answer.session_token)

    # ---- sign-in

    def sign_in(self, user_id: str = "arivera26", password: str = PASSWORD) -> Any:
        return self.ask("SignIn", user_id=user_id, password=password)

    def session(self, user_id: str = "arivera26", password: str = PASSWORD) -> str:
        token = self.sign_in(user_id, password).sign_in_token
        return str(self.ask("VerifySignInCode", sign_in_token=token, code=self.last_code()).session_token)

    def look(self, token: str, *, activity: bool = True, audiences: list[str] | None = None) -> Any:
        return self.ask("CheckSession", session_token=token, activity=activity, audiences=audiences or [])


def answers() -> list[Any]:
    """Five questions and answers."""
    words = ("Hilltop", "Rochester", "Saab", "Ms. Ortiz", "Biscuit")
    return [
        m.SecurityAnswer(question=m.SecurityQuestion.Name(number), answer=word)
        for number, word in enumerate(words, start=1)
    ]


def person(**changes: Any) -> Any:
    """Step 2 as Ana fills it in."""
    home = {
        "line1": "12 Elm St",
        "city": "Rochester",
        "state": "NY",
        "postal_code": "14604",
        "country": "US",
    } | changes.pop("home", {})
    fields = {
        "first_name": "Ana",
        "last_name": "Rivera",
        "business_phone": "+15855550142",
        "personal_phone": "+15855550143",
        "date_of_birth": "1980-02-29",
        "ssn": "219099999",
    } | changes
    return m.PersonalInformation(**fields, home_address=m.Address(**home))
