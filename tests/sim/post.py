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
    taken: list[HandedOver] = field(default_factory=list)

    def send(self, message: EmailMessage, *, sender: str, to: str) -> None:
        """Take one mail, with a turn before and one after, in which the sender may die."""
        actor = self.sim.running
        assert actor is not None  # only workers send
        actor.turn()
        chance = 1.0 if self.sim.healing else self.sim.random.random()
        if chance < REFUSES:
            raise TryLaterError("SMTP 451: not now")
        mail = Mail(sender, (to,), nature.now(), message.as_bytes())
        self.taken.append(HandedOver(to, mail.message_id, mail.subject, mail.text, mail.received_at))
        actor.turn()
        if chance < REFUSES + LOSES_ITS_YES:
            raise TryLaterError("SMTP: TimeoutError")

    def messages(self, to: str = "") -> Sequence[HandedOver]:
        """All mails, or those for one address, oldest first."""
        shown: dict[str, HandedOver] = {}
        for one in self.taken:
            shown.setdefault(one.message_id, one)
        return [mail for mail in shown.values() if not to or to.lower() == mail.to.lower()]
