"""Mails about connections: the deciding side, the asking side, both sides."""

from __future__ import annotations

from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from mandate.connections.v1 import events_pb2 as connections

from tests.integration.notifier.bureau import Bureau
from tests.integration.notifier.test_role_mails import association, subjects

PROVIDER, SURROGATE = uuid4(), uuid4()
TRACKING = "C7F3K2QX9V"
PARTIES: dict[str, Any] = {
    "provider_id": str(PROVIDER),
    "surrogate_id": str(SURROGATE),
    "function": "PECOS",
    "tracking_id": TRACKING,
}
ASKS = "A connection request awaits your decision"


class Sides:
    """An official on each side, and somebody of the surrogate who asks."""

    def __init__(self, bureau: Bureau) -> None:
        self.asker = bureau.people.add("asker@example.com")
        self.provider = association(bureau.people.add("p@example.com"), "AUTHORIZED_OFFICIAL", employer_id=PROVIDER)
        self.surrogate = association(bureau.people.add("s@example.com"), "ACCESS_MANAGER", employer_id=SURROGATE)
        bureau.called.known.update({PROVIDER: "Rosalind Marlbrook", SURROGATE: "Ledger Billing Group"})
        self.request = connections.ConnectionRequested(**PARTIES, initiator="SURROGATE", requested_by=str(self.asker))
        self.approval = connections.ConnectionApproved(**PARTIES, approved_by=str(uuid4()))
        self.rejection = connections.ConnectionRejected(**PARTIES, rejected_by=str(uuid4()), reason="Not ours")
        self.end = connections.ConnectionEnded(**PARTIES, ended_by=str(self.asker), ended_by_side="SURROGATE")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_m_16_the_other_side_is_asked_once_in_whatever_order(bureau: Bureau, order: tuple[int, ...]) -> None:
    sides = Sides(bureau)
    said = (sides.request, sides.provider, sides.surrogate)
    for number in order:
        bureau.hear(said[number])
    assert subjects(bureau, "p@example.com") == [ASKS]
    assert len(bureau.inbox.messages()) == 1
    text = bureau.inbox.messages()[0].text
    assert "Ledger Billing Group asks to work on behalf of Rosalind Marlbrook" in text
    assert "PECOS, Tracking ID C7F3-K2QX-9V" in text


def test_m_16_a_provider_who_asks_is_decided_on_by_the_surrogate(bureau: Bureau) -> None:
    sides = Sides(bureau)
    bureau.hear(sides.provider)
    bureau.hear(sides.surrogate)
    bureau.hear(connections.ConnectionRequested(**PARTIES, initiator="PROVIDER", requested_by=str(uuid4())))
    assert subjects(bureau, "s@example.com") == [ASKS]
    assert bureau.inbox.messages("p@example.com") == []


def test_m_16_is_dropped_when_the_request_is_taken_back_while_it_waits(bureau: Bureau) -> None:
    sides = Sides(bureau)
    bureau.hear(sides.provider)
    bureau.people.away = True
    bureau.hear(sides.request)
    bureau.hear(connections.ConnectionCancelled(**PARTIES, cancelled_by=str(sides.asker)))
    bureau.people.away = False
    bureau.clock.pass_(minutes=5)
    bureau.house.settle()
    assert bureau.inbox.messages() == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_m_17_the_asking_side_is_told_once_in_whatever_order(bureau: Bureau, order: tuple[int, ...]) -> None:
    """Who asked is told in any case; other managers where their role was heard before both facts were known."""
    sides = Sides(bureau)
    said = (sides.request, sides.approval, sides.surrogate)
    for number in order:
        bureau.hear(said[number])
    told = "Your connection request was approved"
    assert subjects(bureau, "asker@example.com") == [told]
    assert subjects(bureau, "s@example.com") == ([] if order[-1] == 2 else [told])


def test_m_17_a_rejection_gives_its_reason(bureau: Bureau) -> None:
    sides = Sides(bureau)
    bureau.hear(sides.request)
    bureau.hear(sides.rejection)
    [mail] = bureau.inbox.messages("asker@example.com")
    assert mail.subject == "Your connection request was rejected"
    assert "Not ours" in mail.text


def test_m_18_both_sides_are_told_who_ended_it(bureau: Bureau) -> None:
    sides = Sides(bureau)
    bureau.hear(sides.provider)
    bureau.hear(sides.surrogate)
    bureau.hear(sides.end)
    for to in ("asker@example.com", "s@example.com", "p@example.com"):
        assert subjects(bureau, to) == ["A connection has ended"]
    assert "Ended by: Ledger Billing Group" in bureau.inbox.messages("p@example.com")[0].text


def test_d_41_who_is_left_is_told_that_a_connection_ended_with_an_employer(bureau: Bureau) -> None:
    """M-18: nobody has ended it, so nobody is told as the one who did, and no side is named as such."""
    sides = Sides(bureau)
    bureau.hear(sides.provider)
    end = connections.ConnectionEnded(
        **PARTIES, ended_by=str(sides.asker), ended_by_side="SURROGATE", reason="EMPLOYER_CLOSED"
    )
    bureau.hear(end, times=2)
    [mail] = bureau.inbox.messages()
    assert mail.to == ("p@example.com",)
    assert "Ledger Billing Group was closed as an employer" in " ".join(mail.text.split())
    assert "Ended by" not in mail.text


