"""Lists as files that spreadsheets read and do not run (D-44, S-24)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

BYTE_ORDER_MARK = "\ufeff"
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With which a cell begins that a spreadsheet would compute, full-width forms too (S-24)."""


def lines(head: Sequence[str], pages: Iterable[Sequence[Sequence[str]]]) -> Iterator[bytes]:
    """The file, page by page: byte order mark, head, rows; RFC 4180."""
    yield (BYTE_ORDER_MARK + _text([head])).encode()
    for rows in pages:
        yield _text(rows).encode()


def cell(text: str) -> str:
    """What a spreadsheet shows as it stands."""
    return f"'{text}" if text.startswith(FORMULAS) else text


def file_name(at: datetime, zone: str, name: str = "reassignment-report") -> str:
    """`reassignment-report-20260507-104300-EDT.csv`: as of when."""
    return at.astimezone(ZoneInfo(zone)).strftime(f"{name}-%Y%m%d-%H%M%S-%Z.csv")


def _text(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([cell(text) for text in row] for row in rows)
    return out.getvalue()
