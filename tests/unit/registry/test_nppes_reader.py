"""The reader of NPPES's files: what it takes, what it refuses and where it points (NP-04, NP-05, NP-08)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.vocabulary import npi as npi_rules
from services.registry.adapters.nppes import Reader
from services.registry.adapters.nppes_blocks import Block, blocks, judged
from services.registry.adapters.nppes_rows import is_npi
from services.registry.domain import provider_ids
from services.registry.domain.errors import DamagedRowError, WrongFileError
from services.registry.domain.nppes_layout import LOCATIONS, OTHER_NAMES, PROVIDERS, SUPPLEMENT, Layout
from tests.unit.registry.files import NPI, OTHER_NPI, header, provider, quoted, write

NAMES = [
    *("line", "npi", "entity_type", "own_id", "organization_name", "last_name", "first_name", "middle_name"),
    *("name_prefix", "name_suffix", "credential", "other_name", "other_type", "other_last", "other_first"),
    *("other_last_type", "mailing_line_1", "mailing_line_2", "mailing_city", "mailing_state", "mailing_zip"),
    *("mailing_country", "mailing_phone", "practice_line_1", "practice_line_2", "practice_city", "practice_state"),
    *("practice_zip", "practice_country", "practice_phone", "enumerated_on", "updated_on", "deactivated_on"),
    *("reactivated_on", "primary_taxonomy"),
]


def staged(reader: Reader) -> list[bytes]:
    """All rows of a file."""
    return [row for piece in reader for row in piece.staged.splitlines()]


def read(path: Path, layout: Layout = PROVIDERS) -> tuple[list[dict[str, str]], list[str]]:
    """The rows as dictionaries and the damages as text."""
    reader = Reader(path, layout)
    rows = [dict(zip(NAMES, row.decode().split("\t"), strict=True)) for row in staged(reader)]
    assert reader.skipped == len(reader.damages)
    assert reader.rows == len(rows)
    return rows, [str(damage) for damage in reader.damages]


def one(folder: Path, **columns: str) -> dict[str, str]:
    """The only row of a file of one sound row."""
    rows, damages = read(write(folder, PROVIDERS, quoted(provider(**columns))))
    assert damages == []
    assert len(rows) == 1
    return rows[0]


def fault(folder: Path, line: str | bytes, layout: Layout = PROVIDERS) -> str:
    """What is told of a damaged row that has a sound one before and one after it."""
    sound = provider() if layout is PROVIDERS else [NPI] + [""] * (len(layout.columns) - 1)
    after = [OTHER_NPI, *sound[1:]]
    path = write(folder, layout, quoted(sound), line, quoted(after))
    reader = Reader(path, layout)
    assert len(staged(reader)) == 2
    assert reader.skipped == 1
    (damage,) = reader.damages
    assert (damage.file, damage.line) == (path.name, 3)
    with pytest.raises(DamagedRowError, match="nothing was loaded"):
        list(Reader(path, layout, strict=True))
    return f"{damage.column}: {damage.reason}"


def test_the_data_file_has_330_columns() -> None:
    """NP-04; the other files' counts are NP-05."""
    assert [len(layout.columns) for layout in (PROVIDERS, OTHER_NAMES, LOCATIONS)] == [330, 3, 10]


def test_a_sound_row_becomes_a_row_for_copy(tmp_path: Path) -> None:
    row = one(tmp_path, c33="039040118", c41="12/31/2025")
    assert row["line"] == "2"
    assert row["npi"] == NPI
    assert row["own_id"] == provider_ids.of_npi(NPI).hex
    assert (row["last_name"], row["first_name"], row["organization_name"]) == ("Marlbrook", "Rosalind", "")
    assert (row["practice_zip"], row["mailing_zip"]) == ("039040118", "")
    assert (row["enumerated_on"], row["reactivated_on"]) == ("2006-05-23", "2025-12-31")
    assert row["primary_taxonomy"] == "207R00000X"


def test_crlf_byte_order_mark_and_a_missing_last_line_end_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, PROVIDERS, quoted(provider()), quoted(provider(OTHER_NPI)), end=b"\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().rstrip())
    rows, damages = read(path)
    assert [row["npi"] for row in rows] == [NPI, OTHER_NPI]
    assert damages == []


