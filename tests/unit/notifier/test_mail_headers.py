"""Headers of mails: nothing hostile stands in one, whoever wrote it (S-25, reliability 5, third test)."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from markupsafe import escape
from pydantic import ValidationError

from chassis.vocabulary.header_text import HostileTextError
from services.notifier.adapters import messages
from services.notifier.adapters.letters import LANGUAGES, Letter, tame
from services.notifier.adapters.ports import RefusedForGoodError
from services.notifier.adapters.settings import NotifierSettings
from tests.unit.notifier.samples import BY_ID, SAMPLES, Sample

ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
AT = datetime(2026, 5, 4, 13, 0, tzinfo=UTC)

HOSTILE = (
    "=?utf-8?q?hi=0ABcc:_evil@x.test?=",
    "=?utf-8?b?aGkKQmNjOiBldmlsQHgudGVzdA==?=",
    "x\r\nBcc: evil@x.test",
    "x\nBcc: evil@x.test",
    "x\u202egpj.exe",
    "x\u2066hidden\u2069",
)
WITH_FOREIGN_SUBJECT = {"M-14": "employer", "M-15": "employer"}
"""Mails whose subject holds a word that people have written, and its name."""
UNNAMED = {
    ("M-14", "en"): "Your access to an employer changed",
    ("M-14", "es"): "Su acceso a un empleador cambió",
    ("M-15", "en"): "An employer has no Authorized Official",
    ("M-15", "es"): "Un empleador no tiene funcionario autorizado",
}

every = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
hostile = pytest.mark.parametrize("text", HOSTILE, ids=ascii)


class ForbiddenMessage(EmailMessage):
    """A message that must not be made."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise AssertionError("a message exists")


def compose(letter: Letter, to: str = "jane.doe@example.com", name: str = "Identity & Access") -> EmailMessage:
    return messages.compose(
        letter,
        notification_id=ID,
        to=to,
        sender="no-reply@mandate.example",
        sender_name=name,
        language="en",
        at=AT,
    )


@every
@hostile
def test_a_hostile_address_is_refused_before_a_message_exists(
    sample: Sample, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "EmailMessage", ForbiddenMessage)
    for address in (text, f"{text}@example.com", f"{text} <jane@example.com>"):
        with pytest.raises(HostileTextError):
            compose(sample.letter(), to=address)


@hostile
@pytest.mark.parametrize("template", WITH_FOREIGN_SUBJECT)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_word_is_left_out_of_the_subject_and_shown_in_the_body(
    template: str, language: str, text: str
) -> None:
    """M-14, M-15: NPPES writes the names of employers, and whoever works for one is told all the same."""
    letter = BY_ID[template].letter(language, **{WITH_FOREIGN_SUBJECT[template]: text})
    assert letter.subject == UNNAMED[template, language]
    read = email.message_from_bytes(compose(letter).as_bytes(), policy=policy.default)
    assert read["Subject"] == letter.subject
    assert "Bcc" not in read
    shown = tame(text)
    assert " ".join(shown.split()) in " ".join(letter.text.split())
    assert str(escape(shown)) in letter.html
    assert not set(letter.text + letter.html) & set("\r\u202e\u2066\u2069")


@hostile
def test_a_hostile_subject_is_refused_before_a_message_exists(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "EmailMessage", ForbiddenMessage)
    with pytest.raises(HostileTextError):
        compose(Letter(subject=text, text="x\n", html="<p>x</p>"))


@every
@hostile
def test_hostile_words_reach_no_header_of_any_mail(sample: Sample, text: str) -> None:
    foreign = [key for key, value in {**sample.data, "name": ""}.items() if isinstance(value, str)]
    words = {key: text for key in foreign if not key.endswith("_id")}
    expected = [name for name, _ in compose(sample.letter()).items()]
    for language in LANGUAGES:
        letter = sample.letter(language, **words | {"outcome": sample.data.get("outcome", "")})
        message = email.message_from_bytes(compose(letter).as_bytes(), policy=policy.default)
        assert [name for name, _ in message.items()] == expected
        assert "evil" not in str(message["Subject"]) + str(message["To"]) + str(message["From"])


@hostile
def test_a_hostile_senders_name_is_refused_at_start(text: str) -> None:
    with pytest.raises(ValidationError):
        NotifierSettings(mail_from_name=text)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jane",
        "jane@example.com, evil@x.test",
        "jane@example.com evil@x.test",
        "jane@example.com;evil@x.test",
        "Jane <jane@example.com>",
        '"jane doe"@example.com',
        "jane@[127.0.0.1]",
        "jané@example.com",
    ],
)
def test_exactly_one_address_is_a_recipient(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "EmailMessage", ForbiddenMessage)
    with pytest.raises(RefusedForGoodError):
        compose(BY_ID["M-03"].letter(), to=address)


@every
def test_a_message_has_these_headers_and_no_others(sample: Sample) -> None:
    for language in LANGUAGES:
        letter = sample.letter(language)
        message = compose(letter)
        assert dict(message.items()) == {
            "From": "Identity & Access <no-reply@mandate.example>",
            "To": "jane.doe@example.com",
            "Subject": letter.subject,
            "Date": "Mon, 04 May 2026 13:00:00 +0000",
            "Message-ID": f"<{ID}@mandate.example>",
            "Auto-Submitted": "auto-generated",
            "Content-Language": "en",
            "MIME-Version": "1.0",
            "Content-Type": f'multipart/alternative; boundary="={ID.hex}"',
        }


def test_the_same_mail_is_the_same_bytes() -> None:
    letter = BY_ID["M-09"].letter()
    assert compose(letter).as_bytes() == compose(letter).as_bytes()


@every
def test_what_arrives_is_what_was_written(sample: Sample) -> None:
    letter = sample.letter("es")
    raw = compose(letter).as_bytes()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    read = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(read, EmailMessage)
    text, html = read.get_body(("plain",)), read.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == letter.text
    assert html.get_content().replace("\r\n", "\n").strip() == letter.html.strip()
