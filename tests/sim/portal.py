"""The client of the whole telling: asks as the portal does, and asks again where no answer came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

from chassis.cause import Receipt
from chassis.server import Code
from chassis.sim import SimulatedCrash
from cli.demo import desk, tell
from tests.scenario import Story
from tests.sim.checks_of_people import InvariantError
from tests.sim.stage import Asked, Stage
from tests.sim.wire import Call, Refusal, Wire

REPEATS = 0.15
"""How often a command is sent once more after its answer."""
TRIES, LOOKS = 500, 5_000
PATIENCE, LEAP_S = 100, 40.0
"""Looks after which time leaps for somebody who waits: a mail whose sender died is tried again after minutes."""
AT_REST = 15
"""For how many looks one counts while everybody sleeps: what still comes then comes by a clock."""


class Portal:
    """Tells the story once, through the services' handlers; what answers may die at every statement."""

    def __init__(self, stage: Stage) -> None:
        assert stage.platform is not None
        self._stage, self._sim, self._platform = stage, stage.sim, stage.platform
        self._signer = stage.platform.keys.signer("portal")
        self.is_told = False

    def tell(self) -> None:
        """Add the client; it never dies, but what it asks does."""
        self._stage.client("client", self._script, crashes=False)

    def _script(self) -> Iterator[bool]:
        password = self._stage.scenery.password
        eus, mac, auditor = desk(password), desk(password, "MAC"), desk(password, "AUDITOR")
        tell(Story(self._channel, self._stage.box, self._eventually, eus=eus, mac=mac, auditor=auditor))
        self.is_told = True
        yield True

    def _channel(self, service: str) -> Any:
        return Wire(partial(self._carry, service))

    def _eventually(self, look: Callable[[], Any], what: str) -> Any:
        waited = 0
        for _ in range(LOOKS):
            found = look()
            if found:
                return found
            waited += AT_REST if self._sim.at_rest else 1
            if waited >= PATIENCE:
                self._sim.pass_(LEAP_S)
                self._stage.bells.wake_all()  # before it leaps again: what time has brought would be over unseen
                waited = 0
            self._turn()
        raise AssertionError(f"there never was {what}")

    def _carry(self, service: str, call: Call) -> bytes:
        if not call.command_id:
            return self._answered(service, call)
        asked = Asked(service, UUID(call.command_id))
        self._stage.history.append(asked)
        try:
            first = self._answered(service, call)
            if self._sim.random.random() < REPEATS and self._answered(service, call) != first:
                raise InvariantError(f"{call.method} was answered in two ways")
        except Refusal:
            asked.refused = True
            raise
        receipt = getattr(call.read(first), "receipt", None)
        if receipt is not None and receipt.position:
            asked.receipt = Receipt(receipt.origin, receipt.edition, receipt.position, UUID(receipt.id))
        return first

    def _answered(self, service: str, call: Call) -> bytes:
        for tries in count():
            try:
                return self._once(service, call)
            except SimulatedCrash:
                continue
            except Refusal as refusal:
                if refusal.code() is Code.INTERNAL:
                    raise InvariantError(f"{call.method} failed") from refusal
                if refusal.code() is not Code.UNAVAILABLE or tries > TRIES:
                    raise
            self._turn()
        raise AssertionError

    def _once(self, service: str, call: Call) -> bytes:
        """One try, in which the process that answers may die."""
        actor = self._sim.running
        assert actor is not None
        actor.crashes = True
        try:
            return self._platform.answer(service, call, self._signer)
        except SimulatedCrash:
            self._sim.crashes += 1
            actor.hang_up()
            self._platform.restart(service)
            raise
        finally:
            actor.crashes = False

    def _turn(self) -> None:
        actor = self._sim.running
        assert actor is not None
        actor.idle = True  # whoever waits needs no turns
        actor.turn()
        actor.idle = False
