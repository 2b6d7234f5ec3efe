"""L-07: an hour (--minutes) at some 30 commands a second, with a process of ours killed each minute, and then I1 to I7.

Memory may grow by 1 MB in ten minutes, file descriptors and sessions of the database not at all.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass, field
from random import Random

from chassis import log
from chassis.keys import Keyring
from cli.demo import eventually
from cli.up import parts_of
from tests.bench.figures import Line, Plot
from tests.faults.again import restart
from tests.faults.test_processes import SERVICES, check
from tests.fire import crowd
from tests.load.arrivals import begin
from tests.load.city import City, city
from tests.load.machine import descriptors, rss_mb, slope

CLIENTS, LOOK_S, KILL_EVERY_S = 8, 5.0, 60.0
PLACES = 3_200
"""Employers that are asked at, again and again: after a few minutes no index grows any more."""
WARM_S = 60.0
"""A process fills its caches for so long after its start."""
GROWTH_MB, EVERY_S = 1.0, 600.0
REST_S = 900.0
"""How long followers and mails may take that are behind at the end; how long they took is told."""


@dataclass
class Life:
    """One process from its start to its end, as it was seen."""

    times: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)


class Watch:
    """What every process holds, by name and process id."""

    def __init__(self, place: City) -> None:
        self._city, self._began = place, time.perf_counter()
        self.lives: dict[tuple[str, int], Life] = {}
        self.sessions: list[float] = []
        self.times: list[float] = []
        self.behind: dict[str, list[float]] = {name: [] for name in SERVICES}
        """Events that the last follower of each service is behind its log."""

    def look(self) -> None:
        now = time.perf_counter() - self._began
        for one in parts_of(self._city.state / "up"):
            if one.environment and one.alive():
                life = self.lives.setdefault((one.name, one.pid), Life())
                life.times.append(now)
                life.memory.append(rss_mb(one.pid))
                life.files.append(descriptors(one.pid))
        with self._city.looking("access") as session:
            [(count,)] = session.run("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        self.sessions.append(count)
        self.times.append(now)
        for name, behind in self.behind.items():
            with self._city.looking(name) as session:
                [(most,)] = session.run(
                    "SELECT (SELECT coalesce(max(position), 0) FROM log) - min(position) FROM positions"
                )
            behind.append(most)

    def plots(self) -> list[Plot]:
        """Memory and open files of every life, over the minutes since the beginning."""
        behind = [Line(name, [at / 60 for at in self.times], values) for name, values in sorted(self.behind.items())]
        titles = {"memory": ("Memory of each process, ended and begun anew", "MB"), "files": ("Open files", "files")}
        return [
            Plot(
                f"soak-{of}",
                title,
                "minutes",
                unit,
                [
                    Line(name, [at / 60 for at in life.times], getattr(life, of))
                    for (name, _), life in sorted(self.lives.items())
                ],
                fitted=False,
            )
            for of, (title, unit) in titles.items()
        ] + [
            Plot(
                "soak-behind",
                "Events that the last follower of a log is behind",
                "minutes",
                "events",
                behind,
                fitted=False,
            )
        ]

    def worst(self, of: str) -> tuple[float, str] | None:
        """The steepest growth a second, and of which process; None where none was seen long enough to tell.

        All lives of a process count as one, each from its own level: of a short one alone the noise is the slope.
        """
        grown = []
        for name in sorted({name for name, _ in self.lives}):
            runs, seen_s = [], 0.0
            for life in (life for (whose, _), life in self.lives.items() if whose == name):
                warm = [number for number, at in enumerate(life.times) if at - life.times[0] >= WARM_S]
                if warm:
                    times, values = life.times[warm[0] :], getattr(life, of)[warm[0] :]
                    runs.append((times, values))
                    seen_s += times[-1] - times[0]
            if seen_s >= EVERY_S:
                grown.append((slope(runs), name))
        return max(grown, default=None)


def kill(place: City, by: Random) -> None:
    """As a machine that loses its power; whoever runs it starts it again."""
    ours = [one for one in parts_of(place.state / "up") if one.name.endswith((".worker", ".api"))]
    one = by.choice(ours)
    os.kill(one.pid, signal.SIGKILL)
    eventually(lambda: not one.alive(), f"the end of {one.name}")
    restart(place.state, one.name)
    eventually(lambda: place.part(one.name).ready(), f"{one.name} to be ready again", wait_s=90)
    print(f"  {one.name} was killed and came back", flush=True)


def main() -> int:
    asking = begin("soak", __doc__, seconds=KILL_EVERY_S)
    bench, by = asking.bench, Random(1)
    with city(employers=0) as place:
        watch, signer = Watch(place), Keyring(place.state / "up" / "keys").signer("identity")
        until, due = time.perf_counter() + 60 * asking.minutes, time.perf_counter() + asking.seconds
        with crowd.Crowd(
            f"ipv4:{place.part('access.api').url}", signer, crowd.employers_of(place.state)[:PLACES], size=CLIENTS
        ) as asked:
            while time.perf_counter() < until:
                time.sleep(LOOK_S)
                watch.look()
                if time.perf_counter() >= due:
                    kill(place, by)
                    due += asking.seconds
        with place.looking("access") as session:
            ends = crowd.check(asked.history, log.read(session, after=0, limit=10_000_000))
        half = len(watch.sessions) // 2
        sessions = max(watch.sessions[half:], default=0) - max(watch.sessions[:half], default=0)
        for of, unit, most in (("memory", "MB", GROWTH_MB), ("files", "files", 1.0)):
            worst = watch.worst(of)
            if worst is None:
                bench.skip(f"growth of {of}", "no process was seen for ten minutes: let it last longer")
            else:
                bench.add(
                    f"{of}, the steepest in ten minutes", unit, [worst[0] * EVERY_S], most, at_most=True, note=worst[1]
                )
        bench.plots += watch.plots()
        bench.add("  sessions of the database, second half above first", "sessions", [sessions], 2, at_most=True)
        bench.add("  commands taken", "commands/s", [ends["taken"] / (60 * asking.minutes)], note=str(dict(ends)))
        left = {name: values[-1] for name, values in watch.behind.items()}
        bench.add("  events behind, the last follower at the end", "events", [max(left.values())], note=str(left))
        ended = time.perf_counter()
        try:
            check(place.state, rest_s=REST_S)
            bench.add("  until all was followed, heard and sent, and checked", "s", [time.perf_counter() - ended])
        finally:
            code = bench.finish()
    return code


if __name__ == "__main__":
    sys.exit(main())
