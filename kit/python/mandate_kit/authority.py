"""May this person act for that provider in this function? One pure rule, over an index kept in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

APPROVED = "APPROVED"
OFFICIALS = frozenset({"AUTHORIZED_OFFICIAL", "ACCESS_MANAGER"})
"""Roles that have every function of their employer without being granted one (IA-EMP-10)."""
RETIRED = frozenset({"EHR"})
"""Functions that ended on October 1, 2023: grants and connections of the past give no right in them (IA-EHR-04)."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whether a person's account is active, and the provider records that are their own."""

    account_id: UUID
    active: bool
    provider_ids: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Association:
    """One person at one employer."""

    association_id: UUID
    account_id: UUID
    employer_id: UUID
    role: str
    status: str
    functions: frozenset[str] = frozenset()
    withheld_provider_ids: frozenset[UUID] = frozenset()
    since: datetime | None = None
    changed_by: UUID | None = None
    """Since when it stands so and who made it so, where the feeder knows it: for explanations alone."""

    def gives(self, function: str) -> bool:
        """Whether the person may use the function at this employer."""
        return self.status == APPROVED and (self.role in OFFICIALS or function in self.functions)


@dataclass(frozen=True, slots=True)
class Connection:
    """One surrogate for one provider in one function."""

    connection_id: UUID
    provider_id: UUID
    surrogate_id: UUID
    function: str
    status: str
    tracking_id: str = ""
    since: datetime | None = None
    changed_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that would have to be so, and who can make it so."""

    what: str
    """ACTIVE_ACCOUNT, APPROVED_ASSOCIATION, FUNCTION, CONNECTION, NOT_WITHHELD or FUNCTION_IN_USE."""
    supplied_by: str
    """OWNER, EMPLOYER_OFFICIAL, PROVIDER, EXTERNAL_USER_SERVICES; NOBODY where the function has ended for good."""
    employer_id: UUID | None = None
    status: str = ""
    """How the thing stands now, where there is one: PENDING, DISCONNECTED, …"""
    since: datetime | None = None
    changed_by: UUID | None = None
    """Since when it stands so, and who made it so."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A yes with the chain that gives it, or a no with what is missing on the shortest way to a yes."""

    allowed: bool
    own_record: bool = False
    association: Association | None = None
    connection: Connection | None = None
    missing: tuple[Missing, ...] = ()


class _Several:
    """Whom a person reaches on more than one way, or with some withheld: asked as the set of one way is."""

    __slots__ = ("_ways",)

    def __init__(self, ways: Sequence[tuple[set[int], frozenset[int]]]) -> None:
        self._ways = tuple(ways)

    def __contains__(self, provider: object) -> bool:
        return any(provider in reached and provider not in withheld for reached, withheld in self._ways)


_NOBODY: frozenset[int] = frozenset()


