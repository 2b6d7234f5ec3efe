"""The sender against a real mail server that refuses, hangs, drops, and takes; time passes by hand (F-19, I6)."""

from __future__ import annotations

import socket
from contextlib import suppress
from datetime import datetime, timedelta
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest

from chassis import metrics, nature
from chassis.cause import Cause
from chassis.database import DatabaseUnavailableError
from chassis.inbox import LOOPBACK, Inbox
from chassis.measuring import Gauges
from chassis.ports import free_port
from services.notifier.adapters.addressing import Addressed
from services.notifier.adapters.queue import Queue
from services.notifier.adapters.sender import TOGETHER
from services.notifier.commands import deliveries
from services.notifier.domain import mails
from services.notifier.domain.notification import Notification, to_account, to_invitee
from tests.faults.proxy import Proxy
from tests.integration.notifier.bureau import Bureau
from tests.scraping import Scraped

ADDRESS = "jane@example.com"


class CrashError(BaseException):
    """The process is dead from here on."""


def crash() -> None:
    raise CrashError


def owe_locked(bureau: Bureau) -> None:
    """A mail without names: M-07."""
    bureau.owe(mails.ACCOUNT_LOCKED, to_account(bureau.people.add(ADDRESS)), data={"reason": "PASSWORD"})


def owe_code(bureau: Bureau, *, minutes: int = 10) -> None:
    bureau.owe(
        mails.CODE,
        to_account(bureau.people.add(ADDRESS)),
        data={"minutes": minutes},
        secret="042137",
        expires_at=nature.now() + timedelta(minutes=minutes),
    )


def kinds(bureau: Bureau) -> list[type]:
    return [type(event) for event in bureau.ends()]


def test_m_03_the_code_is_opened_for_the_mail_alone(bureau: Bureau) -> None:
    owe_code(bureau)
    bureau.house.settle()
    assert bureau.inbox.latest_code(ADDRESS) == "042137"
    with bureau.house.notifier.app.session() as session:
        states = b"".join(bytes(state) for (state,) in session.run("SELECT state FROM log"))
    assert b"042137" not in states


def test_mails_that_wait_are_counted_and_the_oldest_has_an_age(bureau: Bureau) -> None:
    def waiting() -> tuple[float, float]:
        room = bureau.house.notifier
        read = Scraped(metrics.exposition(Gauges(room.app, room.service.measures).read()))
        [mails_], [oldest] = (
            read.values(name, "service").values()
            for name in ("mandate_mails_waiting", "mandate_mail_oldest_waiting_seconds")
        )
        return mails_, oldest

    assert waiting() == (0, 0)
    bureau.inbox.says = lambda _at, _to: "451 try later"
    owe_locked(bureau)
    bureau.house.settle()
    bureau.clock.pass_(seconds=30)
    assert waiting() == (1, 30)
    bureau.inbox.says = lambda _at, _to: None
    bureau.clock.pass_(minutes=2)
    bureau.house.settle()
    assert waiting() == (0, 0)


def test_m_01_reaches_somebody_without_an_account_at_the_address_that_access_knows(bureau: Bureau) -> None:
    """IA-INV-01, IA-INV-02."""
    clinic = uuid4()
    bureau.called.known[clinic] = "AAG Org One"
    bureau.owe(
        mails.INVITATION,
        to_invitee(bureau.people.add("invited@example.com")),
        data={
            "inviter_id": str(bureau.people.add("jon@example.com", name="Jon Snow")),
            "employer_ids": [str(clinic)],
            "tracking_id": "V7F3K2QX9V",
        },
        secret="ABCD2345",
        expires_at=nature.now() + timedelta(hours=72),
    )
    bureau.house.settle()
    [mail] = bureau.inbox.messages("invited@example.com")
    assert "Jon Snow requested that you register" in mail.text
    assert "AAG Org One" in mail.text
    assert "https://portal.example/pin" in mail.text
    assert bureau.inbox.latest_code("invited@example.com") == "ABCD2345"


