"""The sender: hands over due mails one by one, and records what became of each (architecture 2, point 7)."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, system_actor
from chassis.database import DatabaseUnavailableError
from services.notifier.adapters.addressing import Addressing
from services.notifier.adapters.ports import NotNeededError, Post, RefusedForGoodError, TryLaterError
from services.notifier.adapters.queue import Due, Ended, Queue
from services.notifier.adapters.settings import NotifierSettings
from services.notifier.commands import deliveries
from services.notifier.domain.notification import Notification

TOGETHER = 16
"""Mails that are claimed at once; if the sender dies, those that were not tried yet wait until the claim is over."""
STEP = timedelta(seconds=1)
"""A step begins no other mail after so long: meanwhile the log may say that one is no longer to be sent."""


class Sender:
    """Drives mails to one end each.

    A mail is handed over, then recorded: who dies in between hands it over once more, with the same Message-ID,
    when its claim is over. What was handed over and could not be recorded is remembered, and only recorded again.
    """

    name = Queue.FOLLOWER

    def __init__(self, app: Application, settings: NotifierSettings, addressing: Addressing, post: Post) -> None:
        self._app, self._settings = app, settings
        self._addressing, self._post = addressing, post
        self._queue = Queue(app)
        self._actor = system_actor(self.name)
        self._handed_over: dict[UUID, str] = {}

    def step(self) -> bool:
        """Note a page of the log, or else try some due mails. Return whether there was either.

        All that the log says comes first: it may say that a mail is to be held.
        """
        if self._queue.follow():
            return True
        began = nature.now()
        claimed = self._queue.claim(began, limit=TOGETHER)
        for number, due in enumerate(claimed):
            if number and nature.now() - began >= STEP:
                self._queue.let_go(claimed[number:])
                break
            try:
                self._deliver(due)
            except Exception:
                with suppress(DatabaseUnavailableError):  # then they wait until the claims are over
                    self._queue.let_go(claimed[number + 1 :])
                raise
        return bool(claimed)

    def _deliver(self, due: Due) -> None:
        notification: Notification = self._app.repository.get(due.notification_id)
        if not notification.is_open:
            self._queue.drop(due)
        elif due.notification_id in self._handed_over:
            self._record_sent(notification, due)
        elif due.ended_before is not None:
            self._end_as_before(notification, due, due.ended_before)
        elif notification.expires_at is not None and nature.now() >= notification.expires_at:
            self._app.execute(deliveries.expire, self._cause(notification), notification_id=notification.id)
        else:
            self._try(notification, due)

    def _end_as_before(self, notification: Notification, due: Due, ended: Ended) -> None:
        """It went out, or was given up, before the log was put back: that is written down again, and nothing sent."""
        if ended.message_id:
            self._handed_over[notification.id] = ended.message_id
            self._record_sent(notification, due)
        else:
            self._fail(notification, due, ended.reason)

    def _try(self, notification: Notification, due: Due) -> None:
        try:
            addressed = self._addressing.write(notification, now=nature.now())
            self._post.send(addressed.message, sender=addressed.sender, to=addressed.to)
        except RefusedForGoodError as error:
            self._fail(notification, due, str(error))
        except NotNeededError as error:
            about = {"notification_id": notification.id, "by": str(error)}
            self._app.execute(deliveries.supersede, self._cause(notification), **about)
        except TryLaterError as error:
            self._try_later(notification, due, str(error))
        else:
            self._handed_over[notification.id] = str(addressed.message["Message-ID"])
            self._record_sent(notification, due)

    def _record_sent(self, notification: Notification, due: Due) -> None:
        self._app.execute(
            deliveries.record_sent,
            self._cause(notification),
            notification_id=notification.id,
            message_id=self._handed_over[notification.id],
            attempts=due.attempts,
        )
        del self._handed_over[notification.id]

    def _try_later(self, notification: Notification, due: Due, why: str) -> None:
        now, last = nature.now(), due.requested_at + self._settings.give_up
        if now >= last:
            self._fail(notification, due, why)
        else:
            self._queue.again(due, at=min(now + self._settings.back_off(due.attempts), last), error=why)

    def _fail(self, notification: Notification, due: Due, why: str) -> None:
        self._app.execute(
            deliveries.fail,
            self._cause(notification),
            notification_id=notification.id,
            reason=why,
            attempts=due.attempts,
        )

    def _cause(self, notification: Notification) -> Cause:
        return Cause(actor=self._actor, command_id=nature.new_id(), correlation_id=UUID(notification.correlation))
