"""Mails about roles: a message is heard, and exactly those whom it concerns find one mail each."""

from __future__ import annotations

from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from mandate.access.v1 import events_pb2 as access
from mandate.access.v1.state_pb2 import AssociationState
from mandate.identity.v1.state_pb2 import AccountState

from services.access.commands import role_requests
from services.notifier.domain.notification import Notification
from tests.integration.notifier.bureau import Bureau

CLINIC = uuid4()
TRACKING = "R7F3K2QX9V"
AWAITS = {"en": "A role request awaits your decision", "es": "Una solicitud de función espera su decisión"}


def association(
    account_id: UUID, role: str, *, status: str = "APPROVED", employer_id: UUID = CLINIC
) -> AssociationState:
    return AssociationState(
        association_id=str(uuid4()),
        account_id=str(account_id),
        employer_id=str(employer_id),
        role=role,
        status=status,
    )


def requested(account_id: UUID, role: str = "STAFF_END_USER") -> access.RoleRequested:
    return access.RoleRequested(
        role_request_id=str(uuid4()),
        account_id=str(account_id),
        employer_id=str(CLINIC),
        role=role,
        tracking_id=TRACKING,
    )


def approved(account_id: UUID) -> access.RoleRequestApproved:
    return access.RoleRequestApproved(
        role_request_id=str(uuid4()),
        account_id=str(account_id),
        employer_id=str(CLINIC),
        role="STAFF_END_USER",
        tracking_id=TRACKING,
    )


def subjects(bureau: Bureau, to: str) -> list[str]:
    return [mail.subject for mail in bureau.inbox.messages(to)]


def test_m_09_a_command_at_access_ends_as_one_mail_to_the_requester(bureau: Bureau) -> None:
    jane = bureau.people.add("jane@example.com", name="Jane Doe")
    employer = uuid4()
    bureau.called.known[employer] = "Marlbrook Family Clinic"
    bureau.house.access.execute(role_requests.request_role, jane, employer_id=employer, role="STAFF_END_USER")
    bureau.house.settle()
    [mail] = bureau.inbox.messages()
    assert (mail.sender, mail.to) == ("no-reply@mandate.example", ("jane@example.com",))
    assert mail.subject == "Your employer request was received"
    assert "Hello Jane Doe," in mail.text
    assert "Marlbrook Family Clinic" in mail.text
    [sent] = bureau.ends()
    assert isinstance(sent, Notification.Sent)
    assert sent.message_id == mail.message_id == f"<{sent.originator_id}@mandate.example>"


def test_m_09_in_spanish_for_who_reads_spanish(bureau: Bureau) -> None:
    bureau.hear(requested(bureau.people.add("juana@example.com", language="es")))
    assert subjects(bureau, "juana@example.com") == ["Se recibió su solicitud de empleador"]


@pytest.mark.parametrize(
    ("language", "role", "words"),
    [
        ("en", "AUTHORIZED_OFFICIAL", "0 of the total required 1 document for completion has been uploaded"),
        ("en", "ACCESS_MANAGER", "0 of the total required 2 documents for completion have been uploaded"),
        ("es", "AUTHORIZED_OFFICIAL", "Se ha cargado 0 del total de 1 documento requerido"),
        ("es", "ACCESS_MANAGER", "Se han cargado 0 del total de 2 documentos requeridos"),
    ],
)
def test_m_09_counts_the_documents_that_a_role_needs(bureau: Bureau, language: str, role: str, words: str) -> None:
    """IA-CONF-04: one document is no documents."""
    bureau.hear(requested(bureau.people.add("jane@example.com", language=language), role=role))
    [mail] = bureau.inbox.messages()
    assert words in " ".join(mail.text.split())
    assert words in " ".join(mail.html.split())


def test_a_message_heard_three_times_is_one_mail(bureau: Bureau) -> None:
    bureau.hear(requested(bureau.people.add("jane@example.com")), times=3)
    assert len(bureau.inbox.messages()) == 1


def test_a_policy_set_back_to_the_beginning_owes_nothing_twice(bureau: Bureau) -> None:
    bureau.hear(requested(bureau.people.add("jane@example.com")))
    with bureau.house.notifier.app.session() as session:
        session.run("UPDATE positions SET position = 0 WHERE follower ~ '^policy[.]|^notifier[.]sender'")
    bureau.house.settle()
    assert len(bureau.inbox.messages()) == 1


