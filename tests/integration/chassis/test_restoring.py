"""A service put back to a backup: nothing of it acts before a restore; then nothing is lost or told twice (F-18)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from mandate.common.v1 import receipt_pb2

from chassis import editions, failpoints, log, progress
from chassis.cause import Cause
from chassis.database import Session
from chassis.editions import Edition
from chassis.hearing import HEARD, headers_of
from chassis.messages import PROGRESS
from chassis.progress import LogBehindError
from chassis.restoring import LogMovedError, Plan, StillRunningError, look, raise_edition
from chassis.runtime import Wakeup
from chassis.server import RefusedError
from chassis.settings import INSTALLATION
from chassis.waiting import Waiter
from chassis.wholeness import Lookout
from services.access.commands import role_requests, staff
from services.access.domain.association import Association
from services.connections.projections.managers import MANAGERS
from tests.house import CATALOGUE, House
from tests.integration.chassis.conftest import Clock
from tests.integration.chassis.test_relay import EUS, OFFICIAL, said
from tests.notary import notary_of
from tests.papers import hand_in
from tests.putting_back import Backup, back_up, down, dsn_of, restore, start

Rows = Callable[..., list[Any]]
EMPLOYER = uuid4()


def approve(house: House, person: UUID | None = None) -> UUID:
    """Somebody becomes an Access Manager; their association."""
    person = person or uuid4()
    asked = house.access.execute(role_requests.request_role, person, employer_id=EMPLOYER, role="ACCESS_MANAGER")
    hand_in(house.access.app, asked.id)
    house.access.execute(role_requests.approve, OFFICIAL, roles=EUS, role_request_id=asked.id)
    return Association.id_for(person, EMPLOYER)


def outdated(house: House) -> Backup:
    """A backup of access, and something that it has told since."""
    approve(house)
    house.settle()
    backup = back_up(dsn_of(house), "access")
    approve(house)
    house.settle()
    return backup


def end(house: House, association_id: UUID) -> None:
    house.access.execute(staff.disassociate, OFFICIAL, roles=EUS, association_id=association_id)


def plan_of(house: House) -> Plan:
    with psycopg.connect(dsn_of(house), autocommit=True, options="-c search_path=access") as owner:
        return look(Session(owner), house.subscriber, house.access.service, CATALOGUE)


def managers(house: House, rows: Rows) -> dict[str, Any]:
    """What connections makes of what access has told: association -> its row."""
    return {str(row[0]): row[1:] for row in rows(house.connections, f"SELECT * FROM {MANAGERS.name}")}


def heard_twice(house: House, name: str) -> list[str]:
    with house.rooms[name].app.session() as session:
        ids = [headers_of(row)["ce_id"] for row in log.read(session, after=0) if row.topic.startswith(HEARD)]
    return sorted({id_ for id_ in ids if ids.count(id_) > 1})


def test_nothing_is_lost_and_nothing_is_told_twice(house: House, rows: Rows) -> None:
    """What stood before the backup counts again, what came after is gone, and what comes now is new."""
    kept, ended = approve(house), approve(house)
    house.settle()
    before = managers(house, rows)
    backup = back_up(dsn_of(house), "access")
    end(house, ended)
    late = approve(house)
    house.settle()
    listens = house.connections.end()
    assert managers(house, rows) != before
    with down(house, "access"):
        backup.put_back()
        plan = plan_of(house)
        assert (plan.is_needed, plan.edition, plan.becomes) == (True, 1, 2)
        assert ("AssociationState", str(late)) in plan.unknown
        assert ("AssociationState", str(ended)) not in plan.unknown
        assert restore(house, "access") == 2
        assert not plan_of(house).is_needed
    house.settle()
    after = managers(house, rows)
    assert {key: after[key] for key in before} == before
    assert house.connections.end() > listens  # what was heard stays, and the states came again
    assert heard_twice(house, "connections") == heard_twice(house, "access") == []
    fresh = approve(house)
    end(house, kept)
    house.settle()
    assert str(fresh) in managers(house, rows)
    assert {one.headers["edition"] for one in said(house, "AssociationState") if one.key == str(fresh)} == {"2"}


@pytest.mark.parametrize("follower", ["access.ingest", "access.relay", "access.timers"])
def test_whoever_writes_or_tells_refuses_a_log_that_was_put_back(house: House, rows: Rows, follower: str) -> None:
    backup = outdated(house)
    with down(house, "access"):
        backup.put_back()
    was = house.access.end()
    with pytest.raises(LogBehindError, match="mandate restore access"):
        house.access.follower(follower).step()
    assert house.access.end() == was
    [(why,)] = rows(house.access, "SELECT why FROM put_back")
    assert "mandate restore access" in why


@pytest.mark.parametrize("role", ["api", "worker"])
def test_no_process_starts_on_a_log_that_was_put_back(house: House, tmp_path: Path, role: str) -> None:
    backup = outdated(house)
    with down(house, "access"):
        backup.put_back()
        with pytest.raises(SystemExit, match="stop all of access, and run `mandate restore access` first"):
            start(house, "access", role, tmp_path)


def test_an_api_ends_once_a_worker_has_found_that_its_log_was_put_back(house: House, clock: Clock) -> None:
    lookout = Lookout(house.access.app)
    assert lookout.step() is False
    with house.access.app.session() as session:
        editions.note_put_back(session, "run `mandate restore access` first")
    assert lookout.step() is False  # it looks now and then
    clock.move(seconds=5)
    with pytest.raises(LogBehindError, match="mandate restore access"):
        lookout.step()
    with house.access.app.session() as session:
        progress.refuse_restored(session, house.subscriber, "access")  # the log is whole after all
    assert lookout.step() is False


def test_a_log_that_went_on_after_it_was_put_back_is_seen_by_its_leaf(house: House) -> None:
    """An api without a bus has taken commands: the log is as long as it was, and another one."""
    approve(house)
    house.settle()
    backup = back_up(dsn_of(house), "access")
    place = house.access.end()
    approve(house)
    house.settle()
    told = house.access.end()
    with down(house, "access"):
        backup.put_back()
    for _ in range(3):
        approve(house)
    assert house.access.end() > told
    with pytest.raises(LogBehindError):
        house.access.follower("access.relay").step()
    with down(house, "access"):
        assert place < plan_of(house).begins_at <= told
        restore(house, "access")
    house.settle()
    assert heard_twice(house, "connections") == []
    written = {
        int(one.headers["position"]): one.headers["edition"]
        for one in said(house, "RoleRequestApproved")
        if one.headers["edition"] == "2"
    }
    assert written
    assert min(written) > place


def test_what_was_written_before_the_backup_and_told_after_it_is_the_same_message(house: House) -> None:
    """Told again, because the relay's position is of the backup too: who dedupes by `ce_id` must know it."""
    approve(house)
    backup = back_up(dsn_of(house), "access")  # nothing told yet
    house.settle()
    approve(house)
    house.settle()
    with down(house, "access"):
        backup.put_back()
        restore(house, "access")
    house.settle()
    ids = [one.headers["ce_id"] for one in said(house, "RoleRequestApproved")]
    assert sorted(Counter(ids).values()) == [1, 2]
    assert {one.split("/")[1] for one in ids} == {"1"}
    assert heard_twice(house, "connections") == []


