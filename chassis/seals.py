"""What the sealer has written beside a log: leaves, tiles, checkpoints; and the nodes of the tree that they make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis import arrays
from chassis.audit import HASH
from chassis.database import Session
from chassis.merkle import Range

WIDTH = 256
"""Hashes of a tile: eight levels of the tree are one level of tiles."""
_BITS = 8


@dataclass(frozen=True, slots=True)
class Sealed:
    """A checkpoint as it is stored."""

    size: int
    position: int
    """Position in the log of the last leaf."""
    root: bytes
    note: str
    created_at: datetime


_CHECKPOINT = "size, position, root, note, created_at"


def last(session: Session) -> Sealed | None:
    """The newest checkpoint."""
    row = session.one(f"SELECT {_CHECKPOINT} FROM checkpoints ORDER BY size DESC LIMIT 1")  # noqa: S608
    return Sealed(*row) if row else None


def checkpoints(session: Session, *, after: int = 0, limit: int = 1_000) -> list[Sealed]:
    """Checkpoints of more than `after` leaves, the oldest first."""
    rows = session.run(
        f"SELECT {_CHECKPOINT} FROM checkpoints WHERE size > %s ORDER BY size LIMIT %s",  # noqa: S608
        (after, limit),
    )
    return [Sealed(*row) for row in rows]


def seal(session: Session, leaves: Sequence[tuple[int, bytes]], sealed: Sealed) -> None:
    """Write the next leaves (position and hash of each), the tiles that they fill, and their checkpoint.

    In the open transaction. A unique key breaks where another sealer was here.
    """
    first = sealed.size - len(leaves)
    session.run(
        "INSERT INTO leaves (index, position, leaf_hash)"
        " SELECT %s + u.n - 1, u.position, u.leaf FROM unnest(%s, %s) WITH ORDINALITY AS u (position, leaf, n)",
        (first, arrays.bigints([one for one, _ in leaves]), arrays.byteas([leaf for _, leaf in leaves])),
    )
    tiles = Tiles(session)
    level, below, above = 0, first >> _BITS, sealed.size >> _BITS
    while below < above:
        for number in range(below, above):
            hashes = tiles.entries(level, number * WIDTH, WIDTH)
            session.run("INSERT INTO tiles VALUES (%s, %s, %s, %s)", (level, number, b"".join(hashes), root_of(hashes)))
        level, below, above = level + 1, below >> _BITS, above >> _BITS
    session.run(
        f"INSERT INTO checkpoints ({_CHECKPOINT}) VALUES (%s, %s, %s, %s, %s)",  # noqa: S608
        (sealed.size, sealed.position, sealed.root, sealed.note, sealed.created_at),
    )


class Tiles:
    """The nodes of the tree, read from leaves and tiles; the last tile of each level is kept for the next question."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: dict[int, tuple[int, list[bytes]]] = {}

    def node(self, height: int, number: int) -> bytes:
        """The hash of a whole subtree (`chassis.merkle.Node`)."""
        level, width = height // _BITS, 1 << height % _BITS
        first = number * width
        tile = first // WIDTH
        if level not in self._kept or self._kept[level][0] != tile:
            self._kept[level] = tile, self.entries(level, tile * WIDTH, WIDTH)
        hashes = self._kept[level][1][first % WIDTH :][:width]
        if len(hashes) < width:
            raise LookupError(f"the tree has no subtree {number} of height {height}")
        return root_of(hashes)

    def entries(self, level: int, first: int, count: int) -> list[bytes]:
        """So many hashes of one level of tiles from the `first` on, or as many as there are."""
        if level == 0:
            rows = self._session.run(
                "SELECT leaf_hash FROM leaves WHERE index >= %s AND index < %s ORDER BY index",
                (first, first + count),
                binary=True,
            )
        else:
            rows = self._session.run(
                "SELECT root FROM tiles WHERE level = %s AND number >= %s AND number < %s ORDER BY number",
                (level - 1, first, first + count),
                binary=True,
            )
        return [bytes(row[0]) for row in rows]


def tiles(session: Session, *, page: int = 200) -> Iterator[tuple[int, int, list[bytes], bytes]]:
    """All whole tiles, level by level: level, number, hashes, root."""
    place = (-1, -1)
    while True:
        rows = session.run(
            "SELECT level, number, hashes, root FROM tiles WHERE (level, number) > (%s, %s)"
            " ORDER BY level, number LIMIT %s",
            (*place, page),
            binary=True,
        )
        for level, number, hashes, root in rows:
            yield level, number, [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)], bytes(root)
        if len(rows) < page:
            return
        place = rows[-1][:2]


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root of a tile, or of a part of one."""
    tree = Range()
    for one in hashes:
        tree.append(one)
    return tree.root