def test_empty_lines_are_no_rows(tmp_path: Path) -> None:
    rows, damages = read(write(tmp_path, PROVIDERS, "", quoted(provider()), "", quoted(provider(OTHER_NPI)), ""))
    assert [row["line"] for row in rows] == ["3", "5"]
    assert damages == []


def test_the_primary_taxonomy_is_the_marked_one_wherever_it_stands(tmp_path: Path) -> None:
    """NP-09."""
    assert one(tmp_path, c51="N", c52="208000000X", c55="Y")["primary_taxonomy"] == "208000000X"
    assert one(tmp_path, c51="N")["primary_taxonomy"] == ""


@pytest.mark.parametrize("inner", ['say ""hi""', "say 'hi'"])
def test_an_inner_double_quote_becomes_a_single_one(tmp_path: Path, inner: str) -> None:
    """NP-04: NPPES writes single ones; a file that doubles them, as CSV does, is read as well."""
    assert one(tmp_path, c5=inner)["organization_name"] == "say 'hi'"


@pytest.mark.parametrize("inner", ["a,b", ",", '"",""', ""])
def test_commas_and_separators_inside_a_value_do_not_split_it(tmp_path: Path, inner: str) -> None:
    row = one(tmp_path, c5=inner)
    assert row["organization_name"] == inner.replace('""', "'")
    assert row["last_name"] == "Marlbrook"


def test_a_line_break_inside_a_value_is_a_blank(tmp_path: Path) -> None:
    path = write(tmp_path, PROVIDERS, quoted(provider(c29="12 Mill\r\nRace")), quoted(provider(OTHER_NPI)))
    rows, damages = read(path)
    assert rows[0]["practice_line_1"] == "12 Mill Race"
    assert [row["line"] for row in rows] == ["2", "4"]
    assert damages == []


def test_values_without_quotes_are_read(tmp_path: Path) -> None:
    rows, damages = read(write(tmp_path, PROVIDERS, ",".join(provider()), quoted(provider(OTHER_NPI))))
    assert [row["npi"] for row in rows] == [NPI, OTHER_NPI]
    assert damages == []


def test_blanks_that_a_search_would_stumble_over_are_tidied(tmp_path: Path) -> None:
    row = one(tmp_path, c6=" Marl  brook ", c31="Harbor Point ")
    assert (row["last_name"], row["practice_city"]) == ("Marl brook", "Harbor Point")


def test_names_beyond_ascii_are_kept_and_counted_in_characters(tmp_path: Path) -> None:
    row = one(tmp_path, c7="Žoë" + "é" * 32)
    assert row["first_name"] == "Žoë" + "é" * 32


def test_a_backslash_is_escaped_for_copy(tmp_path: Path) -> None:
    assert one(tmp_path, c5="N\\A", c2="2")["organization_name"] == r"N\\A"


@pytest.mark.parametrize(("column", "length"), [(5, 100), (6, 35), (7, 35), (11, 20), (21, 55), (31, 40)])
def test_version_2_lengths_are_the_limit(tmp_path: Path, column: int, length: int) -> None:
    """NP-05."""
    name = f"c{column}"
    one(tmp_path, **{name: "x" * length})
    told = fault(tmp_path, quoted(provider(**{name: "x" * (length + 1)})))
    assert told == (
        f"{PROVIDERS.columns[column - 1].name} (column {column}): {length + 1} characters, at most {length} are allowed"
    )


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"c1": "2000000003"}, "NPI (column 1): the check digit is wrong"),
        ({"c1": "3000000001"}, "NPI (column 1): an NPI of 10 digits that starts with 1 or 2 is expected"),
        ({"c1": "200000000"}, "NPI (column 1): an NPI of 10 digits that starts with 1 or 2 is expected"),
        ({"c1": ""}, "NPI (column 1): an NPI of 10 digits that starts with 1 or 2 is expected"),
        ({"c2": "3"}, "Entity Type Code (column 2): 1 or 2 is expected"),
        ({"c2": ""}, "Entity Type Code (column 2): 1 or 2 is expected, unless the NPI is deactivated"),
        ({"c13": "7"}, "Provider Other Organization Name Type Code (column 13): a code from 1 to 5 is expected"),
        ({"c37": "2006-05-23"}, "Provider Enumeration Date (column 37): a date MM/DD/YYYY is expected"),
        ({"c37": "02/30/2006"}, "Provider Enumeration Date (column 37): no such day"),
        ({"c40": "05/23/0206"}, "NPI Deactivation Date (column 40): no such day"),
        ({"c48": "207-R"}, "Healthcare Provider Taxonomy Code_1 (column 48): a taxonomy code of up to 10"),
        ({"c6": "Marl\x07brook"}, "Provider Last Name (Legal Name) (column 6): a control character"),
        ({"c6": "Marl\0brook"}, "Provider Last Name (Legal Name) (column 6): a control character"),
    ],
)
def test_a_damaged_value_is_told_by_line_and_column_and_skipped(
    tmp_path: Path, columns: dict[str, str], told: str
) -> None:
    """NP-01, NP-04, NP-07, NP-08."""
    assert fault(tmp_path, quoted(provider(**columns))).startswith(told)