def test_a_server_that_is_down_is_tried_again_after_1_2_5_and_15_minutes(bureau: Bureau) -> None:
    bureau.open(smtp_port=free_port())
    owe_locked(bureau)
    for minutes in (0, 1, 2, 5):
        bureau.clock.pass_(minutes=minutes)
        bureau.house.settle()
        assert bureau.last_error() == "SMTP: ConnectionRefusedError"
    bureau.open()  # the server is back
    bureau.clock.pass_(minutes=14, seconds=59)
    bureau.house.settle()
    assert bureau.inbox.messages() == []
    bureau.clock.pass_(seconds=1)
    bureau.house.settle()
    assert len(bureau.inbox.messages(ADDRESS)) == 1
    [sent] = bureau.ends()
    assert sent.attempts == 5


def test_after_24_hours_a_mail_is_given_up_and_says_so(bureau: Bureau) -> None:
    bureau.inbox.says = lambda at, _to: "451 4.3.0 try again later" if at == "DATA" else None
    owe_locked(bureau)
    tried_until = nature.now() + timedelta(hours=24)
    while nature.now() < tried_until:
        bureau.house.settle()
        assert bureau.ends() == []
        bureau.clock.pass_(minutes=30)
    bureau.house.settle()
    [failed] = bureau.ends()
    assert isinstance(failed, Notification.Failed)
    assert failed.reason == "SMTP 451: data"
    assert failed.timestamp == tried_until
    bureau.inbox.says = lambda _at, _to: None
    bureau.clock.pass_(hours=1)
    bureau.house.settle()
    assert bureau.inbox.messages() == []


def test_a_code_that_came_too_late_is_not_sent(bureau: Bureau) -> None:
    bureau.open(smtp_port=free_port())
    owe_code(bureau)
    bureau.house.settle()
    bureau.open()
    bureau.clock.pass_(minutes=10)
    bureau.house.settle()
    assert bureau.inbox.messages() == []
    assert kinds(bureau) == [Notification.Expired]


def test_a_code_is_still_sent_in_its_last_second(bureau: Bureau) -> None:
    bureau.open(smtp_port=free_port())
    owe_code(bureau)
    bureau.house.settle()
    bureau.open()
    bureau.clock.pass_(minutes=9, seconds=59)
    bureau.house.settle()
    assert kinds(bureau) == [Notification.Sent]


def test_a_mail_expires_on_time_although_its_next_try_would_be_later(bureau: Bureau) -> None:
    bureau.open(smtp_port=free_port())
    owe_code(bureau)
    for minutes in (0, 1, 2, 5, 2):
        bureau.clock.pass_(minutes=minutes)
        bureau.house.settle()
    assert kinds(bureau) == [Notification.Expired]


@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_not_now_is_tried_again(bureau: Bureau, at: str) -> None:
    bureau.inbox.says = lambda stage, _to: "450 4.2.1 busy" if stage == at else None
    owe_locked(bureau)
    bureau.house.settle()
    assert bureau.last_error().startswith("SMTP 450")
    bureau.inbox.says = lambda _at, _to: None
    bureau.clock.pass_(minutes=1)
    bureau.house.settle()
    assert kinds(bureau) == [Notification.Sent]


@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_never_is_not_tried_again_and_repeats_no_address(bureau: Bureau, at: str) -> None:
    bureau.inbox.says = lambda stage, to: f"550 5.1.1 {to} unknown" if stage == at else None
    owe_locked(bureau)
    bureau.house.settle()
    [failed] = bureau.ends()
    assert failed.reason.startswith("SMTP 550: ")
    assert "@" not in failed.reason


def test_a_server_that_hangs_is_left_and_tried_again(bureau: Bureau) -> None:
    with socket.create_server((LOOPBACK, 0)) as silent:
        bureau.open(smtp_port=silent.getsockname()[1], smtp_timeout_s=0.2)
        owe_locked(bureau)
        bureau.house.settle()
    assert bureau.last_error() == "SMTP: SMTPServerDisconnected"
    bureau.open()
    bureau.clock.pass_(minutes=1)
    bureau.house.settle()
    assert kinds(bureau) == [Notification.Sent]


def test_without_tls_nothing_is_handed_over_where_tls_is_asked_for(bureau: Bureau) -> None:
    """S-15: the inbox speaks no STARTTLS."""
    bureau.open(smtp_starttls=True)
    owe_locked(bureau)
    bureau.house.settle()
    assert bureau.inbox.messages() == []
    assert bureau.last_error() == "SMTP: SMTPNotSupportedError"


