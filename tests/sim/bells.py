"""Who is woken by what: a follower that had no work sleeps until its bell has rung, and now and then looks anyway.

As in a real process; here it saves the turns of a hundred followers that look in vain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from chassis.followers import Follower
from chassis.sim import Simulation

BUS = "bus"
POLLS, WAKES = 0.05, 0.8
"""How often a follower looks although nobody has rung (a process that dies after its commit rings no bell), and how
often at once where somebody has: what comes meanwhile is taken with it.
"""


class Bells:
    """One for each log, one for the bus, and one that wakes everybody."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self._rung: Counter[str] = Counter()
        self._ends: Counter[str] = Counter()
        """How far each log has come when its bell was rung last."""

    def ring_for(self, name: str) -> Callable[[int], None]:
        """What rings a log's bell: once for each place, though a relay that has told rings it too."""

        def ring(position: int) -> None:
            if position > self._ends[name]:
                self._ends[name] = position
                self._ring(name)

        return ring

    def ring_bus(self, _count: int) -> None:
        """Ring the bell of the bus."""
        self._ring(BUS)

    def _ring(self, name: str) -> None:
        self._rung.update((name,))
        for actor in self.sim.actors:
            if name in {BUS, actor.name.partition(".")[0]}:
                actor.idle = False

    def wake_all(self) -> None:
        """Let everybody look once."""
        self._rung.update(("all",))

    def rung(self, names: Sequence[str]) -> int:
        """How often any of these has rung."""
        return sum(self._rung[name] for name in (*names, "all"))


class Dozing:
    """A follower that sleeps where there is nothing to do."""

    def __init__(self, follower: Follower, bells: Bells, names: Sequence[str]) -> None:
        self.name = follower.name
        self._follower, self._bells, self._names = follower, bells, names
        self._slept_at = -1

    def step(self) -> bool:
        """Step, unless it sleeps."""
        rung, sim = self._bells.rung(self._names), self._bells.sim
        is_called = self._slept_at != rung
        if sim.healing:
            if not is_called:
                return False
        elif sim.random.random() >= (WAKES if is_called else POLLS):
            return is_called
        worked = self._follower.step()
        self._slept_at = -1 if worked else rung
        return worked