def test_no_address_name_or_secret_stands_in_the_log(bureau: Bureau) -> None:
    bureau.hear(requested(bureau.people.add("jane@example.com", name="Jane Doe")))
    with bureau.house.notifier.app.session() as session:
        states = b"".join(bytes(state) for (state,) in session.run("SELECT state FROM log"))
    assert b"example.com" not in states
    assert b"Jane" not in states


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_m_10_every_decider_is_asked_once_in_whatever_order_it_is_heard(bureau: Bureau, order: tuple[int, ...]) -> None:
    jane = bureau.people.add("jane@example.com", name="Jane Doe")
    official, manager = bureau.people.add("ao@example.com"), bureau.people.add("am@example.com")
    said = (
        requested(jane),
        association(official, "AUTHORIZED_OFFICIAL"),
        association(manager, "ACCESS_MANAGER"),
    )
    for number in order:
        bureau.hear(said[number])
    asks = "A role request awaits your decision"
    assert subjects(bureau, "ao@example.com") == [asks]
    assert subjects(bureau, "am@example.com") == [asks]
    assert subjects(bureau, "jane@example.com") == ["Your employer request was received"]
    assert "Jane Doe" in bureau.inbox.messages("ao@example.com")[0].text


def test_m_10_a_manager_is_not_asked_about_a_manager(bureau: Bureau) -> None:
    bureau.hear(association(bureau.people.add("ao@example.com"), "AUTHORIZED_OFFICIAL"))
    bureau.hear(association(bureau.people.add("am@example.com"), "ACCESS_MANAGER"))
    bureau.hear(requested(bureau.people.add("jane@example.com"), role="ACCESS_MANAGER"))
    assert len(bureau.inbox.messages("ao@example.com")) == 1
    assert bureau.inbox.messages("am@example.com") == []


def test_m_10_nobody_is_asked_to_decide_an_authorized_official(bureau: Bureau) -> None:
    bureau.hear(association(bureau.people.add("ao@example.com"), "AUTHORIZED_OFFICIAL"))
    bureau.hear(requested(bureau.people.add("jane@example.com"), role="AUTHORIZED_OFFICIAL"))
    assert bureau.inbox.messages("ao@example.com") == []


def test_m_10_a_manager_is_not_asked_about_his_own_request(bureau: Bureau) -> None:
    manager = bureau.people.add("am@example.com")
    bureau.hear(association(manager, "ACCESS_MANAGER"))
    bureau.hear(requested(manager))
    assert subjects(bureau, "am@example.com") == ["Your employer request was received"]


@pytest.mark.parametrize("decision_first", [True, False])
def test_m_10_is_dropped_when_the_decision_comes_while_it_waits(bureau: Bureau, *, decision_first: bool) -> None:
    """Its template names what supersedes it; that of M-09 names nothing, so M-09 is sent all the same."""
    jane = bureau.people.add("jane@example.com")
    bureau.hear(association(bureau.people.add("ao@example.com"), "AUTHORIZED_OFFICIAL"))
    bureau.people.away = True
    for message in (approved(jane), requested(jane)) if decision_first else (requested(jane), approved(jane)):
        bureau.hear(message)
    bureau.people.away = False
    bureau.clock.pass_(minutes=5)
    bureau.house.settle()
    assert bureau.inbox.messages("ao@example.com") == []
    assert set(subjects(bureau, "jane@example.com")) == {
        "Your employer request was received",
        "Your role request was approved",
    }
    superseded = bureau.house.notifier.events(Notification.Superseded)
    assert [event.by for event in superseded] == ([] if decision_first else ["RoleRequestApproved"])


def test_m_12_and_m_13_tell_the_requester(bureau: Bureau) -> None:
    jane = bureau.people.add("jane@example.com")
    bureau.hear(approved(jane))
    bureau.hear(
        access.RoleRequestRejected(
            account_id=str(jane),
            employer_id=str(CLINIC),
            role="ACCESS_MANAGER",
            tracking_id="R1A2B3C4D5",
            reason="Not employed here",
        )
    )
    assert subjects(bureau, "jane@example.com") == ["Your role request was approved", "Your role request was rejected"]
    assert "Not employed here" in bureau.inbox.messages()[1].text


def test_m_14_tells_who_has_lost_access(bureau: Bureau) -> None:
    bureau.called.known[CLINIC] = "Marlbrook Family Clinic"
    bureau.hear(
        access.EmployerAssociationEnded(
            association_id=str(uuid4()),
            account_id=str(bureau.people.add("jane@example.com")),
            employer_id=str(CLINIC),
            role="ACCESS_MANAGER",
        )
    )
    [mail] = bureau.inbox.messages("jane@example.com")
    assert mail.subject == "Your access to Marlbrook Family Clinic changed"
    assert "Before: Access Manager" in mail.text


