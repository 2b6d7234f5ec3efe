"""May this person act for that provider in this function? One pure rule, over an index kept in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

APPROVED = "APPROVED"
OFFICIALS = frozenset({"AUTHORIZED_OFFICIAL", "ACCESS_MANAGER"})
"""Roles that have every function of their employer without being granted one (IA-EMP-10)."""


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
    """ACTIVE_ACCOUNT, APPROVED_ASSOCIATION, FUNCTION, CONNECTION or NOT_WITHHELD."""
    supplied_by: str
    """OWNER, EMPLOYER_OFFICIAL, PROVIDER or EXTERNAL_USER_SERVICES."""
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


@dataclass
class AuthorityIndex:
    """The public state of accounts, associations and connections, joined for the question.

    Feed it the newest state of each key, in any order between keys; the same state twice changes nothing.
    Nothing is known of what was never fed, and what is not known is refused.
    """

    _accounts: dict[UUID, Account] = field(default_factory=dict)
    _associations: dict[UUID, dict[UUID, Association]] = field(default_factory=dict)
    _connections: dict[tuple[UUID, UUID, str], Connection] = field(default_factory=dict)
    _providers_of: dict[UUID, set[UUID]] = field(default_factory=dict)

    def put_account(self, account: Account) -> None:
        """Take an account's newest state."""
        self._accounts[account.account_id] = account

    def put_association(self, association: Association) -> None:
        """Take an association's newest state."""
        self._associations.setdefault(association.account_id, {})[association.employer_id] = association

    def put_connection(self, connection: Connection) -> None:
        """Take a connection's newest state."""
        key = (connection.provider_id, connection.surrogate_id, connection.function)
        self._connections[key] = connection
        self._providers_of.setdefault(connection.surrogate_id, set()).add(connection.provider_id)

    def association(self, account_id: UUID, employer_id: UUID) -> Association | None:
        """What is known of a person at an employer."""
        return self._associations.get(account_id, {}).get(employer_id)

    def associations_of(self, account_id: UUID) -> tuple[Association, ...]:
        """What is known of a person at all employers."""
        return tuple(self._associations.get(account_id, {}).values())

    def can_act(self, account_id: UUID, provider_id: UUID, function: str) -> bool:
        """The rule: account active, and own record, or a function at an employer that is the provider or is connected.

        (domain 4.5: right to act; X-20; D-40.)
        """
        account = self._accounts.get(account_id)
        if account is None or not account.active:
            return False
        if provider_id in account.provider_ids:
            return True
        return any(
            association.gives(function) and self._reaches(association, provider_id, function)
            for association in self._associations.get(account_id, {}).values()
        )

    def _reaches(self, association: Association, provider_id: UUID, function: str) -> bool:
        if association.employer_id == provider_id:
            return True
        if association.role not in OFFICIALS and provider_id in association.withheld_provider_ids:
            return False
        connection = self._connections.get((provider_id, association.employer_id, function))
        return connection is not None and connection.status == APPROVED

    def explain(self, account_id: UUID, provider_id: UUID, function: str) -> Answer:
        """The chain behind a yes; behind a no, what the way with the fewest gaps lacks and who can supply it."""
        account = self._accounts.get(account_id)
        gaps: tuple[Missing, ...] = ()
        if account is None or not account.active:
            gaps = (Missing("ACTIVE_ACCOUNT", "OWNER" if account is None else "EXTERNAL_USER_SERVICES"),)
        elif provider_id in account.provider_ids:
            return Answer(allowed=True, own_record=True)
        best: tuple[Missing, ...] | None = None
        for association in self._associations.get(account_id, {}).values():
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
        lacking: list[Missing] = []
        employer_id = association.employer_id
        if association.status != APPROVED:
            lacking.append(_standing("APPROVED_ASSOCIATION", "EMPLOYER_OFFICIAL", employer_id, association))
        elif not association.gives(function):
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
        for employer_id in self._associations.get(account_id, {}):
            candidates.add(employer_id)
            candidates |= self._providers_of.get(employer_id, set())
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
