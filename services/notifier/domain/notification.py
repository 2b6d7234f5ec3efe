"""One message to one person because of one event (architecture 2, point 7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event, id_of
from services.notifier.domain.mails import ALL, SUPERSEDED_BY

ACCOUNT, INVITEE, SIGNER, OFFICIAL, NEWCOMER = "account", "invitee", "signer", "official", "newcomer"
"""Kinds of recipients: an account, whose address identity knows; somebody invited, or named as an official, whose
address access knows; a named signer, whose address enrollment knows; or somebody invited to the desk of External User
Services, whose address identity knows."""


class UnknownMailError(DomainError):
    """There is no such mail."""


class NothingSupersedesItError(DomainError):
    """This mail is sent whatever else happens: its template names nothing that supersedes it."""


class NotExpiredError(DomainError):
    """This mail may still be sent."""


class Notification(Aggregate):
    """Asked for once per event, mail and recipient, for its id is made of the three; ended once.

    Its id is the Message-ID and the idempotency key, so a repeat after a crash is recognizable as one.
    """

    TOPIC = "notifier.Notification"

    class Requested(AggregateCreated):
        """The recipient is to be told from now on. Ids and words only: no address, name, code or PIN in the clear."""

        TOPIC = "notifier.Notification.Requested"
        template: str
        recipient: str
        data: dict[str, Any]
        about: str
        sealed_secret: str
        seal_context: str
        expires_at: datetime | None
        correlation: str

    class Sent(Aggregate.Event):
        """The mail server has taken it, at this try."""

        TOPIC = "notifier.Notification.Sent"
        message_id: str
        attempts: int

    class Failed(Aggregate.Event):
        """It will not be sent."""

        TOPIC = "notifier.Notification.Failed"
        reason: str
        attempts: int

    class Superseded(Aggregate.Event):
        """It will not be sent: what it would have told is no longer so."""

        TOPIC = "notifier.Notification.Superseded"
        by: str

    class Expired(Aggregate.Event):
        """It will not be sent: it came too late to be of use."""

        TOPIC = "notifier.Notification.Expired"

    class Released(Aggregate.Event):
        """It may go out, although nobody knows whether it did before the log was put back: somebody has decided."""

        TOPIC = "notifier.Notification.Released"
        by: str

    @event(Requested)
    def __init__(
        self,
        id: UUID,
        template: str,
        recipient: str,
        data: dict[str, Any],
        about: str,
        sealed_secret: str,
        seal_context: str,
        expires_at: datetime | None,
        correlation: str,
    ) -> None:
        self.template = template
        self.recipient = recipient
        self.data = data
        self.about = about
        self.sealed_secret = sealed_secret
        self.seal_context = seal_context
        self.expires_at = expires_at
        self.correlation = correlation
        self.status = "REQUESTED"

    @staticmethod
    def id_for(cause: str, template: str, recipient: str) -> UUID:
        """The one id of a mail that `cause` (an event's `ce_id`, or a key that stands for it) owes the recipient."""
        if template not in ALL:
            raise UnknownMailError
        return id_of("notifier.Notification", cause, template, recipient)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be sent."""
        return self.status == "REQUESTED"

    def record_sent(self, *, message_id: str, attempts: int) -> None:
        """Note that it went out, whatever was decided meanwhile: it cannot be taken back."""
        if self.status != "SENT":
            self._sent(message_id=message_id, attempts=attempts)

    def fail(self, *, reason: str, attempts: int) -> None:
        """Give it up. Twice is the same as once."""
        if self.is_open:
            self._failed(reason=reason, attempts=attempts)

    def release(self, *, by: str) -> None:
        """Let it go out although it may have been sent already."""
        if self.is_open:
            self._released(by=by)

    def supersede(self, *, by: str) -> None:
        """Drop it because of the message `by`. Twice is the same as once."""
        if by not in SUPERSEDED_BY.get(self.template, frozenset()):
            raise NothingSupersedesItError
        if self.is_open:
            self._superseded(by=by)

    def expire(self, *, now: datetime) -> None:
        """Drop it because its time is over. Twice is the same as once."""
        if self.expires_at is None or now < self.expires_at:
            raise NotExpiredError
        if self.is_open:
            self._expired()

    @event(Sent)
    def _sent(self, message_id: str, attempts: int) -> None:
        self.status = "SENT"

    @event(Failed)
    def _failed(self, reason: str, attempts: int) -> None:
        self.status = "FAILED"

    @event(Released)
    def _released(self, by: str) -> None: ...

    @event(Superseded)
    def _superseded(self, by: str) -> None:
        self.status = "SUPERSEDED"

    @event(Expired)
    def _expired(self) -> None:
        self.status = "EXPIRED"


def to_account(account_id: UUID | str, method_id: UUID | str = "") -> str:
    """The recipient who owns an account; the address is asked for when the mail is sent.

    `method_id` is a second factor of his; without one it is the primary e-mail address.
    """
    return f"{ACCOUNT}/{account_id}/{method_id}" if method_id else f"{ACCOUNT}/{account_id}"


def account_of(recipient: str) -> str:
    """The account's id, or nothing for a recipient without one."""
    kind, _, rest = recipient.partition("/")
    return rest.partition("/")[0] if kind == ACCOUNT else ""


def to_invitee(invitation_id: UUID | str) -> str:
    """The recipient without an account; access, which has sealed the address, is asked when the mail is sent."""
    return f"{INVITEE}/{invitation_id}"


def to_newcomer(invitation_id: UUID | str) -> str:
    """Whom External User Services invite to their desk; identity, which has sealed the address, is asked then."""
    return f"{NEWCOMER}/{invitation_id}"


def to_signer(application_id: UUID | str, signature_id: UUID | str) -> str:
    """The named signer; enrollment, which has sealed the address, is asked when the mail is sent."""
    return f"{SIGNER}/{application_id}/{signature_id}"


def to_official(role_request_id: UUID | str) -> str:
    """Whom a requester named as Authorized Official; access, which has sealed the address, is asked at that moment."""
    return f"{OFFICIAL}/{role_request_id}"
