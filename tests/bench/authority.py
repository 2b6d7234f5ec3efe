"""May this person act: a check in process, against a bare look-up of the same ids in a `set` (P8).

The set holds every yes of the same people as (account, provider, function): the least that any answer can cost. Both
are asked the same questions with ids of the caller's own, round by round in turn.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from mandate_kit.authority import APPROVED, Account, Association, AuthorityIndex, Connection

from tests.bench.figures import begin, percentile, ratios

FLOOR, RATIO, SLOW_US = 400_000, 4, 10
FUNCTIONS = ("PECOS", "NPPES")
Question = tuple[UUID, UUID, str]


def made(chance: random.Random, people: int) -> tuple[AuthorityIndex, list[UUID], list[UUID]]:
    """An index of so many people at a fiftieth as many employers, each connected to 20 providers; who they are."""

    def new_id() -> UUID:
        return UUID(int=chance.getrandbits(128))

    index = AuthorityIndex()
    accounts, employers = [new_id() for _ in range(people)], [new_id() for _ in range(people // 50)]
    providers = [new_id() for _ in range(people // 5)]
    for number, account in enumerate(accounts):
        own = frozenset({providers[number]}) if number < len(providers) else frozenset()
        index.put_account(Account(account, number % 20 != 0, own))
        role = "ACCESS_MANAGER" if number % 10 == 0 else "STAFF_END_USER"
        granted = frozenset(FUNCTIONS[: 1 + number % 2])
        for employer in chance.sample(employers, 1 + (number % 25 == 0)):
            withheld = frozenset(chance.sample(providers, 2)) if number % 25 == 1 else frozenset()
            index.put_association(Association(new_id(), account, employer, role, APPROVED, granted, withheld))
    for employer in employers:
        for provider in chance.sample(providers, 20):
            status = APPROVED if chance.random() < 0.9 else "DISCONNECTED"
            index.put_connection(Connection(new_id(), provider, employer, chance.choice(FUNCTIONS), status))
    return index, accounts, employers + providers


def asked(chance: random.Random, index: AuthorityIndex, accounts: Sequence[UUID], parties: Sequence[UUID]) -> list[Any]:
    """Questions of which about half are a yes, in ids that nobody else holds."""
    questions: list[Question] = []
    for account in chance.sample(accounts, min(len(accounts), 50_000)):
        function = chance.choice(FUNCTIONS)
        yes = list(index.providers_for(account, function))
        some = (chance.choice(yes or list(parties[:1])), chance.choice(parties))
        questions += [(UUID(bytes=account.bytes), UUID(bytes=one.bytes), function) for one in some]
    chance.shuffle(questions)
    return questions


def rate(ask: Callable[[Question], bool], questions: Sequence[Question]) -> tuple[float, int]:
    """Answers a CPU second, and how many were a yes."""
    began, yes = time.process_time(), 0
    for question in questions:
        yes += ask(question)
    return len(questions) / (time.process_time() - began), yes


def main() -> int:
    bench = begin("authority", __doc__)
    chance = random.Random(1)
    index, accounts, parties = made(chance, 20_000 if bench.quick else 200_000)
    questions = asked(chance, index, accounts, parties)
    bare = {(UUID(bytes=a.bytes), UUID(bytes=p.bytes), f) for a, p, f in questions if index.can_act(a, p, f)}

    def check(question: Question) -> bool:
        return index.can_act(*question)

    def look_up(question: Question) -> bool:
        return question in bare

    ours, theirs, slow = [], [], []
    for _ in range(3 if bench.quick else bench.rounds or 9):
        (mine, yes), (limit, same) = rate(check, questions), rate(look_up, questions)
        assert yes == same
        ours.append(mine)
        theirs.append(limit)
        slow.append(percentile([timed(check, one) for one in questions[:20_000]], 0.99))
    bench.add("check of a right in process", "checks/cpu s", ours, FLOOR)
    bench.add("  time of a check / of a bare set look-up", "x", ratios(theirs, ours), RATIO, at_most=True, goal=2)
    bench.add("  p99 of one check", "us", slow, SLOW_US, at_most=True)
    bench.add("bare set look-up", "look-ups/cpu s", theirs)
    return bench.finish()


def timed(ask: Callable[[Question], bool], question: Question) -> float:
    """Microseconds of one answer."""
    began = time.perf_counter()
    ask(question)
    return (time.perf_counter() - began) * 1e6


if __name__ == "__main__":
    sys.exit(main())
