"""Loading a month of NPPES's files: all or nothing, once, and the next month on top (D-01, NP-04 to NP-08)."""

from __future__ import annotations

from datetime import date

import pytest

from services.registry.adapters.generated_month import CAST, MonthFiles
from services.registry.commands.load_month import Progress
from services.registry.domain import provider_ids
from services.registry.domain.errors import DamagedRowError, OlderMonthError, WrongFileError
from services.registry.projections.provider_search import npis_of, search
from tests.integration.registry.loading import Connection, column, contents, later, load, replaced, without

ROSALIND, TOBIAS, IONE = CAST.individuals
CLINIC = CAST.clinic


def withheld(npi: str, day: str) -> str:
    """What NPPES tells of a deactivated NPI (NP-08)."""
    values = [""] * 330
    values[0], values[39] = npi, day
    return ",".join(f'"{value}"' for value in values)


def indexes(registry: Connection) -> list[str]:
    return [
        row[0]
        for row in registry.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1")
    ]


def test_a_month_is_loaded_with_its_report(registry: Connection, month: MonthFiles) -> None:
    before = indexes(registry)
    report = load(registry, month)
    assert report.period == (date(2005, 5, 23), date(2026, 6, 14))
    assert (report.inserted, report.updated, report.vanished, report.skipped) == (306, 0, 0, 0)
    assert report.unchanged is False
    assert registry.execute("SELECT count(*), bool_and(in_file) FROM providers").fetchone() == (306, True)
    (names, rows, skipped) = registry.execute("SELECT file_names, rows, skipped FROM loads").fetchall()[0]
    assert names[0] == month.data.name
    assert (rows, skipped) == (report.rows, 0)
    assert indexes(registry) == before


def test_an_organizations_npis_are_one_provider_and_a_person_is_their_npi(
    registry: Connection, month: MonthFiles
) -> None:
    """D-01: employer ids are made of the supplement's key."""
    load(registry, month)
    clinic = provider_ids.of_employer(CLINIC.employer)
    assert npis_of(registry, clinic) == list(CLINIC.npis)
    assert column(registry, "provider_id", ROSALIND.npi) == provider_ids.of_npi(ROSALIND.npi)


def test_an_organization_that_no_supplement_knows_is_its_npi(registry: Connection, month: MonthFiles) -> None:
    npi = CAST.second_group.npis[0]
    load(registry, later(month, supplement=without(npi)))
    assert column(registry, "provider_id", npi) == provider_ids.of_npi(npi)


def test_loading_the_same_files_again_changes_nothing_and_says_so(registry: Connection, month: MonthFiles) -> None:
    load(registry, month)
    before = contents(registry)
    assert load(registry, month).unchanged
    assert contents(registry) == before


def test_equal_rows_in_a_later_month_are_not_touched(registry: Connection, month: MonthFiles) -> None:
    load(registry, month)
    before = contents(registry)
    report = load(registry, later(month))
    assert (report.inserted, report.updated, report.vanished) == (0, 0, 0)
    assert set(report.changes.values()) == {0}
    after = contents(registry)
    assert len(after.pop("loads")) == 2
    assert after == {table: rows for table, rows in before.items() if table != "loads"}


def test_a_later_month_changes_what_changed(registry: Connection, month: MonthFiles) -> None:
    load(registry, month)
    july = later(
        month,
        data=replaced(ROSALIND.npi, "Merriweld", "Castellane"),
        other_names=replaced(CLINIC.npis[0], CLINIC.doing_business_as, "Harbor Point Urgent Care"),
        supplement=replaced(CLINIC.npis[1], CLINIC.ein, "823104577"),
    )
    report = load(registry, july)
    assert (report.inserted, report.updated, report.vanished) == (0, 1, 0)
    assert report.changes == {"supplement": 2, "other_names": 2, "practice_locations": 0}
    assert column(registry, "last_name", ROSALIND.npi) == "Castellane"
    assert not search(registry, last_name="Merriweld").providers
    assert [found.name for found in search(registry, last_name="castellane").providers] == [
        "Castellane, Rosalind",
        "Castellane, Tobias",
    ]
    assert search(registry, organization_name="harbor point urgent care").providers


