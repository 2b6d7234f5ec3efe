"""D-48: legal days in US Eastern time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.vocabulary import eastern

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
"""The days of 23 and of 25 hours."""


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2026, 1, 15), datetime(2026, 1, 16, 4, 59, 59, tzinfo=UTC)),
        (date(2026, 7, 15), datetime(2026, 7, 16, 3, 59, 59, tzinfo=UTC)),
        (SPRING, datetime(2026, 3, 9, 3, 59, 59, tzinfo=UTC)),
        (AUTUMN, datetime(2026, 11, 2, 4, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_a_second_to_midnight_eastern(day: date, end: datetime) -> None:
    assert eastern.end_of_day(day) == end  # D-48
    assert eastern.end_of_day(day).tzinfo is UTC


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 7, 15), 24)])
def test_a_day_is_as_long_as_the_clocks_make_it(day: date, hours: int) -> None:
    length = eastern.end_of_day(day) - eastern.start_of_day(day)
    assert length == timedelta(hours=hours) - timedelta(seconds=1)


@given(DAYS)
def test_a_days_first_and_last_second_lie_in_it_and_their_neighbours_do_not(day: date) -> None:
    first, last = eastern.start_of_day(day), eastern.end_of_day(day)
    assert eastern.day_of(first) == eastern.day_of(last) == day
    assert eastern.day_of(first - timedelta(microseconds=1)) == day - timedelta(days=1)
    assert eastern.day_of(last + timedelta(seconds=1)) == day + timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2024, 2, 29), date(2024, 2, 29)),
        (date(2026, 12, 5), date(2026, 12, 31)),
        (date(2026, 4, 30), date(2026, 4, 30)),
    ],
)
def test_a_month_has_a_last_day(day: date, last: date) -> None:
    assert eastern.last_day_of_month(day) == last


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (datetime(2020, 4, 9, 14, 43, tzinfo=UTC), "04/09/2020 10:43AM"),
        (datetime(2026, 7, 1, 4, 0, tzinfo=UTC), "07/01/2026 12:00AM"),
        (datetime(2026, 7, 1, 16, 0, tzinfo=UTC), "07/01/2026 12:00PM"),
        (datetime(2026, 7, 1, 15, 59, 59, tzinfo=UTC), "07/01/2026 11:59AM"),
        (datetime(2026, 1, 1, 4, 59, tzinfo=UTC), "12/31/2025 11:59PM"),
    ],
)
def test_a_moment_is_shown_as_the_header_shows_it(at: datetime, shown: str) -> None:
    assert eastern.format_moment(at) == shown  # IA-SIGN-05


@given(DAYS)
def test_a_day_comes_back_from_its_format(day: date) -> None:
    shown = eastern.format_day(day)
    assert shown == f"{day:%m/%d/%Y}"
    assert eastern.parse_day(*shown.split("/")) == day


def test_one_digit_and_spaces_are_enough_for_month_and_day() -> None:
    assert eastern.parse_day(" 3", "9 ", " 1974 ") == date(1974, 3, 9)


@pytest.mark.parametrize(
    ("fields", "wrong", "says"),
    [
        (("", "1", "1980"), "month", "Enter a month from 1 to 12"),
        (("0", "1", "1980"), "month", "1 to 12"),
        (("13", "1", "1980"), "month", "1 to 12"),
        (("-1", "1", "1980"), "month", "1 to 12"),
        (("May", "1", "1980"), "month", "1 to 12"),
        (("001", "1", "1980"), "month", "1 to 12"),
        (("5", "0", "1980"), "day", "1 to 31"),
        (("5", "32", "1980"), "day", "1 to 31"),
        (("5", "\u0663", "1980"), "day", "1 to 31"),
        (("4", "31", "1980"), "day", "1 to 30; 4/1980"),
        (("2", "29", "2023"), "day", "1 to 28; 2/2023"),
        (("2", "29", "80"), "year", "4 digits"),
        (("2", "1", "01980"), "year", "4 digits"),
        (("2", "1", "1899"), "year", "1900 to 2100"),
        (("2", "1", "2101"), "year", "1900 to 2100"),
    ],
)
def test_a_wrong_date_names_the_field_and_says_what_to_enter(
    fields: tuple[str, str, str], wrong: str, says: str
) -> None:
    with pytest.raises(eastern.DayError, match=says) as refused:
        eastern.parse_day(*fields)  # D-48
    assert refused.value.field == wrong


@pytest.mark.parametrize(
    "fields", [("2", "29", "2024"), ("1", "1", "1900"), ("12", "31", "2100"), ("02", "29", "2000")]
)
def test_dates_at_the_edges_are_taken(fields: tuple[str, str, str]) -> None:
    month, day, year = map(int, fields)
    assert eastern.parse_day(*fields) == date(year, month, day)


@pytest.mark.parametrize("ask", [eastern.day_of, eastern.format_moment, eastern.aware])
def test_an_instant_without_a_zone_is_refused(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(ValueError, match="aware"):
        ask(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test
