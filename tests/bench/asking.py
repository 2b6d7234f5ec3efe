"""One process that asks a service for commands, as many at once as it is told to; ordered by its standard input.

The first line names the target, the folder of keys and who may ask: official and associations of each place in
flight, as JSON. Then each line is a run: seconds to ask for, and commands a second (0: each place asks again as soon
as it is answered). It answers with one line of JSON: ids that were answered with OK, seconds of each answer, others by
status.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
from mandate.access.v1 import service_pb2 as access
from mandate.access.v1.service_pb2_grpc import AccessServiceStub

from chassis import nature
from chassis.client import OPTIONS
from chassis.keys import Keyring
from chassis.tokens import Signer
from tests.load.arrivals import arrive

DEADLINE_S = 20.0
FRESH_S = 5.0
"""A token is used again for so long: one that is made for each command would be half of what asking costs."""


@dataclass
class Place:
    """One in flight: an official who grants a function to one after the other and withdraws it again."""

    official: UUID
    associations: list[str]
    commands: int = 0
    token: str = ""
    signed_at: float = 0.0

    def metadata(self, people: Signer) -> tuple[tuple[str, str], ...]:
        now = time.perf_counter()
        if not self.token or now - self.signed_at > FRESH_S:
            self.signed_at = now
            self.token, _ = people.user_token(
                self.official, audience="access", roles=(), mfa_at=nature.now(), session="bench"
            )
        return (("authorization", f"Bearer {self.token}"),)


@dataclass
class Run:
    """What became of one run."""

    taken: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def told(self) -> str:
        return json.dumps({"taken": self.taken, "latencies": self.latencies, "errors": self.errors})


class Client:
    """Asks with one thread and answers as they come: a thread for each in flight would measure itself."""

    def __init__(self, target: str, people: Signer, places: list[Place]) -> None:
        self._channel = grpc.insecure_channel(target, options=OPTIONS)
        self._access: Any = AccessServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._people, self._places = people, places

    def as_fast_as_answered(self, seconds: float) -> Run:
        """Each place asks again once it has its answer."""
        run, until, left = Run(), time.perf_counter() + seconds, threading.Semaphore(0)

        def again(place: Place) -> None:
            if time.perf_counter() < until:
                self._ask(place, run, again)
            else:
                left.release()

        for place in self._places:
            again(place)
        for _ in self._places:
            left.acquire()
        return run

    def at_a_rate(self, seconds: float, rate: float) -> Run:
        """At fixed times, whether or not earlier ones are answered (`tests.load.arrivals`)."""
        run = Run()

        def work(number: int) -> None:
            command_id, method, made, metadata = self._next(self._places[number % len(self._places)])
            method(made, timeout=DEADLINE_S, metadata=metadata)
            run.taken.append(command_id)

        asked = arrive(rate, seconds, work, clients=len(self._places))
        run.latencies, run.errors = asked.latencies, list(asked.errors.elements())
        return run

    def _ask(self, place: Place, run: Run, then: Callable[[Place], None]) -> None:
        command_id, method, made, metadata = self._next(place)
        began = time.perf_counter()

        def answered(future: Any) -> None:
            if future.code() == grpc.StatusCode.OK:
                run.latencies.append(time.perf_counter() - began)
                run.taken.append(command_id)
            else:
                run.errors.append(future.code().name)
            then(place)

        method.future(made, timeout=DEADLINE_S, metadata=metadata).add_done_callback(answered)

    def _next(self, place: Place) -> tuple[str, Any, Any, tuple[tuple[str, str], ...]]:
        """The id of a place's next command, the RPC, its request and who asks."""
        command_id = str(nature.new_id())
        times, one = divmod(place.commands, len(place.associations))
        place.commands += 1
        method, request = (
            (self._access.WithdrawFunction, access.WithdrawFunctionRequest)
            if times % 2
            else (self._access.GrantFunction, access.GrantFunctionRequest)
        )
        made = request(command_id=command_id, association_id=place.associations[one], function="PECOS")
        return command_id, method, made, place.metadata(self._people)


def main() -> None:
    told = json.loads(sys.stdin.readline())
    people = Keyring(Path(told["keys"])).signer("identity")
    places = [Place(UUID(official), associations) for official, associations in told["places"]]
    client = Client(told["target"], people, places)
    client.as_fast_as_answered(0.5)
    print("ready", flush=True)
    for order in sys.stdin:
        seconds, rate = map(float, order.split())
        run = client.at_a_rate(seconds, rate) if rate else client.as_fast_as_answered(seconds)
        print(run.told(), flush=True)


if __name__ == "__main__":
    main()
