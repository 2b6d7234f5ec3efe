"""Loading a month of NPPES's files and the restricted supplement: all of it or nothing (D-01, NP-04 to NP-08)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql

from chassis import nature
from services.registry.commands import month_sql
from services.registry.domain.errors import Damage, OlderMonthError, WrongFileError
from services.registry.domain.nppes_layout import LOCATIONS, OTHER_NAMES, PROVIDERS, SUPPLEMENT, Layout

Connection = psycopg.Connection[Any]
Cursor = psycopg.Cursor[Any]
HELD = 1 << 18
"""Bytes of rows that wait for staging while others go straight."""
WEEKLY = 300
"""Days of a period below which a file is an increment: a month's file begins in 2005 whenever it ends."""


class Piece(Protocol):
    """Rows for COPY: those for the staging table, and those that are done as they stand."""

    staged: bytes
    straight: bytes


class FileReader(Protocol):
    """One file as `services.registry.adapters.nppes.Reader` reads it: iterating gives its rows."""

    path: Path
    layout: Layout
    rows: int
    skipped: int
    position: int
    sha256: bytes
    damages: list[Damage]

    def __iter__(self) -> Iterator[Piece]: ...

    def refuse(self, damage: Damage) -> None:
        """Tell a row as damaged after it was read."""
        ...


class Read(Protocol):
    """How a month's files are opened for reading, in this order."""

    def __call__(
        self, files: Mapping[Layout, Path], /, *, strict: bool, straight: bool
    ) -> AbstractContextManager[Sequence[FileReader]]:
        """A reader of each file."""
        ...


@dataclass(frozen=True)
class Progress:
    """How far a load is: bytes of a file that is being read, or a step that has no measure (total 0)."""

    step: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class LoadReport:
    """What a load did. `unchanged` says that it did nothing: these very files were the last that were loaded."""

    period: tuple[date, date]
    unchanged: bool = False
    rows: int = 0
    """Rows read and taken, of all files."""
    inserted: int = 0
    updated: int = 0
    vanished: int = 0
    """NPIs that the file no longer has; they are kept, and marked."""
    changes: dict[str, int] = field(default_factory=dict)
    """For each table beside providers: rows that came or went."""
    skipped: int = 0
    damages: tuple[Damage, ...] = ()
    """The first damaged rows of each file; `skipped` counts all."""


