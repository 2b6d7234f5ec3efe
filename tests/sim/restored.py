"""The story, a service of which is put back to an earlier turn and restored; then it again, with other people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import psycopg

from chassis import log
from chassis.database import Session
from chassis.domain import id_of
from chassis.embedded.bus import EmbeddedSubscriber
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.restoring import Plan, look, raise_edition
from tests.house import CATALOGUE
from tests.putting_back import Backup, back_up
from tests.sim import story
from tests.sim.checks import check_all
from tests.sim.checks_of_people import InvariantError
from tests.sim.run import MOST_OF_FEW, come_to_rest
from tests.sim.scenery import Scenery
from tests.sim.stage import Stage, staged
from tests.sim.story import Story

GOALS = 12
"""Of the story's: after how many of them the backup is made, the seed says."""


OTHERS: dict[str, Any] = {
    name: id_of("sim", "other", name)
    for name in ("OFFICIAL", "STAFF", "RIVAL", "DOCTOR", "CLERK", "LATECOMER", "GROUP", "PRACTICE", "BRANCH")
}
"""Whom, and where, the second story is about."""


@dataclass(frozen=True)
class Restored:
    """What a green run was like."""

    service: str
    lost: int
    """Events of its log that the backup did not have."""
    told: int
    """Messages among what was lost that the bus had."""


def play_restored(postgres: EmbeddedPostgres, scenery: Scenery, seed: int) -> Restored:
    """Play both stories under a seed, with the restore between them; raises what turned it red."""
    with staged(postgres, scenery, seed) as stage:
        service = stage.sim.random.choice(scenery.services).name
        first = Story(stage)
        first.tell()
        goals = stage.sim.random.randrange(1, GOALS)
        stage.sim.play(lambda: len(first.reached) >= goals, most=MOST_OF_FEW)
        backup = back_up(stage.dsn, service)
        stage.sim.play(lambda: first.is_told and _clients_are_done(stage), most=MOST_OF_FEW)
        lost, plan = _restore(stage, service, backup)
        with patch.multiple(story, **OTHERS):
            second = Story(stage)
            second.tell()
            stage.sim.play(lambda: second.is_told, most=2 * MOST_OF_FEW)
            come_to_rest(stage, 3 * MOST_OF_FEW)
        check_all(stage)
        _events_keep_their_names(stage)
        return Restored(service, lost, sum(plan.lost.values()))


def _clients_are_done(stage: Stage) -> bool:
    return all(actor.done for actor in stage.sim.actors if actor.name.startswith("client."))


def _restore(stage: Stage, name: str, backup: Backup) -> tuple[int, Plan]:
    """Put the service back while it is down, and raise its edition; what was answered and is lost, nobody expects."""
    service = next(one for one in stage.scenery.services if one.name == name)
    _stop(stage, name)
    with psycopg.connect(stage.dsn, autocommit=True, options=f"-c search_path={name}") as owner:
        session = Session(owner)
        was = log.end(session)
        backup.put_back()
        plan = look(session, EmbeddedSubscriber(stage.database("bus")), service, CATALOGUE)
        # not by position: an answer that changed nothing names a place that was there before it
        kept = {command_id for (command_id,) in session.run("SELECT command_id FROM answered")}
        for asked in [one for one in stage.history if one.service == name and one.receipt is not None]:
            if asked.command_id not in kept:
                stage.history.remove(asked)
    if plan.is_needed:  # else nothing of what is lost was ever told
        raise_edition(stage.dsn, service, plan, by="the seed")
    stage.apps[name] = service.application(stage.database(name), CATALOGUE)
    stage.down.clear()
    stage.bells.wake_all()
    return was - plan.end, plan


def _events_keep_their_names(stage: Stage) -> None:
    """I3: an event that is told again, in whatever edition, is told under the id that it had."""
    with stage.connect("bus") as bus:
        rows = bus.execute(
            "SELECT topic, headers->>'leafhash', array_agg(DISTINCT headers->>'ce_id') FROM records"
            " WHERE topic <> 'Progress' AND topic NOT LIKE '%State' GROUP BY 1, 2"
        ).fetchall()
    renamed = [names for _, _, names in rows if len(names) > 1]
    if renamed:
        raise InvariantError(f"one event was told under several names: {renamed[0]}")


def _stop(stage: Stage, name: str) -> None:
    """Kill every process of the service; none starts again before it is up."""
    stage.down.add(name)
    stage.sim._until = lambda: True
    for actor in stage.sim.actors:
        if actor.name.startswith(f"{name}."):
            actor.doomed = True
            stage.sim._let_go_on(actor)
    stage.database(name).close()
