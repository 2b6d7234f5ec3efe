"""What manifests are made of: the table in deploy/, and what the services' composition roots say of themselves."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from chassis.bus import Topic
from chassis.messages import PROGRESS, Catalogue
from chassis.service import Service
from cli.platform import ALL
from services.activity.adapters.counting import CHANGELOG

from tools.repository import ROOT

DEPLOY = ROOT / "deploy"
TABLE = DEPLOY / "who_talks_to_whom.toml"
SERVICES: Mapping[str, Service] = {service.name: service for service in ALL}
PORTAL, ACTIVITY = "portal", "activity"
VAULT = "vault"


@dataclass(frozen=True)
class Table:
    """`who_talks_to_whom.toml` as it stands; a party is `<service>.<role>`."""

    ports: Mapping[str, int]
    calls: Mapping[str, Sequence[str]]
    inwards: Mapping[str, Mapping[str, Any]]
    outwards: Mapping[str, str]
    keys: Mapping[str, Sequence[str]]


@cache
def table() -> Table:
    """The table. Raises `TypeError` for a section that is missing or unknown."""
    return Table(**tomllib.loads(TABLE.read_text()))


def roles(service: str) -> Sequence[str]:
    """The words of the entry point that become workloads."""
    if service == PORTAL:
        return ("web",)
    if service == ACTIVITY:
        return ("counter",)
    return ("api", "worker", "sealer", "migrate")  # who has no questions to answer answers auditors


def parties() -> Iterator[tuple[str, str]]:
    """Service and role of every workload."""
    for service in (*sorted(SERVICES), PORTAL, ACTIVITY):
        for role in roles(service):
            yield service, role


def databases() -> Mapping[str, Sequence[tuple[str, str]]]:
    """Database -> the parties that open sessions there: each service's own, and the vault."""
    own = {name: [(name, role) for role in roles(name)] for name in sorted(SERVICES)}
    vault = [
        (name, role) for name in sorted(SERVICES) if SERVICES[name].vault for role in roles(name) if role != "sealer"
    ]
    return own | {VAULT: vault}


@cache
def topics() -> Mapping[str, Topic]:
    """Every topic that `proto/` declares, by name."""
    return dict(sorted(Catalogue().topics.items()))


def writes(service: str) -> list[str]:
    """The topics that a service's worker writes."""
    return [name for name, topic in topics().items() if topic.origin in {service, ""}]


def reads(service: str) -> list[str]:
    """The topics that a service's worker reads: what it hears, and how far everybody has told."""
    return sorted({*SERVICES[service].application.hears, PROGRESS})


def kept_topics() -> Mapping[str, Topic]:
    """All topics that somebody must make: what `proto/` declares, and where activity keeps its counts."""
    return {**topics(), CHANGELOG.name: CHANGELOG}


def counted() -> list[str]:
    """The topics that activity reads: every event topic."""
    return [name for name, topic in topics().items() if topic.origin and not topic.compacted]
