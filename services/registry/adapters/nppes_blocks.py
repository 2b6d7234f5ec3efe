"""A file of NPPES in blocks of whole rows, each judged by itself: any two processes may share a file."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import BinaryIO

from services.registry.adapters.nppes_judge import LONGEST, FaultError, values_of
from services.registry.adapters.nppes_rows import BETWEEN, ROWS, Rows, person
from services.registry.domain.nppes_layout import FURTHER, PATTERNS, PROVIDERS, Layout

SIZE = 1 << 17
"""Bytes of a block, more or less."""
TOLD = 1_000
"""Damages kept for the report; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole rows of a file."""

    line: int
    """Number of its first line."""
    data: bytes


@dataclass(slots=True)
class Piece:
    """What a block became: rows for COPY in text format, empty for null, and what is damaged."""

    staged: bytes = b""
    """Line, then what `ROWS` says for the layout."""
    straight: bytes = b""
    """Rows that need no staging."""
    rows: int = 0
    skipped: int = 0
    damages: list[tuple[int, str, str]] = field(default_factory=list)
    """Line, column and reason of the first `TOLD`."""


def blocks(file: BinaryIO, size: int = SIZE) -> Iterator[Block]:
    """What is left of a file after its header, cut where a row certainly begins: alike for everybody who reads it."""
    number, rest = 2, b""
    while data := file.read(size):
        data = rest + data
        cut = _last_begin(data)
        yield Block(number, data[:cut])
        number, rest = number + data.count(b"\n", 0, cut), data[cut:]
    if rest:
        yield Block(number, rest)


def _last_begin(data: bytes) -> int:
    """Where the last row begins; the last line, or the end, where no row has begun for longer than a row may be."""
    cut = last = data.rfind(b"\n") + 1
    while cut > max(0, len(data) - 2 * LONGEST) and not _STARTS.match(data, cut):
        cut = data.rfind(b"\n", 0, cut - 1) + 1
    return cut if cut and _STARTS.match(data, cut) else last or len(data)


def judged(layout: Layout, block: Block, *, straight: bool) -> Piece:
    """Judge every row of a block; a damaged one is told and left out. `straight`: as `Rows` says."""
    build, match = ROWS[layout.title], _shape(layout).match
    match_person = _shape_of_person().match if straight and layout is PROVIDERS else _nobody
    separators = max(0, len(layout.columns) - layout.runs[-1].stop - 1)  # behind what the shape has seen
    persons: list[bytes] = []
    rows, piece = Rows([], persons if straight else None), Piece()
    is_ascii = block.data.isascii()
    for number, line in _records(block):
        # a row of one plain value after the other is taken as it stands; all else is looked at closely
        as_person = match_person(line)
        found = as_person or match(line)
        if (
            found
            and (
                line.count(BETWEEN, found.end() + len(_FURTHER_EMPTY)) == separators - len(FURTHER)
                if line.startswith(_FURTHER_EMPTY, found.end())
                else line.count(BETWEEN, found.end()) == separators
            )
            and (is_ascii or line.isascii())
            and line.endswith(_END)
            and not line.endswith(_CUT)
        ):
            try:
                if as_person:
                    person(found.groups(), line, persons)
                else:
                    build(number, found.groups(), line, rows)
            except ValueError:
                _careful(layout, number, line, rows, piece)
        else:
            _careful(layout, number, line, rows, piece)
    piece.rows = len(rows.staged) + len(rows.straight or ())
    piece.staged, piece.straight = b"".join(rows.staged), b"".join(rows.straight or ())
    return piece


def _nobody(_: bytes) -> None:
    """No row is a person's that goes straight."""


