"""A page of a list of employers, in order of their names (IA-PROF-03, IA-PROF-05)."""

from __future__ import annotations

from uuid import UUID

import pytest

from chassis.paging import EVERYBODY, Wanted
from services.registry.projections import provider_names
from services.registry.projections.provider_rows import providers
from tests.integration.registry.loading import Connection

CLINIC, GROUP, PERSON, GONE, ADDED = (UUID(int=number) for number in range(1, 6))
NAMES = {ADDED: "Émile Billing", CLINIC: "harbor clinic", GROUP: "HARBOR GROUP", PERSON: "Rivera, Ana"}


@pytest.fixture
def named(registry: Connection) -> Connection:
    """Two organizations, of which one has two NPIs, a person, one that is deactivated, one added by hand."""
    rows = [
        ("2000000010", 2, CLINIC, "harbor clinic", None, None, None),
        ("2000000028", 2, GROUP, "HARBOR GROUP", None, None, None),
        ("2000000036", 2, GROUP, "Another of its names", None, None, None),
        ("2000000044", 1, PERSON, None, "Rivera", "Ana", None),
        ("2000000051", 2, GONE, "Harbor Gone", None, None, "2026-01-01"),
    ]
    for npi, kind, id_, organization, last, first, ended in rows:
        registry.execute(
            "INSERT INTO providers (npi, entity_type, provider_id, organization_name, last_name, first_name,"
            " deactivated_on, sort_name) VALUES (%s, %s, %s, %s, %s, %s, %s, '')",
            (npi, kind, id_, organization, last, first, ended),
        )
    registry.execute(
        "INSERT INTO added_employers_v1"
        " VALUES (%s, 'Émile Billing', '', '110000001', 'THIRD_PARTY', '', '', '', '', '', 'US', '')",
        (ADDED,),
    )
    return registry


def page(named: Connection, wanted: Wanted = EVERYBODY, part: str = "", **ranks: int) -> tuple[list[UUID], int, int]:
    on_list = dict.fromkeys([GROUP, GONE, ADDED, PERSON, CLINIC], 0) | {
        NAMED[name]: rank for name, rank in ranks.items()
    }
    found = provider_names.select(named, on_list, part=part, wanted=wanted)
    return found.provider_ids, found.found, found.skipped


NAMED = {"clinic": CLINIC, "group": GROUP, "person": PERSON, "gone": GONE, "added": ADDED}


def test_names_order_case_apart_and_whoever_is_not_known_comes_last(named: Connection) -> None:
    assert page(named) == ([CLINIC, GROUP, PERSON, ADDED, GONE], 5, 0)
    assert page(named, clinic=2, gone=1)[0] == [GROUP, PERSON, ADDED, GONE, CLINIC]


def test_they_are_ordered_by_the_names_that_are_shown(named: Connection) -> None:
    assert {one.provider_id: one.name for one in providers(named, [*NAMED.values()])} == NAMES


def test_a_part_of_the_name_chooses(named: Connection) -> None:
    """IA-PROF-03."""
    assert page(named, part=" HARBOR ") == ([CLINIC, GROUP], 2, 0)
    assert page(named, part="émile") == ([ADDED], 1, 0)
    assert page(named, part="gone") == ([], 0, 0)


def test_a_list_is_turned_over_page_by_page(named: Connection) -> None:
    assert page(named, Wanted(limit=2)) == ([CLINIC, GROUP], 5, 0)
    assert page(named, Wanted(limit=2, after=GROUP)) == ([PERSON, ADDED], 5, 2)
    assert page(named, Wanted(limit=2, after=ADDED)) == ([GONE], 5, 4)
    assert page(named, Wanted(limit=2, after=GONE, before=True)) == ([PERSON, ADDED], 5, 2)
    assert page(named, Wanted(limit=2, descending=True)) == ([GONE, ADDED], 5, 0)
    assert page(named, Wanted(limit=2, after=CLINIC, after_rank=1), clinic=1) == ([], 5, 5)
