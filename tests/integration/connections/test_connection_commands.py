"""What may be asked of connections, by whom access says may ask (4.5, IA-CONN-11, D-13, D-14, X-18)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from mandate.connections.v1 import service_pb2 as pb

from chassis.application import CommandIdError
from chassis.bus import Message
from chassis.cause import Cause, Receipt
from chassis.domain import DomainError, NotFoundError
from chassis.progress import ViewStaleError
from chassis.runtime import Wakeup
from chassis.server import Caller, RefusedError
from chassis.tokens import Claims
from chassis.vocabulary.functions import EhrRetiredError, UnknownFunctionError
from chassis.vocabulary.reasons import ReasonTooLongError
from chassis.waiting import Waiter
from services.access.commands import role_requests, staff
from services.access.domain.association import Association
from services.connections.api.servicer import ConnectionsServicer
from services.connections.commands import connections
from services.connections.commands.connections import NotYourSideError, UnknownSideError
from services.connections.domain.connection import (
    PROVIDER,
    SURROGATE,
    AlreadyAskedError,
    Connection,
    NotConnectedError,
    NotPendingError,
    OnlyAskerCancelsError,
    OtherSideDecidesError,
    OwnProviderError,
)
from services.connections.projections.connection_list import of_party, waiting_for
from services.connections.projections.managers import managed_by
from tests.access_office import Street
from tests.attested import ATTESTATION
from tests.house import House
from tests.papers import hand_in

DOCTOR, OFFICIAL, STAFF, STRANGER, HELP = (uuid4() for _ in range(5))
PRACTICE, GROUP, ELSEWHERE = uuid4(), uuid4(), uuid4()
EUS = ("EUS",)


@pytest.fixture
def told(house: House) -> House:
    """A doctor with a practice, a group with an official and staff, and somebody who manages elsewhere."""
    for who, employer, role in (
        (DOCTOR, PRACTICE, "AUTHORIZED_OFFICIAL"),
        (OFFICIAL, GROUP, "ACCESS_MANAGER"),
        (STAFF, GROUP, "STAFF_END_USER"),
        (STRANGER, ELSEWHERE, "AUTHORIZED_OFFICIAL"),
    ):
        asked = house.access.execute(
            role_requests.request_role, who, employer_id=employer, role=role, attestation=ATTESTATION
        )
        hand_in(house.access.app, asked.id)
        house.access.execute(role_requests.approve, HELP, roles=EUS, role_request_id=asked.id)
    house.settle()
    return house


def count_of(house: House) -> tuple[int, int]:
    with house.connections.app.session() as session:
        [(events,)] = session.run("SELECT count(*) FROM log")
        [(answers,)] = session.run("SELECT count(*) FROM answered")
    return events, answers


@contextmanager
def refused(house: House, error: type[DomainError]) -> Iterator[None]:
    before = count_of(house)
    with pytest.raises(error):
        yield
    assert count_of(house) == before


def ask(house: House, who: UUID, side: str, *, function: str = "PECOS", **other: Any) -> UUID:
    which = {"provider_id": PRACTICE, "surrogate_id": GROUP} | other
    return house.connections.execute(connections.request, who, function=function, side=side, **which).id


def do(house: House, command: Callable[..., Receipt], who: UUID, side: str, id_: UUID, **more: Any) -> Receipt:
    return house.connections.execute(command, who, connection_id=id_, side=side, **more)


def kinds(house: House) -> list[str]:
    return [type(event).__name__ for event in house.connections.events(Connection.Event, Connection.Requested)]


SIDES = [(OFFICIAL, SURROGATE, DOCTOR, PROVIDER), (DOCTOR, PROVIDER, OFFICIAL, SURROGATE)]


@pytest.mark.parametrize(("asker", "side", "other", "others_side"), SIDES, ids=["surrogate asks", "provider asks"])
def test_a_connection_from_question_to_end(told: House, asker: UUID, side: str, other: UUID, others_side: str) -> None:
    """IA-CONN-11."""
    id_ = ask(told, asker, side)
    assert id_ == Connection.id_for(PRACTICE, GROUP, "PECOS")
    with refused(told, OtherSideDecidesError):
        do(told, connections.approve, asker, side, id_)
    with refused(told, NotYourSideError):
        do(told, connections.approve, asker, others_side, id_)
    for _ in range(2):
        do(told, connections.approve, other, others_side, id_)
    with refused(told, AlreadyAskedError):
        ask(told, asker, side)
    for _ in range(2):
        do(told, connections.disconnect, asker, side, id_)
    assert ask(told, other, others_side) == id_
    assert kinds(told) == ["Requested", "Approved", "Ended", "RequestedAgain"]
    first, again = told.connections.events(Connection.Requested, Connection.RequestedAgain)
    assert first.tracking_id != again.tracking_id
    assert {first.tracking_id[0], again.tracking_id[0]} == {"C"}


def test_reject_and_cancel_are_for_one_side_each(told: House) -> None:
    id_ = ask(told, OFFICIAL, SURROGATE)
    with refused(told, OnlyAskerCancelsError):
        do(told, connections.cancel, DOCTOR, PROVIDER, id_)
    do(told, connections.cancel, OFFICIAL, SURROGATE, id_)
    with refused(told, NotPendingError):
        do(told, connections.approve, DOCTOR, PROVIDER, id_)
    ask(told, OFFICIAL, SURROGATE)
    do(told, connections.reject, DOCTOR, PROVIDER, id_, reason="not now")
    with refused(told, NotConnectedError):
        do(told, connections.disconnect, DOCTOR, PROVIDER, id_)
    assert kinds(told) == ["Requested", "Cancelled", "RequestedAgain", "Rejected"]


def test_a_reason_longer_than_a_mail_carries_is_refused_by_its_field(told: House) -> None:
    id_ = ask(told, OFFICIAL, SURROGATE)
    with refused(told, ReasonTooLongError):
        do(told, connections.reject, DOCTOR, PROVIDER, id_, reason="ñ" * 501)
    assert (ReasonTooLongError.code, ReasonTooLongError.field) == ("FIELD_TOO_LONG", "reason")
    do(told, connections.reject, DOCTOR, PROVIDER, id_, reason="ñ" * 500)


def test_the_same_question_from_the_other_side_is_the_approval(told: House) -> None:
    """D-14."""
    ask(told, OFFICIAL, SURROGATE)
    ask(told, DOCTOR, PROVIDER)
    assert kinds(told) == ["Requested", "Approved"]


def test_one_function_may_be_approved_and_another_rejected(told: House) -> None:
    """D-13, D-12: each function is a row and counts."""
    pecos, nppes = (ask(told, OFFICIAL, SURROGATE, function=function) for function in ("PECOS", "NPPES"))
    told.settle()
    with told.connections.app.session() as db:
        assert len(waiting_for(db, employer_ids=[PRACTICE])) == 2
        assert waiting_for(db, employer_ids=[GROUP]) == []
    do(told, connections.approve, DOCTOR, PROVIDER, pecos)
    do(told, connections.reject, DOCTOR, PROVIDER, nppes)
    told.settle()
    with told.connections.app.session() as db:
        rows = of_party(db, employer_id=GROUP, after=None, limit=10)
        assert {(row.function, row.status) for row in rows} == {("PECOS", "APPROVED"), ("NPPES", "REJECTED")}


def test_what_waits_is_turned_over_page_by_page(told: House) -> None:
    """IA-HOME-02: the oldest first, none twice and none skipped, though one is decided between two pages."""
    ids = [
        ask(told, OFFICIAL, side, function=function, provider_id=provider, surrogate_id=surrogate)
        for side, provider, surrogate in ((SURROGATE, PRACTICE, GROUP), (PROVIDER, GROUP, PRACTICE))
        for function in ("PECOS", "NPPES")
    ]  # fmt: skip
    told.settle()
    servicer = ConnectionsServicer(told.connections.app, Waiter(told.connections.app, Wakeup()), Street())
    doctor = Caller(claims=Claims(account_id=DOCTOR))

    def page(after: str = "", limit: int = 2) -> pb.ListPendingResponse:
        return servicer.ListPending(pb.ListPendingRequest(after=after, limit=limit), doctor)

    first = page()
    do(told, connections.approve, DOCTOR, PROVIDER, ids[1])
    told.settle()
    second = page(first.next)
    assert [one.connection_id for one in (*first.connections, *second.connections)] == [str(id_) for id_ in ids]
    assert (second.next, page(limit=0).next) == ("", "")
    assert (first.waiting, second.waiting) == (4, 3), "all that wait, whatever the page"
    for wrong in ("x", "2026-01-01T00:00:00/" + str(ids[0]), "2026-01-01T00:00:00+00:00/x"):
        with pytest.raises(RefusedError):
            page(wrong)


@pytest.mark.parametrize(
    ("who", "side"),
    [
        (STAFF, SURROGATE),
        (STRANGER, SURROGATE),
        (STRANGER, PROVIDER),
        (OFFICIAL, PROVIDER),
        (DOCTOR, SURROGATE),
        (HELP, PROVIDER),
    ],
)
def test_who_does_not_manage_a_side_does_not_speak_for_it(told: House, who: UUID, side: str) -> None:
    """X-18: staff neither ask nor decide."""
    with refused(told, NotYourSideError):
        ask(told, who, side)
    id_ = ask(told, *((OFFICIAL, SURROGATE) if side == PROVIDER else (DOCTOR, PROVIDER)))
    for command in (connections.approve, connections.reject, connections.cancel, connections.disconnect):
        with refused(told, NotYourSideError):
            do(told, command, who, side, id_)


@pytest.mark.parametrize("function", ["", "pecos", "\0", "HITECH"])
def test_an_unknown_function_is_refused(told: House, function: str) -> None:
    with refused(told, UnknownFunctionError):
        ask(told, OFFICIAL, SURROGATE, function=function)


def test_ehr_is_refused_by_its_own_code(told: House) -> None:
    """IA-EHR-01, D-18."""
    with refused(told, EhrRetiredError):
        ask(told, OFFICIAL, SURROGATE, function="EHR")
    assert EhrRetiredError.code == "EHR_RETIRED"


@pytest.mark.parametrize("side", ["", "provider", "EUS", "\0"])
def test_an_unknown_side_is_refused(told: House, side: str) -> None:
    with refused(told, UnknownSideError):
        ask(told, OFFICIAL, side)
    id_ = ask(told, OFFICIAL, SURROGATE)
    with refused(told, UnknownSideError):
        do(told, connections.approve, DOCTOR, side, id_)


def test_a_provider_needs_no_connection_to_itself(told: House) -> None:
    with refused(told, OwnProviderError):
        ask(told, OFFICIAL, SURROGATE, provider_id=GROUP)


@pytest.mark.parametrize(
    "command", [connections.approve, connections.reject, connections.cancel, connections.disconnect]
)
def test_an_id_of_nothing_or_of_a_heard_message_is_not_found(told: House, command: Callable[..., Receipt]) -> None:
    with told.connections.app.session() as session:
        [(heard,)] = session.run("SELECT stream FROM log WHERE topic = 'heard.AssociationState' LIMIT 1")
    for id_ in (uuid4(), heard):
        with refused(told, NotFoundError):
            do(told, command, DOCTOR, PROVIDER, id_)


def test_a_command_id_is_one_persons(told: House) -> None:
    cause = Cause.of(OFFICIAL)
    which = {"provider_id": PRACTICE, "surrogate_id": GROUP, "function": "PECOS"}
    app = told.connections.app
    receipt = app.execute(connections.request, cause, side=SURROGATE, **which)
    assert app.execute(connections.request, cause, side=SURROGATE, **which) == receipt
    with refused(told, CommandIdError):
        app.execute(connections.request, Cause.of(DOCTOR, cause.command_id), side=PROVIDER, **which)


def test_a_right_that_has_ended_is_none_as_soon_as_it_is_heard(told: House) -> None:
    id_ = ask(told, OFFICIAL, SURROGATE)
    told.access.execute(
        staff.disassociate, DOCTOR, association_id=Association.id_for(DOCTOR, PRACTICE), leaves_without_official=True
    )
    told.settle()
    with refused(told, NotYourSideError):
        do(told, connections.approve, DOCTOR, PROVIDER, id_)


def test_what_was_not_heard_for_a_while_is_rested_on_by_nobody(told: House) -> None:
    """D-50."""
    with told.connections.app.session() as session:
        session.run("UPDATE progress SET appended_at = appended_at - interval '31 seconds'")
    with refused(told, ViewStaleError):
        ask(told, OFFICIAL, SURROGATE)


def test_rights_on_a_parked_key_are_refused_and_nobody_else_is_held_back(told: House) -> None:
    key = str(Association.id_for(DOCTOR, PRACTICE))
    told.publisher.publish([Message("AssociationState", key, b"\xff", {})])
    told.settle()
    with refused(told, NotYourSideError):
        ask(told, DOCTOR, PROVIDER)
    id_ = ask(told, OFFICIAL, SURROGATE)
    with refused(told, NotYourSideError):
        do(told, connections.approve, DOCTOR, PROVIDER, id_)
    with told.connections.app.session() as db:
        assert managed_by(db, account_id=OFFICIAL) == [GROUP]
        assert managed_by(db, account_id=DOCTOR) == []
