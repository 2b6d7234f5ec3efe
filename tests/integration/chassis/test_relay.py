"""The relay tells what stands in the log: in order, at least once, one state a command, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import psycopg
import pytest
from mandate.access.v1.state_pb2 import AssociationState

from chassis import log, progress
from chassis import relay as relay_module
from chassis.application import Application
from chassis.bus import BusUnavailableError, Message, Record, Written
from chassis.cause import Cause
from chassis.embedded.bus import EmbeddedPublisher
from chassis.messages import PROGRESS
from chassis.progress import LogBehindError, Standing
from chassis.relay import Publishing, Relay
from services.access.commands import role_requests, staff
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest
from services.access.publishing import PUBLISHING
from tests.house import CATALOGUE, House, Room
from tests.integration.chassis.conftest import Clock

OFFICIAL, PERSON, EMPLOYER = uuid4(), uuid4(), uuid4()
EUS = ("EUS",)
Rows = Callable[..., list[Any]]


def said(house: House, *topics: str) -> list[Record]:
    """What the bus holds of these topics, in the order of its partitions."""
    found: list[Record] = []
    places: Any = {}
    while True:
        batch = house.subscriber.poll(topics, places)
        places = batch.places
        if not batch.records:
            return found
        found += batch.records


def staffed(house: House) -> UUID:
    """An approved Staff End User; the association's id."""
    asked = house.access.execute(role_requests.request_role, PERSON, employer_id=EMPLOYER, role="STAFF_END_USER")
    house.access.execute(role_requests.approve, OFFICIAL, roles=EUS, role_request_id=asked.id)
    return Association.id_for(PERSON, EMPLOYER)


def grant_many(app: Application, cause: Cause, *, id: UUID, functions: Sequence[str]) -> Any:
    """One command with an event for each function."""
    association: Association = app.repository.get(id)
    for function in functions:
        association.grant(function=function)
    return app.commit(association, cause=cause)


def there_and_back(app: Application, cause: Cause, *, id: UUID) -> Any:
    """One command that leaves the state as it was."""
    association: Association = app.repository.get(id)
    association.grant(function="PECOS")
    association.withdraw(function="PECOS")
    return app.commit(association, cause=cause)


def run(relay: Any) -> None:
    while relay.step():
        pass


def relay_of(house: House, **more: Any) -> Relay:
    room: Room = house.access
    publisher = more.pop("publisher", house.publisher)
    return Relay(
        room.app, more.pop("publishing", PUBLISHING), publisher, Standing(house.subscriber, room.app.name), **more
    )


def states(house: House, id_: UUID) -> list[tuple[int, list[str]]]:
    return [
        (int(one.headers["ce_sequence"]), list(AssociationState.FromString(one.value or b"").functions))
        for one in said(house, "AssociationState")
        if one.key == str(id_)
    ]


def test_every_event_is_told_in_order_with_the_state_that_follows(house: House) -> None:
    id_ = staffed(house)
    for function in ("PECOS", "NPPES"):
        house.access.execute(staff.grant_function, OFFICIAL, roles=EUS, association_id=id_, function=function)
    run(relay_of(house))
    assert states(house, id_) == [(1, []), (2, []), (3, ["PECOS"]), (4, ["NPPES", "PECOS"])]
    [requested] = said(house, "RoleRequested")
    [approved] = said(house, "RoleRequestApproved")
    assert requested.key == approved.key
    positions = [int(one.headers["position"]) for one in (requested, approved)]
    assert positions == sorted(positions)


def test_a_relay_rings_for_who_hears_it_and_not_for_its_own_log(house: House) -> None:
    staffed(house)
    app, told, appended = house.access.app, list[int](), list[int]()
    app.on_told, app.on_append = told.append, appended.append
    run(relay_of(house))
    assert set(told) == {house.access.end()}
    assert not appended


