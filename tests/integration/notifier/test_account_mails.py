"""Mails about accounts: codes, creation, locks, somebody else's registration."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from mandate.identity.v1 import events_pb2 as identity

from chassis import nature
from chassis.sealing import seal_for
from services.notifier.adapters.ports import SMS, Contact
from services.notifier.domain.notification import Notification
from tests.integration.notifier.bureau import PUBLIC, Bureau

ADDRESS = "jane@example.com"


def stamp(at: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(at)
    return made


def code(account_id: UUID, digits: str, *, after_s: float = 0, method_id: str = "") -> identity.MfaCodeIssued:
    id_, issued_at = str(uuid4()), nature.now() + timedelta(seconds=after_s)
    return identity.MfaCodeIssued(
        code_id=id_,
        account_id=str(account_id),
        method_id=method_id,
        kind="EMAIL",
        purpose="sign_in",
        sealed_code=seal_for(PUBLIC, digits, f"mandate.identity.v1.MfaCodeIssued/{id_}"),
        issued_at=stamp(issued_at),
        expires_at=stamp(issued_at + timedelta(minutes=10)),
        language="en",
    )


def test_m_03_the_code_reaches_its_owner_once(bureau: Bureau) -> None:
    bureau.hear(code(bureau.people.add(ADDRESS), "042137"), times=3)
    [mail] = bureau.inbox.messages(ADDRESS)
    assert mail.subject == "Your verification code"
    assert bureau.inbox.latest_code(ADDRESS) == "042137"
    assert "10 minutes" in mail.text
    assert "042137" not in mail.subject
    assert "042137" in mail.html


def test_m_03_comes_in_the_language_of_the_page_that_asked(bureau: Bureau) -> None:
    asked = code(bureau.people.add(ADDRESS), "042137")
    asked.language = "es"
    bureau.hear(asked)
    assert bureau.inbox.messages(ADDRESS)[0].subject == "Su código de verificación"


def test_m_03_by_sms_goes_to_the_gateways_stub(bureau: Bureau) -> None:
    account_id = uuid4()
    bureau.people.known[account_id] = Contact("+15855550142", kind=SMS)
    bureau.hear(code(account_id, "042137", method_id=str(uuid4())))
    assert bureau.inbox.latest_code("15855550142@sms.mandate.example") == "042137"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_m_03_only_the_live_code_is_sent_when_codes_had_to_wait(bureau: Bureau, order: tuple[int, ...]) -> None:
    """D-25: one live code; they are heard in any order."""
    jane = bureau.people.add(ADDRESS)
    codes = [code(jane, f"{number:06}", after_s=number) for number in (1, 2, 3)]
    bureau.people.away = True
    for number in order:
        bureau.hear(codes[number])
    bureau.people.away = False
    bureau.clock.pass_(minutes=5)
    bureau.house.settle()
    assert [bureau.inbox.latest_code(ADDRESS)] == ["000003"]
    assert len(bureau.inbox.messages(ADDRESS)) == 1
    assert len(bureau.house.notifier.events(Notification.Superseded)) == 2


def test_m_03_of_another_purpose_is_another_code(bureau: Bureau) -> None:
    jane = bureau.people.add(ADDRESS)
    first, second = code(jane, "000001"), code(jane, "000002")
    second.purpose = "mfa"
    bureau.people.away = True
    bureau.hear(first)
    bureau.hear(second)
    bureau.people.away = False
    bureau.clock.pass_(minutes=5)
    bureau.house.settle()
    assert len(bureau.inbox.messages(ADDRESS)) == 2


def test_m_03_sealed_for_another_event_is_not_sent(bureau: Bureau) -> None:
    moved = code(bureau.people.add(ADDRESS), "042137")
    moved.code_id = str(uuid4())
    bureau.hear(moved)
    assert bureau.inbox.messages() == []
    assert [event.reason[:11] for event in bureau.ends()] == ["SEAL_BROKEN"]


def test_m_02_tells_the_user_id_and_what_to_do_next(bureau: Bureau) -> None:
    account_id = str(bureau.people.add(ADDRESS, name="Jane Doe"))
    bureau.hear(identity.AccountActivated(account_id=account_id, language="en"))
    [mail] = bureau.inbox.messages(ADDRESS)
    assert mail.subject == "Your I&A account has been created"
    assert "User ID: jane" in mail.text
    assert "https://portal.example/signin" in mail.text


@pytest.mark.parametrize(
    ("reason", "words"),
    [("password", "the password was wrong"), ("mfa", "verification codes were wrong"), ("hard", "Only External User")],
)
def test_m_07_tells_why_and_how_to_unlock(bureau: Bureau, reason: str, words: str) -> None:
    bureau.hear(identity.AccountLocked(account_id=str(bureau.people.add(ADDRESS)), reason=reason))
    [mail] = bureau.inbox.messages(ADDRESS)
    assert mail.subject == "Your account is locked"
    assert words in " ".join(mail.text.split())


def test_m_30_tells_the_owner_of_the_address_alone(bureau: Bureau) -> None:
    bureau.hear(identity.RegistrationAddressTaken(account_id=str(bureau.people.add(ADDRESS))))
    [mail] = bureau.inbox.messages()
    assert mail.to == (ADDRESS,)
    assert mail.subject == "Somebody tried to register with your address"
