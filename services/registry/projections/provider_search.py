"""One entry for each provider that matches the boxes of a search (IA-EMP-01, IA-EMP-04, IA-CONN-05, D-47)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import tuple_row

from services.registry.domain import criteria as boxes
from services.registry.domain.criteria import Criteria, Criterion
from services.registry.domain.errors import PageCursorError
from services.registry.projections.provider_rows import Connection, Provider, providers

PAGE, LARGEST_PAGE = 25, 200


@dataclass(frozen=True)
class Page:
    """Some of the providers found, by name."""

    providers: tuple[Provider, ...]
    after: str | None
    """What to pass as `after` for the next page; None at the end."""
    narrow: bool = False
    """People are advised to narrow: the State alone was given, and there is more than this page (D-47)."""


# what stands in a value never becomes SQL: each box is one of these constant texts with a parameter
_WHOLE, _PREFIX = "{column} = lower({value})", "{column} ~>=~ lower({value}) AND {column} ~<~ (lower({value}) || {end})"
_LAST = "\U0010ffff"
"""Sorts after every character: text begins with a prefix if it lies between the prefix and the prefix with this."""
_COLUMNS = {
    "first_name": "lower(p.first_name)",
    "last_name": "lower(p.last_name)",
    "city": "lower(p.practice_city)",
    "state": "lower(p.practice_state)",
    "zip": "lower(p.practice_zip)",
}
_BY_NAME = """
    p.npi IN (
        SELECT o.npi FROM providers o WHERE o.offered AND o.entity_type = 2 AND {legal}
        UNION
        SELECT n.npi FROM other_names n WHERE {other}
    ) AND p.entity_type = 2
"""
_MATCHES = """
    SELECT DISTINCT p.sort_name, p.provider_id FROM providers p
    WHERE p.offered AND {conditions} AND (p.sort_name, p.provider_id) > (%(sort_name)s, %(provider_id)s)
    ORDER BY p.sort_name, p.provider_id LIMIT %(limit)s
"""
_MATCHES_ADDED = """
    SELECT p.sort_name, p.provider_id FROM added_employers_v1 p
    WHERE {conditions} AND (p.sort_name COLLATE "C", p.provider_id) > (%(sort_name)s, %(provider_id)s)
    ORDER BY p.sort_name COLLATE "C", p.provider_id LIMIT %(limit)s
"""
_OF_ADDED = frozenset({"organization_name", "city", "state", "zip"})
"""Boxes in which an employer that was added by hand can be found: it has neither an NPI nor a person's name."""
_BEGIN = ("", UUID(int=0))


def search(
    connection: Connection,
    *,
    organization_name: str = "",
    npi: str = "",
    first_name: str = "",
    last_name: str = "",
    city: str = "",
    state: str = "",
    zip: str = "",
    after: str | None = None,
    limit: int = PAGE,
) -> Page:
    """A page of providers for which all boxes that are filled in hold, for one NPI of theirs at least.

    A box holds the whole value, case apart, or its beginning and `*`; five digits of a ZIP code stand for all below
    them. Organization Name looks among other names too. City, State and ZIP are the practice address's. `limit` is
    brought between 1 and 200. Raises `CriteriaMissingError`, `WildcardError`, `NpiCriterionError`, `PageCursorError`.
    """
    asked = boxes.read(
        organization_name=organization_name,
        npi=npi,
        first_name=first_name,
        last_name=last_name,
        city=city,
        state=state,
        zip=zip,
    )
    limit = max(1, min(limit, LARGEST_PAGE))
    begin = _read_cursor(after) if after else _BEGIN
    with connection.cursor(row_factory=tuple_row) as cursor:
        found = [
            row
            for statement, values in _queries(asked, *begin, limit=limit + 1)
            for row in cursor.execute(statement, values)
        ]
    found.sort()
    shown, more = found[:limit], len(found) > limit
    return Page(
        tuple(providers(connection, [row[1] for row in shown])),
        _write_cursor(*shown[-1]) if more else None,
        narrow=more and asked.only_state,
    )