def test_m_14_tells_what_a_manager_has_changed_before_and_after(bureau: Bureau) -> None:
    """4.3: RoleChanged, BusinessFunctionGranted, BusinessFunctionWithdrawn, one mail each."""
    bureau.called.known[CLINIC] = "Marlbrook Family Clinic"
    jane = str(bureau.people.add("jane@example.com"))
    who: dict[str, Any] = {"association_id": str(uuid4()), "account_id": jane, "employer_id": str(CLINIC)}
    both = ["NPPES", "PECOS"]
    bureau.hear(access.RoleChanged(**who, role="STAFF_END_USER", functions=["PECOS"]))
    bureau.hear(access.BusinessFunctionGranted(**who, function="NPPES", functions=both), times=3)
    bureau.hear(access.BusinessFunctionWithdrawn(**who, function="PECOS", functions=["NPPES"]))
    bureau.hear(
        access.RoleChanged(**who, role_before="STAFF_END_USER", functions_before=["NPPES"], role="ACCESS_MANAGER")
    )
    assert [
        [line for line in mail.text.splitlines() if line.startswith(("Before", "After"))]
        for mail in bureau.inbox.messages("jane@example.com")
    ] == [
        ["Before: no access", "After: Staff End User, PECOS"],
        ["Before: Staff End User, PECOS", "After: Staff End User, NPPES, PECOS"],
        ["Before: Staff End User, NPPES, PECOS", "After: Staff End User, NPPES"],
        ["Before: Staff End User, NPPES", "After: Access Manager"],
    ]


def test_m_14_and_m_15_of_a_hostile_employer_arrive_without_its_name_in_the_subject(bureau: Bureau) -> None:
    """S-25: NPPES writes the name; whoever loses access there, and whoever sees to an official, is told."""
    bureau.called.known[CLINIC] = "=?utf-8?q?hi=0ABcc:_evil@x.test?="
    jane = bureau.people.add("jane@example.com")
    bureau.hear(association(bureau.people.add("am@clinic.example", language="es"), "ACCESS_MANAGER"))
    left: dict[str, Any] = {"account_id": str(jane), "employer_id": str(CLINIC)}
    bureau.hear(access.EmployerAssociationEnded(**left, role="AUTHORIZED_OFFICIAL"))
    bureau.hear(access.EmployerLeftWithoutAuthorizedOfficial(**left))
    assert subjects(bureau, "jane@example.com") == ["Your access to an employer changed"]
    assert subjects(bureau, "am@clinic.example") == ["Un empleador no tiene funcionario autorizado"]
    assert subjects(bureau, "evil@x.test") == []
    for mail in bureau.inbox.messages():
        assert "=?utf-8?q?hi=0ABcc:_evil@x[.]test?=" in " ".join(mail.text.split())


def named(account_id: UUID, role_request_id: UUID, role: str = "STAFF_END_USER") -> access.AuthorizedOfficialNamed:
    return access.AuthorizedOfficialNamed(
        role_request_id=str(role_request_id),
        account_id=str(account_id),
        employer_id=str(CLINIC),
        role=role,
        tracking_id=TRACKING,
    )


@pytest.mark.parametrize("language", ["en", "es"])
def test_m_10_the_named_official_is_told_without_an_account(bureau: Bureau, language: str) -> None:
    """IA-EMP-09."""
    jane = bureau.people.add("jane@example.com", name="Jane Doe")
    bureau.called.known[CLINIC] = "Marlbrook Family Clinic"
    otto = bureau.people.add("otto@named.example", name="Otto Named", language=language)
    bureau.hear(named(jane, otto))
    [mail] = bureau.inbox.messages("otto@named.example")
    assert mail.subject == AWAITS[language]
    for part in ("Jane Doe", "Marlbrook Family Clinic", "R7F3-K2QX-9V", "/staff/requests"):
        assert part in mail.text


@pytest.mark.parametrize("order", [0, 1])
def test_m_10_who_is_named_and_decides_is_asked_once(bureau: Bureau, order: int) -> None:
    """Once if it is the same person, by whichever of their addresses."""
    jane = bureau.people.add("jane@example.com")
    official = bureau.people.add("official@clinic.example")
    bureau.people.at[official, CLINIC] = "at.work@clinic.example"
    otto = bureau.people.add("At.Work@clinic.example")
    bureau.hear(association(official, "AUTHORIZED_OFFICIAL"))
    for message in (requested(jane), named(jane, otto))[:: 1 if order else -1]:
        bureau.hear(message)
    assert len(bureau.inbox.messages()) == 2  # M-09 to Jane, M-10 to the official
    assert subjects(bureau, "at.work@clinic.example") == [AWAITS["en"]]
    dropped = [one for one in bureau.ends() if not isinstance(one, Notification.Sent)]
    assert [one.by for one in dropped if isinstance(one, Notification.Superseded)] == ["SAME_PERSON"]
    assert len(dropped) == 1  # no mail has failed


