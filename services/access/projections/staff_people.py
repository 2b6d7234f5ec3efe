"""Whom the lists of My Staff show a manager: people by id, with what orders them before their names do (IA-STAFF-01).

Names are identity's, and order the rest (architecture.md 5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from chassis.database import Session
from chassis.paging import DIGEST
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


@dataclass(frozen=True, slots=True)
class Listed:
    """Which people are asked for: a list, at these employers where any are given, and what orders them first."""

    list: str
    order: str = ""
    descending: bool = False
    """Whoever would come last comes first."""
    employer_ids: Sequence[UUID] = ()
    after: UUID | None = None


def ranked(db: Session, scope: Scope, listed: Listed, *, limit: int) -> list[Ranked]:
    """A page of the people on a list, each once, by account, by keyset."""
    text, values = _people(scope, listed)
    return [Ranked(*row) for row in db.run(text, (*values, limit))]


def digest(db: Session, scope: Scope, listed: Listed, *, limit: int) -> tuple[bytes, UUID | None]:
    """What such a page is known by (`chassis.paging.digest`), empty for nobody, and its last person, if it is full.

    Made where the rows are: they need not travel to be told apart from others.
    """
    text, values = _people(scope, listed)
    row = db.one(
        f"SELECT {DIGEST.format(ids='ids', ranks='ranks')}, ids[%s] FROM ("  # noqa: S608 - all ours
        " SELECT array_agg(account_id ORDER BY account_id) AS ids, array_agg(rank ORDER BY account_id) AS ranks"
        f" FROM ({text}) AS people) AS listed",
        (limit, *values, limit),
    )
    found, last = row or (None, None)
    return found or b"", last


def _people(scope: Scope, listed: Listed) -> tuple[str, Sequence[object]]:
    """What selects them, up to a number that is to be given as the last value, and the values before it."""
    if listed.list == PENDING:
        table, seen, values = "role_requests_v2", REQUESTS_SEEN, [*scope.of_requests]
    else:
        table, seen, values = "staff_list_v1", STAFF_SEEN, [*scope.of_staff]
    sign = "-" if listed.descending else ""
    text = (
        f"SELECT account_id, {sign}({orders(listed.list)[listed.order]})::bigint AS rank FROM {table}"  # noqa: S608 - all ours
        f" WHERE {seen} AND status = %s AND (%s OR employer_id = ANY(%s)) AND (%s::uuid IS NULL OR account_id > %s)"
        " GROUP BY account_id ORDER BY account_id LIMIT %s"
    )
    after, at = listed.after, [*listed.employer_ids]
    return text, (*values, listed.list, not at, at, after, after)