def load_month(
    connection: Connection,
    *,
    read: Read,
    data: Path,
    other_names: Path,
    locations: Path,
    supplement: Path,
    strict: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> LoadReport:
    """Load the four files of one month, in one transaction. Loading the same files again changes nothing.

    The connection must not be in a transaction; its search_path names the schema. Damaged rows are skipped and told;
    with `strict` the first raises `DamagedRowError`. Raises `WrongFileError` and `OlderMonthError`. After any error
    nothing is loaded.
    """
    files = {PROVIDERS: data, OTHER_NAMES: other_names, LOCATIONS: locations, SUPPLEMENT: supplement}
    period = _period(files)
    names = [path.name for path in files.values()]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(month_sql.BEGIN)
        last = cursor.execute(month_sql.LAST_LOAD).fetchone()
        if last and last[0] > period[1]:
            raise OlderMonthError
        again = last and last[0] == period[1] and not (strict and last[2])
        if last and again and last[1] == [_sha256(path, progress) for path in files.values()]:
            return LoadReport(period, unchanged=True)
        try:
            with connection.transaction():
                straight = all(_is_empty(cursor, table) for table in ("providers", *month_sql.TABLES))
                readers, changes = _load(cursor, read, files, progress, strict=strict, straight=straight)
        except psycopg.errors.UniqueViolation:
            # an NPI stands twice where it must once: only staged rows know their lines
            readers, changes = _load(cursor, read, files, progress, strict=strict, straight=False)
        hashes = [reader.sha256 for reader in readers]
        rows, skipped = (sum(getattr(reader, told) for reader in readers) for told in ("rows", "skipped"))
        cursor.execute(month_sql.LOADED, (names, *period, hashes, rows, skipped, nature.now()))
    return LoadReport(
        period,
        rows=rows,
        inserted=changes["added"],
        updated=changes["changed"] + changes["withheld"],
        vanished=changes["vanished"],
        changes={table: changes[table] for table in month_sql.TABLES},
        skipped=skipped,
        damages=tuple(damage for reader in readers for damage in reader.damages),
    )


def _period(files: dict[Layout, Path]) -> tuple[date, date]:
    """The period in the files' names (NP-05), one for all."""
    found = set()
    for layout, path in files.items():
        match = re.fullmatch(re.escape(layout.prefix) + r"(\d{8})-(\d{8})\.csv", path.name)
        if match is None:
            raise WrongFileError(f"{path.name}: {layout.prefix}yyyymmdd-yyyymmdd.csv is expected; nothing was loaded")
        try:
            start, end = (datetime.strptime(day, "%Y%m%d").date() for day in match.groups())  # noqa: DTZ007 - a day
        except ValueError:
            raise WrongFileError(f"{path.name}: no such period; nothing was loaded") from None
        found.add((start, end))
    if len(found) != 1:
        raise WrongFileError("the files are of different periods; nothing was loaded")
    start, end = found.pop()
    if (end - start).days < WEEKLY:
        raise WrongFileError("this is a weekly file, which has changes only; a monthly one is expected")
    return start, end


def _sha256(path: Path, progress: Callable[[Progress], None]) -> bytes:
    progress(Progress(f"hash {path.name}"))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _load(
    cursor: Cursor,
    read: Read,
    files: Mapping[Layout, Path],
    progress: Callable[[Progress], None],
    *,
    strict: bool,
    straight: bool,
) -> tuple[Sequence[FileReader], dict[str, int]]:
    """Read all files and bring the tables to what they say; `straight`: all tables are empty, and no NPI is repeated.

    Then most rows go straight where they belong, and only those that need others' are staged. Raises `UniqueViolation`.
    """
    later: list[str] = []
    taken: dict[str, int] = {}
    with read(files, strict=strict, straight=straight) as readers:
        if straight:
            for table in ("providers", *month_sql.TABLES):
                _without_indexes(cursor, table, later)
        for reader in readers:
            cursor.execute(month_sql.STAGING[reader.layout.title].encode())
            taken[reader.layout.title] = _copy(cursor, reader, progress, straight=straight)
    if not straight:
        for reader in (readers[0], readers[-1]):
            _drop_repeated(cursor, reader)
    progress(Progress("merge"))
    changes = _merge(cursor, later, straight=straight)
    changes["added"] += taken[PROVIDERS.title]
    changes["supplement"] += taken[SUPPLEMENT.title]
    return readers, changes


def _copy(cursor: Cursor, reader: FileReader, progress: Callable[[Progress], None], *, straight: bool) -> int:
    """Stream one file into its staging table, or straight where that is possible; how many rows went straight."""
    title, size = reader.layout.title, reader.path.stat().st_size
    to_stage, to_table = month_sql.COPY[title], month_sql.STRAIGHT.get(title) if straight else None
    pieces, taken, held = iter(reader), 0, [b""]
    while held:
        held = []
        with cursor.copy((to_table or to_stage).encode()) as copy:
            for piece in pieces:
                copy.write(piece.straight if to_table else piece.staged)
                progress(Progress(reader.path.name, reader.position, size))
                if to_table:
                    held.append(piece.staged)
                    if sum(map(len, held)) > HELD:
                        break
        if to_table:
            taken += cursor.rowcount
            with cursor.copy(to_stage.encode()) as copy:
                copy.write(b"".join(held))
    progress(Progress(reader.path.name, size, size))
    return taken


def _drop_repeated(cursor: Cursor, reader: FileReader) -> None:
    """NP-02: an NPI stands in a file once; of several rows the first counts."""
    lines = cursor.execute(month_sql.REPEATED[reader.layout.title].encode()).fetchall()
    for (line,) in sorted(lines):
        reader.rows -= 1
        reader.refuse(Damage(reader.path.name, line, "NPI (column 1)", "the NPI has a row already"))


def _merge(cursor: Cursor, later: list[str], *, straight: bool) -> dict[str, int]:
    """Bring the tables to what is staged; the indexes of empty ones are built at the end."""
    cursor.execute(month_sql.NAMES_IN_DATA)
    changes: dict[str, int] = {}
    for table, columns in month_sql.TABLES.items():
        names = {
            "table": sql.Identifier(table),
            "staged": sql.Identifier(f"staged_{table}"),
            "columns": _listed("", columns),
            "t_columns": _listed("t", columns),
            "gone_columns": _listed("gone", columns),
        }
        empty = straight or _without_indexes(cursor, table, later)
        first = month_sql.FIRST if table == "supplement" else month_sql.FIRST_DISTINCT  # its NPIs occur once
        statements = (first,) if empty else (month_sql.GONE, month_sql.COME)
        changes[table] = sum(cursor.execute(sql.SQL(text).format(**names)).rowcount for text in statements)
    empty = straight or _without_indexes(cursor, "providers", later)
    steps = month_sql.STRAIGHT_STEPS if straight else month_sql.PROVIDERS_STEPS
    for name, statement in steps.items():
        needless = not statement or (empty and name in month_sql.LATER_ONLY)
        changes[name] = 0 if needless else cursor.execute(statement.encode()).rowcount
    for definition in later:
        cursor.execute(definition.encode())
    cursor.execute(month_sql.ANALYZE)
    return changes


def _without_indexes(cursor: Cursor, table: str, later: list[str]) -> bool:
    """Whether a table is empty; if so, its indexes are dropped until it is filled, for that is much cheaper.

    Until the first month is committed, searches wait: there is nothing to be found yet.
    """
    empty = _is_empty(cursor, table)
    if empty:
        for drop, make in cursor.execute(month_sql.INDEXES, {"table": table}).fetchall():
            cursor.execute(drop.encode())
            later.append(make)
    return empty


def _is_empty(cursor: Cursor, table: str) -> bool:
    row = cursor.execute(sql.SQL(month_sql.IS_EMPTY).format(table=sql.Identifier(table))).fetchone()
    return bool(row and row[0])


def _listed(alias: str, columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(*filter(None, (alias, column))) for column in columns)
