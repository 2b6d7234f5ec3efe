"""Providers as they are shown: an organization once with all its NPIs and names, a person with theirs (IA-EMP-04)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row

from services.registry.domain.employer import INDIVIDUAL, ORGANIZATION

Connection = psycopg.Connection[Any]
ORGANIZATION_CODE = 2
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
class Added:
    """What was said of an employer that the files do not have (D-37)."""

    name: str
    address: Address
    phone: str
    """E.164."""
    category: str


@dataclass(frozen=True)
class Provider:
    """An organization or a person; `provider_id` is also the employer's id. What is deactivated is not in it."""

    provider_id: UUID
    is_organization: bool
    npis: tuple[NpiRow, ...]
    """In the order of their numbers; empty only for what was added by hand."""
    other_names: tuple[OtherName, ...]
    first_name: str
    last_name: str
    credential: str
    ein: str
    """Confidential; filled by the look-ups for one employer or person, empty in searches."""
    added: Added | None = None
    """Of what was added by hand alone."""

    @property
    def name(self) -> str:
        """The legal business name, or "Last, First"."""
        return self.added.name if self.added else self.npis[0].name

    @property
    def category(self) -> str:
        """Individual Provider/Supplier, Organizational Provider or 3rd Party Organization (X-16)."""
        if self.added:
            return self.added.category
        return ORGANIZATION if self.is_organization else INDIVIDUAL

    @property
    def doing_business_as(self) -> str:
        """The first DBA name, or nothing."""
        return next((other.name for other in self.other_names if other.type_code == DOING_BUSINESS_AS), "")

    @property
    def address(self) -> Address:
        """The practice address of the first NPI; of what was added by hand, the one that was given."""
        return self.added.address if self.added else self.npis[0].practice

    @property
    def phone(self) -> str:
        """The number of the first NPI that has one, as NPPES writes it; of what was added by hand, E.164."""
        return self.added.phone if self.added else next((one.phone for one in self.npis if one.phone), "")


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
_ADDED = """
    SELECT provider_id, organization_name, practice_line_1, practice_line_2, practice_city, practice_state,
        practice_zip, practice_country, phone, category, ein
    FROM added_employers_v1 WHERE provider_id = ANY(%s)
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
        others = [key for key in provider_ids if key not in by_provider]
        added = {row[0]: _added(row, with_ein=with_ein) for row in cursor.execute(_ADDED, (others,))} if others else {}
    found = {key: _provider(rows, names, eins) for key, rows in by_provider.items()} | added
    return [found[key] for key in provider_ids if key in found]


def _added(row: tuple[Any, ...], *, with_ein: bool) -> Provider:
    provider_id, name, *address, phone, category, ein = row
    said = Added(name, Address(*address), phone, category)
    return Provider(provider_id, True, (), (), "", "", "", ein if with_ein else "", said)  # noqa: FBT003 - a row's columns


def _provider(rows: list[tuple[Any, ...]], names: dict[str, list[OtherName]], eins: dict[str, str]) -> Provider:
    provider_id, entity, _, _, first_name, last_name, credential, *_ = rows[0]
    return Provider(
        provider_id,
        entity == ORGANIZATION_CODE,
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
    name = organization_name if entity == ORGANIZATION_CODE else ", ".join(filter(None, (last_name, first_name)))
    return NpiRow(npi, name or "", Address(*texts[:6]), Address(*texts[6:12]), texts[12], texts[13], rest[-1])
