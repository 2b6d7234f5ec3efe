"""One seed of the simulation, from the first turn to the last check."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from chassis.embedded.postgres import EmbeddedPostgres
from tests.sim.checks import check_all
from tests.sim.portal import Portal
from tests.sim.scenery import Scenery
from tests.sim.stage import Stage, staged
from tests.sim.story import Story

MOST, MOST_OF_FEW = 150_000, 30_000
"""Turns of one run at most: four to ten times what a run takes."""
CRASH_RATE, JUMP_RATE = 0.001, 0.0005
"""In the whole telling, which has ten times as many turns. The clock leaps for those who wait, besides."""
LATER_S = 7_200.0
"""A claim of a sender that died is over, and so is the longest wait before another try; and menders look again."""


@dataclass(frozen=True)
class Run:
    """What a green run was like."""

    seed: int
    turns: int
    crashes: int
    commands: int
    logs: str
    """A hash over everything that stands in the logs: the same seed writes the same."""


def play(postgres: EmbeddedPostgres, scenery: Scenery, seed: int, **settings: Any) -> Run:
    """Play the scenery's story under a seed; raises what turned it red."""
    if scenery.keys is not None:
        settings = {"crash_rate": CRASH_RATE, "jump_rate": JUMP_RATE, **settings}
    most = MOST_OF_FEW if scenery.keys is None else MOST
    with staged(postgres, scenery, seed, **settings) as stage:
        told: Any = Story(stage) if stage.platform is None else Portal(stage)
        told.tell()
        stage.sim.play(lambda: told.is_told, most=most)
        come_to_rest(stage, most)
        check_all(stage)
        return Run(seed, stage.sim.turns, stage.sim.crashes, len(stage.history), _written(stage))


def come_to_rest(stage: Stage, most: int) -> None:
    """Without faults from now on: everything is heard, and mails whose sender died or was refused are sent."""
    stage.bells.wake_all()
    stage.sim.heal(most=most)
    stage.sim.pass_(LATER_S)
    for _ in range(2):  # menders look, then the relays that they have called: nothing else rings for those
        stage.bells.wake_all()
        stage.sim.heal(most=most)


def _written(stage: Stage) -> str:
    leaves = hashlib.sha256()
    for service in stage.scenery.services:
        with stage.connect(service.name) as connection:
            for (leaf,) in connection.execute("SELECT leaf_hash FROM log ORDER BY position"):
                leaves.update(leaf)
    return leaves.hexdigest()