def test_a_state_is_told_once_a_command_wherever_the_pages_end(house: House) -> None:
    """A page boundary inside a command used to tell a state that never was."""
    id_ = staffed(house)
    functions = ["A", "B", "C", "D", "PECOS"]
    house.access.execute(grant_many, OFFICIAL, id=id_, functions=functions)
    house.access.execute(staff.withdraw_function, OFFICIAL, roles=EUS, association_id=id_, function="PECOS")
    told = [(1, []), (2, []), (7, functions), (8, functions[:-1])]
    for batch in (1, 2, 3, 4, 7, 500):
        with house.bus.session() as bus, house.access.app.session() as session:
            bus.run("DELETE FROM records")
            session.run("DELETE FROM told")
            session.run("UPDATE positions SET position = 0 WHERE follower = 'access.relay'")
        run(relay_of(house, batch=batch))
        assert states(house, id_) == told, f"in pages of {batch}"


def test_what_the_relay_has_forgotten_it_loads_as_it_was_then(house: House) -> None:
    """It remembers a bounded number of aggregates, those used last."""
    people = [uuid4() for _ in range(3)]
    for person in people:
        asked = house.access.execute(role_requests.request_role, person, employer_id=EMPLOYER, role="STAFF_END_USER")
        house.access.execute(role_requests.approve, OFFICIAL, roles=EUS, role_request_id=asked.id)
    ids = [Association.id_for(person, EMPLOYER) for person in people]
    for number in range(3):
        for id_ in ids:
            house.access.execute(grant_many, OFFICIAL, id=id_, functions=[f"F{number}"])
    relay = relay_of(house)
    with patch.object(relay_module, "_KEPT", 2):
        run(relay)
    assert list(relay._streams) == ids[-2:]
    told = [(1, []), (2, []), (3, ["F0"]), (4, ["F0", "F1"]), (5, ["F0", "F1", "F2"])]
    assert [states(house, id_) for id_ in ids] == [told] * 3


def test_a_state_that_is_as_it_was_told_is_not_told_again(house: House) -> None:
    id_ = staffed(house)
    run(relay_of(house))
    before = states(house, id_)
    house.access.execute(there_and_back, OFFICIAL, id=id_)
    run(relay_of(house))
    assert states(house, id_) == before
    house.access.execute(staff.grant_function, OFFICIAL, roles=EUS, association_id=id_, function="PECOS")
    run(relay_of(house))
    assert states(house, id_) == [*before, (5, ["PECOS"])]


def test_another_form_of_a_state_is_another_state(house: House) -> None:
    id_ = staffed(house)
    run(relay_of(house))
    now, then = PUBLISHING.form, PUBLISHING.form + 1
    second = Publishing(to_message=PUBLISHING.to_message, to_state=PUBLISHING.to_state, form=then)
    house.access.execute(grant_many, OFFICIAL, id=id_, functions=[])
    house.access.execute(staff.grant_function, OFFICIAL, roles=EUS, association_id=id_, function="PECOS")
    run(relay_of(house, publishing=second))
    assert [one.headers["form"] for one in said(house, "AssociationState") if one.key == str(id_)] == [
        str(now),
        str(now),
        str(then),
        str(then),
    ]


