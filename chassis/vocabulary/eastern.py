"""Legal days in US Eastern time: instants are stored in UTC, days are judged and shown here (D-48)."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from chassis.vocabulary.typed import is_digits

ZONE = ZoneInfo("America/New_York")

YEARS = range(1900, 2101)
"""Years that a typed date may have; an earlier or later one is a slip of the keyboard."""

_LAST_SECOND = time(23, 59, 59)
_NOON = 12


class DayError(ValueError):
    """Three fields are no date; `field` is `month`, `day` or `year`, the message says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def aware(at: datetime) -> datetime:
    """The same instant. Raises `ValueError` without a zone: a naive one would be read as this machine's local time."""
    if at.utcoffset() is None:
        raise ValueError("Give an aware datetime; this one has no zone")
    return at


def day_of(at: datetime) -> date:
    """The legal day of an aware instant. Raises `ValueError` for a naive one."""
    return aware(at).astimezone(ZONE).date()


def start_of_day(day: date) -> datetime:
    """The first instant of a legal day, aware, in UTC."""
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """23:59:59 of a legal day, aware, in UTC: the last second that keeps a due date."""
    return datetime.combine(day, _LAST_SECOND, ZONE).astimezone(UTC)


def last_day_of_month(day: date) -> date:
    """The last day of the month in which a day lies."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def format_day(day: date) -> str:
    """`MM/DD/YYYY`."""
    return f"{day.month:02}/{day.day:02}/{day.year:04}"


def format_moment(at: datetime) -> str:
    """`MM/DD/YYYY hh:mmAM` in Eastern time (IA-SIGN-05). Raises `ValueError` for a naive instant.

    Written by hand: `%p` of strftime follows the machine's locale.
    """
    local = aware(at).astimezone(ZONE)
    half = "AM" if local.hour < _NOON else "PM"
    return f"{format_day(local.date())} {local.hour % _NOON or _NOON:02}:{local.minute:02}{half}"


def parse_day(month: str, day: str, year: str) -> date:
    """The date in three fields as typed: months and days of one or two digits, years of four (D-48).

    Raises `DayError` for the first field that is wrong.
    """
    month_number = _number(month)
    if month_number not in range(1, 13):
        raise DayError("month", "Enter a month from 1 to 12")
    day_number = _number(day)
    if day_number not in range(1, 32):
        raise DayError("day", "Enter a day from 1 to 31")
    if not is_digits(year.strip(), 4):
        raise DayError("year", "Enter the year in 4 digits, such as 1980")
    year_number = int(year)
    if year_number not in YEARS:
        raise DayError("year", f"Enter a year from {YEARS[0]} to {YEARS[-1]}")
    last = calendar.monthrange(year_number, month_number)[1]
    if day_number > last:
        raise DayError("day", f"Enter a day from 1 to {last}; {month_number}/{year_number} has no more")
    return date(year_number, month_number, day_number)


def _number(text: str) -> int:
    """The number in a field of one or two digits, else -1, which no field allows."""
    digits = text.strip()
    return int(digits) if is_digits(digits, 1) or is_digits(digits, 2) else -1
