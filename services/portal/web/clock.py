"""Moments as people read them: legal Eastern time, in the deck's forms (D-48, IA-SIGN-05)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp


def moment(stamp: Timestamp) -> datetime:
    """An aware datetime, UTC, of a message's time."""
    return stamp.ToDatetime(tzinfo=UTC)


def day_and_time(at: datetime, zone: str) -> str:
    """`05/07/2026 10:43AM`."""
    return at.astimezone(ZoneInfo(zone)).strftime("%m/%d/%Y %I:%M%p")


def time_of_day(at: datetime, zone: str) -> str:
    """`10:58AM EDT`."""
    return at.astimezone(ZoneInfo(zone)).strftime("%I:%M%p %Z").removeprefix("0")


def stamp(at: datetime, zone: str) -> str:
    """`05/07/2026 10:43:12AM EDT`, where each second tells."""
    return at.astimezone(ZoneInfo(zone)).strftime("%m/%d/%Y %I:%M:%S%p %Z")


def day(iso: str) -> str:
    """`MM/DD/YYYY` of `YYYY-MM-DD`; other text as it is."""
    year, _, rest = iso.partition("-")
    month, _, date = rest.partition("-")
    return f"{month}/{date}/{year}" if date else iso


def days_until(iso: str, now: datetime, zone: str) -> int:
    """Legal days until `YYYY-MM-DD`; 0 for no date."""
    return (date.fromisoformat(iso) - now.astimezone(ZoneInfo(zone)).date()).days if iso else 0


def iso_day(month: str, day: str, year: str) -> str:
    """`YYYY-MM-DD` of three boxes; what is no date goes on as it was typed, for whoever judges it."""
    return f"{year:0>4}-{month:0>2}-{day:0>2}" if month or day or year else ""


def exact_time(at: datetime, zone: str) -> str:
    """`10:58:30AM EDT`, where a minute is too coarse."""
    return at.astimezone(ZoneInfo(zone)).strftime("%I:%M:%S%p %Z").removeprefix("0")


def days_between(first: datetime, second: datetime, zone: str) -> int:
    """Legal days from one moment to another: 0 on the same day."""
    return (second.astimezone(ZoneInfo(zone)).date() - first.astimezone(ZoneInfo(zone)).date()).days
