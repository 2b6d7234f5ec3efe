"""Who is woken by what: a follower that had no work sleeps until its bell has rung, and now and then looks anyway.

As in a real process; here it saves the turns of a hundred followers that look in vain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from chassis.followers import Follower
from chassis.sim import Simulation

POLLS, POLLS_AT_REST, WAKES = 0.01, 0.1, 0.8
"""How often a follower looks although nobody has rung (a process that dies after its commit rings no bell): seldom
while others have work, often where all else would only wait for it. And how often at once where somebody has rung: what
comes meanwhile is taken with it.
"""
OFTEN = 0.05
"""How often those look for whom nobody rings: time does not, nor does Progress."""


class Bells:
    """One for each log, one for what each service hears on the bus, and one that wakes everybody."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self._hears: dict[str, AbstractSet[str]] = {}
        self._rung: Counter[str] = Counter()
        self._ends: Counter[str] = Counter()
        """How far each log has come when its bell was rung last."""
        self._waking = 0
        """How often everybody was woken."""

    def ring_for(self, name: str) -> Callable[[int], None]:
        """What rings a log's bell: once for each place."""

        def ring(position: int) -> None:
            if position > self._ends[name]:
                self._ends[name] = position
                self._ring(name, name)

        return ring

    def hears(self, service: str, topics: AbstractSet[str]) -> str:
        """The bell of what this service hears on the bus: rung where there is something new in one of the topics."""
        self._hears[service] = topics
        return f"{service}.bus"

    def ring_bus(self, topics: AbstractSet[str]) -> None:
        """Ring for all who hear any of these."""
        for service, heard in self._hears.items():
            if not topics.isdisjoint(heard):
                self._ring(f"{service}.bus", service)

    def _ring(self, bell: str, service: str) -> None:
        self._rung[bell] += 1
        for actor in self.sim.actors:
            if actor.name.partition(".")[0] == service:
                actor.idle = False

    def wake_all(self) -> None:
        """Let everybody look once."""
        self._waking += 1
        for actor in self.sim.actors:
            actor.idle = False

    def rung(self, bell: str) -> int:
        """How often this one has rung, or all."""
        return self._rung[bell] + self._waking


class Dozing:
    """A follower that sleeps where there is nothing to do."""

    def __init__(self, follower: Follower, bells: Bells, bell: str, *, polls: float = POLLS) -> None:
        self.name = follower.name
        self._follower, self._bells, self._bell, self._polls = follower, bells, bell, polls
        self._slept_at = -1

    def step(self) -> bool:
        """Step, unless it sleeps."""
        rung, sim = self._bells.rung(self._bell), self._bells.sim
        is_called = self._slept_at != rung
        if sim.healing:
            if not is_called:
                return False
        elif sim.random.random() >= (WAKES if is_called else POLLS_AT_REST if sim.at_rest else self._polls):
            return is_called
        assert sim.running is not None
        sim.running.idle = False  # nobody who is in the midst of a look sleeps
        worked = self._follower.step()
        self._slept_at = -1 if worked else rung
        return worked
