"""Appends of threads that come at the same time: one commit, and each command is refused or taken by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from chassis import log
from chassis.audit import leaf_hash
from chassis.cause import Cause
from chassis.database import DatabaseUnavailableError, Promise, Session
from chassis.log import Answer, AnsweredError, ConflictError, Entry
from chassis.waiting import GroupCommit
from tests.house import Room

Outcome = list[int] | Exception


class Batch:
    """Lets calls be appended in one batch: the first holds the lead until the others wait."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.sizes: list[int] = []
        self._commit = GroupCommit()
        self._gate = threading.Event()

    def hand_in(self, job: Any, work: Callable[[Sequence[Any]], Sequence[Any]]) -> Promise[Any]:
        def noted(jobs: Sequence[Any]) -> Sequence[Any]:
            self.sizes.append(len(jobs))
            if len(self.sizes) == 1:
                assert self._gate.wait(10)
            return work(jobs)

        return self._commit.hand_in(job, noted)

    def all(self, *calls: tuple[Sequence[Entry], Answer | None]) -> list[Outcome]:
        """The outcomes of these calls, in one batch in this order, behind a first one of its own."""
        self.room.database.together = self
        with ThreadPoolExecutor(len(calls) + 1) as threads:
            first = threads.submit(self._append, [entry(1, stream=uuid4())], None)
            futures = []
            for number, call in enumerate(calls):
                self._until_waiting(number)
                futures.append(threads.submit(self._append, *call))
            self._until_waiting(len(calls))
            self._gate.set()
            assert isinstance(first.result(10), list)
            outcomes = [future.result(10) for future in futures]
        assert self.sizes == [1, len(calls)]
        return outcomes

    def _append(self, entries: Sequence[Entry], answer: Answer | None) -> Outcome:
        try:
            return log.hand_in(self.room.database, "shop", entries, Cause.of(uuid4()), answer=answer).result()
        except Exception as error:  # noqa: BLE001 - the outcome that is looked for
            return error

    def _until_waiting(self, count: int) -> None:
        for _ in range(10_000):
            if self.sizes and len(self._commit._queue) == count:
                return
            threading.Event().wait(0.001)
        pytest.fail("the others did not come")


def entry(version: int, *, stream: UUID) -> Entry:
    return Entry(stream, version, "shop.Tab.Closed", b'{"timestamp":"2026-01-01T00:00:00Z"}')


def answer() -> Answer:
    return Answer(uuid4(), uuid4(), uuid4())


@pytest.fixture
def batch(shop: Room) -> Batch:
    return Batch(shop)


def test_all_are_taken_in_the_order_in_which_they_came(batch: Batch, rows: Callable[..., list[Any]]) -> None:
    calls = [([entry(version, stream=uuid4()) for version in range(1, size + 1)], answer()) for size in (1, 3, 2)]
    outcomes = batch.all(*calls, ([entry(1, stream=uuid4())], None))
    begin = outcomes[0][0]  # type: ignore[index]
    assert outcomes == [[begin], [begin + 1, begin + 2, begin + 3], [begin + 4, begin + 5], [begin + 6]]
    told = rows(batch.room, "SELECT command_id, actor, position, id FROM answered ORDER BY position")
    assert told == [
        (one.command_id, one.actor, placed[-1], one.id)  # type: ignore[index]
        for (_, one), placed in zip(calls, outcomes, strict=False)
    ]
    with batch.room.app.session() as session:
        kept = log.read(session, after=begin - 1)
    assert [(row.stream, row.version) for row in kept[:6]] == [
        (one.stream, one.version) for entries, _ in calls for one in entries
    ]
    for row in kept:
        leaf = (row.stream, row.version, row.topic, row.recorded_at, row.packed_cause, row.state)
        assert leaf_hash("shop", *leaf) == row.leaf_hash


def test_who_conflicts_is_refused_and_nobody_else(batch: Batch, rows: Callable[..., list[Any]]) -> None:
    """With the log, with each other, by a command's id, by a fault of the caller: each alone, and wholly."""
    one, other, again = uuid4(), uuid4(), answer()
    outcomes = batch.all(
        ([entry(1, stream=one)], again),
        ([entry(1, stream=other), entry(1, stream=one)], answer()),
        ([entry(1, stream=other)], answer()),
        ([entry(1, stream=uuid4())], again),
        ([entry(2, stream=one), entry(2, stream=one)], answer()),
        ([entry(2, stream=one)], None),
    )
    refusals = [type(outcome) for outcome in outcomes if not isinstance(outcome, list)]
    assert refusals == [ConflictError, AnsweredError, ValueError]
    taken = [outcome for outcome in outcomes if isinstance(outcome, list)]
    assert [outcomes.index(outcome) for outcome in taken] == [0, 2, 5]
    with batch.room.app.session() as session:
        kept = log.read(session, after=taken[0][0] - 1)
    assert [(row.position, row.stream, row.version) for row in kept] == [
        (taken[0][0], one, 1),
        (taken[1][0], other, 1),
        (taken[2][0], one, 2),
    ]
    assert len(rows(batch.room, "SELECT 1 FROM answered")) == 2


