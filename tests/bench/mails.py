"""Mails that wait, sent: claimed, addressed, rendered, handed over and recorded, to the end of the queue.

The limit is the bare hand-over of as many mails to the same server; the peer is the same sender that claims each by
itself. Who is reached where is known here: in the platform each mail costs two or three questions to others besides.
Every round counts what the server took: each mail once.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from email.message import EmailMessage
from unittest.mock import patch

from chassis.embedded.postgres import EmbeddedPostgres
from chassis.inbox import Inbox
from services.notifier.adapters import sender
from services.notifier.adapters.queue import Queue
from services.notifier.adapters.smtp import SmtpPost
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from tests.bench.figures import Bench, begin, ratios
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.house import build, living
from tests.integration.notifier.bureau import SERVICES, Bureau, Clock

ALONE = 1
FLOOR = 0.1


def owe(bureau: Bureau, count: int) -> None:
    """Ask for mails, and let the sender note them."""
    for number in range(count):
        person = bureau.people.add(f"person-{number}@example.com")
        bureau.owe(mails.ACCOUNT_LOCKED, to_account(person), data={"reason": "PASSWORD"})
    queue = Queue(bureau.house.notifier.app)
    while queue.follow():
        pass


def sent_per_s(bureau: Bureau, count: int, *, together: int) -> float:
    owe(bureau, count)
    before = len(bureau.inbox.messages())
    with patch.object(sender, "TOGETHER", together):
        took = timed(lambda: drain(bureau))
    taken = bureau.inbox.messages()[before:]
    assert len({mail.message_id for mail in taken}) == len(taken) == count
    return count / took


def drain(bureau: Bureau) -> None:
    while bureau.sender.step():
        pass


def handed_over_per_s(bureau: Bureau, count: int) -> float:
    """By the same post: a connection for each."""
    post, message = SmtpPost(bureau.settings), EmailMessage()
    message["To"], message["From"], message["Subject"] = "person@example.com", "mandate@example.com", "As long as ours"
    message.set_content("x" * 70 + "\n")

    def send_all() -> None:
        for _ in range(count):
            post.send(message, sender="mandate@example.com", to="person@example.com")

    return count / timed(send_all)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure(bench: Bench, postgres: EmbeddedPostgres) -> None:
    rounds, count = (1, 100) if bench.quick else (bench.rounds or 7, 400)
    template = build(postgres, SERVICES)
    ours: list[float] = []
    alone: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        with living(postgres, template, SERVICES) as house, Inbox() as inbox:
            bureau = Bureau(house, inbox, Clock())
            ours.append(sent_per_s(bureau, count, together=sender.TOGETHER))
            alone.append(sent_per_s(bureau, count, together=ALONE))
            bare.append(handed_over_per_s(bureau, count))
    bench.add("mails sent, to the end of the queue", "mails/s", ours)
    bench.add("  / bare hand-over", "x", ratios(ours, bare), FLOOR)
    bench.add("  / each claimed by itself", "x", ratios(ours, alone))
    bench.foreign.count(cpu_s(children(postmaster(postgres.base))))


def main() -> int:
    bench = begin("mails", __doc__)
    with server() as postgres:
        measure(bench, postgres)
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