@cache
def _shape_of_person() -> re.Pattern[bytes]:
    """The shape of a person's row without another name; the last and the first name are groups within the names."""
    names = {column.name: position for position, column in enumerate(PROVIDERS.columns)}
    npi, _, _, mailing, *others = PROVIDERS.runs
    last, first = names["Provider Last Name (Legal Name)"], names["Provider First Name"]
    other = names["Provider Other Organization Name"]
    empty = [names["Provider Organization Name (Legal Business Name)"], *range(other, other + 4), mailing.start]
    instead = {names["Entity Type Code"]: "1"} | dict.fromkeys(empty, "")
    instead |= {name: f"([^{_NOT_PLAIN}]{{1,{PROVIDERS.columns[name].length}}}+)" for name in (last, first)}
    return _compiled(PROVIDERS, (npi, range(last, other), range(mailing.start + 1, mailing.stop), *others), instead)


@cache
def _shape(layout: Layout) -> re.Pattern[bytes]:
    """The row's beginning, up to the last column that we load, with the runs that we load as groups."""
    return _compiled(layout, layout.runs, {})


def _compiled(layout: Layout, runs: Sequence[range], instead: Mapping[int, str]) -> re.Pattern[bytes]:
    """A shape with these runs as groups; `instead`: what some columns look like, where it is not as the layout says."""
    starts, stops, kept = {run.start for run in runs}, {run.stop for run in runs}, set().union(*layout.runs)
    shape, columns = "", layout.columns[: layout.runs[-1].stop]
    for position, column in enumerate(columns):
        but = _NOT_PLAIN if position in kept else r'"\\'
        inner = PATTERNS.get(column.kind) or f"[^{but}]{{0,{column.length}}}+"
        opening = '"(' if position in starts else '"'
        closing = ')",' if position + 1 in stops else '",'
        shape += f"{opening}{instead.get(position, inner)}{closing}"
    if len(columns) == len(layout.columns):
        shape = shape.removesuffix(",") + "\r?\n?$"
    return re.compile(shape.encode())


def _records(block: Block) -> Iterator[tuple[int, bytes]]:
    """Rows and the numbers of their first lines; one with a line break inside a value is put together."""
    number, lines = block.line, io.BytesIO(block.data)
    line = next(lines, b"")
    while line:
        breaks, following = 1, next(lines, b"")
        if not following.startswith(_LIKELY) and not _is_whole(line):
            while following and not _STARTS.match(following):
                if len(line) < LONGEST:
                    line += following
                breaks, following = breaks + 1, next(lines, b"")
                if _is_whole(line):
                    break
        yield number, line
        number, line = number + breaks, following


def _careful(layout: Layout, number: int, line: bytes, rows: Rows, piece: Piece) -> None:
    """Read a row by the rules of CSV, and tell the column at fault. An empty line is no row."""
    if not line.strip():
        return
    try:
        values = values_of(layout, line)
        plain = b'"' + BETWEEN.join(values) + b'"'
        groups = tuple(BETWEEN.join(values[run.start : run.stop]).replace(b"\\", rb"\\") for run in layout.runs)
        ROWS[layout.title](number, groups, plain, Rows(rows.staged, None))
    except FaultError as fault:
        piece.skipped += 1
        if len(piece.damages) < TOLD:
            piece.damages.append((number, fault.column, fault.reason))


_NOT_PLAIN = r'"\\\x00-\x1f\x7f'
"""What a text that is taken as it stands does not have."""
_FURTHER_EMPTY = b'"",' * len(FURTHER) + b'"'
"""What mostly stands behind the shape, up to the next value: compared in one piece, it need not be counted."""
_END = (b'"\n', b'"\r\n', b'"')
_CUT = (b',"\n', b',"\r\n', b',"')
"""How a row ends whose last value, an empty one, was cut in two (or ends in a comma)."""
_LIKELY = (b'"1', b'"2')
_STARTS = re.compile(rb'"?[12][0-9]{9}"?,')
"""How a row begins; a line that does not may go on with the row before it."""


def _is_whole(line: bytes) -> bool:
    return line.endswith((b'"\n', b'"\r\n')) and line.count(b'"') % 2 == 0
