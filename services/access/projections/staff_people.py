"""Whom the lists of My Staff show a manager: people by id, with what orders them before their names do (IA-STAFF-01).

Names are identity's, and order the rest (architecture.md 5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from chassis.database import Session
from chassis.vocabulary.roles import ACCESS_MANAGER, AUTHORIZED_OFFICIAL, STAFF_END_USER

PENDING = "PENDING"
MANAGERS = (AUTHORIZED_OFFICIAL, ACCESS_MANAGER)
LISTS = ("APPROVED", "DISASSOCIATED", PENDING)
"""Active Staff, Inactive Staff, Role Requests."""

ROLE_RANK = (
    "CASE {} WHEN 'AUTHORIZED_OFFICIAL' THEN 0 WHEN 'ACCESS_MANAGER' THEN 1 WHEN 'STAFF_END_USER' THEN 2 ELSE 3 END"
)
_HAS = "-count(*) FILTER (WHERE role <> 'STAFF_END_USER' OR functions ? '{}')"
_SINCE = "(extract(epoch FROM min({})) * 1000)::bigint"

STAFF_ORDERS: Mapping[str, str] = MappingProxyType(
    {
        "": "0",
        "ROLE": f"min({ROLE_RANK.format('role')})",
        "SINCE": _SINCE.format("since"),
        "PECOS": _HAS.format("PECOS"),
        "NPPES": _HAS.format("NPPES"),
    }
)
"""What orders people first -> its rank over all that somebody has on the list; the lower, the earlier."""

REQUEST_ORDERS: Mapping[str, str] = MappingProxyType(
    {
        "": "0",
        "ROLE": f"min({ROLE_RANK.format('role')})",
        "HELD_ROLE": f"min({ROLE_RANK.format('held_role')})",
        "SINCE": _SINCE.format("requested_at"),
    }
)


def orders(list_: str) -> Mapping[str, str]:
    """The orders that a list has."""
    return REQUEST_ORDERS if list_ == PENDING else STAFF_ORDERS


@dataclass(frozen=True, slots=True)
class Scope:
    """The employers that somebody manages: as official, where everybody is seen, and as manager (D-09, D-11)."""

    account_id: UUID
    as_official: Sequence[UUID]
    as_manager: Sequence[UUID]

    @property
    def of_staff(self) -> tuple[Sequence[UUID], Sequence[UUID], str]:
        """For `STAFF_SEEN`."""
        return self.as_official, self.as_manager, STAFF_END_USER

    @property
    def of_requests(self) -> tuple[Sequence[UUID], Sequence[str], Sequence[UUID], str]:
        """For `REQUESTS_SEEN`: an official decides about managers and staff, a manager about staff (4.2)."""
        return self.as_official, [ACCESS_MANAGER, STAFF_END_USER], self.as_manager, STAFF_END_USER


STAFF_SEEN = "(employer_id = ANY(%s) OR (employer_id = ANY(%s) AND role = %s))"
REQUESTS_SEEN = "((employer_id = ANY(%s) AND role = ANY(%s)) OR (employer_id = ANY(%s) AND role = %s))"


def managed(db: Session, *, account_id: UUID) -> Scope:
    """All employers that a person manages."""
    rows = db.run(
        "SELECT employer_id, role FROM staff_list_v1 WHERE account_id = %s AND status = 'APPROVED' AND role = ANY(%s)",
        (account_id, [*MANAGERS]),
    )
    by_role = {role: [id_ for id_, held in rows if held == role] for role in MANAGERS}
    return Scope(account_id, by_role[AUTHORIZED_OFFICIAL], by_role[ACCESS_MANAGER])


@dataclass(frozen=True, slots=True)
class Ranked:
    """A person, and the rank that orders them first."""

    account_id: UUID
    rank: int


def ranked(
    db: Session, scope: Scope, *, list_: str, order: str, employer_ids: Sequence[UUID], after: UUID | None, limit: int
) -> list[Ranked]:
    """A page of the people on a list, each once, by account, by keyset; at these employers where any are given."""
    if list_ == PENDING:
        table, seen, values = "role_requests_v2", REQUESTS_SEEN, [*scope.of_requests]
    else:
        table, seen, values = "staff_list_v1", STAFF_SEEN, [*scope.of_staff]
    rows = db.run(
        f"SELECT account_id, {orders(list_)[order]} FROM {table} WHERE {seen} AND status = %s"  # noqa: S608 - all ours
        " AND (%s OR employer_id = ANY(%s)) AND (%s::uuid IS NULL OR account_id > %s)"
        " GROUP BY account_id ORDER BY account_id LIMIT %s",
        (*values, list_, not employer_ids, list(employer_ids), after, after, limit),
    )
    return [Ranked(*row) for row in rows]