def test_what_was_heard_is_heard_again_once(house: House) -> None:
    """The offsets of the backup are old too: what came after them is read again."""
    house.settle()
    backup = back_up(dsn_of(house), "connections")
    approve(house)
    house.settle()
    heard = house.connections.end()
    house.publisher.publish([])
    with house.connections.app.session() as session:
        ahead = progress.message(session, "connections", 1, heard)
    house.publisher.publish([ahead])
    with down(house, "connections"):
        backup.put_back()
        restore(house, "connections")
    house.settle()
    assert heard_twice(house, "connections") == []
    assert house.connections.end() >= heard


def test_nobody_waits_for_what_was_taken_back(house: House) -> None:
    backup = outdated(house)
    gone = receipt_pb2.Receipt(origin="access", edition=1, position=house.access.end() + 100)
    with down(house, "access"):
        backup.put_back()
        restore(house, "access")
    house.settle()
    waiter = Waiter(house.access.app, Wakeup())
    views = house.access.app.views
    waiter.wait([gone], views, timeout_s=0)
    here = receipt_pb2.Receipt(origin="access", edition=2, position=house.access.end() + 1)
    with pytest.raises(RefusedError):
        waiter.wait([here], views, timeout_s=0)


def test_put_back_to_before_an_earlier_restore_it_takes_a_third_edition(house: House) -> None:
    approve(house)
    house.settle()
    first = back_up(dsn_of(house), "access")
    for edition in (2, 3):
        late = approve(house)
        house.settle()
        with down(house, "access"):
            first.put_back()
            assert restore(house, "access") == edition
        house.settle()
    assert ("AssociationState", str(late)) not in plan_of(house).unknown
    assert not plan_of(house).is_needed
    assert {progress.read(one).edition for one in said(house, PROGRESS) if one.key == "access"} == {1, 2, 3}