def test_an_owner_of_addresses_who_is_away_is_asked_again(bureau: Bureau) -> None:
    owe_locked(bureau)
    bureau.people.away = True
    bureau.house.settle()
    assert bureau.last_error() == "IDENTITY_AWAY"
    bureau.people.away = False
    bureau.clock.pass_(minutes=1)
    bureau.house.settle()
    assert kinds(bureau) == [Notification.Sent]


def test_an_account_that_is_gone_gets_no_mail(bureau: Bureau) -> None:
    bureau.owe(mails.ACCOUNT_LOCKED, to_account(uuid4()), data={"reason": "PASSWORD"})
    bureau.house.settle()
    assert [event.reason for event in bureau.ends()] == ["NO_RECIPIENT: the account is not known any more"]


def test_a_crash_after_the_server_took_it_is_one_repeat_with_the_same_message_id(bureau: Bureau) -> None:
    """I6: repeats carry the same Message-ID, and there are no more of them than crashes."""
    owe_locked(bureau)
    bureau.wire.after = crash
    with pytest.raises(CrashError):
        bureau.house.settle()
    bureau.open()
    bureau.house.settle()
    assert len(bureau.inbox.messages()) == 1  # the dead one's claim is not over
    bureau.clock.pass_(minutes=2)
    bureau.house.settle()
    first, second = bureau.inbox.messages()
    assert first.message_id == second.message_id
    assert kinds(bureau) == [Notification.Sent]
    bureau.clock.pass_(hours=25)
    bureau.house.settle()
    assert len(bureau.inbox.messages()) == 2


def test_a_reply_that_is_lost_after_data_is_one_repeat_with_the_same_message_id(bureau: Bureau) -> None:
    """F-02: nobody can know whether it was taken, so it is sent again, and the reader's program sees one mail."""
    proxy = Proxy(bureau.inbox.port)
    bureau.open(smtp_port=proxy.port)
    proxy.cut_at(b"\r\n.\r\n", forward=True)
    owe_locked(bureau)
    bureau.house.settle()
    assert (proxy.cuts, kinds(bureau)) == (1, [])
    for _ in range(2):
        bureau.clock.pass_(minutes=2)
        bureau.house.settle()
    proxy.close()
    first, second = bureau.inbox.messages()
    assert first.message_id == second.message_id
    assert kinds(bureau) == [Notification.Sent]


def test_a_mail_that_could_not_be_recorded_is_recorded_and_not_repeated(bureau: Bureau) -> None:
    owe_locked(bureau)
    app = bureau.house.notifier.app
    execute = app.execute

    def unavailable(*_: object, **__: object) -> None:
        raise CrashError

    def lose_the_database() -> None:
        app.execute = unavailable

    bureau.wire.after = lose_the_database
    with pytest.raises(CrashError):
        bureau.house.settle()
    app.execute = execute
    bureau.clock.pass_(minutes=2)
    bureau.house.settle()
    assert len(bureau.inbox.messages()) == 1
    assert kinds(bureau) == [Notification.Sent]


def test_two_senders_send_each_mail_once(bureau: Bureau) -> None:
    count = 2 * TOGETHER + 5
    for _ in range(count):
        owe_locked(bureau)
    first, wire = bureau.sender, bureau.wire
    assert first.step()
    second = bureau.open()

    def the_second_looks() -> None:
        second.step()

    wire.after = the_second_looks  # while the first has claimed more than it has handed over
    while first.step() | second.step():
        pass
    assert len(bureau.inbox.messages()) == len({mail.message_id for mail in bureau.inbox.messages()}) == count


def test_what_one_has_claimed_no_other_claims(bureau: Bureau) -> None:
    owed_and_noted(bureau, TOGETHER + 3)
    one, other = (Queue(bureau.house.notifier.app).claim(nature.now(), limit=TOGETHER) for _ in range(2))
    assert (len(one), len(other)) == (TOGETHER, 3)
    assert {due.notification_id for due in one}.isdisjoint(due.notification_id for due in other)


def test_a_mail_that_ends_its_process_keeps_no_other_from_its_turn(bureau: Bureau) -> None:
    """Nobody gives the dead one's claims back: two minutes later each is tried by itself."""
    owed_and_noted(bureau, 5)
    write = bureau.sender._addressing.write
    killers: list[UUID] = []

    def deadly(notification: Notification, *, now: datetime) -> Addressed:
        if not killers:
            killers.append(notification.id)
        if notification.id in killers:
            raise CrashError
        return write(notification, now=now)

    for _ in range(3):
        sender = bureau.open()
        with patch.object(sender._addressing, "write", deadly), suppress(CrashError):
            bureau.house.settle()
        bureau.clock.pass_(minutes=2)
    assert len(bureau.inbox.messages()) == 4
    assert queue(bureau) == [(3, True)]


