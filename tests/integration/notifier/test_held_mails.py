"""The notifier put back to yesterday sends nothing twice: what may have been sent waits for a decision (F-18)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from mandate.identity.v1.events_pb2 import AccountActivated, AccountLocked

from chassis import nature
from chassis.cause import Cause
from chassis.embedded.postgres import EmbeddedPostgres
from cli import installation
from services.notifier.adapters import queue
from services.notifier.commands import deliveries
from services.notifier.domain import mails
from services.notifier.domain.notification import Notification, to_account
from tests.integration.cli.terminal import Terminal
from tests.integration.notifier.bureau import Bureau
from tests.putting_back import Backup, back_up, down, dsn_of, restore


def lock(bureau: Bureau, address: str) -> None:
    """Something happens of which somebody is told."""
    account = bureau.people.add(address)
    bureau.hear(AccountLocked(account_id=str(account), reason="PASSWORD"), key=account)


def put_back(bureau: Bureau, backup: Backup) -> None:
    bureau.clock.pass_(minutes=30)
    with down(bureau.house, "notifier"):
        backup.put_back()
        restore(bureau.house, "notifier")
    bureau.open()
    bureau.clock.pass_(minutes=30)
    bureau.house.settle()


def held(bureau: Bureau) -> list[UUID]:
    with bureau.house.notifier.app.session() as session:
        return [row["notification_id"] for row in queue.held(session)]


def decide(bureau: Bureau, command: Any, **arguments: Any) -> None:
    bureau.house.notifier.app.execute(command, Cause.of(uuid4()), **arguments)
    bureau.house.settle()


def addresses(bureau: Bureau) -> list[str]:
    return sorted(to for mail in bureau.inbox.messages() for to in mail.to)


def test_what_the_bus_knows_as_sent_is_written_down_and_not_sent_again(bureau: Bureau) -> None:
    lock(bureau, "early@example.com")
    backup = back_up(dsn_of(bureau.house), "notifier")
    lock(bureau, "late@example.com")
    sent = {event.originator_id: event.message_id for event in bureau.ends()}
    put_back(bureau, backup)
    assert addresses(bureau) == ["early@example.com", "late@example.com"]
    assert {event.originator_id: event.message_id for event in bureau.ends()} == sent
    assert held(bureau) == []


def lose_the_ends(bureau: Bureau) -> None:
    """The relay had not told of the mails that were sent last."""
    with psycopg.connect(dsn_of(bureau.house)) as owner:
        owner.execute("DELETE FROM bus.records WHERE topic IN ('NotificationSent', 'NotificationFailed')")


def test_what_may_have_been_sent_waits_for_somebody_who_lets_it_go_out(bureau: Bureau) -> None:
    backup = back_up(dsn_of(bureau.house), "notifier")
    lock(bureau, "late@example.com")
    lose_the_ends(bureau)
    put_back(bureau, backup)
    assert addresses(bureau) == ["late@example.com"]
    [waits] = held(bureau)
    lock(bureau, "new@example.com")  # what happens now is told as ever
    assert addresses(bureau) == ["late@example.com", "new@example.com"]
    assert held(bureau) == [waits]
    decide(bureau, deliveries.release, notification_id=waits, by="somebody")
    assert addresses(bureau) == ["late@example.com", "late@example.com", "new@example.com"]
    assert held(bureau) == []
    [released] = bureau.house.notifier.events(Notification.Released)
    assert released.by == "somebody"


def test_or_gives_it_up(bureau: Bureau) -> None:
    backup = back_up(dsn_of(bureau.house), "notifier")
    lock(bureau, "late@example.com")
    lose_the_ends(bureau)
    put_back(bureau, backup)
    [waits] = held(bureau)
    decide(bureau, deliveries.fail, notification_id=waits, reason="HELD: sent before", attempts=0)
    assert (addresses(bureau), held(bureau)) == (["late@example.com"], [])


def test_what_was_on_its_way_at_the_backup_is_held_too(bureau: Bureau) -> None:
    bureau.inbox.says = lambda _at, _to: "451 not now"
    lock(bureau, "early@example.com")
    backup = back_up(dsn_of(bureau.house), "notifier")
    bureau.inbox.says = lambda _at, _to: None
    bureau.clock.pass_(minutes=3)
    bureau.house.settle()
    assert addresses(bureau) == ["early@example.com"]
    lose_the_ends(bureau)
    put_back(bureau, backup)
    assert addresses(bureau) == ["early@example.com"]
    assert len(held(bureau)) == 1


def test_a_held_mail_whose_time_is_over_expires(bureau: Bureau) -> None:
    backup = back_up(dsn_of(bureau.house), "notifier")
    lock(bureau, "late@example.com")
    lose_the_ends(bureau)
    put_back(bureau, backup)
    recipient = to_account(bureau.people.add("code@example.com"))
    expires_at = nature.now() + timedelta(minutes=10)
    id_ = bureau.owe(mails.CODE, recipient, data={"minutes": 10}, secret="042137", expires_at=expires_at)
    with bureau.house.notifier.app.session() as session:
        bureau.sender._queue.follow()
        session.run("UPDATE deliveries SET held = true WHERE notification_id = %s", (id_,))
    bureau.house.settle()
    assert id_ in held(bureau)
    bureau.clock.pass_(minutes=11)
    bureau.house.settle()
    assert id_ not in held(bureau)
    assert [event.originator_id for event in bureau.house.notifier.events(Notification.Expired)] == [id_]


def test_an_operator_sees_them_and_decides(
    bureau: Bureau, postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "postgres").symlink_to(postgres.base)
    monkeypatch.setattr(installation, "DATABASE", dsn_of(bureau.house).rpartition("/")[2])
    mandate = Terminal(tmp_path)
    assert "no mail is held" in mandate.says("mails", "held")
    backup = back_up(dsn_of(bureau.house), "notifier")
    for name in ("one", "two", "three"):
        lock(bureau, f"{name}@example.com")
    lose_the_ends(bureau)
    put_back(bureau, backup)
    first, *_ = rows = mandate.finds("mails", "held")
    assert [row["template"] for row in rows] == [mails.ACCOUNT_LOCKED] * 3
    assert "one@example.com" not in str(rows)
    assert "say --all" in mandate.refuses("mails", "release")
    assert "no mail 018f0c5e" in mandate.refuses("mails", "drop", "018f0c5e-7d3a-7b6e-9a52-5d2f4c8f0b61")
    assert "is no mail" in mandate.refuses("mails", "drop", "1")
    released = mandate.finds("mails", "release", first["notification_id"], "--by", "ops")
    assert released == {"notification_id": first["notification_id"], "outcome": "goes out"}
    assert mandate.says("mails", "drop", "--all", "--by", "ops").count("given up") == 2
    bureau.house.settle()
    assert (len(addresses(bureau)), held(bureau)) == (4, [])
    reasons = [event.reason for event in bureau.house.notifier.events(Notification.Failed)]
    assert reasons == ["HELD: not released by ops"] * 2


@pytest.mark.parametrize("again", [False, True])
def test_the_queue_made_again_from_the_log_holds_the_same(bureau: Bureau, *, again: bool) -> None:
    backup = back_up(dsn_of(bureau.house), "notifier")
    lock(bureau, "late@example.com")
    account = bureau.people.add("second@example.com")
    bureau.hear(AccountActivated(account_id=str(account), language="en"), key=account)
    lose_the_ends(bureau)
    put_back(bureau, backup)
    waits = held(bureau)
    assert len(waits) == 2
    if again:
        with bureau.house.notifier.app.session() as session:
            session.run("DELETE FROM deliveries")
            session.run("UPDATE positions SET position = 0 WHERE follower = 'notifier.sender'")
        bureau.open()
        bureau.house.settle()
    assert held(bureau) == waits
    assert len(addresses(bureau)) == 2
