"""Readable names of actors that are no people: their ids are made of their names, so known names can be told."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from chassis.cause import system_actor
from cli.installation import uuid_of
from cli.platform import ALL


def system_actors() -> Mapping[UUID, str]:
    """The id of every follower, policy and part that this release knows, with its name."""
    return {system_actor(name): name for service in ALL for name in service.actors}


def actor_of(text: str) -> UUID:
    """The actor that somebody typed: an id, or a name such as `access/open_own_record`."""
    known = any(text in service.actors for service in ALL)
    return system_actor(text) if known else uuid_of(text, "id or name of an actor")
