"""The words of every mail in both languages: what domain.md 6 asks of each, and what all have in common."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from services.notifier.adapters.letters import LANGUAGES, TEMPLATES, tame
from services.notifier.domain.mails import ALL
from tests.unit.notifier.samples import BASE, BY_ID, OURS, SAMPLES, Sample

# D-19, IA-CONF-05
DESK = ("Mail Stop DO-01-50", "7500 Security Blvd.", "Baltimore, MD 21244-1850", "1-866-484-8049", "1-866-523-4759")
VOID = {"meta", "br", "hr"}

every = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
both = pytest.mark.parametrize("language", LANGUAGES)


class Reader(HTMLParser):
    """The words of a page, its links, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return flat(" ".join(self.words))


def flat(text: str) -> str:
    return " ".join(text.split())


def both_forms(sample: Sample, language: str) -> tuple[str, str]:
    letter = sample.letter(language)
    return flat(letter.text), Reader(letter.html).text


def test_every_mail_of_the_list_has_a_sample_and_its_templates() -> None:
    assert tuple(BY_ID) == ALL
    for language in LANGUAGES:
        assert {path.stem for path in (TEMPLATES / language).glob("M-*.j2")} == set(ALL)


@every
def test_the_subject_is_exactly_the_domains(sample: Sample) -> None:
    assert (sample.letter("en").subject, sample.letter("es").subject) == (sample.subject, sample.asunto)


@every
def test_text_and_html_hold_what_the_domain_asks_for(sample: Sample) -> None:
    for form in both_forms(sample, "en"):
        for words in sample.contains:
            assert words in form


@every
def test_the_spanish_mail_holds_it_too(sample: Sample) -> None:
    for form in both_forms(sample, "es"):
        for words in sample.contiene:
            assert words in form


@every
@both
def test_every_mail_ends_with_do_not_reply_and_the_help_desk(sample: Sample, language: str) -> None:
    """Common to all (domain.md 6, IA-CONF-05, IA-INV-02)."""
    asks = {"en": "Please do not reply to this message via e-mail.", "es": "No responda a este mensaje"}[language]
    for form in both_forms(sample, language):
        assert asks in form
        assert all(line in form for line in DESK)
        assert OURS["reference"] in form


@every
@both
def test_no_link_leads_anywhere_but_the_portal(sample: Sample, language: str) -> None:
    """S-25: no host comes from what people have typed."""
    page = Reader(sample.letter(language).html)
    assert all(link.startswith(f"{BASE}/") for link in page.links)
    assert not page.tags & {"script", "img", "iframe", "form", "link", "style", "object"}


@every
@both
def test_every_mail_can_be_read_on_a_narrow_screen(sample: Sample, language: str) -> None:
    letter = sample.letter(language)
    assert 'name="viewport"' in letter.html
    assert not re.search(r"width:\s*[4-9]\d\dpx|<table", letter.html.replace("max-width:600px", ""))
    addresses = [line for line in letter.text.splitlines() if "://" in line]
    assert all(len(line) <= 72 for line in letter.text.splitlines() if line not in addresses)


@both
def test_a_subject_never_holds_a_secret_or_a_persons_name(language: str) -> None:
    for sample in SAMPLES:
        subject = sample.letter(language).subject
        assert not sample.secret or sample.secret not in subject
        assert "Doe" not in subject


def test_m_01_names_no_ehr_system() -> None:
    for language in LANGUAGES:
        assert not any("EHR" in form for form in both_forms(BY_ID["M-01"], language))


def test_m_07_a_hard_lock_is_opened_by_external_user_services_alone() -> None:
    letter = BY_ID["M-07"].letter(reason="HARD")
    assert "Only External User Services can unlock it now" in letter.text
    assert "recover/password" not in letter.text


def test_m_09_options_stand_where_they_apply() -> None:
    official = BY_ID["M-09"].letter(role="Authorized Official", role_code="AUTHORIZED_OFFICIAL").text
    staff = BY_ID["M-09"].letter(role="Staff End User", role_code="STAFF_END_USER").text
    assert "OPTION" not in official
    assert "required 1 document for" in flat(official)
    assert "OPTION" not in staff
    assert "No documents are needed" in staff


def test_m_12_a_staff_end_user_has_no_function_yet() -> None:
    assert "Functions now available: none yet" in BY_ID["M-12"].letter(role_code="STAFF_END_USER").text


def test_m_13_says_nothing_of_a_reason_that_was_not_given() -> None:
    assert "Reason given" not in BY_ID["M-13"].letter(reason="").text


def test_m_16_a_provider_who_asks_is_named_first() -> None:
    text = flat(BY_ID["M-16"].letter(initiator="PROVIDER").text)
    assert "Rosalind Marlbrook asks Ledger Billing Group to work on the provider's behalf" in text


def test_m_17_a_rejection_says_so() -> None:
    letter = BY_ID["M-17"].letter(outcome="REJECTED", reason="Not ours")
    assert letter.subject == "Your connection request was rejected"
    assert "PECOS: Rejected, Tracking ID C7F3-K2QX-9V" in letter.text
    assert "Not ours" in letter.text


def test_m_30_greets_nobody_by_name() -> None:
    assert "Jane" not in BY_ID["M-30"].letter().text + BY_ID["M-30"].letter().html


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("https://evil.example/x", "https[:]//evil[.]example/x"),
        ("Amazon.com Services", "Amazon[.]com Services"),
        ("a\r\nBcc: b@evil.test", "a  Bcc: b@evil[.]test"),
        ("right\u202eleft", "right\ufffdleft"),
        ("J.D. Doe, M.D.", "J.D. Doe, M.D."),
        ("Zoë O'Neill-Smith", "Zoë O'Neill-Smith"),
    ],
)
def test_foreign_words_are_neither_links_nor_unseen(typed: str, shown: str) -> None:
    assert tame(typed) == shown


def test_markup_in_foreign_words_is_shown_not_obeyed() -> None:
    page = BY_ID["M-13"].letter(reason='<a href="https://evil.example">x</a>').html
    assert "<a href=&#34;" not in page
    assert "&lt;a href=" in page
    assert Reader(page).links == [f"{BASE}/profile/employers"]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("mail", "more"), [("M-09", {}), ("M-11", {"is_desk": False})])
def test_who_asked_is_led_to_the_request_itself(mail: str, more: dict[str, bool], language: str) -> None:
    """Where its documents are handed in (IA-CONF-03)."""
    page = BY_ID[mail].letter(language, **more).html
    assert Reader(page).links == [f"{BASE}/requests/019ab000-0000-7000-8000-000000000060"]
