"""Searching for an employer or a provider by every box (IA-EMP-01, IA-EMP-04, IA-CONN-05, D-47)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from chassis.vocabulary import tax_numbers
from services.registry.adapters.generated_month import CAST, MonthFiles
from services.registry.domain import criteria, provider_ids
from services.registry.domain.errors import CriteriaMissingError, PageCursorError
from services.registry.projections import provider_search
from services.registry.projections.provider_search import Page, by_employer, by_ssn, npis_of, search
from tests.integration.registry.loading import SSN_KEY, Connection, contents, load

ROSALIND, TOBIAS, IONE = CAST.individuals
CLINIC = CAST.clinic


@pytest.fixture
def loaded(registry: Connection, month: MonthFiles) -> Connection:
    load(registry, month)
    return registry


def names(page: Page) -> list[str]:
    return [provider.name for provider in page.providers]


@pytest.mark.parametrize(
    ("boxes", "found"),
    [
        ({"organization_name": "Harbor Point Medical Group"}, ["Harbor Point Medical Group"]),
        ({"organization_name": "HARBOR POINT M*"}, ["Harbor Point Medical Group"]),
        ({"organization_name": "Harbor Point"}, []),
        ({"npi": ROSALIND.npi}, ["Merriweld, Rosalind"]),
        ({"npi": CLINIC.npis[1]}, ["Harbor Point Medical Group"]),
        ({"last_name": "merriweld"}, ["Merriweld, Rosalind"]),
        ({"last_name": "Merri*", "first_name": "ros*"}, ["Merriweld, Rosalind"]),
        ({"last_name": "Merriweld", "first_name": "Tobias"}, []),
        ({"city": "gannet cove"}, ["Harbor Point Medical Group"]),
        ({"city": "Harbor Po*", "state": "me", "last_name": "Castellane"}, ["Castellane, Tobias"]),
        ({"zip": "03911"}, ["Harbor Point Medical Group"]),
        ({"zip": "03904-0118", "last_name": "Castellane"}, ["Castellane, Tobias"]),
        ({"zip": "039040100"}, ["Harbor Point Medical Group"]),
        ({"state": "ME", "city": "Juniper Ridge"}, []),
    ],
)
def test_every_box_finds_and_all_must_hold(loaded: Connection, boxes: dict[str, Any], found: list[str]) -> None:
    """IA-EMP-01; D-47."""
    assert names(search(loaded, **boxes)) == found


def test_first_name_alone_is_refused_with_the_rule(loaded: Connection) -> None:
    with pytest.raises(CriteriaMissingError) as refused:
        search(loaded, first_name="Rosalind")
    assert refused.value.rule == "IA-EMP-01"


def test_a_name_that_it_does_business_as_finds_an_organization(loaded: Connection) -> None:
    """IA-EMP-04."""
    for typed in ("harbor point family care", "Harbor Point Fam*"):
        (found,) = search(loaded, organization_name=typed).providers
        assert found.name == CLINIC.name
        assert found.doing_business_as == CLINIC.doing_business_as


def test_an_organization_is_one_entry_with_all_npis_and_other_names(loaded: Connection) -> None:
    """IA-EMP-04: Name, Doing Business As, NPI, Address, View NPI(s), View Other Name(s)."""
    (found,) = search(loaded, organization_name=CLINIC.name).providers
    assert found.provider_id == provider_ids.of_employer(CLINIC.employer)
    assert found.is_organization
    assert [(row.npi, row.name, row.practice.line_1) for row in found.npis] == [
        (npi, CLINIC.name, address[0]) for npi, address in zip(CLINIC.npis, CLINIC.addresses, strict=True)
    ]
    assert found.address.city == "Harbor Point"
    assert [(other.npi, other.name, other.type_code) for other in found.other_names] == [
        (npi, CLINIC.doing_business_as, 3) for npi in CLINIC.npis
    ]
    assert found.ein == ""


def test_an_entry_is_complete_though_one_npi_matched(loaded: Connection) -> None:
    (found,) = search(loaded, city="Gannet Cove").providers
    assert [row.npi for row in found.npis] == list(CLINIC.npis)


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_neither_repeat_nor_miss_even_where_names_tie(loaded: Connection, limit: int) -> None:
    """D-47: keyset cursor; twenty people of one name, and an employer with two NPIs, on the edges of pages."""
    loaded.execute("UPDATE providers SET practice_state = 'ME' WHERE practice_state IS NOT NULL")
    loaded.execute(
        "UPDATE providers SET last_name = 'Twin', first_name = 'Una', sort_name = 'twin, una' "
        "WHERE npi IN (SELECT npi FROM providers WHERE entity_type = 1 AND offered LIMIT 20)"
    )
    expected = loaded.execute(
        "SELECT DISTINCT sort_name, provider_id FROM providers WHERE offered ORDER BY sort_name, provider_id"
    ).fetchall()
    assert len(expected) > 200
    assert every_page(loaded, limit=limit, state="ME") == [row[1] for row in expected]
    twins = every_page(loaded, limit=limit, last_name="Twin")
    assert len(twins) == len(set(twins)) == 20


def every_page(registry: Connection, *, limit: int, **boxes: str) -> list[UUID]:
    """The ids of all pages, one page after the other."""
    found: list[UUID] = []
    after: str | None = None
    while True:
        page = search(registry, after=after, limit=limit, **boxes)
        found += [provider.provider_id for provider in page.providers]
        after = page.after
        if after is None:
            return found
        assert len(page.providers) == limit


def test_a_page_has_25_and_at_most_200(loaded: Connection) -> None:
    """limits.md: lists."""
    loaded.execute("UPDATE providers SET practice_state = 'ME' WHERE practice_state IS NOT NULL")
    first = search(loaded, state="ME")
    assert (len(first.providers), first.narrow) == (25, True)
    assert len(search(loaded, state="ME", limit=200).providers) == 200
    assert len(search(loaded, state="ME", limit=100_000).providers) == 200
    assert len(search(loaded, state="ME", limit=-1).providers) == 1
    assert search(loaded, state="ME", zip="03911").narrow is False


@pytest.mark.parametrize("after", ["x", "!!!", "W10", "WyJhIl0", "WyJhIiwgMV0", "bnVsbA", "é"])
def test_a_forged_cursor_is_refused(loaded: Connection, after: str) -> None:
    with pytest.raises(PageCursorError):
        search(loaded, state="ME", after=after)


INJECTIONS = (
    "'; DROP TABLE providers; --",
    "' OR '1'='1",
    "%",
    "%%",
    "_________",
    "\\",
    "%s",
    "%(npi)s",
    "{}",
    "{value}",
    '"',
    "$1",
    "\0",
    "a\0b",
    "\U0010ffff",
    "Harbor%",
)


@pytest.mark.parametrize("typed", INJECTIONS)
@pytest.mark.parametrize("box", ["organization_name", "first_name", "last_name", "city", "state", "zip"])
def test_what_is_typed_is_never_sql_and_never_a_pattern(registry: Connection, box: str, typed: str) -> None:
    before = contents(registry)
    registry.execute(
        "INSERT INTO providers (npi, entity_type, provider_id, last_name, first_name, practice_city, practice_state, "
        "practice_zip, sort_name) VALUES ('2000000002', 1, gen_random_uuid(), 'a', 'b', 'c', 'd', 'e', 'a, b')"
    )
    boxes: dict[str, Any] = {"last_name": "zz", box: typed} if box == "first_name" else {box: typed}
    try:
        page = search(registry, **boxes)
    except CriteriaMissingError:
        assert not typed.replace("\0", " ").strip()
    else:
        assert names(page) == []
    registry.execute("DELETE FROM providers")
    assert contents(registry) == before


def test_a_value_with_wildcards_of_sql_is_found_by_itself_alone(registry: Connection) -> None:
    for number, name in enumerate(("50% Off_Clinic", "50x OffxClinic"), 2):
        registry.execute(
            "INSERT INTO providers (npi, entity_type, provider_id, organization_name, sort_name) "
            "VALUES (%s, 2, gen_random_uuid(), %s, lower(%s))",
            (f"200000000{number}", name, name),
        )
    assert names(search(registry, organization_name="50% off_*")) == ["50% Off_Clinic"]


def test_names_beyond_ascii_are_found_whatever_their_case(registry: Connection) -> None:
    registry.execute(
        "INSERT INTO providers (npi, entity_type, provider_id, last_name, first_name, sort_name) "
        "VALUES ('2000000002', 1, gen_random_uuid(), 'Ørsted', 'Žoë', 'ørsted, žoë')"
    )
    assert names(search(registry, last_name="ØRS*", first_name="ŽOË")) == ["Ørsted, Žoë"]


def test_the_deactivated_is_not_offered(loaded: Connection) -> None:
    """NP-08."""
    loaded.execute("UPDATE providers SET deactivated_on = '2026-01-01' WHERE npi = %s", (CLINIC.npis[0],))
    (found,) = search(loaded, organization_name=CLINIC.name).providers
    assert [row.npi for row in found.npis] == [CLINIC.npis[1]]
    loaded.execute("UPDATE providers SET deactivated_on = '2026-01-01' WHERE npi = %s", (CLINIC.npis[1],))
    assert not search(loaded, organization_name=CLINIC.name).providers
    assert not search(loaded, organization_name=CLINIC.doing_business_as).providers
    employer_id = provider_ids.of_employer(CLINIC.employer)
    assert by_employer(loaded, employer_id) is None
    assert npis_of(loaded, employer_id) == []


def test_a_person_is_found_by_the_blind_index_of_their_ssn(loaded: Connection) -> None:
    """NP-02; the number itself is nowhere."""
    (found,) = by_ssn(loaded, tax_numbers.ssn_index(SSN_KEY, IONE.ssn))
    assert (found.npis[0].npi, found.last_name, found.is_organization) == (IONE.npi, IONE.last_name, False)
    assert by_ssn(loaded, tax_numbers.ssn_index(b"another key", IONE.ssn)) == []


def test_an_employer_is_shown_with_its_ein(loaded: Connection) -> None:
    """IA-CONF-01: Legal Business Name, EIN, Mailing Address, Phone Number, the list of NPIs."""
    employer = by_employer(loaded, provider_ids.of_employer(CLINIC.employer))
    assert employer is not None
    assert (employer.name, employer.ein) == (CLINIC.name, CLINIC.ein)
    assert employer.npis[0].mailing.line_1 == CLINIC.addresses[0][0]
    assert employer.npis[0].phone == CLINIC.addresses[0][6]
    assert by_employer(loaded, provider_ids.of_employer("nobody")) is None


@pytest.mark.parametrize(
    "boxes",
    [
        {"organization_name": "Harbor Point*"},
        {"last_name": "Merri*"},
        {"city": "Gannet*"},
        {"state": "ME"},
        {"zip": "03911"},
        {"npi": ROSALIND.npi},
    ],
)
def test_every_box_alone_is_answered_by_an_index(loaded: Connection, boxes: dict[str, str]) -> None:
    """P19: no search has to read the whole table."""
    loaded.execute("SET enable_seqscan = off")
    for statement, values in provider_search._queries(criteria.read(**boxes), "", UUID(int=0), limit=26):
        plan = loaded.execute(sql.SQL("EXPLAIN ") + statement, values).fetchall()
        told = "\n".join(line for (line,) in plan)
        assert "Seq Scan" not in told
        assert "Index Cond" in told
