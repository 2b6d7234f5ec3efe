"""Whose turn it is: those who have lost come first, one after another, and nobody waits for ever or in a ring."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID

import pytest

from chassis import turns as module
from chassis.runtime import Wakeup, wait_until
from chassis.turns import Turns

WAIT_S = 20
ONE, OTHER = UUID(int=1), UUID(int=2)


class Table:
    """Commands that stand in line in threads of their own, and note when they are let in."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.turns, self.came = Turns(), list[str]()
        self._threads, self._may_go = threads, dict[str, threading.Event]()

    def ask(
        self, name: str, *lost: UUID, loads: tuple[UUID, ...] = (), changes: tuple[UUID, ...] | None = None
    ) -> Future[None]:
        """Begin an attempt, over when `name` may go. It changes what it has lost or loads, unless said otherwise."""
        may_go = self._may_go[name] = threading.Event()

        def attempt() -> None:
            with self.turns.attempt(lost):
                for stream in loads:
                    self.turns.come(stream)
                self.came.append(name)
                assert may_go.wait(WAIT_S)
                self.turns.change((*lost, *loads) if changes is None else changes)

        return self._threads.submit(attempt)

    def let_go(self, name: str) -> None:
        self._may_go[name].set()

    def waiting(self, stream: UUID) -> int:
        return len(self.turns._lines.get(stream, ()))


@pytest.fixture
def table() -> Iterator[Table]:
    with ThreadPoolExecutor(8) as threads:
        table = Table(threads)
        yield table
        assert table.turns.taken == 0, "a turn that nobody gave on"


def until(holds: Callable[[], bool]) -> None:
    assert wait_until(holds, Wakeup(), timeout_s=WAIT_S)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TURN_S", float(WAIT_S))


@pytest.mark.usefixtures("patient")
def test_those_who_have_lost_go_in_the_order_in_which_they_came(table: Table) -> None:
    asked = []
    for name in "abcd":
        asked.append(table.ask(name, ONE))
        until(lambda: table.turns.taken == 1 and table.waiting(ONE) == len(asked) - 1)
    for name in "abcd":
        until(lambda name=name: name in table.came)  # type: ignore[misc]
        table.let_go(name)
    for one in asked:
        one.result(WAIT_S)
    assert table.came == list("abcd")


@pytest.mark.usefixtures("patient")
def test_who_loads_what_is_contested_stands_behind_and_others_wait_for_nobody(table: Table) -> None:
    loser = table.ask("loser", ONE)
    until(lambda: table.came == ["loser"])
    newcomer = table.ask("newcomer", loads=(ONE,))
    until(lambda: table.waiting(ONE) == 1)
    table.ask("elsewhere", loads=(OTHER,))
    until(lambda: table.came == ["loser", "elsewhere"])
    assert table.turns.taken == 1, "nobody stands in line for what nobody has lost"
    table.let_go("elsewhere")
    table.let_go("loser")
    loser.result(WAIT_S)
    until(lambda: table.came[-1] == "newcomer")
    table.let_go("newcomer")
    newcomer.result(WAIT_S)


@pytest.mark.usefixtures("patient")
def test_who_has_a_turn_waits_for_no_other_in_the_middle(table: Table) -> None:
    """Two commands load two aggregates, each in its own order: they would wait for each other."""
    first = table.ask("first", ONE, loads=(OTHER,))
    until(lambda: table.came == ["first"])
    second = table.ask("second", OTHER, loads=(ONE,))
    until(lambda: table.came == ["first", "second"])
    for name in table.came:
        table.let_go(name)
    first.result(WAIT_S)
    second.result(WAIT_S)


@pytest.mark.usefixtures("patient")
def test_who_has_lost_two_comes_to_their_lines_in_one_order(table: Table) -> None:
    first = table.ask("first", OTHER, ONE)
    until(lambda: table.came == ["first"])
    second = table.ask("second", OTHER, ONE)
    until(lambda: table.waiting(ONE) == 1)
    assert table.waiting(OTHER) == 0
    table.let_go("first")
    table.let_go("second")
    first.result(WAIT_S)
    second.result(WAIT_S)
    assert table.came == ["first", "second"]


@pytest.mark.usefixtures("patient")
def test_those_who_only_look_wait_for_one_change_and_not_for_each_other(table: Table) -> None:
    asked = [table.ask("loser", ONE)]
    until(lambda: table.came == ["loser"])
    for name in ("reader", "second", "third"):
        asked.append(table.ask(name, loads=(ONE,), changes=(OTHER,)))
        until(lambda: table.waiting(ONE) == len(asked) - 1)
    table.let_go("loser")
    until(lambda: table.came == ["loser", "reader"])
    assert table.waiting(ONE) == 2, "it may be about to change it"
    table.let_go("reader")
    until(lambda: sorted(table.came[2:]) == ["second", "third"])
    assert table.turns.taken == 0
    table.let_go("second")
    table.let_go("third")
    for one in asked:
        one.result(WAIT_S)


def test_who_has_waited_long_goes_without_and_leaves_the_line_whole(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TURN_S", 0.05)
    holder = table.ask("holder", ONE)
    until(lambda: table.came == ["holder"])
    without = table.ask("without", ONE)
    until(lambda: table.came == ["holder", "without"])
    assert table.waiting(ONE) == 0
    table.let_go("without")
    without.result(WAIT_S)
    assert table.turns.taken == 1, "the turn was the holder's, and is"
    table.let_go("holder")
    holder.result(WAIT_S)


def test_an_attempt_that_fails_gives_its_turn_on() -> None:
    turns = Turns()

    @turns.attempt([ONE])
    def fail() -> None:
        assert turns.taken == 1
        raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert turns.taken == 0


def test_an_attempt_inside_another_is_a_part_of_it() -> None:
    turns = Turns()
    with turns.attempt([ONE]):
        with turns.attempt([ONE, OTHER]):
            assert turns.taken == 1
        assert turns.taken == 1
    assert turns.taken == 0


def test_outside_of_a_command_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TURN_S", 3.0 * WAIT_S)
    turns = Turns()
    with turns.attempt([ONE]), ThreadPoolExecutor(1) as threads:
        threads.submit(turns.come, ONE).result(WAIT_S)
    assert turns.taken == 0
