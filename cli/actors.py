"""Readable names of actors that are no people: their ids are made of their names, so known names can be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

from chassis.cause import system_actor
from chassis.policies import policies_of
from cli.installation import uuid_of
from cli.platform import ALL
from services.notifier.adapters.sender import Sender

OTHERS = ("registry", "identity/seed", "identity/visitor", "access/visitor", Sender.name)
"""Who else acts in no person's name: services' own parts."""


def system_actors() -> Mapping[UUID, str]:
    """The id of every follower, policy and part that this release knows, with its name."""
    return {system_actor(name): name for name in _names()}


def _names() -> Iterator[str]:
    yield from OTHERS
    for service in ALL:
        yield f"{service.name}.ingest"
        yield f"{service.name}.timers"
        yield from (f"{service.name}/{policy}" for policy in policies_of(service.application))


def actor_of(text: str) -> UUID:
    """The actor that somebody typed: an id, or a name such as `access/open_own_record`."""
    return system_actor(text) if text in set(_names()) else uuid_of(text, "id or name of an actor")
