"""Notification: asked for once, ended once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.codec import Codec
from services.notifier.domain import mails
from services.notifier.domain.notification import (
    NotExpiredError,
    NothingSupersedesItError,
    Notification,
    UnknownMailError,
    to_account,
    to_invitee,
)
from tests.given import fact, given

END = datetime(2026, 5, 4, 13, 10, tzinfo=UTC)
ID = UUID(int=7)
RECIPIENT = to_account(uuid4())


def requested(template: str = mails.ROLE_REQUEST_RECEIVED, expires_at: datetime | None = None) -> dict[str, object]:
    return {
        "template": template,
        "recipient": RECIPIENT,
        "data": {"role": "STAFF_END_USER"},
        "about": "R7F3K2QX9V",
        "sealed_secret": "",
        "seal_context": "",
        "expires_at": expires_at,
        "correlation": str(uuid4()),
    }


REQUESTED = fact(Notification.Requested, **requested())
ASKING = fact(Notification.Requested, **requested(mails.ROLE_REQUEST_AWAITS))
CODE = fact(Notification.Requested, **requested(mails.CODE, END))
SENT = fact(Notification.Sent, message_id="<7@mandate.example>", attempts=2)
FAILED = fact(Notification.Failed, reason="SMTP 550: recipient", attempts=1)
SUPERSEDED = fact(Notification.Superseded, by="RoleRequestApproved")
EXPIRED = fact(Notification.Expired)


def send(notification: Notification) -> None:
    notification.record_sent(message_id="<7@mandate.example>", attempts=2)


def fail(notification: Notification) -> None:
    notification.fail(reason="SMTP 550: recipient", attempts=1)


def supersede(notification: Notification) -> None:
    notification.supersede(by="RoleRequestApproved")


def expire(notification: Notification) -> None:
    notification.expire(now=END)


def test_a_notification_is_asked_for_in_ids_and_words() -> None:
    fields = requested()
    asked = given(Notification).when(lambda _: Notification(id=ID, **fields))  # type: ignore[arg-type]
    asked.then(fact(Notification.Requested, **fields))


def test_what_was_sent_is_recorded() -> None:
    given(Notification, REQUESTED).when(send).then(SENT)


def test_recording_twice_is_the_same_as_once() -> None:
    given(Notification, REQUESTED, SENT).when(send).then()


def test_what_was_sent_cannot_fail_any_more() -> None:
    given(Notification, REQUESTED, SENT).when(fail).then()


def test_giving_up_twice_is_the_same_as_once() -> None:
    given(Notification, REQUESTED).when(fail).then(FAILED)
    given(Notification, REQUESTED, FAILED).when(fail).then()


def test_a_mail_is_dropped_where_its_template_names_what_supersedes_it() -> None:
    given(Notification, ASKING).when(supersede).then(SUPERSEDED)
    given(Notification, ASKING, SUPERSEDED).when(supersede).then()


def test_request_received_is_sent_although_the_approval_was_heard_first() -> None:
    given(Notification, REQUESTED).when(supersede).then_raises(NothingSupersedesItError)


def test_a_mail_that_went_out_while_it_was_dropped_went_out() -> None:
    given(Notification, ASKING, SUPERSEDED).when(send).then(SENT)


def test_a_code_expires_at_its_very_end() -> None:
    given(Notification, CODE).when(expire).then(EXPIRED)
    given(Notification, CODE, EXPIRED).when(expire).then()


def test_a_code_does_not_expire_before_its_end() -> None:
    early = given(Notification, CODE).when(lambda n: n.expire(now=END - timedelta(microseconds=1)))
    early.then_raises(NotExpiredError)


def test_what_has_no_end_does_not_expire() -> None:
    given(Notification, REQUESTED).when(expire).then_raises(NotExpiredError)


def test_the_id_is_made_of_event_mail_and_recipient() -> None:
    first = Notification.id_for("access/1/7/RoleRequested", mails.ROLE_REQUEST_RECEIVED, RECIPIENT)
    assert first == Notification.id_for("access/1/7/RoleRequested", mails.ROLE_REQUEST_RECEIVED, RECIPIENT)
    others = {
        Notification.id_for("access/1/8/RoleRequested", mails.ROLE_REQUEST_RECEIVED, RECIPIENT),
        Notification.id_for("access/1/7/RoleRequested", mails.ROLE_REQUEST_AWAITS, RECIPIENT),
        Notification.id_for("access/1/7/RoleRequested", mails.ROLE_REQUEST_RECEIVED, to_invitee("0197")),
    }
    assert len(others | {first}) == 4


def test_a_mail_that_is_not_in_the_list_is_refused() -> None:
    with pytest.raises(UnknownMailError):
        Notification.id_for("access/1/7/RoleRequested", "M_unknown", RECIPIENT)


def test_events_come_back_from_the_log_as_they_went() -> None:
    codec = Codec([Notification])
    made = Notification(id=ID, **requested(mails.CODE, END))  # type: ignore[arg-type]
    made.record_sent(message_id="<7@mandate.example>", attempts=1)
    for event in made.collect_events():
        assert codec.to_domain_event(codec.to_stored_event(event)) == event