def test_mails_go_out_in_the_order_in_which_they_were_asked_for(bureau: Bureau) -> None:
    owed = []
    for number in range(TOGETHER + 3):
        owed.append(f"person-{number}@example.com")
        bureau.owe(mails.ACCOUNT_LOCKED, to_account(bureau.people.add(owed[-1])), data={"reason": "PASSWORD"})
        bureau.clock.pass_(seconds=1)
    bureau.house.settle()
    assert [to for mail in bureau.inbox.messages() for to in mail.to] == owed


def owed_and_noted(bureau: Bureau, count: int) -> None:
    for _ in range(count):
        owe_locked(bureau)
    assert bureau.sender.step()


def queue(bureau: Bureau) -> list[tuple[int, bool]]:
    """Of each mail that waits: its tries, and whether it is its turn."""
    with bureau.house.notifier.app.session() as session:
        rows = session.run("SELECT attempts, due_at <= %s FROM deliveries ORDER BY 1, 2", (nature.now(),))
    return [(attempts, is_due) for attempts, is_due in rows]


def test_a_slow_server_does_not_keep_the_sender_from_the_log(bureau: Bureau) -> None:
    """What was claimed and not begun a second later waits as before, at its first try."""
    owed_and_noted(bureau, 5)
    bureau.wire.after = lambda: bureau.clock.pass_(milliseconds=600)
    assert bureau.sender.step()
    assert len(bureau.inbox.messages()) == 2
    bureau.sender.step()  # notes that they were sent
    assert queue(bureau) == [(0, True)] * 3
    bureau.house.settle()
    assert [sent.attempts for sent in bureau.ends()] == [1] * 5


def test_a_mail_that_is_dropped_while_others_are_handed_over_is_not_sent(bureau: Bureau) -> None:
    """Each is looked up at its turn, not when it was claimed."""
    owed_and_noted(bureau, 2)
    app = bureau.house.notifier.app

    def the_other_fails() -> None:
        bureau.wire.after = lambda: None
        with app.session() as session:
            ids = [id_ for (id_,) in session.run("SELECT notification_id FROM deliveries ORDER BY due_at, 1")]
        about = {"notification_id": ids[1], "reason": "TEST", "attempts": 1}
        app.execute(deliveries.fail, Cause.of(uuid4()), **about)

    bureau.wire.after = the_other_fails
    bureau.house.settle()
    assert len(bureau.inbox.messages()) == 1
    assert set(kinds(bureau)) == {Notification.Sent, Notification.Failed}


def test_who_loses_the_database_leaves_the_others_their_turn(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    owed_and_noted(bureau, 3)
    app = bureau.house.notifier.app

    def gone(*_: object, **__: object) -> None:
        raise DatabaseUnavailableError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(app, "execute", gone)
        with pytest.raises(DatabaseUnavailableError):
            bureau.sender.step()
    assert queue(bureau) == [(0, True), (0, True), (1, False)]
    bureau.clock.pass_(minutes=2)
    bureau.house.settle()
    assert len(bureau.inbox.messages()) == len({mail.message_id for mail in bureau.inbox.messages()}) == 3


def test_what_was_sent_is_told_without_an_address(bureau: Bureau) -> None:
    owe_locked(bureau)
    bureau.house.settle()
    batch = bureau.house.subscriber.poll(["NotificationSent"], {})
    [record] = batch.records
    assert b"example.com" not in (record.value or b"")


def test_the_queue_is_empty_at_the_end(bureau: Bureau) -> None:
    owe_locked(bureau)
    bureau.house.settle()
    with bureau.house.notifier.app.session() as session:
        assert session.run("SELECT * FROM deliveries") == []


def test_the_inbox_keeps_mails_as_files_too(tmp_path: object, bureau: Bureau) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path)) / "mails"
    with Inbox(folder=folder) as keeping:
        bureau.open(smtp_port=keeping.port)
        owe_locked(bureau)
        bureau.house.settle()
    [file] = folder.iterdir()
    assert b"Auto-Submitted: auto-generated" in file.read_bytes()
