"""What tests of mails stand on: a house, a real mail server, people with addresses, a clock by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.message import Message

from chassis import fields, nature
from chassis.cause import Cause
from chassis.domain import id_of
from chassis.inbox import Inbox
from chassis.sealing import new_pair, seal_for
from services.access.__main__ import SERVICE as ACCESS
from services.connections.__main__ import SERVICE as CONNECTIONS
from services.notifier.__main__ import SERVICE as NOTIFIER
from services.notifier.adapters.addressing import Addressing
from services.notifier.adapters.ports import Contact, Party, Post, TryLaterError
from services.notifier.adapters.secrets import SealedSecrets
from services.notifier.adapters.sender import Sender
from services.notifier.adapters.settings import NotifierSettings
from services.notifier.adapters.smtp import SmtpPost
from services.notifier.domain.notification import Notification
from tests.house import House

SERVICES = (ACCESS, CONNECTIONS, NOTIFIER)
PRIVATE, PUBLIC = new_pair()


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def pass_(self, **much: float) -> None:
        self.at += timedelta(**much)


@dataclass
class People:
    """Who owns addresses, until identity answers."""

    known: dict[UUID, Contact] = field(default_factory=dict)
    away: bool = False
    at: dict[tuple[UUID, UUID], str] = field(default_factory=dict)
    """Where somebody is reached about an employer."""

    def contact(self, account_id: UUID, method_id: str = "") -> Contact | None:
        if self.away:
            raise TryLaterError("IDENTITY_AWAY")
        return self.known.get(account_id)

    def newcomer(self, invitation_id: UUID) -> Contact | None:
        return self.contact(invitation_id)

    def invitee(self, invitation_id: UUID) -> Contact | None:
        return self.contact(invitation_id)

    def official(self, role_request_id: UUID) -> Contact | None:
        return self.contact(role_request_id)

    def at_employer(self, account_id: UUID, employer_id: UUID) -> str:
        return self.at.get((account_id, employer_id), "")

    def signer(self, _application_id: UUID, signature_id: UUID) -> Contact | None:
        return self.contact(signature_id)

    def add(self, address: str, *, language: str = "en", name: str = "") -> UUID:
        account_id = uuid4()
        self.known[account_id] = Contact(address, language, name, user_id=address.partition("@")[0])
        return account_id


@dataclass
class Called:
    """What employers and providers are called."""

    known: dict[UUID, str] = field(default_factory=dict)

    def party(self, id: UUID) -> Party | None:
        return Party(self.known[id], ("2000000002",)) if id in self.known else None


class Wire:
    """A post on which a test may hang something: called before or after the real one."""

    def __init__(self, real: Post) -> None:
        self.real = real
        self.after: Callable[[], None] = lambda: None

    def send(self, message: EmailMessage, *, sender: str, to: str) -> None:
        self.real.send(message, sender=sender, to=to)
        self.after()


@dataclass
class Bureau:
    """Everything that a test of mails needs."""

    house: House
    inbox: Inbox
    clock: Clock
    people: People = field(default_factory=People)
    called: Called = field(default_factory=Called)
    positions: Iterator[int] = field(default_factory=lambda: itertools.count(1_000))

    def __post_init__(self) -> None:
        self.open()

    def open(self, **settings: Any) -> Sender:
        """A new process of the sender: what the last one remembered is gone."""
        self.settings = NotifierSettings(
            **{
                "smtp_port": self.inbox.port,
                "smtp_starttls": False,
                "smtp_timeout_s": 20,
                "base_url": "https://portal.example",
                **settings,
            }
        )
        addressing = Addressing(
            self.settings,
            contacts=self.people,
            newcomers=self.people,
            invitees=self.people,
            at_employers=self.people,
            signers=self.people,
            parties=self.called,
            secrets=SealedSecrets(PRIVATE),
        )
        self.wire = Wire(SmtpPost(self.settings))
        self.sender = Sender(self.house.notifier.app, self.settings, addressing, self.wire)
        self.house.notifier.followers["sender"] = [self.sender]
        return self.sender

    def hear(self, message: Message, *, key: UUID | None = None, times: int = 1) -> None:
        """Let the notifier hear a message that its owner would send, once or more often.

        Ids that a test does not care for are filled in, the same for the same name.
        """
        for one in message.DESCRIPTOR.fields:
            if fields.is_id(one) and not (one.is_repeated or fields.may_be_empty(one) or getattr(message, one.name)):
                setattr(message, one.name, str(id_of("bureau", one.name)))
        stream, position = key or uuid4(), next(self.positions)
        for _ in range(times):
            self.house.tell(message, key=stream, position=position)

    def owe(
        self,
        template: str,
        recipient: str,
        *,
        data: dict[str, Any],
        secret: str = "",
        expires_at: datetime | None = None,
    ) -> UUID:
        """Ask for a mail as a policy would."""
        id_ = Notification.id_for(str(uuid4()), template, recipient)
        notification = Notification(
            id=id_,
            template=template,
            recipient=recipient,
            data=data,
            about="",
            sealed_secret=seal_for(PUBLIC, secret, "test") if secret else "",
            seal_context="test",
            expires_at=expires_at,
            correlation=str(nature.new_id()),
        )
        app = self.house.notifier.app
        app.execute(lambda app, cause: app.commit(notification, cause=cause), Cause.of(uuid4()))
        return id_

    def ends(self) -> list[Any]:
        """How mails have ended, in order."""
        kinds = (Notification.Sent, Notification.Failed, Notification.Superseded, Notification.Expired)
        return self.house.notifier.events(*kinds)

    def last_error(self) -> str:
        with self.house.notifier.app.session() as session:
            rows = session.run("SELECT last_error FROM deliveries ORDER BY due_at")
        return str(rows[0][0]) if rows else ""
