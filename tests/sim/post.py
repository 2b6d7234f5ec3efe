"""The post of the simulation: mails end in memory; sometimes it refuses, or takes a mail and its yes is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage

from chassis import nature
from chassis.inbox import Mail
from chassis.sim import Simulation
from services.notifier.adapters.ports import TryLaterError

REFUSES, LOSES_ITS_YES = 0.03, 0.02
IN_A_ROW = 2
"""Troubles at most before a mail is taken: a code dies after ten minutes, and nobody waits for ever."""


@dataclass
class Trouble:
    """What keeps a mail from being sent: the post, or a service that the sender has to ask."""

    sim: Simulation
    in_a_row: int = 0

    def strikes(self, rate: float) -> bool:
        """Whether it happens now, at this rate; and remember it."""
        if self.sim.healing or self.in_a_row >= IN_A_ROW or self.sim.random.random() >= rate:
            return False
        self.in_a_row += 1
        return True


@dataclass(frozen=True)
class HandedOver:
    """One mail as it was taken from a sender, read once from its bytes."""

    to: str
    message_id: str
    subject: str
    text: str
    at: datetime


@dataclass
class Box:
    """Takes every mail and keeps it; `messages` is what a mail program shows: a repeat is the same mail."""

    sim: Simulation
    trouble: Trouble
    taken: list[HandedOver] = field(default_factory=list)

    def send(self, message: EmailMessage, *, sender: str, to: str) -> None:
        """Take one mail, with a turn before and one after, in which the sender may die."""
        actor = self.sim.running
        assert actor is not None  # only workers send
        actor.turn()
        if self.trouble.strikes(REFUSES):
            raise TryLaterError("SMTP 451: not now")
        mail = Mail(sender, (to,), nature.now(), message.as_bytes())
        self.taken.append(HandedOver(to, mail.message_id, mail.subject, mail.text, mail.received_at))
        actor.turn()
        if self.trouble.strikes(LOSES_ITS_YES):
            raise TryLaterError("SMTP: TimeoutError")
        self.trouble.in_a_row = 0

    def messages(self, to: str = "") -> Sequence[HandedOver]:
        """All mails, or those for one address, oldest first."""
        shown: dict[str, HandedOver] = {}
        for one in self.taken:
            shown.setdefault(one.message_id, one)
        return [mail for mail in shown.values() if not to or to.lower() == mail.to.lower()]