def test_the_bell_rings_once_for_a_batch(batch: Batch) -> None:
    with batch.room.database.connect() as listener:
        listener.execute('LISTEN "shop.log"')
        outcomes = batch.all(*(([entry(1, stream=uuid4())], answer()) for _ in range(4)))
        rung = [notify.payload for notify in listener.notifies(timeout=0.2)]
    assert rung[1:] == [str(outcomes[-1][0])]  # type: ignore[index]


def test_a_batch_waits_for_the_logs_lock_and_all_hear_that_it_was_not_to_be_had(batch: Batch) -> None:
    with psycopg.connect(batch.room.database.dsn, options="-c search_path=shop") as owner:
        text = owner.execute("SELECT pg_get_functiondef('append_together'::regproc)").fetchone()
        assert text is not None
        held = text[0].replace("BEGIN", "BEGIN SET LOCAL lock_timeout = '50ms';", 1)
        owner.execute(held.encode())
        owner.commit()
        with psycopg.connect(batch.room.database.dsn, options="-c search_path=shop") as holder:
            outcomes = _while_held(batch, holder)
    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailableError] * 3


def _while_held(batch: Batch, holder: psycopg.Connection[Any]) -> list[Outcome]:
    alone = batch.hand_in

    def hand_in(job: Any, work: Callable[[Sequence[Any]], Sequence[Any]]) -> Promise[Any]:
        def then_held(jobs: Sequence[Any]) -> Sequence[Any]:
            outcomes = work(jobs)
            if len(jobs) == 1:  # the first is through: from now on somebody else holds the log
                holder.execute("SELECT pg_advisory_xact_lock('log'::regclass::oid::bigint)")
            return outcomes

        return alone(job, then_held)

    batch.hand_in = hand_in  # type: ignore[method-assign]
    return batch.all(*(([entry(1, stream=uuid4())], answer()) for _ in range(3)))


def test_sixteen_threads_on_a_few_streams_lose_nothing_and_take_nothing_twice(shop: Room) -> None:
    """Each thread takes each of its turns once, whoever else wants the version: loads again, tries again."""
    streams = [uuid4() for _ in range(4)]
    shop.database.together = GroupCommit()

    def turns(number: int) -> list[int]:
        placed: list[int] = []
        with shop.database.connect() as connection:
            session = Session(connection)
            while len(placed) < 20:
                stream = streams[(number + len(placed)) % 4]
                row = session.one("SELECT coalesce(max(version), 0) FROM log WHERE stream = %s", (stream,))
                assert row is not None
                try:
                    one = [entry(row[0] + 1, stream=stream)]
                    handed = log.hand_in(shop.database, "shop", one, Cause.of(uuid4()), answer=answer())
                    placed += handed.result()
                except ConflictError:
                    continue
        return placed

    with ThreadPoolExecutor(16) as threads:
        placed = sorted(one for some in threads.map(turns, range(16)) for one in some)
    with shop.app.session() as session:
        kept = log.read(session, after=0)
    assert [row.position for row in kept] == placed
    for stream in streams:
        versions = [row.version for row in kept if row.stream == stream]
        assert versions == list(range(1, 81))


def test_what_is_handed_in_before_a_result_is_asked_for_is_one_commit(shop: Room) -> None:
    shop.database.together = GroupCommit()
    stream, cause = uuid4(), Cause.of(uuid4())
    with shop.database.connect() as onlooker:
        promises = [
            log.hand_in(shop.database, "shop", [entry(version, stream=one)], cause, answer=answer())
            for version, one in ((1, stream), (1, uuid4()), (2, stream), (2, stream), (3, stream))
        ]
        assert onlooker.execute("SELECT count(*) FROM log").fetchone() == (0,), "nothing is done before somebody asks"
        begin = promises[0].result()[0]
        assert onlooker.execute("SELECT count(*) FROM log").fetchone() == (4,), "a promise is kept after its commit"
    assert [promise.result() for promise in promises[1:3]] == [[begin + 1], [begin + 2]]
    with pytest.raises(ConflictError):
        promises[3].result()
    [last] = promises[4].result()
    assert promises[4].result() == [last]
    assert last > begin + 2


def test_who_waits_for_a_commit_holds_no_session(shop: Room) -> None:
    """Sixteen commands and a pool of eight: who reads meanwhile would find none."""
    shop.database.together = batch = Batch(shop)
    with ThreadPoolExecutor(17) as threads:
        waiting = [threads.submit(batch._append, [entry(1, stream=uuid4())], None) for _ in range(17)]
        batch._until_waiting(16)
        assert shop.database._pool.get_stats().get("requests_waiting", 0) == 0
        with shop.database.session() as session:
            assert session.one("SELECT count(*) FROM log") == (0,)
        batch._gate.set()
        assert all(isinstance(one.result(10), list) for one in waiting)


def test_a_log_without_a_commit_that_is_shared_takes_nothing_handed_in(shop: Room) -> None:
    shop.database.together = None
    with pytest.raises(ValueError, match="one at a time"):
        log.hand_in(shop.database, "shop", [entry(1, stream=uuid4())], Cause.of(uuid4()))