class Dying(EmbeddedPublisher):
    """Publishes, and is killed before anybody hears of it; or is cut off halfway."""

    alive = False
    halfway = False

    def publish(self, messages: Sequence[Message]) -> Sequence[Written]:
        if self.alive:
            return super().publish(messages)
        if self.halfway:
            super().publish(messages[: len(messages) // 2])
            raise BusUnavailableError
        super().publish(messages)
        raise KeyboardInterrupt


@pytest.mark.parametrize("halfway", [False, True])
def test_a_relay_that_dies_between_publishing_and_saving_repeats_itself_and_nobody_minds(
    house: House, rows: Rows, *, halfway: bool
) -> None:
    """F-01: the same messages with the same ids; the listener's log absorbs them."""
    staffed(house)
    publisher = Dying(house.bus)
    publisher.halfway = halfway
    relay = relay_of(house, publisher=publisher)
    with pytest.raises((KeyboardInterrupt, BusUnavailableError)):
        relay.step()
    house.connections.follower("connections.ingest").step()
    again = relay
    if not halfway:
        again = relay_of(house)  # the process is a new one
    publisher.alive = True
    run(again)
    house.settle()
    ids = [one.headers["ce_id"] for one in said(house, "AssociationState", "RoleRequested")]
    assert len(ids) > len(set(ids))
    heard = rows(house.connections, "SELECT stream, version FROM log WHERE topic = 'heard.AssociationState'")
    assert len(heard) == len(set(heard)) == 2
    assert rows(house.connections, "SELECT status FROM managers_v1") == [("APPROVED",)]


def test_two_relays_tell_the_same(house: House) -> None:
    id_ = staffed(house)
    one, other = relay_of(house, batch=2), relay_of(house, batch=3)
    house.access.execute(grant_many, OFFICIAL, id=id_, functions=["A", "B"])
    while one.step() | other.step():
        pass
    told = [(1, []), (2, []), (4, ["A", "B"])]
    assert sorted(set(map(str, states(house, id_)))) == sorted(map(str, told))


def test_a_copy_that_read_its_page_before_the_other_saved_tells_no_older_state(house: House) -> None:
    """The state between was not told, being as the one before it; compared with a newer one it differs."""
    id_ = staffed(house)
    run(relay_of(house))
    before = states(house, id_)
    house.access.execute(there_and_back, OFFICIAL, id=id_)
    house.access.execute(staff.grant_function, OFFICIAL, roles=EUS, association_id=id_, function="PECOS")
    late, quick = relay_of(house), relay_of(house)
    messages = late._messages

    def once_the_other_has_told(*page: Any) -> Any:
        run(quick)
        return messages(*page)

    with patch.object(late, "_messages", once_the_other_has_told):
        late.step()
    assert states(house, id_) == [*before, (5, ["PECOS"])]


def test_progress_follows_what_was_told(house: House, clock: Clock) -> None:
    staffed(house)
    relay = relay_of(house)
    run(relay)
    [*_, last] = said(house, PROGRESS)
    told = progress.read(last)
    assert (told.origin, told.edition, told.position) == ("access", 1, house.access.end())
    written = {(one.topic, one.partition): one.offset for one in told.written}
    for record in said(house, "RoleRequested", "RoleRequestApproved", "AssociationState"):
        assert written[record.topic, record.partition] >= record.offset
    ids = {topic: place.topic_id for (topic, _), place in house.subscriber.ends(list({t for t, _ in written})).items()}
    assert {one.topic_id for one in told.written} == set(ids.values())
    count = len(said(house, PROGRESS))
    relay.step()
    assert len(said(house, PROGRESS)) == count
    clock.move(seconds=1)
    assert relay.step() is False
    assert len(said(house, PROGRESS)) == count + 1


def test_progress_waits_for_the_end_of_the_work_and_not_for_long(house: House, clock: Clock) -> None:
    """Whoever asked last would wait for the progress of all before."""
    staffed(house)
    relay = relay_of(house, batch=1)

    def told() -> list[int]:
        return [progress.read(one).position for one in said(house, PROGRESS)]

    assert relay.step()
    assert told() == []
    clock.move(milliseconds=100)
    assert relay.step()
    assert len(told()) == 1
    run(relay)
    assert len(told()) == 2
    assert told()[-1] == house.access.end()
    run(relay)
    assert len(told()) == 2


def test_progress_does_not_wait_for_the_end_of_what_is_private(house: House, clock: Clock) -> None:
    """Much that nobody is told may stand behind one message."""
    staffed(house)
    only = Publishing(to_message={RoleRequest.Requested: PUBLISHING.to_message[RoleRequest.Requested]})
    relay = relay_of(house, publishing=only, batch=1)
    while not said(house, "RoleRequested"):
        assert relay.step()
    assert said(house, PROGRESS) == []
    clock.move(milliseconds=100)
    assert relay.step()
    [told] = said(house, PROGRESS)
    assert progress.read(told).position < house.access.end()


def test_a_log_that_ends_before_what_it_has_told_stops_the_relay(house: House, rows: Rows) -> None:
    """F-18: a restore from a backup; nothing is told before somebody has raised the edition."""
    staffed(house)
    run(relay_of(house))
    end = house.access.end()
    with house.access.app.session() as session:
        ahead = progress.message(session, "access", 1, end + 1)
        others = [progress.message(session, "identity", 1, 10**6 + n) for n in range(3_000)]
        # a relay that was frozen meanwhile says late how far it had been
        late = progress.message(session, "access", 1, end - 1)
    house.publisher.publish([ahead, late])
    for start in range(0, len(others), 500):
        house.publisher.publish(others[start : start + 500])
    for _ in range(2):
        with pytest.raises(LogBehindError, match="mandate restore access"):
            relay_of(house).step()


def test_a_raised_edition_may_tell_again(house: House) -> None:
    staffed(house)
    with house.access.app.session() as session:
        house.publisher.publish([progress.message(session, "access", 1, house.access.end() + 100)])
    with psycopg.connect(house.access.database.dsn, options="-c search_path=access", autocommit=True) as owner:
        owner.execute("UPDATE edition SET edition = 2")
    app = house.access.service.application(house.access.database, CATALOGUE)  # the service was down for it
    run(Relay(app, PUBLISHING, house.publisher, Standing(house.subscriber, app.name)))
    assert {one.headers["edition"] for one in said(house, "AssociationState")} == {"2"}


class Slow:
    """A bus whose polls sometimes bring nothing although there is something."""

    def __init__(self, inner: Any, *, empty: int) -> None:
        self.inner, self.left = inner, empty

    def poll(self, topics: Any, places: Any, *, limit: int = 500) -> Any:
        if self.left:
            self.left -= 1
            return self.inner.poll(topics, places, limit=0).__class__(places=places)
        return self.inner.poll(topics, places, limit=2)

    def ends(self, topics: Any) -> Any:
        return self.inner.ends(topics)


def test_the_last_progress_is_found_though_a_poll_brings_nothing(house: House) -> None:
    with house.access.app.session() as session:
        for position in (3, 9, 4):
            house.publisher.publish([progress.message(session, "access", 1, position)])
    for empty in (0, 1, 7):
        last = progress.last_told(Slow(house.subscriber, empty=empty), "access")  # type: ignore[arg-type]
        assert last is not None
        assert last.position == 9
    assert progress.last_told(house.subscriber, "nobody") is None
    with pytest.raises(BusUnavailableError):
        progress.last_told(Slow(house.subscriber, empty=10**6), "access")  # type: ignore[arg-type]


def test_a_strangers_progress_does_not_stop_the_relay(house: House) -> None:
    house.publisher.publish([Message(PROGRESS, "access", b"\xff\xff", {})])
    staffed(house)
    run(relay_of(house))
    assert said(house, "RoleRequested")


def test_what_is_heard_is_not_told_on(house: House) -> None:
    staffed(house)
    house.settle()
    with house.connections.app.session() as session:
        assert log.end(session) > 0
    assert {one.headers["origin"] for one in said(house, *CATALOGUE.topics)} >= {"access"}
    assert not [
        one
        for one in said(house, *[t for t in CATALOGUE.topics if t != PROGRESS])
        if one.headers["origin"] == "connections"
    ]


def test_ids_of_messages_come_from_their_events_alone(house: House) -> None:
    staffed(house)
    run(relay_of(house))
    before = {one.headers["ce_id"]: dict(one.headers) for one in said(house, "AssociationState", "RoleRequested")}
    with house.access.app.session() as session:
        session.run("DELETE FROM told")
        session.run("UPDATE positions SET position = 0 WHERE follower = 'access.relay'")
    run(relay_of(house))
    assert {
        one.headers["ce_id"]: dict(one.headers) for one in said(house, "AssociationState", "RoleRequested")
    } == before
