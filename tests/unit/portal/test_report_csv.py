"""The Reassignment Report as a file (D-44): what spreadsheets read, and do not run."""

from __future__ import annotations

import csv
from datetime import UTC, datetime

import pytest

from services.portal.web import report_csv

HEAD = ["Relationship", "Provider Name/LBN"]


def test_the_file_begins_with_a_byte_order_mark_and_the_columns() -> None:
    assert b"".join(report_csv.lines(HEAD, [])) == b"\xef\xbb\xbfRelationship,Provider Name/LBN\r\n"


def test_pages_follow_each_other_row_by_row() -> None:
    pages = [[["Receiving Benefits from", "Rivera, Ana"]], [["Receiving Benefits from", 'The "Other" Clinic\nEast']]]
    made = list(report_csv.lines(HEAD, pages))
    assert len(made) == 3, "each page is sent when it is there"
    read = list(csv.reader(b"".join(made).decode("utf-8-sig").splitlines(keepends=True)))
    assert read == [HEAD, *(row for page in pages for row in page)]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_cell_is_no_formula(sign: str) -> None:
    """S-24, D-44."""
    assert report_csv.cell(f"{sign}HYPERLINK(1)") == f"'{sign}HYPERLINK(1)"
    assert report_csv.cell(f"A{sign}1") == f"A{sign}1"


def test_what_is_not_there_stays_text() -> None:
    assert report_csv.cell("N/A") == "N/A"
    assert report_csv.cell("") == ""


def test_the_name_says_as_of_when_in_legal_time() -> None:
    at = datetime(2026, 5, 7, 14, 43, 5, tzinfo=UTC)
    assert report_csv.file_name(at, "America/New_York") == "reassignment-report-20260507-104305-EDT.csv"
