"""What the notifier tells other services: that a mail went out, or never will; nothing of what it says."""

from __future__ import annotations

from mandate.notifier.v1 import events_pb2

from chassis.messages import timestamp
from chassis.relay import Publishing
from services.notifier.domain.notification import Notification, account_of


def _sent(event: Notification.Sent, notification: Notification) -> events_pb2.NotificationSent:
    return events_pb2.NotificationSent(
        notification_id=str(notification.id),
        template=notification.template,
        account_id=account_of(notification.recipient),
        message_id=event.message_id,
        sent_at=timestamp(event.timestamp),
    )


def _failed(event: Notification.Failed, notification: Notification) -> events_pb2.NotificationFailed:
    return events_pb2.NotificationFailed(
        notification_id=str(notification.id),
        template=notification.template,
        account_id=account_of(notification.recipient),
        reason=event.reason,
        failed_at=timestamp(event.timestamp),
    )


PUBLISHING = Publishing(to_message={Notification.Sent: _sent, Notification.Failed: _failed})
