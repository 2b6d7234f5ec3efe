"""What the notifier tells other services: that a mail went out, or never will; nothing of what it says."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp
from mandate.notifier.v1 import events_pb2

from chassis.relay import Publishing
from services.notifier.domain.notification import Notification, account_of


def _sent(event: Notification.Sent, notification: Notification) -> events_pb2.NotificationSent:
    return events_pb2.NotificationSent(
        notification_id=str(notification.id),
        template=notification.template,
        account_id=account_of(notification.recipient),
        message_id=event.message_id,
        sent_at=_at(event),
    )


def _failed(event: Notification.Failed, notification: Notification) -> events_pb2.NotificationFailed:
    return events_pb2.NotificationFailed(
        notification_id=str(notification.id),
        template=notification.template,
        account_id=account_of(notification.recipient),
        reason=event.reason,
        failed_at=_at(event),
    )


def _at(event: Notification.Event) -> Timestamp:
    at = Timestamp()
    at.FromDatetime(event.timestamp)
    return at


PUBLISHING = Publishing(to_message={Notification.Sent: _sent, Notification.Failed: _failed})
