"""Whenever something is added, note it; but what it dislikes it cannot answer."""

from __future__ import annotations

from collections.abc import Iterator

from chassis import nature
from chassis.domain import Aggregate, DomainError
from chassis.policies import World
from tests.integration.chassis.tab import Note, Tab

DISLIKED: dict[str, Exception] = {}
"""What is added -> what is raised then; tests fill it, and empty it again."""


class NotNowError(DomainError):
    """What this rests on has not been heard for a while."""

    transient = True


def on_added(added: Tab.Added, world: World) -> Iterator[Aggregate]:
    if added.what in DISLIKED:
        raise DISLIKED[added.what]
    tab: Tab = world.repository.get(added.originator_id)
    yield Note(id=nature.new_id(), policy="picky", position=world.woken_by.position, things=len(tab.things))
