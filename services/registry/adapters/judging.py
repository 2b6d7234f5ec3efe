"""The process beside a load: judges the blocks whose turn is its own, and writes what they became.

`python -m services.registry.adapters.judging STRAIGHT TITLE PATH [TITLE PATH ...]`, where STRAIGHT is 1 or 0.
"""

from __future__ import annotations

import gc
import json
import signal
import sys
from pathlib import Path
from typing import IO, BinaryIO

from services.registry.adapters.nppes_blocks import Piece, blocks, judged
from services.registry.adapters.nppes_judge import LONGEST
from services.registry.domain.nppes_layout import LOCATIONS, OTHER_NAMES, PROVIDERS, SUPPLEMENT

LAYOUTS = {layout.title: layout for layout in (PROVIDERS, OTHER_NAMES, LOCATIONS, SUPPLEMENT)}
TURNS, FIRST_BESIDE = 5, 2
"""Of five blocks the load judges two, for it feeds the database too."""


class BesideError(RuntimeError):
    """The process beside has ended before its work; nothing was loaded."""


def is_beside(turn: int) -> bool:
    """Whether a file's block of this number is judged beside the load."""
    return turn % TURNS >= FIRST_BESIDE


def write(out: BinaryIO, piece: Piece) -> None:
    """A line that says what follows, then the rows."""
    told = [len(piece.staged), len(piece.straight), piece.rows, piece.skipped, piece.damages]
    out.write(json.dumps(told).encode() + b"\n" + piece.staged + piece.straight)
    out.flush()


def read(source: IO[bytes]) -> Piece:
    """The next piece as `write` wrote it. Raises `BesideError` where there is none."""
    told = source.readline()
    if not told.endswith(b"\n"):
        raise BesideError(BesideError.__doc__)
    staged, straight, rows, skipped, damages = json.loads(told)
    piece = Piece(source.read(staged), source.read(straight), rows, skipped, [tuple(damage) for damage in damages])
    if len(piece.staged) + len(piece.straight) < staged + straight:
        raise BesideError(BesideError.__doc__)
    return piece


def main() -> None:
    """Judge; end quietly when nobody reads any more."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    gc.disable()  # nothing here refers to itself, and looking for what does is a twentieth of the work
    straight, *files = sys.argv[1:]
    for title, path in zip(files[::2], files[1::2], strict=True):
        with Path(path).open("rb") as file:
            file.readline(LONGEST)  # the header is the load's to check
            for turn, block in enumerate(blocks(file)):
                if is_beside(turn):
                    write(sys.stdout.buffer, judged(LAYOUTS[title], block, straight=straight == "1"))


if __name__ == "__main__":
    main()
