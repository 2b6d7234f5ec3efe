"""Who does whose work: nobody waits for a timer, nobody is forgotten, and who comes too late is told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.application import BusyError
from chassis.runtime import Background
from chassis.waiting import MOST, GroupCommit

WAIT_S = 20


class Work:
    """Doubles each number; the first batch is held until `go_on` is set."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.began, self.go_on = threading.Event(), threading.Event()

    def __call__(self, jobs: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(jobs))
        self.began.set()
        assert self.go_on.wait(WAIT_S)
        return [2 * job for job in jobs]


@pytest.fixture
def work() -> Work:
    return Work()


def test_who_asks_first_does_the_work_of_all_who_have_handed_in(work: Work) -> None:
    commit = GroupCommit()
    work.go_on.set()
    promises = [commit.hand_in(number, work) for number in range(3)]
    assert work.batches == []
    assert [promise.result() for promise in reversed(promises)] == [4, 2, 0]
    assert work.batches == [[0, 1, 2]]


def test_a_promise_that_nobody_asks_for_holds_nobody_up(work: Work) -> None:
    """The lead is given to one who waits: who handed in and went away would never take it."""
    commit = GroupCommit()
    first = Background("first", lambda: assert_outcome(commit, work))
    first.start()
    assert work.began.wait(WAIT_S)
    left = commit.hand_in(1, work)
    second = Background("second", lambda: assert_outcome(commit, work))
    second.start()
    while commit.waiting < 2:
        threading.Event().wait(0.001)
    work.go_on.set()
    assert first.join(WAIT_S)
    assert second.join(WAIT_S)
    assert work.batches == [[7], [1, 7]]
    assert left.result() == 2


def assert_outcome(commit: GroupCommit, work: Work) -> None:
    assert commit.hand_in(7, work).result() == 14


def test_who_comes_when_too_many_wait_is_refused_and_nothing_of_his_is_done(work: Work) -> None:
    commit = GroupCommit(most_waiting=2)
    work.go_on.set()
    promises = [commit.hand_in(number, work) for number in (1, 2)]
    with pytest.raises(BusyError):
        commit.hand_in(3, work)
    assert [promise.result() for promise in promises] == [2, 4]
    assert commit.hand_in(4, work).result() == 8
    assert work.batches == [[1, 2], [4]]


def test_more_than_a_batch_are_done_in_several_until_the_asker_has_his(work: Work) -> None:
    commit = GroupCommit()
    work.go_on.set()
    promises = [commit.hand_in(number, work) for number in range(MOST + 5)]
    assert promises[-1].result() == 2 * (MOST + 4)
    assert [len(batch) for batch in work.batches] == [MOST, 5]


def test_what_the_work_raises_is_raised_by_each_of_its_batch_and_the_next_goes_on() -> None:
    commit, failing = GroupCommit(), [True]

    def work(jobs: Sequence[int]) -> Sequence[int]:
        if failing.pop():
            raise RuntimeError("no")
        return jobs

    failing.insert(0, False)
    promises = [commit.hand_in(number, work) for number in range(2)]
    for promise in promises:
        with pytest.raises(RuntimeError, match="no"):
            promise.result()
    assert commit.hand_in(5, work).result() == 5


def test_work_that_forgets_a_job_leaves_nobody_waiting() -> None:
    commit = GroupCommit()
    promises = [commit.hand_in(number, lambda jobs: jobs[1:]) for number in range(2)]
    for promise in promises:
        with pytest.raises(RuntimeError, match="1 outcomes of 2 jobs"):
            promise.result()


def test_sixty_four_threads_each_get_their_own_outcome() -> None:
    commit = GroupCommit()

    def work(jobs: Sequence[int]) -> Sequence[int | Exception]:
        return [ValueError(job) if job % 7 == 0 else 2 * job for job in jobs]

    def ask(thread: int) -> int:
        right = 0
        for turn in range(50):
            job = thread * 50 + turn
            try:
                right += commit.hand_in(job, work).result() == 2 * job
            except ValueError as error:
                right += job % 7 == 0 and error.args == (job,)
        return right

    with ThreadPoolExecutor(64) as threads:
        assert sum(threads.map(ask, range(64))) == 64 * 50
    assert commit.waiting == 0
