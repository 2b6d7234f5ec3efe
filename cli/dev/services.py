"""One tile a service: its processes, its log, how far its followers are behind, and what is parked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chassis import log
from chassis.measuring import FOLLOWERS
from chassis.service import Service
from cli.dev.parts import Running
from cli.installation import Installation
from cli.parked import parked_in


@dataclass(frozen=True)
class Behind:
    """How far one follower has come."""

    follower: str
    position: int
    events: int
    """Events of the log that it has not seen."""


@dataclass(frozen=True)
class Tile:
    """One service."""

    name: str
    parts: Sequence[Running]
    position: int
    """Of the last event in its log."""
    followers: Sequence[Behind]
    parked: Sequence[dict[str, Any]] = field(repr=False)

    @property
    def late(self) -> Sequence[Behind]:
        """The followers that have events before them."""
        return [one for one in self.followers if one.events]

    @property
    def errors(self) -> Sequence[tuple[str, str]]:
        """The last error of each part that has told one, with the part's name."""
        return [(one.name, one.error) for one in self.parts if one.error]


def tiles(installation: Installation, parts: Sequence[Running]) -> list[Tile]:
    """The services that have a log here. Ends the program with a line where the database does not answer."""
    return [_tile(installation, service, parts) for service in installation.services()]


def _tile(installation: Installation, service: Service, parts: Sequence[Running]) -> Tile:
    with installation.reading(service.name) as session:
        positions = session.run(FOLLOWERS)
        end = log.end(session)
    return Tile(
        service.name,
        [one for one in parts if _service_of(one) == service.name],
        end,
        [Behind(follower, position, max(0, end - position)) for follower, position in positions],
        parked_in(installation, service),
    )


def others(parts: Sequence[Running], shown: Sequence[Tile]) -> list[Running]:
    """The parts that are on no tile: portal, inbox, PostgreSQL, Kafka."""
    names = {one.name for one in shown}
    return [one for one in parts if _service_of(one) not in names]


def _service_of(part: Running) -> str:
    return part.name.partition(".")[0]
