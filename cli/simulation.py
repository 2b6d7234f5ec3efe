"""`mandate events simulate`: what a subscriber has to live with, told on topics of its own with invented people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from mandate.access.v1.state_pb2 import AssociationState
from mandate.connections.v1.events_pb2 import ConnectionApproved, ConnectionEnded
from mandate.connections.v1.state_pb2 import ConnectionState
from mandate.identity.v1.state_pb2 import AccountState

from chassis import nature
from chassis.bus import Message, Publisher, TopicAdmin
from chassis.messages import Catalogue, timestamp
from chassis.runtime import Wakeup
from chassis.vocabulary.functions import PECOS
from cli.teller import Teller, make_topics

TOPICS = ("AccountState", "AssociationState", "ConnectionState", "ConnectionApproved", "ConnectionEnded")
ORIGINS = ("access", "connections", "identity")
BATCH = 1000
PROVE_S = 1.0
INVENTED = "51510000"
"""What every id begins with, so that nobody takes these for real."""


@dataclass(frozen=True)
class Expected:
    """What a subscriber must answer when it has taken everything."""

    account_id: UUID
    provider_id: UUID
    may_act: bool
    because: str


class Stage:
    """One run of a scenario: invented people, all staff of one clinic, each to act for one provider."""

    def __init__(self, teller: Teller) -> None:
        self.teller = teller
        self._run = int.from_bytes(nature.random_bytes(2))
        self._count = 0
        self.messages = 0
        self.clinic = self.new_id()

    def new_id(self) -> UUID:
        """An id that shows that it is invented."""
        self._count += 1
        return UUID(f"{INVENTED}-{self._run:04x}-8000-8000-{self._count:012x}")

    def tell(self, messages: Sequence[Message]) -> None:
        """Publish, in batches."""
        for first in range(0, len(messages), BATCH):
            self.teller.tell(messages[first : first + BATCH])
        self.messages += len(messages)

    def staff(self) -> tuple[UUID, list[Message]]:
        """Somebody active who may use PECOS at the clinic."""
        who, member = self.new_id(), self.new_id()
        active = AccountState(account_id=str(who), active=True)
        works = AssociationState(
            association_id=str(member),
            account_id=str(who),
            employer_id=str(self.clinic),
            role="STAFF_END_USER",
            status="APPROVED",
            functions=[PECOS],
        )
        return who, [self.teller.made(active, who, 1), self.teller.made(works, member, 1)]

    def connection(self, id: UUID, provider: UUID, status: str, version: int) -> Message:
        """A connection of the clinic for a provider, as it is."""
        state = ConnectionState(
            connection_id=str(id),
            provider_id=str(provider),
            surrogate_id=str(self.clinic),
            function=PECOS,
            status=status,
            tracking_id="SIMULATED",
            since=timestamp(nature.now()),
            changed_by=str(id),
        )
        return self.teller.made(state, id, version)

    def event(
        self, kind: type[ConnectionApproved | ConnectionEnded], id: UUID, provider: UUID, version: int
    ) -> Message:
        """That a connection was approved, or has ended."""
        told = kind(
            connection_id=str(id),
            tracking_id="SIMULATED",
            provider_id=str(provider),
            surrogate_id=str(self.clinic),
            function=PECOS,
        )
        return self.teller.made(told, id, version)

    def right(self) -> tuple[UUID, UUID, UUID, list[Message]]:
        """Somebody with a right: account, provider, connection, and all that says so."""
        who, told = self.staff()
        provider, id_ = self.new_id(), self.new_id()
        told += [
            self.connection(id_, provider, "PENDING", 1),
            self.event(ConnectionApproved, id_, provider, 2),
            self.connection(id_, provider, "APPROVED", 2),
        ]
        return who, provider, id_, told


def connection_approved(stage: Stage, people: int) -> list[Expected]:  # noqa: ARG001
    """A right comes to be."""
    who, provider, _, told = stage.right()
    stage.tell(told)
    return [Expected(who, provider, may_act=True, because="the connection was approved")]


def mass_revoke(stage: Stage, people: int) -> list[Expected]:
    """Many lose their rights at once."""
    rights = [stage.right() for _ in range(people)]
    stage.tell([one for *_, told in rights for one in told])
    ends: list[Message] = []
    for _, provider, id_, _ in rights:
        ends += [stage.event(ConnectionEnded, id_, provider, 3), stage.connection(id_, provider, "DISCONNECTED", 3)]
    stage.tell(ends)
    return [Expected(who, provider, may_act=False, because="the connection ended") for who, provider, _, _ in rights]


def duplicate(stage: Stage, people: int) -> list[Expected]:  # noqa: ARG001
    """Every message comes three times, then all of them again."""
    who, provider, _, told = stage.right()
    stage.tell([one for one in told for _ in range(3)] + told)
    return [Expected(who, provider, may_act=True, because="repeats change nothing; one ConnectionApproved is news")]


def out_of_order(stage: Stage, people: int) -> list[Expected]:  # noqa: ARG001
    """A sender that was frozen wakes up and tells old states after newer ones; topics overtake each other."""
    who, told = stage.staff()
    provider, id_ = stage.new_id(), stage.new_id()
    statuses = ("PENDING", "APPROVED", "DISCONNECTED", "PENDING", "APPROVED", "DISCONNECTED")
    states = [stage.connection(id_, provider, status, version) for version, status in enumerate(statuses, start=1)]
    stage.tell([*(states[number] for number in (2, 5, 0, 4, 1, 3, 4)), *told])
    return [Expected(who, provider, may_act=False, because="the highest ce_sequence says DISCONNECTED")]


def tombstone(stage: Stage, people: int) -> list[Expected]:  # noqa: ARG001
    """A key is taken away by a record without a value."""
    who, provider, id_, told = stage.right()
    last = stage.connection(id_, provider, "APPROVED", 3)
    stage.tell([*told, replace(last, value=None), told[-1]])
    return [Expected(who, provider, may_act=False, because="a tombstone; the old state after it is old")]


def poison(stage: Stage, people: int) -> list[Expected]:  # noqa: ARG001
    """Records that cannot be read: their keys are unknown, all others go on."""
    (who, provider, id_, told), (other, theirs, other_id, more) = stage.right(), stage.right()
    healthy = stage.right()
    good = stage.connection(id_, provider, "APPROVED", 3)
    unread = stage.connection(other_id, theirs, "APPROVED", 3)
    bad = [replace(good, value=b"\xff\xff\xff"), replace(unread, headers={"ce_type": "mandate.nothing.v1.Known"})]
    stage.tell([*told, *more, *bad, *healthy[3]])
    return [
        Expected(who, provider, may_act=False, because="its newest state has bytes that are no ConnectionState"),
        Expected(other, theirs, may_act=False, because="its newest state has headers that say nothing"),
        Expected(healthy[0], healthy[1], may_act=True, because="nobody else is held back; two dead letters"),
    ]


SCENARIOS: dict[str, Callable[[Stage, int], list[Expected]]] = {
    "connection-approved": connection_approved,
    "mass-revoke": mass_revoke,
    "duplicate": duplicate,
    "out-of-order": out_of_order,
    "tombstone": tombstone,
    "poison": poison,
}


def play(
    publisher: Publisher,
    admin: TopicAdmin,
    scenario: str,
    told: Callable[[dict[str, Any]], None],
    *,
    prefix: str,
    people: int,
    follow: bool = False,
) -> None:
    """Tell a scenario, and the Progress after it; then `told` is called with what must be answered.

    With `follow` the proof is repeated every second, as services do, until Ctrl-C.
    Ends the program with a line for a scenario that there is not, and for a prefix that would write real topics.
    """
    catalogue = Catalogue()
    if scenario not in SCENARIOS:
        raise SystemExit(f"there is no scenario {scenario!r}: choose one of {', '.join(SCENARIOS)}")
    if not prefix or {prefix + name for name in TOPICS} & set(catalogue.topics):
        raise SystemExit("--prefix may not be empty: invented messages are never told on the real topics")
    make_topics(admin, prefix, catalogue, TOPICS)
    # later than all runs before: whoever has heard of a position believes none below it
    stage = Stage(Teller(publisher, prefix, catalogue, after=int(nature.now().timestamp() * 1000)))
    expected = SCENARIOS[scenario](stage, people)
    stage.teller.prove(ORIGINS)
    told(
        {
            "scenario": scenario,
            "prefix": prefix,
            "messages": stage.messages,
            "receipts": [
                {"origin": origin, "edition": edition, "position": position}
                for origin, edition, position in stage.teller.receipts(ORIGINS)
            ],
            "expected": [
                {
                    "account_id": str(one.account_id),
                    "provider_id": str(one.provider_id),
                    "function": PECOS,
                    "may_act": one.may_act,
                    "because": one.because,
                }
                for one in expected
            ],
        }
    )
    bell = Wakeup()
    while follow:
        bell.wait(bell.rings, PROVE_S)
        stage.teller.prove(ORIGINS)