def test_a_value_that_is_not_utf8_is_damage(tmp_path: Path) -> None:
    line = quoted(provider()).encode().replace(b"Rosalind", b"Ren\xe9")
    assert fault(tmp_path, line) == "Provider First Name (column 7): not UTF-8"


@pytest.mark.parametrize("count", [1, 46, 329, 331, 660])
def test_a_row_with_another_number_of_columns_is_damage(tmp_path: Path, count: int) -> None:
    """NP-04."""
    row = (provider() * 2)[:count]
    assert fault(tmp_path, quoted(row)) == f": {count} columns, 330 are expected"


@pytest.mark.parametrize("keep", [1, 30, 200, 1000, -1])
def test_a_row_that_is_cut_off_does_not_take_the_next_one_with_it(tmp_path: Path, keep: int) -> None:
    assert fault(tmp_path, quoted(provider(c21="18 Wharf Street"))[:keep]).startswith(": ")


def test_a_row_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    told = fault(tmp_path, quoted(provider(c330="x" * 60_000)) + "," + "y" * 9_000)
    assert told.startswith(": ")


def test_a_deactivated_npi_may_come_with_its_date_alone(tmp_path: Path) -> None:
    """NP-08."""
    row = [""] * 330
    row[0], row[39] = NPI, "03/01/2024"
    rows, damages = read(write(tmp_path, PROVIDERS, quoted(row)))
    assert damages == []
    assert (rows[0]["entity_type"], rows[0]["deactivated_on"]) == ("", "2024-03-01")


def test_another_file_is_refused_by_its_header(tmp_path: Path) -> None:
    """NP-05."""
    path = write(tmp_path, OTHER_NAMES, quoted([NPI, "x", "3"]))
    with pytest.raises(WrongFileError, match="3 columns, 330 are expected"):
        list(Reader(path, PROVIDERS))
    path.write_text(header(PROVIDERS).replace("Provider First Name", "Provider Nickname") + "\n")
    with pytest.raises(WrongFileError, match="column 7 is 'Provider Nickname', 'Provider First Name' is expected"):
        list(Reader(path, PROVIDERS))


def test_the_header_of_older_files_is_known(tmp_path: Path) -> None:
    path = write(tmp_path, PROVIDERS, quoted(provider()))
    path.write_text(path.read_text().replace("Provider Sex Code", "Provider Gender Code"))
    assert len(staged(Reader(path, PROVIDERS))) == 1


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "npidata_pfile_20050523-20260614.csv"
    path.touch()
    with pytest.raises(WrongFileError, match="0 columns"):
        list(Reader(path, PROVIDERS))


def test_the_supplement_gives_the_employers_id_and_never_shows_its_values(tmp_path: Path) -> None:
    path = write(tmp_path, SUPPLEMENT, quoted([NPI, "823104576", "ab" * 32, "harbor-point"]))
    (row,) = staged(Reader(path, SUPPLEMENT))
    employer_id = provider_ids.of_employer("harbor-point").hex
    assert row.decode() == "\t".join(["2", NPI, "823104576", r"\\x" + "ab" * 32, "harbor-point", employer_id])
    told = fault(tmp_path, quoted([NPI, "", "123456789", ""]), SUPPLEMENT)
    assert told == "ssn_hmac (column 3): 64 hexadecimal digits is expected"