def test_an_npi_that_has_vanished_is_kept_and_marked_until_it_is_back(registry: Connection, month: MonthFiles) -> None:
    load(registry, month)
    report = load(registry, later(month, "20260712", data=without(IONE.npi)))
    assert (report.updated, report.vanished) == (0, 1)
    assert column(registry, "in_file", IONE.npi) is False
    (found,) = search(registry, npi=IONE.npi).providers
    assert found.npis[0].in_file is False
    report = load(registry, later(month, "20260809"))
    assert (report.inserted, report.updated, report.vanished) == (0, 1, 0)
    assert column(registry, "in_file", IONE.npi) is True


def test_a_deactivated_npi_keeps_what_was_known_and_is_not_offered(registry: Connection, month: MonthFiles) -> None:
    """NP-08: from then on the file tells only the date."""
    load(registry, month)
    july = later(month, data=lambda lines: [*without(TOBIAS.npi)(lines), withheld(TOBIAS.npi, "07/01/2026")])
    report = load(registry, july)
    assert (report.updated, report.vanished) == (1, 0)
    assert column(registry, "deactivated_on", TOBIAS.npi) == date(2026, 7, 1)
    assert column(registry, "last_name", TOBIAS.npi) == TOBIAS.last_name
    assert column(registry, "in_file", TOBIAS.npi) is True
    assert not search(registry, npi=TOBIAS.npi).providers
    assert npis_of(registry, provider_ids.of_npi(TOBIAS.npi)) == []


def test_a_deactivated_npi_is_loaded_even_if_nothing_else_is_known(registry: Connection, month: MonthFiles) -> None:
    """NP-08."""
    load(registry, month)
    count, dated = registry.execute(
        "SELECT count(*), count(deactivated_on) FROM providers WHERE entity_type IS NULL AND NOT offered"
    ).fetchall()[0]
    assert count == dated > 0


@pytest.mark.parametrize(("reactivated", "offered"), [("06/30/2026", False), ("07/01/2026", True)])
def test_a_reactivated_npi_is_offered_again(
    registry: Connection,
    month: MonthFiles,
    reactivated: str,
    offered: bool,
) -> None:
    def reactivate(lines: list[str]) -> list[str]:
        return [
            _with(line, {39: "07/01/2026", 40: reactivated}) if line.startswith(f'"{TOBIAS.npi}"') else line
            for line in lines
        ]

    load(registry, later(month, data=reactivate))
    assert bool(search(registry, npi=TOBIAS.npi).providers) == offered


def _with(line: str, values: dict[int, str]) -> str:
    row = line[1:-1].split('","')
    for position, value in values.items():
        row[position] = value
    return '"' + '","'.join(row) + '"'


def test_strict_loads_nothing_of_a_damaged_month(registry: Connection, month: MonthFiles) -> None:
    july = later(month, supplement=lambda lines: [*lines, '"2000000003","","",""'])
    before = contents(registry)
    with pytest.raises(DamagedRowError, match="check digit is wrong; nothing was loaded") as refused:
        load(registry, july, strict=True)
    assert refused.value.damage.file == july.supplement.name
    assert contents(registry) == before
    assert load(registry, july).skipped == 1
    with pytest.raises(DamagedRowError):
        load(registry, july, strict=True)  # the same files, loaded with a gap: not "unchanged"


def test_damaged_rows_are_skipped_and_told(registry: Connection, month: MonthFiles) -> None:
    july = later(month, data=lambda lines: [lines[0], '"2000000002","1"', *lines[1:]])
    report = load(registry, july)
    assert report.skipped == 1
    assert [str(damage) for damage in report.damages] == [f"{july.data.name}:2: 2 columns, 330 are expected"]
    assert report.inserted == 306
    assert registry.execute("SELECT skipped FROM loads").fetchone() == (1,)


