"""A service as a composition root describes it, and the followers that belong to each of its roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any

from chassis import log, policies
from chassis.application import Application
from chassis.batches import CountedPublisher, CountedSubscriber
from chassis.bus import Publisher, Record, Subscriber
from chassis.followers import Abreast, Follower, ViewFollower, fold_together, take_each
from chassis.hearing import Ingest
from chassis.measuring import More, nothing
from chassis.mending import Mender
from chassis.policies import PolicyFollower, policies_of
from chassis.progress import Standing
from chassis.relay import Publishing, Relay
from chassis.timers import Deadlines, Timers


@dataclass(frozen=True)
class Service:
    """What the chassis needs to know to migrate, serve and work for one context."""

    application: type[Application]
    publishing: Publishing = field(default_factory=Publishing)
    deadlines: Deadlines = field(default_factory=dict)
    """The service's `timers.py`."""
    scripts: Sequence[Traversable] = ()
    """The service's own migrations, in order."""
    more_followers: Mapping[str, Callable[[Application, Any], Sequence[Follower]]] = field(default_factory=dict)
    """Role -> what else it drives (the notifier's sender): called with the application and its `Parts`."""
    apis: Callable[[Any], Sequence[Any]] = lambda _parts: ()
    """The gRPC services it answers (`chassis.server.Api`), made from its `Parts`."""
    api_followers: Callable[[Any], Sequence[Follower]] = lambda _parts: ()
    """What every api process keeps in memory beside its views, made from its `Parts` before `apis`; no lease."""
    vault: bool = False
    """Whether it seals personal data: only then its processes open the vault and are given its master key."""
    measures: More = nothing
    """What its `/metrics` say beside what they say of every service."""
    other_actors: Sequence[str] = ()
    """Names of what else of it acts in nobody's name, beside its followers and policies."""
    seed: Callable[[Any], None] | None = None
    """Called once before an api or a worker starts, after `migrate`: accounts from configuration."""

    taken_back: Callable[[Any, Sequence[Record]], None] | None = None
    """Called by a restore, in its transaction, with a session of the owner and the events that the service had told
    and that its log does not have any more."""

    @property
    def name(self) -> str:
        """The context's name: schema, origin of its messages, first part of its topics."""
        return self.application.name

    @property
    def actors(self) -> tuple[str, ...]:
        """Names of all that acts in nobody's name here: their ids are made of them (`chassis.cause.system_actor`)."""
        policies_here = (f"{self.name}/{policy}" for policy in policies_of(self.application))
        return (
            f"{self.name}.ingest",
            f"{self.name}.timers",
            f"{self.name}.restore",
            *policies_here,
            *self.other_actors,
        )


ROLES = ("ingest", "policies", "views", "relay", "timers")
"""One lease each: other copies of a worker stand by."""


@dataclass(frozen=True)
class Parts:
    """What a composition root builds a service's rooms from."""

    app: Application
    waiter: Any
    """`chassis.server.Waiter` of this process."""
    keys: Any
    """`chassis.keys.Keyring`."""
    vault: Any
    """`chassis.vault.Vault`; None where the service seals nothing."""
    channel: Callable[[str], Any]
    """Service -> gRPC channel that carries our own token."""
    in_memory: dict[str, Any] = field(default_factory=dict)
    """What `api_followers` made, by name, for `apis` to answer from."""


def followers(
    service: Service, app: Application, publisher: Publisher, subscriber: Subscriber
) -> dict[str, list[Follower]]:
    """The followers of each role of a service, in the order in which they are best stepped."""
    views = list(dict.fromkeys((*app.policy_views, *app.views)))
    standing = Standing(subscriber, app.name)
    relay = Relay(app, service.publishing, CountedPublisher(publisher, app.name), standing)
    # what only shows (views) may go on; whoever writes into the log, tells, or does something else must know first
    return {
        "ingest": [Ingest(app, CountedSubscriber(subscriber, app.name), standing)] if app.hears else [],
        "policies": [PolicyFollower(app, policy, standing) for policy in policies_of(app)],
        "views": [ViewFollower(app, view) for view in views],
        "relay": [relay, Mender(app, relay, subscriber)],
        "timers": [Timers(app, service.deadlines, standing)],
    }


def abreast(app: Application, groups: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Follower]]:
    """The groups as a process drives them: its policies read the log together, and so do its views."""
    ways = {"policies": (policies.PAGE, take_each), "views": (log.PAGE, fold_together)}
    return {
        role: [Abreast(app, role, group, batch=ways[role][0], take=ways[role][1])] if group and role in ways else group
        for role, group in groups.items()
    }


def settle(groups: Sequence[Mapping[str, Sequence[Follower]]], *, rounds: int = 1_000) -> None:
    """Step everything until nobody has work: what tests do instead of sleeping.

    Raises `RuntimeError` where the followers keep each other busy for ever.
    """
    for _ in range(rounds):
        worked = [follower.step() for group in groups for role in group.values() for follower in role]
        if not any(worked):
            return
    raise RuntimeError(f"still busy after {rounds} rounds")
