"""A raised form or edition tells every state again: from where it stopped, as of the relay's place, then it goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from mandate.access.v1.state_pb2 import AssociationState

from chassis import log, positions, progress
from chassis.bus import BusUnavailableError, Message, Record, Written
from chassis.embedded.bus import EmbeddedPublisher
from chassis.messages import PROGRESS
from chassis.progress import Standing
from chassis.relay import Publishing, Relay
from services.access.commands import role_requests, staff
from services.access.domain.association import Association
from services.access.publishing import PUBLISHING, association_state
from tests.house import CATALOGUE, House
from tests.integration.chassis.conftest import Clock
from tests.integration.chassis.test_relay import EUS, OFFICIAL, grant_many, run, said
from tests.papers import hand_in

Rows = Callable[..., list[Any]]
EMPLOYER = uuid4()


def marked(association: Association) -> AssociationState:
    """Another form of the state: it says more."""
    state = association_state(association)
    state.withheld_provider_ids.append(str(EMPLOYER))
    return state


NOW, NEXT = str(PUBLISHING.form), str(PUBLISHING.form + 1)
SECOND = Publishing(to_message=PUBLISHING.to_message, to_state={Association: marked}, form=int(NEXT))


def staffed(house: House, count: int, role: str = "ACCESS_MANAGER") -> list[UUID]:
    """Approved people at one employer; their associations, in the order of their keys."""
    people = [uuid4() for _ in range(count)]
    for person in people:
        asked = house.access.execute(role_requests.request_role, person, employer_id=EMPLOYER, role=role)
        hand_in(house.access.app, asked.id)
        house.access.execute(role_requests.approve, OFFICIAL, roles=EUS, role_request_id=asked.id)
    return sorted(Association.id_for(person, EMPLOYER) for person in people)


def relay_of(house: House, publishing: Publishing = SECOND, **more: Any) -> Relay:
    """A relay of a new process."""
    app = house.access.service.application(house.access.database, CATALOGUE)
    return Relay(app, publishing, more.pop("publisher", house.publisher), Standing(house.subscriber, app.name), **more)


def raise_edition(house: House) -> None:
    with psycopg.connect(house.access.database.dsn, options="-c search_path=access", autocommit=True) as owner:
        owner.execute("UPDATE edition SET edition = edition + 1")


def states(house: House, **only: str) -> list[Record]:
    return [
        one for one in said(house, "AssociationState") if all(one.headers[name] == text for name, text in only.items())
    ]


def versions(records: Sequence[Record]) -> dict[UUID, list[int]]:
    found: dict[UUID, list[int]] = {}
    for one in records:
        found.setdefault(UUID(one.key), []).append(int(one.headers["ce_sequence"]))
    return found


def grant(house: House, id_: UUID, function: str = "PECOS") -> None:
    house.access.execute(staff.grant_function, OFFICIAL, roles=EUS, association_id=id_, function=function)


@pytest.mark.parametrize("batch", [1, 3, 500])
def test_a_raised_form_tells_every_state_again_and_nothing_else(house: House, batch: int) -> None:
    ids = staffed(house, 5)
    run(relay_of(house, PUBLISHING))
    before, events = states(house), len(said(house, "RoleRequested", "RoleRequestApproved"))
    run(relay_of(house, batch=batch))
    again = states(house, form=NEXT)
    assert versions(again) == {id_: [2] for id_ in ids}
    assert all(AssociationState.FromString(one.value or b"").withheld_provider_ids for one in again)
    assert len(said(house, "RoleRequested", "RoleRequestApproved")) == events
    run(relay_of(house, batch=batch))
    run(relay_of(house, PUBLISHING))  # and back: a form that is lower tells nothing again
    assert len(states(house)) == len(before) + len(again)


def test_what_was_told_again_is_told_on_in_the_new_form(house: House) -> None:
    [id_] = staffed(house, 1, "STAFF_END_USER")
    run(relay_of(house, PUBLISHING))
    relay = relay_of(house)
    run(relay)
    grant(house, id_)
    run(relay)
    assert [(int(one.headers["ce_sequence"]), one.headers["form"]) for one in states(house)] == [
        (1, NOW),
        (2, NOW),
        (2, NEXT),
        (3, NEXT),
    ]


class Counting(EmbeddedPublisher):
    """Counts, and fails when it is told to: before it has published, or after."""

    def __init__(self, database: Any, *, at: int, published: bool) -> None:
        super().__init__(database)
        self.at, self.published, self.pages = at, published, 0

    def publish(self, messages: Sequence[Message]) -> Sequence[Written]:
        self.pages += any(message.topic != PROGRESS for message in messages)
        if self.pages == self.at:
            if self.published:
                super().publish(messages)
            raise BusUnavailableError
        return super().publish(messages)


@pytest.mark.parametrize("published", [False, True])
def test_it_goes_on_where_it_stopped(house: House, rows: Rows, *, published: bool) -> None:
    """F-01: a page is told and saved, or told again; none is left out, and those before it are not repeated."""
    ids = staffed(house, 5)
    run(relay_of(house, PUBLISHING))
    with pytest.raises(BusUnavailableError):
        run(relay_of(house, batch=2, publisher=Counting(house.bus, at=2, published=published)))
    house.connections.follower("connections.ingest").step()
    relay = relay_of(house, batch=2, publisher=Counting(house.bus, at=99, published=published))
    run(relay)
    told = versions(states(house, form=NEXT))
    assert set(told) == set(ids)
    repeated = [id_ for id_, times in told.items() if len(times) > 1]
    assert sorted(repeated) == (ids[2:4] if published else [])
    house.settle()
    heard = rows(house.connections, "SELECT stream, version FROM log WHERE topic = 'heard.AssociationState'")
    assert len(heard) == len(set(heard))
    assert len(rows(house.connections, f"SELECT 1 FROM heard WHERE form = {NEXT}")) == 5


def test_the_same_process_tries_the_same_page_again(house: House) -> None:
    ids = staffed(house, 3)
    run(relay_of(house, PUBLISHING))
    publisher = Counting(house.bus, at=1, published=False)
    relay = relay_of(house, batch=2, publisher=publisher)
    with pytest.raises(BusUnavailableError):
        relay.step()
    run(relay)
    assert versions(states(house, form=NEXT)) == {id_: [2] for id_ in ids}


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_events_that_come_meanwhile_follow_in_order(house: House, batch: int) -> None:
    """The state told again is the one at the relay's place: a newer one would be followed by older ones."""
    ids = staffed(house, 4, "STAFF_END_USER")
    run(relay_of(house, PUBLISHING))
    for id_ in ids:
        grant(house, id_, "PECOS")  # in the log before the new release starts
    relay = relay_of(house, batch=batch)
    relay.step()
    for id_ in ids:
        grant(house, id_, "NPPES")  # and while it tells again
    run(relay)
    assert versions(states(house, form=NEXT)) == {id_: [2, 3, 4] for id_ in ids}
    last = {one.key: AssociationState.FromString(one.value or b"").functions for one in states(house)}
    assert all(functions == ["NPPES", "PECOS"] for functions in last.values())


