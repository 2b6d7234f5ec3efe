"""Whenever something is added, or asked for elsewhere, note it: with a new id each time, guarded by nothing."""

from __future__ import annotations

from collections.abc import Iterator

from mandate.access.v1.events_pb2 import RoleRequested

from chassis import nature
from chassis.domain import Aggregate
from chassis.policies import World
from tests.integration.chassis.tab import Note, Tab


def on_added(added: Tab.Added, world: World) -> Iterator[Aggregate]:
    tab: Tab = world.repository.get(added.originator_id)
    yield Note(id=nature.new_id(), policy="counting", position=world.woken_by.position, things=len(tab.things))


def on_asked(_asked: RoleRequested, world: World) -> Iterator[Aggregate]:
    yield Note(id=nature.new_id(), policy="asked", position=world.woken_by.position, things=0)