@pytest.mark.parametrize("strict", [False, True])
def test_of_two_rows_of_one_npi_the_first_counts(registry: Connection, month: MonthFiles, *, strict: bool) -> None:
    """NP-02."""
    july = later(month, data=lambda lines: [*lines, *replaced(ROSALIND.npi, "Merriweld", "Second")(lines)[1:2]])
    if strict:
        with pytest.raises(DamagedRowError, match="has a row already"):
            load(registry, july, strict=True)
        return
    report = load(registry, july)
    assert [(damage.line, damage.column) for damage in report.damages] == [(308, "NPI (column 1)")]
    assert column(registry, "last_name", ROSALIND.npi) == "Merriweld"


def test_a_row_that_is_skipped_does_not_lose_what_was_loaded_before(registry: Connection, month: MonthFiles) -> None:
    load(registry, month)
    load(registry, later(month, data=replaced(ROSALIND.npi, '"Merriweld"', f'"{"x" * 36}"')))
    assert column(registry, "last_name", ROSALIND.npi) == "Merriweld"
    assert column(registry, "in_file", ROSALIND.npi) is False


def test_an_older_month_is_refused(registry: Connection, month: MonthFiles) -> None:
    load(registry, later(month))
    before = contents(registry)
    with pytest.raises(OlderMonthError):
        load(registry, month)
    assert contents(registry) == before


def test_files_of_two_periods_of_a_week_or_in_the_wrong_place_are_refused(
    registry: Connection, month: MonthFiles
) -> None:
    """NP-05."""
    july = later(month)
    with pytest.raises(WrongFileError, match="different periods"):
        load(registry, MonthFiles(month.data, july.other_names, month.locations, month.supplement))
    with pytest.raises(WrongFileError, match="npidata_pfile_"):
        load(registry, MonthFiles(month.other_names, month.data, month.locations, month.supplement))
    for path in (month.data, month.other_names, month.locations, month.supplement):
        path.rename(path.with_name(path.name.replace("20050523", "20260608")))
    weekly = MonthFiles(*(path.with_name(path.name.replace("20050523", "20260608")) for path in vars(month).values()))
    with pytest.raises(WrongFileError, match="weekly"):
        load(registry, weekly)


def test_a_load_tells_how_far_it_is(registry: Connection, month: MonthFiles) -> None:
    told: list[Progress] = []
    load(registry, month, progress=told.append)
    assert [step for step in dict.fromkeys(progress.step for progress in told) if not step.startswith("hash")] == [
        *(path.name for path in vars(month).values()),
        "merge",
    ]
    assert all(progress.done <= progress.total for progress in told if progress.total)


def test_a_progress_that_fails_leaves_nothing_behind(registry: Connection, month: MonthFiles) -> None:
    """One transaction: whatever breaks, wherever."""

    def fail(progress: Progress) -> None:
        if progress.step == "merge":
            raise KeyboardInterrupt

    before = contents(registry), indexes(registry)
    with pytest.raises(KeyboardInterrupt):
        load(registry, month, progress=fail)
    assert (contents(registry), indexes(registry)) == before


def test_all_names_of_an_employer_stand_at_one_place(registry: Connection, month: MonthFiles) -> None:
    """IA-EMP-04: two NPIs with different legal names are still one entry."""
    july = later(month, data=replaced(CLINIC.npis[1], CLINIC.name, "Zephyr Landing Clinic"))
    load(registry, july)
    assert {column(registry, "sort_name", npi) for npi in CLINIC.npis} == {CLINIC.name.lower()}
    (found,) = search(registry, organization_name="zephyr landing clinic").providers
    assert [row.npi for row in found.npis] == list(CLINIC.npis)
