"""The generated month: NPPES's shape, nobody's data, the same bytes for the same seed (D-49, NP-04, NP-05)."""

from __future__ import annotations

import csv
from dataclasses import astuple
from pathlib import Path

import pytest

from chassis.vocabulary import npi as npi_rules
from chassis.vocabulary import tax_numbers
from services.registry.adapters import invented
from services.registry.adapters.generated_month import CAST, MonthFiles, write_month
from services.registry.adapters.nppes import Reader
from services.registry.domain.nppes_layout import LOCATIONS, OTHER_NAMES, PROVIDERS, SUPPLEMENT

KEY = b"k" * 32


@pytest.fixture
def month(tmp_path: Path) -> MonthFiles:
    return write_month(tmp_path, seed=7, others=2_000, ssn_key=KEY)


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))[1:]


def test_the_same_arguments_give_the_same_bytes(month: MonthFiles, tmp_path: Path) -> None:
    again = write_month(tmp_path / "again", seed=7, others=2_000, ssn_key=KEY)
    other = write_month(tmp_path / "other", seed=8, others=2_000, ssn_key=KEY)
    assert [path.read_bytes() for path in astuple(month)] == [path.read_bytes() for path in astuple(again)]
    assert month.data.read_bytes() != other.data.read_bytes()


def test_files_are_named_as_nppes_names_them(month: MonthFiles) -> None:
    period = "20050523-20260614.csv"
    names = [f"npidata_pfile_{period}", f"othername_pfile_{period}", f"pl_pfile_{period}", f"supplement_{period}"]
    assert [path.name for path in astuple(month)] == names


def test_the_strict_reader_takes_every_row(month: MonthFiles) -> None:
    layouts = (PROVIDERS, OTHER_NAMES, LOCATIONS, SUPPLEMENT)
    counts = [
        sum(piece.rows for piece in Reader(path, layout, strict=True))
        for path, layout in zip(astuple(month), layouts, strict=True)
    ]
    assert counts[0] == 2_000 + 6
    assert all(counts)


def test_every_npi_is_a_test_number_and_occurs_once(month: MonthFiles) -> None:
    npis = [row[0] for row in rows_of(month.data)]
    assert all(npi.startswith("2") and npi_rules.is_valid(npi) for npi in npis)
    assert len(set(npis)) == len(npis)


def test_tax_numbers_are_structurally_valid_and_no_ssn_is_written(month: MonthFiles) -> None:
    """TX-01, TX-02; D-49."""
    eins = {row[1] for row in rows_of(month.supplement)} - {""}
    assert all(tax_numbers.is_valid_ein(ein) for ein in eins)
    assert all(tax_numbers.is_valid_ssn(person.ssn) for person in CAST.individuals)
    written = b"".join(path.read_bytes() for path in astuple(month))
    assert not any(person.ssn.encode() in written for person in CAST.individuals)


def test_the_cast_is_in_the_files(month: MonthFiles) -> None:
    data = {row[0]: row for row in rows_of(month.data)}
    supplement = {row[0]: row for row in rows_of(month.supplement)}
    for person in CAST.individuals:
        assert data[person.npi][5:7] == [person.last_name, person.first_name]
        assert supplement[person.npi][2] == tax_numbers.ssn_index(KEY, person.ssn).hex()
    for group in CAST.groups:
        assert {data[npi][4] for npi in group.npis} == {group.name}
        assert {supplement[npi][3] for npi in group.npis} == {group.employer}
    assert len(CAST.clinic.npis) == 2
    assert [CAST.clinic.npis[0], CAST.clinic.doing_business_as, "3"] in rows_of(month.other_names)


def test_all_values_are_quoted_and_inner_quotes_are_single(month: MonthFiles) -> None:
    """NP-04."""
    lines = month.data.read_text(encoding="utf-8").splitlines()
    assert all(line.count('"') == 2 * 330 for line in lines)
    assert any("'" in line for line in lines)


def test_nobody_among_the_others_has_a_name_of_the_cast(month: MonthFiles) -> None:
    """So that a story that searches for its people finds them alone, however many others there are."""
    cast = {person.npi for person in CAST.individuals} | {npi for group in CAST.groups for npi in group.npis}
    others = {name for row in rows_of(month.data) if row[0] not in cast for name in (row[4], row[5])}
    assert others.isdisjoint({person.last_name for person in CAST.individuals} | {group.name for group in CAST.groups})
    starts = (*invented._SURNAME,)
    assert not any(person.last_name.startswith(starts) for person in CAST.individuals)