def by_ssn(connection: Connection, ssn_hmac: bytes) -> list[Provider]:
    """The person with this blind index: none or one (NP-02), more only where the supplement says so."""
    return _looked_up(connection, _BY_SSN, ssn_hmac)


def with_ein(connection: Connection, ein: str) -> UUID | None:
    """The provider that the supplement names for an EIN, or None; of several, the one with the lowest NPI."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_BY_EIN, (ein,)).fetchone()
    return row[0] if row else None


def by_employer(connection: Connection, employer_id: UUID) -> Provider | None:
    """An employer with its EIN and all its NPIs (IA-CONF-01), or None if nothing of it may be offered."""
    found = providers(connection, [employer_id], with_ein=True)
    return found[0] if found else None


def npis_of(connection: Connection, provider_id: UUID) -> list[str]:
    """All NPIs of a provider that are not deactivated, in order."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [row[0] for row in cursor.execute(_NPIS, (provider_id,))]


_BY_SSN = """
    SELECT p.provider_id FROM supplement s JOIN providers p ON p.npi = s.npi
    WHERE s.ssn_hmac = %s AND p.offered AND p.entity_type = 1 ORDER BY p.npi
"""
_BY_EIN = """
    SELECT p.provider_id FROM supplement s JOIN providers p ON p.npi = s.npi
    WHERE s.ein = %s AND p.offered ORDER BY p.npi LIMIT 1
"""
_NPIS = "SELECT npi FROM providers WHERE provider_id = %s AND offered ORDER BY npi"


def _looked_up(connection: Connection, statement: str, value: object) -> list[Provider]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        ids = [row[0] for row in cursor.execute(statement.encode(), (value,))]
    return providers(connection, ids, with_ein=True)


def _queries(
    asked: Criteria, sort_name: str, provider_id: UUID, *, limit: int
) -> Iterator[tuple[sql.Composed, dict[str, Any]]]:
    """The statements and their parameters; what was typed is in the parameters alone."""
    given = asked.given()
    values = {name: criterion.text for name, criterion in given.items()}
    begin = {"sort_name": sort_name, "provider_id": provider_id, "limit": limit, "end": _LAST}
    conditions = sql.SQL(" AND ").join(_condition(name, criterion) for name, criterion in given.items())
    yield sql.SQL(_MATCHES).format(conditions=conditions), values | begin
    if given.keys() <= _OF_ADDED:
        columns = _COLUMNS | {"organization_name": "lower(p.organization_name)"}
        conditions = sql.SQL(" AND ").join(
            _compared(columns[name], name, criterion) for name, criterion in given.items()
        )
        yield sql.SQL(_MATCHES_ADDED).format(conditions=conditions), values | begin


def _condition(name: str, criterion: Criterion) -> sql.Composed:
    if name == "npi":
        return sql.SQL("p.npi = {value}").format(value=sql.Placeholder(name))
    if name == "organization_name":
        legal, other = (
            _compared(column, name, criterion) for column in ("lower(o.organization_name)", "lower(n.name)")
        )
        return sql.SQL(_BY_NAME).format(legal=legal, other=other)
    return _compared(_COLUMNS[name], name, criterion)


def _compared(column: str, name: str, criterion: Criterion) -> sql.Composed:
    parts = {"column": sql.SQL(column), "value": sql.Placeholder(name), "end": sql.Placeholder("end")}
    return sql.SQL(_PREFIX if criterion.prefix else _WHOLE).format(**parts)


def _write_cursor(sort_name: str, provider_id: UUID) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort_name, provider_id.hex]).encode()).decode().rstrip("=")


def _read_cursor(after: str) -> tuple[str, UUID]:
    try:
        sort_name, provider_id = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        if not isinstance(sort_name, str) or "\0" in sort_name:
            raise PageCursorError
        return sort_name, UUID(provider_id)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        raise PageCursorError from None
