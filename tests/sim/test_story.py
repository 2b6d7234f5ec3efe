"""The story under seeds: `make sim SEED=n` plays one of them again."""

from __future__ import annotations

import pytest

from chassis.embedded.postgres import EmbeddedPostgres
from tests.sim.run import play


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happens_the_story_ends_as_told(postgres: EmbeddedPostgres, stage_template: str, seed: int) -> None:
    """I1 to I5: nothing lost, nothing answered twice, every view equal to the fold of its log."""
    play(postgres, stage_template, seed)


def test_the_same_seed_plays_the_same_run(postgres: EmbeddedPostgres, stage_template: str) -> None:
    first, second = (play(postgres, stage_template, 7) for _ in range(2))
    assert first == second