def test_damages_are_counted_beyond_those_that_are_told(tmp_path: Path) -> None:
    reader = Reader(write(tmp_path, OTHER_NAMES, *(["x"] * 1_500)), OTHER_NAMES)
    list(reader)
    assert reader.skipped >= 1
    assert len(reader.damages) <= 1_000


@given(st.integers(min_value=1_000_000_000, max_value=2_999_999_999))
def test_the_table_of_check_digits_agrees_with_the_rule(number: int) -> None:
    """NP-01."""
    assert is_npi(b"%d" % number) == npi_rules.is_valid(str(number))


@given(st.text(alphabet='\x00\t\r\n ",\\aé\U0001f600\x85\u2028', max_size=40))
def test_whatever_stands_in_a_value_the_row_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """NP-04: what a CSV writer writes comes back, tidied, or is named as damage; the next row is never lost."""
    path = tmp_path_factory.mktemp("any") / "npidata_pfile_20050523-20260614.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow([column.name for column in PROVIDERS.columns])
        writer.writerow(provider(entity="2", c5=text))
        writer.writerow(provider(OTHER_NPI))
    reader = Reader(path, PROVIDERS)
    rows = [row.decode().split("\t") for row in staged(reader)]
    assert rows[-1][1] == OTHER_NPI
    assert len(rows) + reader.skipped == 2
    if len(rows) == 2:
        tidy = " ".join(part for part in text.translate(str.maketrans("\t\r\n", "   ")).split(" ") if part)
        assert rows[0][4] == tidy.replace('"', "'").replace("\\", "\\\\")


def test_what_needs_no_other_row_goes_straight_and_the_rest_is_staged(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        PROVIDERS,
        quoted(provider(c48="")),
        quoted(provider(c12="Doing Business")),
        quoted(provider(entity="2", c5="Clinic")),
        quoted(provider(c6="Žoë")),
        quoted(provider(c7="")),
    )
    pieces = list(Reader(path, PROVIDERS, straight=True))
    (row,) = b"".join(piece.straight for piece in pieces).decode().splitlines()
    npi, entity, own_id, *texts, sort_name = row.split("\t")
    assert (npi, entity, own_id, sort_name) == (NPI, "1", provider_ids.of_npi(NPI).hex, "marlbrook, rosalind")
    assert texts == ["", "Marlbrook", "Rosalind", *[""] * 18, "2006-05-23", *[""] * 4]
    lines = [row.split(b"\t")[0] for piece in pieces for row in piece.staged.splitlines()]
    assert lines == [b"3", b"4", b"5", b"6"]
    assert sum(piece.rows for piece in pieces) == 5


def test_a_file_in_blocks_gives_the_rows_of_the_whole_with_their_lines(tmp_path: Path) -> None:
    """Rows with line breaks inside, damaged rows and rows of several lines at every cut."""
    kinds = [
        *(
            provider(c29="12 Mill\nRace"),
            provider(c150="x\ny"),
            provider(c2="3", c310="x\ny"),
            provider(c300='\n"a",\n2000000010'),
        ),
        provider(c20="1")[:200],
    ]
    path = write(tmp_path, PROVIDERS, *(quoted(kinds[(number + number // 5) % 5]) for number in range(1_000)))
    with path.open("rb") as file:
        file.readline()
        cut = list(blocks(file, 1 << 17))
    whole = Block(2, b"".join(block.data for block in cut))
    assert (len(cut) > 5, path.read_bytes().endswith(whole.data)) == (True, True)
    pieces = [judged(PROVIDERS, block, straight=False) for block in cut]
    expected = judged(PROVIDERS, whole, straight=False)
    assert b"".join(piece.staged for piece in pieces) == expected.staged
    assert [damage for piece in pieces for damage in piece.damages] == expected.damages
    assert (expected.rows >= 400, len(expected.damages) > 300) == (True, True)
