"""Providers in order of their names, a page at a time: the list is ids, kept by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import tuple_row

from chassis import arrays
from chassis.paging import Place, Wanted, cut
from services.registry.projections.provider_rows import Connection

# as `Provider.name` says it: of the first NPI, a person as "Last, First"
_NAMES = """
    SELECT DISTINCT ON (provider_id) provider_id, CASE entity_type WHEN 2 THEN coalesce(organization_name, '')
        ELSE concat_ws(', ', nullif(last_name, ''), nullif(first_name, '')) END
    FROM providers WHERE provider_id = ANY(%s) AND offered ORDER BY provider_id, npi
"""
_ADDED = "SELECT provider_id, organization_name FROM added_employers_v1 WHERE provider_id = ANY(%s)"
_LAST = "\U0010ffff"
"""Sorts after every name."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A page, how many are so in all, and how many of them stand before it."""

    provider_ids: list[UUID]
    found: int
    skipped: int


def select(connection: Connection, ranks: Mapping[UUID, int], *, part: str, wanted: Wanted) -> Selected:
    """These providers whose names hold a part, case apart, by rank and name; whoever is not known comes last.

    Names are compared as the lists of people compare theirs; ids stand last among equals.
    """
    needed = [*ranks, wanted.after] if wanted.after and wanted.after not in ranks else [*ranks]
    names = _names(connection, needed)
    typed = part.strip().casefold()
    places: list[Place] = sorted(
        (rank, names.get(id_, _LAST), "", str(id_))
        for id_, rank in ranks.items()
        if not typed or typed in names.get(id_, "")
    )
    anchor = (wanted.after_rank, names.get(wanted.after, _LAST), "", str(wanted.after)) if wanted.after else None
    page = cut(places, anchor, wanted)
    ids = [UUID(place[-1]) for place in places[page.begin : page.end]]
    if wanted.descending:
        ids.reverse()
    return Selected(ids, len(places), page.skipped)


def _names(connection: Connection, provider_ids: list[UUID]) -> dict[UUID, str]:
    """Case apart."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_NAMES, (arrays.uuids(provider_ids),), prepare=True).fetchall()
        if len(rows) < len(provider_ids):
            known = {id_ for id_, _ in rows}
            others = [id_ for id_ in provider_ids if id_ not in known]
            rows += cursor.execute(_ADDED, (arrays.uuids(others),), prepare=True).fetchall()
    return {id_: name.casefold() for id_, name in rows}
