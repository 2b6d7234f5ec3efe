"""One seed of the simulation, from the first turn to the last check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chassis.embedded.postgres import EmbeddedPostgres
from tests.sim.checks import check_all
from tests.sim.stage import staged
from tests.sim.story import Story


@dataclass(frozen=True)
class Run:
    """What a green run was like."""

    seed: int
    turns: int
    crashes: int
    commands: int


def play(postgres: EmbeddedPostgres, template: str, seed: int, **settings: Any) -> Run:
    """Play the story under a seed; raises what turned it red."""
    with staged(postgres, template, seed, **settings) as stage:
        story = Story(stage)
        story.tell()
        stage.sim.play(lambda: story.is_told)
        stage.sim.heal()
        check_all(stage)
        return Run(seed, stage.sim.turns, stage.sim.crashes, len(stage.history))