def test_d_41_who_asked_is_told_that_the_system_has_cancelled_the_request(bureau: Bureau) -> None:
    """M-17, in both languages; the code of the reason is for programs."""
    for language, words in (("en", "was closed as an employer"), ("es", "fue cerrado como empleador")):
        asker = bureau.people.add(f"{language}@example.com", language=language)
        which = PARTIES | {"tracking_id": f"C7F3K2QX9{language[0].upper()}"}
        bureau.hear(connections.ConnectionRequested(**which, initiator="SURROGATE", requested_by=str(asker)))
        rejected = connections.ConnectionRejected(**which, rejected_by=str(uuid4()), reason="EMPLOYER_CLOSED")
        bureau.hear(rejected)
        [mail] = bureau.inbox.messages(f"{language}@example.com")
        assert words in " ".join(mail.text.split())
        assert words in " ".join(mail.html.split())
        assert "EMPLOYER_CLOSED" not in mail.text


EHR_CLOSED = "EHR requests were closed"


def ehr(tracking_id: str) -> tuple[dict[str, Any], connections.ConnectionRejected]:
    """What an EHR request and its end have in common, and that end."""
    which = PARTIES | {"function": "EHR", "tracking_id": tracking_id}
    return which, connections.ConnectionRejected(**which, rejected_by=str(uuid4()), reason="EHR_RETIRED")


def test_m_19_each_person_of_both_sides_gets_one_digest(bureau: Bureau) -> None:
    """IA-EHR-02: all tracking ids in one mail, no M-17 besides; PECOS requests are not in it."""
    sides = Sides(bureau)
    closed = [ehr(id_) for id_ in (TRACKING, "C1A2B3C4D5")]
    bureau.hear(sides.provider)
    bureau.hear(sides.surrogate)
    for which, _ in closed:
        bureau.hear(connections.ConnectionRequested(**which, initiator="SURROGATE", requested_by=str(sides.asker)))
    pecos = PARTIES | {"tracking_id": "C9Z8Y7X6W5"}
    bureau.hear(connections.ConnectionRequested(**pecos, initiator="SURROGATE", requested_by=str(sides.asker)))
    for _, rejection in closed:
        bureau.hear(rejection, times=2)
    for who in ("p@example.com", "s@example.com", "asker@example.com"):
        assert subjects(bureau, who).count(EHR_CLOSED) == 1
        [mail] = [one for one in bureau.inbox.messages(who) if one.subject == EHR_CLOSED]
        for word in ("C7F3-K2QX-9V", "C1A2-B3C4-D5", "October 1, 2023"):
            assert word in " ".join(mail.text.split())
            assert word in mail.html
        assert "C9Z8" not in mail.text
    assert not any("rejected" in one.subject for one in bureau.inbox.messages())


@pytest.mark.parametrize("late", [True, False])
def test_m_19_of_a_request_that_is_heard_late_comes_by_itself(bureau: Bureau, late: bool) -> None:
    sides = Sides(bureau)
    bureau.hear(sides.provider)
    (first, closes_first), (second, closes_second) = ehr(TRACKING), ehr("C1A2B3C4D5")
    bureau.hear(connections.ConnectionRequested(**first, initiator="SURROGATE", requested_by=str(sides.asker)))
    asks_second = connections.ConnectionRequested(**second, initiator="SURROGATE", requested_by=str(sides.asker))
    for heard in (closes_first, closes_second, asks_second) if late else (closes_second, closes_first, asks_second):
        bureau.hear(heard)
    mails = [one for one in bureau.inbox.messages("p@example.com") if one.subject == EHR_CLOSED]
    assert ["C1A2-B3C4-D5" in one.text for one in mails] == [False, True]


def test_a_decider_who_writes_the_word_has_decided(bureau: Bureau) -> None:
    """Of a PECOS request: M-17, with the reason given."""
    sides = Sides(bureau)
    bureau.hear(sides.request)
    bureau.hear(connections.ConnectionRejected(**PARTIES, rejected_by=str(uuid4()), reason="EHR_RETIRED"))
    assert subjects(bureau, "asker@example.com") == ["Your connection request was rejected"]


def test_m_16_to_m_18_go_where_each_side_reads_mails_about_its_employer(bureau: Bureau) -> None:
    """IA-EMP-06: the address chosen for the own side; who has chosen none is reached at the primary one."""
    sides = Sides(bureau)
    official, manager = UUID(sides.provider.account_id), UUID(sides.surrogate.account_id)
    bureau.people.at |= {(official, PROVIDER): "p@clinic.example", (manager, SURROGATE): "s@billing.example"}
    bureau.people.at[(official, SURROGATE)] = "wrong@example.com"
    for said in (sides.provider, sides.surrogate, sides.request, sides.approval, sides.end):
        bureau.hear(said)
    assert subjects(bureau, "p@clinic.example") == [ASKS, "A connection has ended"]
    assert subjects(bureau, "s@billing.example") == ["Your connection request was approved", "A connection has ended"]
    assert subjects(bureau, "asker@example.com") == ["Your connection request was approved", "A connection has ended"]
    assert bureau.inbox.messages("wrong@example.com") == []


def test_m_16_says_what_an_approval_does_for_whoever_decides(bureau: Bureau) -> None:
    """IA-APPR-02, IA-APPR-03: of a provider who asks, in the recipient's language."""
    sides = Sides(bureau)
    decider = bureau.people.add("es@example.com", language="es")
    bureau.hear(association(decider, "AUTHORIZED_OFFICIAL", employer_id=SURROGATE))
    bureau.hear(connections.ConnectionRequested(**PARTIES, initiator="PROVIDER", requested_by=str(sides.asker)))
    [mail] = bureau.inbox.messages("es@example.com")
    said = "usted y su personal podrán cambiar la inscripción PECOS de Rosalind Marlbrook, para Ledger Billing Group."
    assert said in " ".join(mail.text.split())
    assert said in " ".join(mail.html.split())
