"""Aggregates against models of theirs: any sequence of questions, each answered as the state machine of its page says.

A few dozen sequences in `make test`, with `MANDATE_TEST_TIMES` as many times that (`tests.chance`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test

from chassis.domain import DomainError
from tests.chance import SEED, TIMES

SEQUENCES, STEPS = 50 if TIMES == 1 else 170, 40
"""Sequences of one turn, so that the thirty turns of `make test-chance` are 5,000; steps of one sequence at most."""


class Modelled(RuleBasedStateMachine):
    """One aggregate, or several that change together, and all that has happened to each."""

    def __init__(self) -> None:
        super().__init__()
        self._followed: dict[str, tuple[Any, list[Any]]] = {}

    def follow(self, name: str, aggregate: Any) -> None:
        """Begin, or begin anew, with one that was just made."""
        self._followed[name] = (aggregate, list(aggregate.collect_events()))

    def ask(self, action: Callable[[], Any], *, refused: type[DomainError] | None = None, changes: bool = True) -> None:
        """Ask; the model says with which error this is refused, or whether anything changes."""
        said: type[DomainError] | None = None
        try:
            action()
        except DomainError as error:
            said = type(error)
        assert said is refused, (said, refused)
        happened = 0
        for aggregate, history in self._followed.values():
            new = list(aggregate.collect_events())
            history.extend(new)
            happened += len(new)
        assert bool(happened) == (changes and refused is None), "what is refused or repeated changes nothing"

    @invariant()
    def what_happened_tells_it_all(self) -> None:
        """An aggregate made of its events alone is the same."""
        for aggregate, history in self._followed.values():
            made = None
            for one in history:
                made = one.mutate(made)
            assert made == aggregate


def march(machine: type[Modelled], turn: int) -> None:
    """Play one turn's sequences."""
    print(f"MANDATE_TEST_SEED={SEED}, turn {turn}")
    chosen = settings(
        max_examples=SEQUENCES,
        stateful_step_count=STEPS,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(f"{SEED}.{turn}")(machine), settings=chosen)
