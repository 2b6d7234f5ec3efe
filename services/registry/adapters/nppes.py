"""A streaming reader of NPPES's files: every row is judged, and becomes a row for COPY in text format."""

from __future__ import annotations

import csv
import re
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import BinaryIO

from services.registry.adapters.nppes_judge import LONGEST, FaultError, values_of
from services.registry.adapters.nppes_rows import BETWEEN, ROWS
from services.registry.domain.errors import Damage, DamagedRowError, WrongFileError
from services.registry.domain.nppes_layout import FORMER_HEADERS, PATTERNS, Layout

TOLD = 1_000
"""Damages kept for the report; the rest is counted."""


@dataclass
class Reader:
    """One file, read once. Memory does not grow with it.

    Iterating gives COPY rows: the line's number, then what `ROWS` says for the layout, empty for null. A damaged row
    is told in `damages`, counted in `skipped` and left out; with `strict` it raises `DamagedRowError`.
    Raises `WrongFileError` where the header row is another (NP-05).
    """

    path: Path
    layout: Layout
    strict: bool = False
    damages: list[Damage] = field(default_factory=list)
    skipped: int = 0
    rows: int = 0
    position: int = 0
    """Offset of the row that was read last."""

    def __iter__(self) -> Iterator[bytes]:
        build, match = ROWS[self.layout.title], self._shape.match
        separators = len(self.layout.columns) - 1
        with closing(self._records()) as records:
            for number, line in records:
                # a row of one plain value after the other is taken as it stands; all else is looked at closely
                found = match(line)
                if found and line.count(BETWEEN) == separators and line.isascii() and _ends(line):
                    row: bytes | None
                    try:
                        row = build(number, found.groups(), line)
                    except ValueError:
                        row = self._careful(number, line)
                else:
                    row = self._careful(number, line)
                if row:
                    self.rows += 1
                    yield row

    @cached_property
    def _shape(self) -> re.Pattern[bytes]:
        """The row's beginning, up to the last column that we load, with the runs that we load as groups."""
        runs = self.layout.runs
        starts, stops, kept = {run.start for run in runs}, {run.stop for run in runs}, set().union(*runs)
        shape, columns = "", self.layout.columns[: runs[-1].stop]
        for position, column in enumerate(columns):
            but = r'"\\\x00-\x1f\x7f' if position in kept else r'"\\'
            inner = PATTERNS.get(column.kind) or f"[^{but}]{{0,{column.length}}}+"
            opening = '"(' if position in starts else '"'
            closing = ')",' if position + 1 in stops else '",'
            shape += f"{opening}{inner}{closing}"
        if len(columns) == len(self.layout.columns):
            shape = shape.removesuffix(",") + "\r?\n?$"
        return re.compile(shape.encode())

    def _records(self) -> Generator[tuple[int, bytes], None, None]:
        """Rows and the numbers of their first lines; one with a line break inside a value is put together."""
        with self.path.open("rb", buffering=1 << 18) as file:
            self._check_header(file)
            number, self.position = 2, file.tell()
            lines = iter(partial(file.readline, LONGEST), b"")
            line = next(lines, b"")
            while line:
                size, breaks, following = len(line), int(line.endswith(b"\n")), next(lines, b"")
                if not following.startswith(_LIKELY) and not _is_whole(line):
                    while following and not _STARTS.match(following):
                        if len(line) < LONGEST:
                            line += following
                        size, breaks = size + len(following), breaks + following.endswith(b"\n")
                        following = next(lines, b"")
                        if _is_whole(line):
                            break
                yield number, line
                self.position += size
                number, line = number + breaks, following

    def _check_header(self, file: BinaryIO) -> None:
        text = file.readline(LONGEST).decode("utf-8-sig", errors="replace")
        names = [FORMER_HEADERS.get(name, name) for name in next(csv.reader([text]), [])]
        expected = [column.name for column in self.layout.columns]
        if len(names) != len(expected):
            raise WrongFileError(
                f"{self.path.name} is not a file of {self.layout.title}: its header has {len(names)} columns, "
                f"{len(expected)} are expected; nothing was loaded"
            )
        for position, (name, wanted) in enumerate(zip(names, expected, strict=True), 1):
            if _folded(name) != _folded(wanted):
                raise WrongFileError(
                    f"{self.path.name} is not a file of {self.layout.title}: column {position} is {name!r}, "
                    f"{wanted!r} is expected; nothing was loaded"
                )

    def _careful(self, number: int, line: bytes) -> bytes | None:
        """Read a row by the rules of CSV, and tell the column at fault. An empty line is no row."""
        if not line.strip():
            return None
        try:
            values = values_of(self.layout, line)
            plain = b'"' + BETWEEN.join(values) + b'"'
            groups = tuple(
                BETWEEN.join(values[run.start : run.stop]).replace(b"\\", rb"\\") for run in self.layout.runs
            )
            return ROWS[self.layout.title](number, groups, plain)
        except FaultError as fault:
            self.refuse(Damage(self.path.name, number, fault.column, fault.reason))
        return None

    def refuse(self, damage: Damage) -> None:
        """Tell a damaged row, or raise `DamagedRowError` where all rows or none were asked for."""
        if self.strict:
            raise DamagedRowError(damage)
        self.skipped += 1
        if len(self.damages) < TOLD:
            self.damages.append(damage)


_END = (b'"\n', b'"\r\n', b'"')
_CUT = (b',"\n', b',"\r\n', b',"')
"""How a row ends whose last value, an empty one, was cut in two (or ends in a comma)."""
_LIKELY = (b'"1', b'"2')
_STARTS = re.compile(rb'"?[12][0-9]{9}"?,')
"""How a row begins; a line that does not may go on with the row before it."""


def _ends(line: bytes) -> bool:
    return line.endswith(_END) and not line.endswith(_CUT)


def _is_whole(line: bytes) -> bool:
    return line.endswith((b'"\n', b'"\r\n')) and line.count(b'"') % 2 == 0


def _folded(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