@dataclass
class AuthorityIndex:
    """The public state of accounts, associations and connections, joined for the question.

    Feed it the newest state of each key, in any order between keys; the same state twice changes nothing.
    Nothing is known of what was never fed, and what is not known is refused. One thread feeds, any may ask.

    A question costs two or three look-ups: all who work for an employer share one set for each function, of those for
    whom the employer may be used in it. Sets hold the integers in ids, whose hash costs a tenth of a UUID's.
    """

    _accounts: dict[UUID, Account] = field(default_factory=dict)
    _associations: dict[UUID, tuple[Association, ...]] = field(default_factory=dict)
    """Account -> its associations, one for each employer."""
    _connections: dict[tuple[UUID, UUID, str], Connection] = field(default_factory=dict)
    _providers_of: dict[UUID, set[UUID]] = field(default_factory=dict)
    _reached: dict[UUID, dict[str, set[int]]] = field(default_factory=dict)
    """Employer -> function -> the providers connected to it, and itself."""
    _officials: dict[UUID, set[UUID]] = field(default_factory=dict)
    """Employer -> accounts that have, or had, every function there."""
    _may: dict[str, dict[int, set[int] | _Several]] = field(default_factory=dict)
    """Function -> active account -> providers, by way of an employer."""
    _own: dict[int, frozenset[int]] = field(default_factory=dict)
    """Active account -> providers in any function: own records, and employers where the person is an official."""

    def put_account(self, account: Account) -> None:
        """Take an account's newest state."""
        self._accounts[account.account_id] = account
        self._settle(account.account_id)

    def put_association(self, association: Association) -> None:
        """Take an association's newest state."""
        others = self._others(association)
        self._associations[association.account_id] = (*others, association)
        if association.account_id in self._accounts:
            self._settle(association.account_id)

    def put_connection(self, connection: Connection) -> None:
        """Take a connection's newest state."""
        key = (connection.provider_id, connection.surrogate_id, connection.function)
        self._connections[key] = connection
        self._providers_of.setdefault(connection.surrogate_id, set()).add(connection.provider_id)
        self._connect(connection, open_=connection.status == APPROVED)

    def drop(self, state: Account | Association | Connection) -> None:
        """Forget a state: it is not known any more how things stand, so nothing rests on it."""
        match state:
            case Account(account_id=id_):
                self._accounts.pop(id_, None)
                self._settle(id_)
            case Association(account_id=id_):
                self._associations[id_] = self._others(state)
                self._settle(id_)
            case Connection():
                self._connections.pop((state.provider_id, state.surrogate_id, state.function), None)
                self._connect(state, open_=False)

    def _others(self, association: Association) -> tuple[Association, ...]:
        there = self._associations.get(association.account_id)
        if there is None:
            return ()
        return tuple(one for one in there if one.employer_id != association.employer_id)

    def _connect(self, connection: Connection, *, open_: bool) -> None:
        if connection.provider_id == connection.surrogate_id:
            return  # nobody needs a connection to themselves
        reached = self._reach(connection.surrogate_id, connection.function)
        (reached.add if open_ else reached.discard)(connection.provider_id.int)

    def _reach(self, employer_id: UUID, function: str) -> set[int]:
        by_function = self._reached.setdefault(employer_id, {})
        if function not in by_function:
            by_function[function] = {employer_id.int}
            for official in self._officials.get(employer_id, ()):
                self._settle(official)
        return by_function[function]

    def _settle(self, account_id: UUID) -> None:
        """Say anew what a person may do. Whoever asks meanwhile is answered by what was, or by what is."""
        account = self._accounts.get(account_id)
        own: set[int] = set()
        ways: dict[str, list[tuple[set[int], frozenset[int]]]] = {}
        if account is not None and account.active:
            own = {one.int for one in account.provider_ids}
            for one in self._associations.get(account_id, ()):
                if one.status != APPROVED:
                    continue
                if one.role in OFFICIALS:
                    own.add(one.employer_id.int)
                    self._officials.setdefault(one.employer_id, set()).add(account_id)
                    for function, reached in self._reached.get(one.employer_id, {}).items():
                        ways.setdefault(function, []).append((reached, _NOBODY))
                    continue
                withheld = frozenset([id_.int for id_ in one.withheld_provider_ids if id_ != one.employer_id])
                for function in one.functions:
                    ways.setdefault(function, []).append((self._reach(one.employer_id, function), withheld))
        self._answer(account_id.int, own, ways)

    def _answer(
        self, account: int, own: set[int], ways: Mapping[str, Sequence[tuple[set[int], frozenset[int]]]]
    ) -> None:
        for function, may in self._may.items():
            if function not in ways:
                may.pop(account, None)
        for function, some in ((one, way) for one, way in ways.items() if one not in RETIRED):
            alone = len(some) == 1 and not some[0][1]
            self._may.setdefault(function, {})[account] = some[0][0] if alone else _Several(some)
        if own:
            self._own[account] = frozenset(own)
        else:
            self._own.pop(account, None)

    def association(self, account_id: UUID, employer_id: UUID) -> Association | None:
        """What is known of a person at an employer."""
        found = (one for one in self._associations.get(account_id, ()) if one.employer_id == employer_id)
        return next(found, None)

    def associations_of(self, account_id: UUID) -> tuple[Association, ...]:
        """What is known of a person at all employers."""
        return self._associations.get(account_id, ())

    def can_act(self, account_id: UUID, provider_id: UUID, function: str) -> bool:
        """The rule: account active, and own record, or a function at an employer that is the provider or is connected.

        (domain 4.5: right to act; X-20; D-40.) Says what `explain` says.
        """
        account, provider = account_id.int, provider_id.int
        may = self._may.get(function)
        if may is not None and provider in may.get(account, _NOBODY):
            return True
        return provider in self._own.get(account, _NOBODY) and function not in RETIRED

    def explain(self, account_id: UUID, provider_id: UUID, function: str) -> Answer:
        """The chain behind a yes; behind a no, what the way with the fewest gaps lacks and who can supply it."""
        if function in RETIRED:
            return Answer(allowed=False, missing=(Missing("FUNCTION_IN_USE", "NOBODY"),))
        account = self._accounts.get(account_id)
        gaps: tuple[Missing, ...] = ()
        if account is None or not account.active:
            gaps = (Missing("ACTIVE_ACCOUNT", "OWNER" if account is None else "EXTERNAL_USER_SERVICES"),)
        elif provider_id in account.provider_ids:
            return Answer(allowed=True, own_record=True)
        best: tuple[Missing, ...] | None = None
        held = self._associations.get(account_id, ())
        for association in [one for one in held if one.status == APPROVED] or held:
            lacking = gaps + self._lacking(association, provider_id, function)
            if not lacking:
                connection = self._connections.get((provider_id, association.employer_id, function))
                return Answer(allowed=True, association=association, connection=connection)
            if best is None or len(lacking) < len(best):
                best = lacking
        if best is None:
            best = (*gaps, Missing("APPROVED_ASSOCIATION", "EMPLOYER_OFFICIAL"))
        return Answer(allowed=False, missing=best)

    def _lacking(self, association: Association, provider_id: UUID, function: str) -> tuple[Missing, ...]:
        employer_id = association.employer_id
        if association.status != APPROVED:
            return (_standing("APPROVED_ASSOCIATION", "EMPLOYER_OFFICIAL", employer_id, association),)
        lacking: list[Missing] = []
        if not association.gives(function):
            lacking.append(Missing("FUNCTION", "EMPLOYER_OFFICIAL", employer_id))
        if employer_id == provider_id:
            return tuple(lacking)
        connection = self._connections.get((provider_id, employer_id, function))
        if connection is None or connection.status != APPROVED:
            lacking.append(_standing("CONNECTION", "PROVIDER", employer_id, connection))
        if association.role not in OFFICIALS and provider_id in association.withheld_provider_ids:
            lacking.append(Missing("NOT_WITHHELD", "EMPLOYER_OFFICIAL", employer_id))
        return tuple(lacking)

    def providers_for(self, account_id: UUID, function: str) -> Iterator[UUID]:
        """For whom this person may act in a function, each once, in the order of ids."""
        account = self._accounts.get(account_id)
        if account is None:
            return
        candidates = set(account.provider_ids)
        for association in self._associations.get(account_id, ()):
            candidates.add(association.employer_id)
            candidates |= self._providers_of.get(association.employer_id, set())
        for provider_id in sorted(candidates):
            if self.can_act(account_id, provider_id, function):
                yield provider_id

    def people_for(self, provider_id: UUID, function: str) -> Iterator[UUID]:
        """Who may act for this provider in a function, each once, in the order of ids.

        Looks at everybody: a question of auditors, not of every page.
        """
        for account_id in sorted(self._accounts):
            if self.can_act(account_id, provider_id, function):
                yield account_id


def _standing(what: str, supplied_by: str, employer_id: UUID, now: Association | Connection | None) -> Missing:
    """What is missing, with how it stands where there is something."""
    if now is None:
        return Missing(what, supplied_by, employer_id)
    return Missing(what, supplied_by, employer_id, now.status, now.since, now.changed_by)
