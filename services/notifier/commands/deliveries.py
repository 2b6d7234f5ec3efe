"""What became of a mail: the sender's own commands."""

from __future__ import annotations

from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from services.notifier.domain.notification import Notification


def record_sent(app: Application, cause: Cause, *, notification_id: UUID, message_id: str, attempts: int) -> Receipt:
    """Note that the mail server has taken it. Repeating it changes nothing."""
    notification: Notification = app.repository.get(notification_id)
    notification.record_sent(message_id=message_id, attempts=attempts)
    return app.commit(notification, cause=cause)


def fail(app: Application, cause: Cause, *, notification_id: UUID, reason: str, attempts: int) -> Receipt:
    """Give a mail up for a reason without personal data. Repeating it changes nothing."""
    notification: Notification = app.repository.get(notification_id)
    notification.fail(reason=reason, attempts=attempts)
    return app.commit(notification, cause=cause)


def supersede(app: Application, cause: Cause, *, notification_id: UUID, by: str) -> Receipt:
    """Drop a mail because its recipient is told by another one. Repeating it changes nothing."""
    notification: Notification = app.repository.get(notification_id)
    notification.supersede(by=by)
    return app.commit(notification, cause=cause)


def release(app: Application, cause: Cause, *, notification_id: UUID, by: str) -> Receipt:
    """Let a mail go out that is held because it may have been sent already; `by` is who says so."""
    notification: Notification = app.repository.get(notification_id)
    notification.release(by=by)
    return app.commit(notification, cause=cause)


def expire(app: Application, cause: Cause, *, notification_id: UUID) -> Receipt:
    """Drop a mail whose time is over. Repeating it changes nothing; raises `NotExpiredError`."""
    notification: Notification = app.repository.get(notification_id)
    notification.expire(now=nature.now())
    return app.commit(notification, cause=cause)
