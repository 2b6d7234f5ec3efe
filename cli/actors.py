"""Readable names of actors that are no people: their ids are made of their names, so known names can be told."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from chassis.cause import system_actor
from cli.accounts import account_of
from cli.installation import Installation
from cli.platform import ALL


def system_actors() -> Mapping[UUID, str]:
    """The id of every follower, policy and part that this release knows, with its name."""
    return {system_actor(name): name for service in ALL for name in service.actors}


def actor_of(installation: Installation, text: str) -> UUID:
    """The actor that somebody typed: a person's user id or account, or a name such as `access/open_own_record`."""
    if any(text in service.actors for service in ALL):
        return system_actor(text)
    try:
        return account_of(installation, text)
    except SystemExit as error:
        raise SystemExit(f"{text!r} is no id or name of an actor: {error}") from error