def test_a_state_is_never_told_again_in_the_middle_of_a_command(house: House) -> None:
    [id_] = staffed(house, 1, "STAFF_END_USER")
    first = relay_of(house, PUBLISHING, batch=3)
    run(first)
    with house.access.app.session() as session:
        place = positions.of(session, "access.relay")
    functions = ["A", "B", "C", "D", "E"]
    house.access.execute(grant_many, OFFICIAL, id=id_, functions=functions)
    first.step()
    with house.access.app.session() as session:
        assert place < positions.of(session, "access.relay") < log.end(session)
    run(relay_of(house))
    told = [
        (int(one.headers["ce_sequence"]), list(AssociationState.FromString(one.value or b"").functions))
        for one in states(house, form=NEXT)
    ]
    assert told == [(2, []), (7, functions)]


def test_a_copy_of_an_earlier_release_that_has_told_meanwhile_is_noticed(house: House) -> None:
    """A rolling upgrade: the old copy took the lead once more."""
    ids = staffed(house, 2, "STAFF_END_USER")
    old, new = relay_of(house, PUBLISHING), relay_of(house)
    run(old)
    run(new)
    grant(house, ids[0])
    run(old)
    run(new)
    told = [(one.headers["ce_sequence"], one.headers["form"]) for one in states(house) if one.key == str(ids[0])]
    assert told == [("1", NOW), ("2", NOW), ("2", NEXT), ("3", NOW), ("3", NEXT)]


