"""Simulation: all services in one process on a real PostgreSQL, and the seed decides who goes on.

Every actor is a thread with database sessions of its own, but only the one that holds the baton runs. It gives
the baton back between any two statements; the seed chooses who gets it next, who crashes, what is repeated,
reordered or delayed, and how the clock jumps. The same seed plays the same run.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis import nature

BEGINNING = datetime(2026, 5, 4, 13, 0, tzinfo=UTC)
DROWSY = 0.05
"""How much slower an actor is while it has nothing to do: it sleeps, and looks now and then."""
REDRAW = 30
"""Turns after which every actor gets a new speed: even odds hide races that need one actor to stand still."""


class SimulatedCrash(BaseException):
    """The process of this actor is dead from here on."""


class StuckError(RuntimeError):
    """The run did not come to rest: the message says who was doing what."""


class Actor:
    """One process of the simulation: it may crash anywhere, and then begins anew."""

    def __init__(self, sim: Simulation, name: str, life: Callable[[], Iterator[bool]], *, crashes: bool) -> None:
        self.name, self.speed, self.crashes = name, 1.0, crashes
        self.deaths = 0
        self.done = self.idle = self.blocked = False
        self.error: BaseException | None = None
        self.sessions: dict[object, Any] = {}
        """For each database what it has open there; let go of when it dies."""
        self._sim, self._life = sim, life
        self._go = _closed()
        self.doomed = False
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def turn(self) -> None:
        """Give the baton away, and go on when it comes again; or never, where the seed says so."""
        drawn = self._sim.draw_next()
        if drawn is not self:
            self._sim.hand_to(drawn)
            self._go.acquire()
        if self.doomed:
            self.doomed = False
            raise SimulatedCrash(self.name)

    def wait_for_a_lock(self) -> None:
        """Take no turn before somebody has let go of a lock: until then each would end where it began."""
        self.blocked = True

    def lets_go_of_locks(self) -> None:
        """Tell those who wait for one."""
        for actor in self._sim.actors:
            actor.blocked = False

    def resume(self) -> None:
        """Let this actor go on: it has the baton."""
        self._go.release()

    def hang_up(self) -> None:
        """Leave no session: what a dead process had begun is rolled back."""
        for session in self.sessions.values():
            session.let_go()
        self.lets_go_of_locks()
        self.sessions.clear()

    def _run(self) -> None:
        self._go.acquire()
        while not self.done:
            try:
                for worked in self._life():
                    self.idle = not worked
                    self._sim.worked |= worked
                    self.turn()
                self.done = True
            except SimulatedCrash:
                self.idle = False
                self.deaths += 1
                self._sim.crashes += 1
            except BaseException as error:  # noqa: BLE001 - told to the simulation, which raises it
                self.error, self.done = error, True
            self.hang_up()
        self._sim.hand_to(None)


class Simulation:
    """One run: actors, the baton, and everything that the seed decides."""

    def __init__(self, seed: int, *, crash_rate: float = 0.002, jump_rate: float = 0.002) -> None:
        self.seed = seed
        self.random = random.Random(seed)  # noqa: S311 - chance that can be played again
        self.crash_rate, self.jump_rate = crash_rate, jump_rate
        self.turns = self.crashes = 0
        self._home_goes = _closed()
        self.running: Actor | None = None
        self.actors: list[Actor] = []
        self.healing = False
        """Once healing, nothing crashes any more and everybody gets a turn."""
        self.at_rest = False
        """Whether all who could go on have nothing to do: they sleep, and wait for somebody to look."""
        self._home = threading.current_thread()
        self.worked = False
        """Whether any actor has had work since somebody last looked."""
        self._now = BEGINNING
        self._until: Callable[[], bool] = lambda: True
        self._most = 0

    def now(self) -> datetime:
        """The simulation's clock: it moves at every look, and sometimes jumps."""
        self._refuse_strangers()
        self._now += timedelta(microseconds=self.random.randrange(1, 2_000))
        return self._now

    def pass_(self, seconds: float) -> None:
        """Let time go by: for somebody who waits."""
        self._now += timedelta(seconds=seconds)

    def random_bytes(self, count: int) -> bytes:
        """The simulation's chance."""
        self._refuse_strangers()
        return self.random.randbytes(count)

    def _refuse_strangers(self) -> None:
        """A thread without the baton would draw from the seed at a moment of its own: no run could be repeated."""
        holder = self.running.thread if self.running is not None else self._home
        if threading.current_thread() is not holder:
            raise RuntimeError(f"{threading.current_thread().name} asks for time or chance, and is no actor here")

    def nature(self) -> nature.Nature:
        """Time and chance from the seed."""
        return nature.Nature(now=self.now, random_bytes=self.random_bytes)

    def add(self, name: str, life: Callable[[], Iterator[bool]], *, crashes: bool = True) -> Actor:
        """Add an actor; `life` yields after each piece of work whether there was any, and begins anew after a crash."""
        actor = Actor(self, name, life, crashes=crashes)
        self.actors.append(actor)
        return actor

    def play(self, until: Callable[[], bool], *, most: int = 60_000) -> None:
        """Hand the baton round until `until` says so; raises what an actor raised, or `StuckError`."""
        self._until, self._most = until, most
        while not until():
            self._let_go_on(self._draw())
            for actor in self.actors:
                if actor.error is not None:
                    raise actor.error

    def heal(self, *, most: int = 60_000, rounds: int = 3) -> None:
        """Let everybody run without faults until nobody has had work for some rounds."""
        self.healing = True
        quiet = 0
        while quiet < rounds:
            for actor in self.actors:
                if not actor.done:
                    actor.idle = False
            self.play(lambda: all(actor.idle or actor.done for actor in self.actors), most=most)
            quiet = 0 if self.worked else quiet + 1
            self.worked = False

    def draw_next(self) -> Actor | None:
        """Who has the next turn; called by the one whose turn ends. None where whoever plays is to look first."""
        return None if self._until() or self.turns >= self._most else self._draw()

    def hand_to(self, actor: Actor | None) -> None:
        """Hand the baton on, from one actor to the next; to whoever plays where there is none."""
        self.running = actor
        if actor is None:
            self._home_goes.release()
        else:
            actor.resume()

    def close(self) -> None:
        """End every actor that is still alive, as a crash does."""
        self._until = lambda: True
        for actor in self.actors:
            if not actor.done:
                actor.done = actor.doomed = True
                self._let_go_on(actor)

    def _draw(self) -> Actor:
        """Who has the next turn, and what happens to him in it."""
        if self.turns >= self._most:
            doing = ", ".join(f"{actor.name}{' idle' if actor.idle else ''}" for actor in self.actors if not actor.done)
            raise StuckError(f"seed {self.seed}: not at rest after {self._most} turns: {doing}")
        if self.turns % REDRAW == 0:
            for actor in self.actors:
                actor.speed = 1.0 if self.healing else 10 ** self.random.uniform(-3, 0)
        self.turns += 1
        living = [actor for actor in self.actors if not actor.done]
        if self.healing:
            living = [actor for actor in living if not actor.idle] or living
        living = [actor for actor in living if not actor.blocked] or living
        self.at_rest = all(actor.idle for actor in living)
        paces = [one.speed * (DROWSY if one.idle else 1) for one in living]
        actor = self.random.choices(living, paces)[0]
        if not self.healing:
            actor.doomed = actor.crashes and self.random.random() < self.crash_rate
            if self.random.random() < self.jump_rate:
                self._now += timedelta(seconds=self.random.uniform(0, 5))
        return actor

    def _let_go_on(self, actor: Actor) -> None:
        self.hand_to(actor)
        self._home_goes.acquire()


def _closed() -> threading.Lock:
    """What one thread waits at until another opens it: a lock, for it wakes in a third of a semaphore's time."""
    made = threading.Lock()
    made.acquire()
    return made
