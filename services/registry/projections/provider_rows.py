"""Providers as they are shown: an organization once with all its NPIs and names, a person with theirs (IA-EMP-04)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row

Connection = psycopg.Connection[Any]
ORGANIZATION = 2
DOING_BUSINESS_AS = 3


@dataclass(frozen=True)
class Address:
    """An address as NPPES has it; the ZIP code without a hyphen."""

    line_1: str
    line_2: str
    city: str
    state: str
    zip: str
    country: str


@dataclass(frozen=True)
class OtherName:
    """A further name of an NPI; 1 former, 2 professional, 3 DBA, 4 former LBN, 5 other (NP-07)."""

    npi: str
    name: str
    type_code: int | None


@dataclass(frozen=True)
class NpiRow:
    """One NPI: the list that "View NPI(s)" opens, and the one of IA-CONF-01."""

    npi: str
    name: str
    mailing: Address
    practice: Address
    phone: str
    primary_taxonomy: str
    in_file: bool


@dataclass(frozen=True)
class Provider:
    """An organization or a person; `provider_id` is also the employer's id. What is deactivated is not in it."""

    provider_id: UUID
    is_organization: bool
    npis: tuple[NpiRow, ...]
    """In the order of their numbers; never empty."""
    other_names: tuple[OtherName, ...]
    first_name: str
    last_name: str
    credential: str
    ein: str
    """Confidential; filled by the look-ups for one employer or person, empty in searches."""

    @property
    def name(self) -> str:
        """The legal business name, or "Last, First"."""
        return self.npis[0].name

    @property
    def doing_business_as(self) -> str:
        """The first DBA name, or nothing."""
        return next((other.name for other in self.other_names if other.type_code == DOING_BUSINESS_AS), "")

    @property
    def address(self) -> Address:
        """The practice address of the first NPI."""
        return self.npis[0].practice


_PROVIDERS = """
    SELECT p.provider_id, p.entity_type, p.npi, p.organization_name, p.first_name, p.last_name, p.credential,
        p.mailing_line_1, p.mailing_line_2, p.mailing_city, p.mailing_state, p.mailing_zip, p.mailing_country,
        p.practice_line_1, p.practice_line_2, p.practice_city, p.practice_state, p.practice_zip, p.practice_country,
        coalesce(p.practice_phone, p.mailing_phone), p.primary_taxonomy, p.in_file
    FROM providers p
    WHERE p.provider_id = ANY(%s) AND p.offered
    ORDER BY p.npi
"""
_OTHER_NAMES = """
    SELECT npi, name, type_code FROM other_names WHERE npi = ANY(%s) ORDER BY npi, type_code, name COLLATE "C"
"""
_EINS = "SELECT npi, ein FROM supplement WHERE npi = ANY(%s) AND ein IS NOT NULL"


def providers(connection: Connection, provider_ids: Sequence[UUID], *, with_ein: bool = False) -> list[Provider]:
    """These providers, in this order; one without an NPI that may be offered is left out."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        by_provider: dict[UUID, list[tuple[Any, ...]]] = defaultdict(list)
        for row in cursor.execute(_PROVIDERS, (list(provider_ids),)):
            by_provider[row[0]].append(row)
        npis = [row[2] for rows in by_provider.values() for row in rows]
        names: dict[str, list[OtherName]] = defaultdict(list)
        for row in cursor.execute(_OTHER_NAMES, (npis,)):
            names[row[0]].append(OtherName(*row))
        eins: dict[str, str] = dict(cursor.execute(_EINS, (npis,)).fetchall()) if with_ein else {}
    return [_provider(by_provider[key], names, eins) for key in provider_ids if key in by_provider]


def _provider(rows: list[tuple[Any, ...]], names: dict[str, list[OtherName]], eins: dict[str, str]) -> Provider:
    provider_id, entity, _, _, first_name, last_name, credential, *_ = rows[0]
    return Provider(
        provider_id,
        entity == ORGANIZATION,
        tuple(_npi_row(row) for row in rows),
        tuple(other for row in rows for other in names[row[2]]),
        first_name or "",
        last_name or "",
        credential or "",
        next((eins[row[2]] for row in rows if row[2] in eins), ""),
    )


def _npi_row(row: tuple[Any, ...]) -> NpiRow:
    _, entity, npi, organization_name, first_name, last_name, _, *rest = row
    texts = [text or "" for text in rest[:-1]]
    name = organization_name if entity == ORGANIZATION else ", ".join(filter(None, (last_name, first_name)))
    return NpiRow(npi, name or "", Address(*texts[:6]), Address(*texts[6:12]), texts[12], texts[13], rest[-1])
