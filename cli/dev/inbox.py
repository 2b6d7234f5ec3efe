"""`/dev/inbox`: the mails that this installation has sent."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import localtime

from chassis.inbox import Inbox, Mail

SHOWN = 200


def listed(inbox: Inbox) -> Mapping[str, object]:
    """The newest mails with their numbers, and how many there are."""
    mails = list(enumerate(inbox.messages()))
    return {"mails": mails[::-1][:SHOWN], "count": len(mails)}


def one(inbox: Inbox, number: int) -> Mapping[str, object] | None:
    """The mail of this number; None where there is none."""
    mails = inbox.messages()
    return {"mail": mails[number]} if number < len(mails) else None


def by_notification(inbox: Inbox) -> Mapping[str, int]:
    """The number of the mail of each notification, whose id its Message-ID begins with."""
    return {mail.message_id.strip("<>").partition("@")[0]: number for number, mail in enumerate(inbox.messages())}


def at(mail: Mail) -> str:
    """When it came, on this machine's clock."""
    return localtime(mail.received_at).strftime("%m/%d/%Y %I:%M:%S %p")
