"""A crowd that asks for roles and takes its requests back while something is broken, and notes what each saw.

And whether the log agrees (I1): a yes stands there once, a no has left nothing, what is unknown is all or nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import grpc
from mandate.access.v1 import service_pb2
from mandate.access.v1.service_pb2_grpc import AccessServiceStub

from chassis import nature
from chassis.client import OPTIONS
from chassis.log import Recorded
from chassis.runtime import Background, Wakeup, seconds, wait_until
from chassis.tokens import Signer
from cli.installation import find
from tests.scenario import NAMED

PATIENCE_S = 8.0
"""Longer than the log's lock is waited for: who gets no answer after it has met a fault."""
PACE_S = 0.25
MOST_TRIES = 200
EVENTS = {service_pb2.RequestRoleRequest: 3, service_pb2.CancelRoleRequestRequest: 2}
"""The request's (which names an official when it is made) and the association's."""
UNKNOWN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}


def employers_of(state: Path) -> list[UUID]:
    """Those that the registry of an installation knows: a role is asked for nowhere else."""
    with find(state).looking("registry") as session:
        return [one for (one,) in session.run("SELECT DISTINCT provider_id FROM providers WHERE offered")]


@dataclass
class Asked:
    """One command as its client saw it, from the first try to the last."""

    command_id: UUID
    at: float
    events: int
    """What it leaves in the log, all of it or nothing."""
    tries: list[str] = field(default_factory=list)
    """The status of each."""
    position: int = 0
    """Where the receipt says that it stands; 0 without one."""

    @property
    def is_unknown(self) -> bool:
        """Whether nobody has said yes or no."""
        return not self.position and all(grpc.StatusCode[one] in UNKNOWN for one in self.tries)


class Crowd:
    """Clients of access, each with accounts of its own; in a `with` block they ask, after it they are heard out.

    Every second one asks again with the same id where it got no answer, as a form does; the others leave it.
    `employers`: that the registry knows, at least one for each client.
    """

    def __init__(self, target: str, people: Signer, employers: Sequence[UUID], *, size: int = 8) -> None:
        self.history: list[Asked] = []
        self._channel = grpc.insecure_channel(target, options=[*OPTIONS, ("grpc.max_reconnect_backoff_ms", 500)])
        self._access: Any = AccessServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._people = people
        self._over = False
        assert len(employers) >= size, "somebody has nobody to ask"
        theirs = [list(islice(employers, n, None, size)) for n in range(size)]
        self._clients = [Background(f"client {n}", self._client(theirs[n], patient=n % 2 == 0)) for n in range(size)]

    def __enter__(self) -> Self:
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._over = True
        ended = [client.join(60) for client in self._clients]
        self._channel.close()
        assert all(ended)

    def answers(self, since: float) -> int:
        """How many commands that were first asked since a moment have been taken."""
        return sum(1 for one in list(self.history) if one.position and one.at >= since)

    def is_served(self, *, within_s: float) -> float:
        """Seconds until somebody who asks from now on has his answer. Raises `AssertionError` after `within_s`."""
        began = seconds()
        served = wait_until(lambda: self.answers(began) > 0, Wakeup(), timeout_s=within_s)
        assert served, f"nobody was answered for {within_s:.0f} s"
        return seconds() - began

    def _client(self, employers: list[UUID], *, patient: bool) -> Callable[[], None]:
        def live() -> None:
            account_id, free = nature.new_id(), employers
            while not self._over:
                # at every employer, and then again where the request was taken back: nobody asks twice at one place,
                # and after an unknown answer a request may stand there already
                free = [
                    employer_id
                    for employer_id in takewhile(lambda _: not self._over, free)
                    if self._ask_and_take_back(account_id, employer_id, patient=patient)
                ]
                if not free:
                    account_id, free = nature.new_id(), employers

        return live

    def _ask_and_take_back(self, account_id: UUID, employer_id: UUID, *, patient: bool) -> bool:
        """Return whether both were taken."""
        request = service_pb2.RequestRoleRequest(employer_id=str(employer_id), role="STAFF_END_USER", official=NAMED)
        asked = self._ask(account_id, self._access.RequestRole, request, patient=patient)
        if not asked.position:
            return False
        taken = service_pb2.CancelRoleRequestRequest(role_request_id=str(asked.command_id))
        return self._ask(account_id, self._access.CancelRoleRequest, taken, patient=patient).position > 0

    def _ask(self, account_id: UUID, method: Callable[..., Any], request: Any, *, patient: bool) -> Asked:
        asked = Asked(nature.new_id(), seconds(), EVENTS[type(request)])
        request.command_id = str(asked.command_id)
        self.history.append(asked)
        while not asked.position:
            token, _ = self._people.user_token(account_id, audience="access", roles=(), mfa_at=None, session="crowd")
            try:
                answer = method(request, timeout=PATIENCE_S, metadata=(("authorization", f"Bearer {token}"),))
            except grpc.RpcError as error:
                asked.tries.append(error.code().name)
                wait_until(lambda: self._over, Wakeup(), timeout_s=PACE_S)
                if patient and asked.is_unknown and len(asked.tries) < MOST_TRIES:
                    continue
                return asked
            asked.tries.append("OK")
            asked.position = answer.receipt.position
        wait_until(lambda: self._over, Wakeup(), timeout_s=PACE_S)
        return asked


def check(history: Sequence[Asked], recorded: Iterable[Recorded]) -> Counter[str]:
    """I1, for every command that was asked; how many were taken, refused, unknown and there, unknown and not there."""
    found: dict[UUID, list[int]] = {}
    for row in recorded:
        if not row.cause.causation:
            found.setdefault(row.cause.command_id, []).append(row.position)
    ends: Counter[str] = Counter()
    for asked in history:
        positions = found.get(asked.command_id, [])
        assert len(positions) in {0, asked.events}, (asked, positions)
        if asked.position:
            assert positions, asked
            assert positions[-1] == asked.position, (asked, positions)
            ends["taken"] += 1
        elif asked.is_unknown:
            ends["unknown, and there" if positions else "unknown, and not there"] += 1
        else:
            assert not positions, asked
            ends[asked.tries[-1]] += 1
    return ends
