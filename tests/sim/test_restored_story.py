"""A service put back to an earlier turn, and restored: I1 to I5 hold as if nothing had been (F-18)."""

from __future__ import annotations

import pytest

from chassis.embedded.postgres import EmbeddedPostgres
from tests.sim.restored import play_restored
from tests.sim.scenery import Scenery


@pytest.mark.parametrize("seed", [1, 3, 4, 5])
def test_after_a_restore_all_holds_as_ever(postgres: EmbeddedPostgres, two_services: Scenery, seed: int) -> None:
    play_restored(postgres, two_services, seed)


def test_what_is_lost_there_had_been_told(postgres: EmbeddedPostgres, two_services: Scenery) -> None:
    """Or it would prove little: with this seed much is lost; should it not be so any more, take another one."""
    run = play_restored(postgres, two_services, 2)
    assert (run.lost > 0, run.told > 0) == (True, True)