def test_a_decided_request_asks_no_named_official(bureau: Bureau) -> None:
    jane, otto = bureau.people.add("jane@example.com"), bureau.people.add("otto@named.example")
    bureau.hear(approved(jane))
    bureau.hear(named(jane, otto))
    assert subjects(bureau, "otto@named.example") == []


def test_mails_about_an_employer_go_to_the_contact_chosen_for_it(bureau: Bureau) -> None:
    """IA-EMP-06, M-09, M-12: and others to the primary address."""
    jane = bureau.people.add("jane@example.com")
    bureau.people.at[jane, CLINIC] = "jane.at.work@clinic.example"
    bureau.hear(requested(jane))
    bureau.hear(approved(jane))
    assert len(subjects(bureau, "jane.at.work@clinic.example")) == 2
    assert subjects(bureau, "jane@example.com") == []


def test_m_15_managers_and_the_desk_hear_that_an_employer_has_no_official(bureau: Bureau) -> None:
    """D-08: what still works, and how there can be one again; staff hear nothing of it."""
    bureau.called.known[CLINIC] = "Marlbrook Family Clinic"
    roles = {"am@clinic.example": "ACCESS_MANAGER", "seu@clinic.example": "STAFF_END_USER"}
    for address, role in roles.items():
        bureau.hear(association(bureau.people.add(address), role))
    desk = bureau.people.add("desk@eus.example", language="es")
    bureau.hear(AccountState(account_id=str(desk), active=True, roles=["EUS"]), key=desk)
    left = bureau.people.add("left@clinic.example")
    bureau.hear(access.EmployerLeftWithoutAuthorizedOfficial(account_id=str(left), employer_id=str(CLINIC)))
    [to_manager] = bureau.inbox.messages("am@clinic.example")
    assert to_manager.subject == "Marlbrook Family Clinic has no Authorized Official"
    for part in ("go on as before", "/employers/find"):
        assert part in to_manager.text
    [to_desk] = bureau.inbox.messages("desk@eus.example")
    assert to_desk.subject == "Marlbrook Family Clinic no tiene funcionario autorizado"
    assert "/eus" in to_desk.text
    assert len(bureau.inbox.messages()) == 2


def test_m_15_who_works_at_the_desk_and_manages_there_gets_one_mail(bureau: Bureau) -> None:
    """One for an event and a recipient; the policy goes on."""
    ewa = bureau.people.add("ewa@clinic.example")
    bureau.hear(association(ewa, "ACCESS_MANAGER"))
    bureau.hear(AccountState(account_id=str(ewa), active=True, roles=["EUS"]), key=ewa)
    left = access.EmployerLeftWithoutAuthorizedOfficial(account_id=str(uuid4()), employer_id=str(CLINIC))
    bureau.hear(left)
    [mail] = bureau.inbox.messages("ewa@clinic.example")
    assert "/employers/find" in mail.text, "how to ask for the role is what a manager needs"


@pytest.mark.parametrize(
    ("language", "reason", "words"),
    [
        ("en", "ACCOUNT_CLOSED", "because your account was closed"),
        ("es", "ACCOUNT_CLOSED", "porque su cuenta fue cerrada"),
        ("en", "EMPLOYER_CLOSED", "because this employer was closed"),
        ("es", "EMPLOYER_CLOSED", "porque este empleador fue cerrado"),
    ],
)
def test_d_41_a_request_that_the_system_cancels_is_told_to_who_had_asked(
    bureau: Bureau, language: str, reason: str, words: str
) -> None:
    """In both languages; whoever takes a request back is told nothing."""
    jane = bureau.people.add(f"{language}@example.com", language=language)
    of: dict[str, Any] = {
        "account_id": str(jane),
        "employer_id": str(CLINIC),
        "role": "STAFF_END_USER",
        "tracking_id": TRACKING,
    }
    bureau.hear(access.RoleRequestCancelled(role_request_id=str(uuid4()), **of))
    assert bureau.inbox.messages(f"{language}@example.com") == []
    cancelled = access.RoleRequestCancelled(role_request_id=str(uuid4()), **of, reason=reason)
    bureau.hear(cancelled, times=2)
    [mail] = bureau.inbox.messages(f"{language}@example.com")
    assert words in " ".join(mail.text.split())
    assert words in " ".join(mail.html.split())
    assert "R7F3-K2QX-9V" in mail.text
