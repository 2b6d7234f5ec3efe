"""The close look at a row that is not plainly right: its values by the rules of CSV, or the column at fault."""

from __future__ import annotations

import csv
import re

from chassis.vocabulary import npi as npi_rules
from services.registry.adapters.nppes_rows import BETWEEN, ISO
from services.registry.domain.nppes_layout import EXPECTED, PATTERNS, PROVIDERS, TAXONOMIES, Layout

LONGEST = 1 << 16
"""Bytes of a row; what is longer is none, and must not fill the memory."""

_BREAKS = str.maketrans("\r\n\t", "   ")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DEACTIVATED = next(n for n, column in enumerate(PROVIDERS.columns) if column.name == "NPI Deactivation Date")


class FaultError(ValueError):
    """A column, or with an empty name the row as a whole, is not as NPPES writes it."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def values_of(layout: Layout, line: bytes) -> list[bytes]:
    """All values of a row, in UTF-8, with blanks for line breaks and single quotes for double ones (NP-04).

    Raises `FaultError`.
    """
    if len(line) >= LONGEST:
        raise FaultError("", "the row does not end")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        position = min(line[: error.start].count(BETWEEN), len(layout.columns) - 1)
        raise FaultError(_named(layout, position), "not UTF-8") from None
    try:
        values = next(csv.reader([text.rstrip("\r\n").translate(_BREAKS)], strict=True), [])
    except csv.Error as error:
        raise FaultError("", f"not a row of quoted values: {error}") from None
    if len(values) != len(layout.columns):
        raise FaultError("", f"{len(values)} columns, {len(layout.columns)} are expected")
    values = [_tidy(value) for value in values]
    for position in range(layout.runs[-1].stop):
        _check(layout, position, values[position])
    if layout is PROVIDERS:
        _check_provider(layout, values)
    return [value.encode() for value in values]


def _tidy(value: str) -> str:
    return re.sub(" +", " ", value).strip(" ").replace('"', "'")


def _check(layout: Layout, position: int, value: str) -> None:
    column = layout.columns[position]
    if _CONTROL.search(value):
        raise FaultError(_named(layout, position), "a control character")
    pattern = PATTERNS.get(column.kind)
    if pattern is None:
        if len(value) > column.length:
            raise FaultError(_named(layout, position), f"{len(value)} characters, at most {column.length} are allowed")
        return
    if not re.fullmatch(pattern, value):
        raise FaultError(_named(layout, position), f"{EXPECTED[column.kind]} is expected")
    if column.kind == "npi" and not npi_rules.is_valid(value):
        raise FaultError(_named(layout, position), "the check digit is wrong")  # NP-01
    if column.kind == "date":
        try:
            ISO[value.encode()]
        except ValueError:
            raise FaultError(_named(layout, position), "no such day") from None


def _check_provider(layout: Layout, values: list[str]) -> None:
    """NP-08: only a deactivated NPI comes without the kind of its owner. NP-09: codes are alphanumeric."""
    if not values[1] and not values[_DEACTIVATED]:
        raise FaultError(_named(layout, 1), "1 or 2 is expected, unless the NPI is deactivated")
    for position in TAXONOMIES:
        _check(layout, position, values[position])


def _named(layout: Layout, position: int) -> str:
    return f"{layout.columns[position].name} (column {position + 1})"
