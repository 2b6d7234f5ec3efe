"""Ids of messages are UUIDs in one spelling, and moments are of this calendar; everything else is read elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from mandate.access.v1.events_pb2 import RoleRequested
from mandate.access.v1.service_pb2 import ListMyEmployersResponse
from mandate.bus.v1.topics_pb2 import Progress
from mandate.connections.v1.events_pb2 import ConnectionEnded
from mandate.identity.v1.events_pb2 import MfaCodeIssued
from mandate.identity.v1.state_pb2 import AccountState
from mandate.notifier.v1.events_pb2 import NotificationSent

from chassis import fields
from chassis.messages import Catalogue, UnreadableMessageError, timestamp

ID = "0195b2f0-6b5e-7c3a-9d64-1d1f0a6e2b11"
AT = timestamp(datetime(2026, 5, 4, tzinfo=UTC))


def requested(**changes: str | Timestamp) -> RoleRequested:
    whole: dict[str, Any] = {"role_request_id": ID, "account_id": ID, "employer_id": ID, "requested_at": AT}
    return RoleRequested(**{"tracking_id": "RABC"} | whole | changes)


def good() -> Iterator[Message]:
    yield requested()
    yield requested(tracking_id="")
    yield MfaCodeIssued(code_id=ID, account_id=ID)
    yield MfaCodeIssued(code_id=ID, account_id=ID, method_id=ID)
    yield NotificationSent(notification_id=ID, message_id="<a@b.test>")
    yield AccountState(account_id=ID)
    yield AccountState(account_id=ID, provider_ids=[ID, ID])
    yield Progress(origin="access", edition=1)


@pytest.mark.parametrize("message", good(), ids=str)
def test_what_the_contract_promises_is_taken(message: Message) -> None:
    fields.check(message)


BAD = ["", "nobody", ID.upper(), f"{{{ID}}}", ID.replace("-", ""), f"urn:uuid:{ID}", f"{ID}\n", f" {ID}", "\0"]


@pytest.mark.parametrize("text", BAD)
def test_an_id_that_is_no_uuid_in_its_usual_form_is_refused(text: str) -> None:
    with pytest.raises(UnreadableMessageError, match="account_id is no UUID"):
        fields.check(requested(account_id=text))


def test_ids_are_found_by_their_names_wherever_they_stand() -> None:
    whole: dict[str, Any] = {"connection_id": ID, "provider_id": ID, "surrogate_id": ID, "ended_by": ID}
    fields.check(ConnectionEnded(**whole))
    with pytest.raises(UnreadableMessageError, match="ended_by is no UUID: 'the provider'"):
        fields.check(ConnectionEnded(**whole | {"ended_by": "the provider"}))
    with pytest.raises(UnreadableMessageError, match="provider_ids is no UUID"):
        fields.check(AccountState(account_id=ID, provider_ids=[ID, ""]))
    with pytest.raises(UnreadableMessageError, match="method_id is no UUID"):
        fields.check(MfaCodeIssued(code_id=ID, account_id=ID, method_id="my telephone"))
    inside = ListMyEmployersResponse()
    inside.associations.add(association_id="inside another")
    with pytest.raises(UnreadableMessageError, match="association_id is no UUID"):
        fields.check(inside)


def test_a_moment_that_no_calendar_has_is_refused() -> None:
    for seconds in (1 << 60, -(1 << 60)):
        with pytest.raises(UnreadableMessageError, match="requested_at is no moment"):
            fields.check(requested(requested_at=Timestamp(seconds=seconds)))


@given(st.text())
def test_what_is_taken_as_an_id_is_one(text: str) -> None:
    try:
        fields.check(requested(account_id=text))
    except UnreadableMessageError:
        return
    assert str(UUID(text)) == text


@given(topic=st.sampled_from(sorted(Catalogue().topics)), value=st.binary(max_size=60))
def test_whatever_is_decoded_is_taken_or_refused(topic: str, value: bytes) -> None:
    """B-05: no other error comes of a stranger's bytes."""
    try:
        fields.check(Catalogue().decode(topic, value))
    except UnreadableMessageError:
        return
