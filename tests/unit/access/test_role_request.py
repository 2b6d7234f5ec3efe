"""4.2: a person's request for a role, from the question to its answer."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from chassis.domain import DomainError
from services.access.domain.role_request import (
    AlreadyDecidedError,
    NotYoursToCancelError,
    OwnRequestError,
    RoleRequest,
)
from tests.given import Fact, fact, given

STAFF, OFFICIAL, OTHER, EMPLOYER = (uuid4() for _ in range(4))
REQUESTED = fact(
    RoleRequest.Requested,
    account_id=STAFF,
    employer_id=EMPLOYER,
    role="STAFF_END_USER",
    tracking_id="R00000000",
    current_role="",
    attestation="",
)
APPROVED = fact(RoleRequest.Approved, approved_by=OFFICIAL)
REJECTED = fact(RoleRequest.Rejected, rejected_by=OFFICIAL, reason="not ours")
CANCELLED = fact(RoleRequest.Cancelled)

Ask = Callable[[RoleRequest], None]


def approve(request: RoleRequest) -> None:
    request.approve(approved_by=OFFICIAL)


def reject(request: RoleRequest) -> None:
    request.reject(rejected_by=OFFICIAL, reason="not ours")


def cancel(request: RoleRequest) -> None:
    request.cancel(cancelled_by=STAFF)


ASKS: list[tuple[Ask, Fact]] = [(approve, APPROVED), (reject, REJECTED), (cancel, CANCELLED)]


def test_a_person_asks_for_a_role() -> None:
    def ask(_: None) -> RoleRequest:
        return RoleRequest(id=uuid4(), account_id=STAFF, employer_id=EMPLOYER, role="STAFF_END_USER", tracking_id="R1")

    given(RoleRequest).when(ask).then(
        fact(RoleRequest.Requested, account_id=STAFF, role="STAFF_END_USER", current_role="", attestation="")
    )


@pytest.mark.parametrize(("ask", "fact_"), ASKS)
def test_what_waits_can_be_approved_rejected_and_cancelled(ask: Ask, fact_: Fact) -> None:
    given(RoleRequest, REQUESTED).when(ask).then(fact_)


@pytest.mark.parametrize(("ask", "fact_"), ASKS)
def test_twice_is_the_same_as_once(ask: Ask, fact_: Fact) -> None:
    given(RoleRequest, REQUESTED, fact_).when(ask).then()


@pytest.mark.parametrize("decided", [APPROVED, REJECTED, CANCELLED])
@pytest.mark.parametrize(("ask", "fact_"), ASKS)
def test_what_was_decided_is_not_decided_otherwise(ask: Ask, fact_: Fact, decided: Fact) -> None:
    asked = given(RoleRequest, REQUESTED, decided).when(ask)
    if fact_ is decided:
        asked.then()
    else:
        asked.then_raises(AlreadyDecidedError)


@pytest.mark.parametrize("decided", [(), (APPROVED,), (REJECTED,), (CANCELLED,)])
@pytest.mark.parametrize(
    "own",
    [lambda r: r.approve(approved_by=STAFF), lambda r: r.reject(rejected_by=STAFF, reason="")],
    ids=["approve", "reject"],
)
def test_nobody_decides_their_own_request(own: Ask, decided: tuple[Fact, ...]) -> None:
    given(RoleRequest, REQUESTED, *decided).when(own).then_raises(OwnRequestError)


@pytest.mark.parametrize("who", [OFFICIAL, OTHER, EMPLOYER])
def test_only_the_person_who_asked_takes_a_request_back(who: object) -> None:
    given(RoleRequest, REQUESTED).when(lambda r: r.cancel(cancelled_by=who)).then_raises(NotYoursToCancelError)


def test_a_refusal_says_what_the_rule_is() -> None:
    with pytest.raises(DomainError, match="Nobody decides their own request") as refused:
        raise OwnRequestError
    assert refused.value.code == "OWN_REQUEST"


def by_two(person: UUID) -> Callable[[RoleRequest], None]:
    return lambda request: request.approve(approved_by=person, by_two=True)


BY_ONE = fact(RoleRequest.ApprovedByOne, approved_by=OFFICIAL)


def test_a_second_person_gives_what_a_first_has_approved() -> None:
    """S-14: the same person twice is one."""
    given(RoleRequest, REQUESTED).when(by_two(OFFICIAL)).then(BY_ONE)
    given(RoleRequest, REQUESTED, BY_ONE).when(by_two(OFFICIAL)).then()
    other = uuid4()
    given(RoleRequest, REQUESTED, BY_ONE).when(by_two(other)).then(fact(RoleRequest.Approved, approved_by=other))


@pytest.mark.parametrize(
    "change",
    [
        fact(RoleRequest.DocumentAttached, document_id=uuid4(), document_type="CP_575", documents_uploaded=1),
        fact(RoleRequest.DocumentDetached, document_id=uuid4(), documents_uploaded=0),
    ],
)
def test_other_documents_need_a_first_person_again(change: Fact) -> None:
    """S-14: what one has approved is not what the other sees."""
    again = uuid4()
    asked = given(RoleRequest, REQUESTED, BY_ONE, change).when(by_two(again))
    asked.then(fact(RoleRequest.ApprovedByOne, approved_by=again))
