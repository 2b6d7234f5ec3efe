"""The story under seeds: `make sim SEED=n` plays one of them again."""

from __future__ import annotations

from threading import Thread

import pytest

from chassis.embedded.postgres import EmbeddedPostgres
from chassis.sim import BEGINNING, Simulation
from services.notifier.adapters.queue import Queue
from tests.sim import mutants
from tests.sim.run import play
from tests.sim.scenery import Scenery


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happens_the_story_ends_as_told(postgres: EmbeddedPostgres, two_services: Scenery, seed: int) -> None:
    """I1 to I5: nothing lost, nothing answered twice, every view equal to the fold of its log."""
    play(postgres, two_services, seed)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(5))
def test_the_whole_telling_holds_whatever_happens(postgres: EmbeddedPostgres, all_services: Scenery, seed: int) -> None:
    """Registrations, codes and mails too: every step of tests/scenario.py, with all services."""
    play(postgres, all_services, seed)


def test_the_same_seed_plays_the_same_run(postgres: EmbeddedPostgres, two_services: Scenery) -> None:
    first, second = (play(postgres, two_services, 7) for _ in range(2))
    assert first == second


@pytest.mark.timeout(1200)
def test_the_same_seed_plays_the_same_telling(postgres: EmbeddedPostgres, all_services: Scenery) -> None:
    first, second = (play(postgres, all_services, 7) for _ in range(2))
    assert first == second


def test_a_thread_that_is_no_actor_gets_neither_time_nor_chance() -> None:
    """Or a run could not be played again: a platform that was still alive in the same process did that once."""
    sim = Simulation(1)
    refused: list[str] = []

    def ask() -> None:
        for question in (sim.now, lambda: sim.random_bytes(1)):
            try:
                question()
            except RuntimeError as error:
                refused.append(str(error))

    stranger = Thread(target=ask, name="stranger")
    stranger.start()
    stranger.join()
    assert len(refused) == 2
    assert sim.now() > BEGINNING


def test_what_replaces_a_defence_is_called_as_the_defence_is() -> None:
    """Else a mutant is red for that alone, and proves nothing. To read the module judges all that are there."""
    with pytest.raises(TypeError, match="claim is called by"):
        mutants.in_code(Queue, "claim", lambda _self, _now: [])
