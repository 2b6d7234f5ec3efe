"""Makes the message of a letter: every header is a template's words, a setting, or a value checked here (S-25)."""

from __future__ import annotations

import email.policy
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

from chassis.vocabulary import addresses
from chassis.vocabulary.header_text import refuse_hostile
from services.notifier.adapters.letters import Letter
from services.notifier.adapters.ports import RefusedForGoodError


def message_id(notification_id: UUID, sender: str) -> str:
    """The Message-ID: the notification's id at the sender's domain, the same at every try."""
    return f"<{notification_id}@{sender.rpartition('@')[2]}>"


def compose(
    letter: Letter, *, notification_id: UUID, to: str, sender: str, sender_name: str, language: str, at: datetime
) -> EmailMessage:
    """The message, for exactly one recipient.

    Raises `HostileTextError` and `RefusedForGoodError` before a message exists: Python 3.11's `email` lets an
    encoded word in a value become a header of its own.
    """
    for name, value in (("To", to), ("From", sender_name), ("Subject", letter.subject)):
        refuse_hostile(value, name)
    try:
        to, sender = addresses.email(to), addresses.email(sender)
    except addresses.AddressError:
        raise RefusedForGoodError("NO_ADDRESS: not exactly one address") from None
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = f'"{_quotable(sender_name)}" <{sender}>' if sender_name else sender
    message["To"] = to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(notification_id, sender)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = language  # last: what is set before goes into the first part alone
    message.set_boundary(f"={notification_id.hex}")  # not by chance: the same mail is the same bytes
    return message


def _quotable(name: str) -> str:
    return name.replace("\\", "").replace('"', "")
