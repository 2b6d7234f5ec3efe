"""IA-CONF-04, D-42: what documents are required, and when they are complete."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from services.access.domain.role_request import (
    AlreadyDecidedError,
    DocumentsMissingError,
    NoDocumentsNeededError,
    RoleRequest,
    TooManyDocumentsError,
    required,
    uploaded,
)
from tests.given import Fact, fact, given

PERSON, CLERK, EMPLOYER = (uuid4() for _ in range(3))
AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"
ONE, TWO = uuid4(), uuid4()


def asked(role: str) -> Fact:
    return fact(
        RoleRequest.Requested,
        account_id=PERSON,
        employer_id=EMPLOYER,
        role=role,
        tracking_id="R00000000",
        current_role="",
        attestation="",
    )


def attached(document_id: UUID, document_type: str, there: int) -> Fact:
    return fact(
        RoleRequest.DocumentAttached,
        document_id=document_id,
        document_type=document_type,
        documents_uploaded=there,
    )


COMPLETE = fact(RoleRequest.DocumentsCompleted)


@pytest.mark.parametrize(
    ("role", "documents", "n", "m"),
    [
        (AO, [], 0, 1),
        (AO, ["ALTERNATE"], 1, 1),
        (AO, ["CERTIFICATION"], 0, 1),
        (AO, ["CP_575", "ALTERNATE"], 1, 1),
        (AM, ["CP_575", "CP_575"], 1, 2),
        (AM, ["ALTERNATE", "CERTIFICATION"], 2, 2),
        (SEU, [], 0, 0),
    ],
)
def test_distinct_required_types_are_counted_and_not_files(role: str, documents: list[str], n: int, m: int) -> None:
    assert (uploaded(role, documents), required(role)) == (n, m)


def test_the_last_that_is_required_completes_it_once() -> None:
    """4.2 RoleRequestDocumentsCompleted."""
    first = attached(ONE, "CP_575", 1)
    given(RoleRequest, asked(AM)).when(lambda r: r.attach(document_id=ONE, document_type="CP_575")).then(first)
    last = lambda r: r.attach(document_id=TWO, document_type="CERTIFICATION")  # noqa: E731
    given(RoleRequest, asked(AM), first).when(last).then(attached(TWO, "CERTIFICATION", 2), COMPLETE)
    more = given(RoleRequest, asked(AM), first, attached(TWO, "CERTIFICATION", 2), COMPLETE)
    more.when(lambda r: r.attach(document_id=TWO, document_type="CERTIFICATION")).then()


def test_who_decides_by_documents_needs_them() -> None:
    """4.2: External User Services; an official who vouches for the person does not (Option B)."""
    given(RoleRequest, asked(AM)).when(lambda r: r.approve(approved_by=CLERK, by_documents=True)).then_raises(
        DocumentsMissingError
    )
    approved = fact(RoleRequest.Approved, approved_by=CLERK)
    given(RoleRequest, asked(AM)).when(lambda r: r.approve(approved_by=CLERK)).then(approved)
    given(RoleRequest, asked(SEU)).when(lambda r: r.approve(approved_by=CLERK, by_documents=True)).then(approved)


def test_what_no_document_is_taken_for() -> None:
    attach = lambda r: r.attach(document_id=ONE, document_type="CP_575")  # noqa: E731
    given(RoleRequest, asked(SEU)).when(attach).then_raises(NoDocumentsNeededError)
    given(RoleRequest, asked(AO), fact(RoleRequest.Cancelled)).when(attach).then_raises(AlreadyDecidedError)
    full = [attached(uuid4(), "CERTIFICATION", 0) for _ in range(20)]
    given(RoleRequest, asked(AO), *full).when(attach).then_raises(TooManyDocumentsError)


def test_a_document_that_is_taken_back_counts_no_more() -> None:
    detach = lambda r: r.detach(document_id=ONE)  # noqa: E731
    gone = fact(RoleRequest.DocumentDetached, document_id=ONE, documents_uploaded=0)
    given(RoleRequest, asked(AO), attached(ONE, "CP_575", 1), COMPLETE).when(detach).then(gone)
    given(RoleRequest, asked(AO)).when(detach).then()