def test_killed_in_the_middle_it_has_done_nothing_and_is_done_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = outdated(house)
    with down(house, "access"):
        backup.put_back()
        before = plan_of(house)
        monkeypatch.setattr(failpoints, "_NAME", "restore.before_commit")
        with pytest.raises(RuntimeError, match=r"restore\.before_commit"):
            restore(house, "access")
        monkeypatch.undo()
        assert plan_of(house) == before
        restore(house, "access")
        with pytest.raises(LogMovedError):
            raise_edition(dsn_of(house), house.access.service, before, by="another, who looked at the same time")
    [raised] = house.access.events(Edition.Raised)
    assert (raised.edition, raised.raised_by, raised.told_position) == (2, "a test", before.told.position)  # type: ignore[union-attr]


def test_while_anything_of_the_service_runs_nothing_is_changed(house: House) -> None:
    backup = outdated(house)
    with down(house, "access"):
        backup.put_back()
    with house.access.app.session(), pytest.raises(StillRunningError, match="mandate_access"):
        restore(house, "access")
    assert house.access.app.edition == 1


def test_the_seals_go_on_under_the_new_edition(house: House, rows: Rows) -> None:
    """I7: they are of the backup too; what was sealed of the lost piece speaks of another edition."""
    approve(house)
    with notary_of(house) as notary:
        notary.seal()
        backup = back_up(dsn_of(house), "access")
        approve(house)
        house.settle()
        notary.seal()
        with down(house, "access"):
            backup.put_back()
            with pytest.raises(StillRunningError, match="mandate_access_sealer"):
                restore(house, "access")
    with down(house, "access"):
        restore(house, "access")
    house.settle()
    approve(house)
    with notary_of(house) as notary:
        notary.seal()
    [(note, size)] = rows(house.access, "SELECT note, size FROM checkpoints ORDER BY size DESC LIMIT 1")
    assert note.startswith(f"{INSTALLATION}/access/2\n")
    assert rows(house.access, "SELECT count(*) FROM log") == [(size,)]


def test_the_service_itself_cannot_raise_its_edition(house: House) -> None:
    with house.access.app.session() as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.run("UPDATE edition SET edition = 2")


def test_a_command_of_the_lost_piece_may_be_asked_again(house: House) -> None:
    """Its answer went with it: the client that still holds the form gets what it asks for, once."""
    person, cause = uuid4(), Cause.of(uuid4())
    house.settle()
    approve(house)
    house.settle()
    backup = back_up(dsn_of(house), "access")

    def ask() -> Any:
        return house.access.app.execute(role_requests.request_role, cause, employer_id=EMPLOYER, role="STAFF_END_USER")

    ask()
    house.settle()
    with down(house, "access"):
        backup.put_back()
        restore(house, "access")
    house.settle()
    assert person
    again = ask()
    assert (again.edition, ask()) == (2, again)