def test_a_state_that_nobody_tells_any_more_is_let_go(house: House, rows: Rows) -> None:
    staffed(house, 2)
    run(relay_of(house, PUBLISHING))
    relay = relay_of(house, Publishing(form=int(NEXT)))
    run(relay)
    assert states(house, form=NEXT) == []
    assert rows(house.access, "SELECT 1 FROM told") == []


def view(rows: Rows, house: House) -> list[Any]:
    return sorted(rows(house.connections, "SELECT * FROM managers_v1"))


@pytest.mark.parametrize("raised", ["form", "edition"])
def test_listeners_take_what_is_told_again_and_their_views_are_as_before(house: House, rows: Rows, raised: str) -> None:
    staffed(house, 3)
    house.settle()
    before = view(rows, house)
    assert len(before) == 3
    if raised == "edition":
        raise_edition(house)
    run(relay_of(house, SECOND if raised == "form" else PUBLISHING, batch=2))
    ingest = house.connections.follower("connections.ingest")
    run(ingest)
    run(house.connections.follower("managers_v1"))
    now = int(NEXT) if raised == "form" else 2
    assert rows(house.connections, f"SELECT DISTINCT {raised}, version FROM heard") == [(now, 2)]
    assert view(rows, house) == before
    rows(house.connections, "DELETE FROM managers_v1")
    rows(house.connections, "UPDATE positions SET position = 0 WHERE follower = 'managers_v1'")
    run(house.connections.follower("managers_v1"))
    assert view(rows, house) == before


def test_after_a_restore_what_was_taken_back_is_heard_as_it_is_now(house: House, rows: Rows) -> None:
    """F-18: the listener heard version 3, the restored log ends with version 2; the new edition says so."""
    ids = staffed(house, 2)
    house.settle()
    before, place = view(rows, house), house.access.end()
    told = rows(house.access, "SELECT * FROM told")
    house.access.execute(staff.disassociate, OFFICIAL, roles=EUS, association_id=ids[1])
    house.settle()
    assert view(rows, house) != before
    with psycopg.connect(house.access.database.dsn, options="-c search_path=access", autocommit=True) as owner:
        owner.execute("ALTER TABLE log DISABLE TRIGGER ALL")
        owner.execute("DELETE FROM log WHERE position > %s", (place,))
        owner.execute("ALTER TABLE log ENABLE TRIGGER ALL")
        owner.execute("UPDATE positions SET position = least(position, %s)", (place,))
        owner.execute("DELETE FROM told")
        for row in told:
            owner.execute("INSERT INTO told VALUES (%s, %s, %s, %s, %s, %s)", row)
    raise_edition(house)
    run(relay_of(house, PUBLISHING))
    run(house.connections.follower("connections.ingest"))
    run(house.connections.follower("managers_v1"))
    assert view(rows, house) == before


def test_no_progress_is_told_before_all_states_of_a_new_edition_are(house: House, clock: Clock) -> None:
    """Who waits for a receipt of the new edition would else read what the restore has taken back."""
    staffed(house, 3)
    run(relay_of(house, PUBLISHING))
    raise_edition(house)
    relay = relay_of(house, PUBLISHING, batch=1)
    for _ in range(3):
        assert relay.step()
        clock.move(seconds=2)
        assert editions(house) == {1}
    run(relay)
    assert editions(house) == {1, 2}
    assert len(states(house, edition="2")) == 3


def test_progress_goes_on_while_another_form_is_told(house: House, clock: Clock) -> None:
    """Nothing that was heard is wrong: rights that rest on it must not become stale."""
    staffed(house, 3)
    run(relay_of(house, PUBLISHING))
    relay = relay_of(house, batch=1)
    count = len(said(house, PROGRESS))
    for _ in range(3):
        relay.step()
        clock.move(seconds=2)
    assert len(said(house, PROGRESS)) == count + 3


def editions(house: House) -> set[int]:
    return {progress.read(one).edition for one in said(house, PROGRESS) if one.key == "access"}
