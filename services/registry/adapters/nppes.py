"""A streaming reader of NPPES's files: every row is judged, and becomes a row for COPY in text format."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO

from services.registry.adapters import judging
from services.registry.adapters.nppes_blocks import TOLD, Piece, blocks, judged
from services.registry.adapters.nppes_judge import LONGEST
from services.registry.domain.errors import Damage, DamagedRowError, WrongFileError
from services.registry.domain.nppes_layout import FORMER_HEADERS, Layout

ROOT = Path(__file__).parents[3]
ALONE = 1 << 26
"""Bytes of a month below which a second process costs more than it saves."""
AHEAD = 1 << 20
"""Bytes of judged rows that the process beside may be ahead."""


@dataclass
class Reader:
    """One file, read once. Memory does not grow with it.

    Iterating gives pieces. A damaged row is told in `damages`, counted in `skipped` and left out; with `strict` it
    raises `DamagedRowError`. Raises `WrongFileError` where the header row is another (NP-05).
    """

    path: Path
    layout: Layout
    strict: bool = False
    straight: bool = False
    """Whether rows that need no staging are told apart."""
    beside: IO[bytes] | None = None
    """Where the pieces come from that `judging` makes."""
    damages: list[Damage] = field(default_factory=list)
    skipped: int = 0
    rows: int = 0
    position: int = 0
    """Bytes read so far."""
    sha256: bytes = b""
    """Of the whole file, once it is read."""

    def __iter__(self) -> Iterator[Piece]:
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            digest.update(self._header(file))
            for turn, block in enumerate(blocks(file)):
                if self.beside and judging.is_beside(turn):
                    piece = judging.read(self.beside)
                else:
                    piece = judged(self.layout, block, straight=self.straight)
                digest.update(block.data)
                self.position += len(block.data)
                self._count(piece)
                yield piece
        self.sha256 = digest.digest()

    def refuse(self, damage: Damage) -> None:
        """Tell a damaged row, or raise `DamagedRowError` where all rows or none were asked for."""
        if self.strict:
            raise DamagedRowError(damage)
        self.skipped += 1
        if len(self.damages) < TOLD:
            self.damages.append(damage)

    def _count(self, piece: Piece) -> None:
        self.rows += piece.rows
        for damage in piece.damages:
            self.refuse(Damage(self.path.name, *damage))
        self.skipped += piece.skipped - len(piece.damages)

    def _header(self, file: BinaryIO) -> bytes:
        line = file.readline(LONGEST)
        text = line.decode("utf-8-sig", errors="replace")
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
        return line


@contextmanager
def readers(files: Mapping[Layout, Path], *, strict: bool, straight: bool) -> Iterator[list[Reader]]:
    """Readers of a month's files, to be read in this order; a large month has a process beside, ended at the end."""
    if sum(path.stat().st_size for path in files.values()) < ALONE:
        yield [Reader(path, layout, strict, straight) for layout, path in files.items()]
        return
    told = [word for layout, path in files.items() for word in (layout.title, str(path.absolute()))]
    with subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", judging.__name__, str(int(straight)), *told],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        pipesize=AHEAD,
    ) as beside:
        try:
            yield [Reader(path, layout, strict, straight, beside.stdout) for layout, path in files.items()]
        finally:
            beside.kill()


def _folded(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
