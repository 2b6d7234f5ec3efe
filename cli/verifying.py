"""Looks at everything that was sealed: signatures, every leaf made anew, every root, the order of streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from chassis import nature, seals
from chassis.audit import NotProvenError, PublicKey, checkpoint_in, open_checkpoint
from chassis.checking import Report, service_of
from chassis.database import Session
from chassis.log import Recorded
from chassis.merkle import Range
from chassis.sealer import leaf_of
from chassis.seals import WIDTH, Sealed, Tiles
from cli.installation import Installation

STREAMED = 1_000
"""Rows that come from the server together."""
LATE = timedelta(seconds=60)
"""An event that is not sealed after so long is an alarm: the sealer stands still."""


def verify(
    installation: Installation,
    services: Sequence[str],
    keys: Sequence[PublicKey],
    *,
    since: str | None = None,
    advance: Callable[[str, int, int], None] = lambda _service, _leaves, _of: None,
) -> Report:
    """Verify these logs. `since` is a checkpoint that somebody kept elsewhere: the log must go on from it."""
    report = Report()
    kept = open_checkpoint(since, keys) if since else None
    for service in services:
        with installation.reading(service) as session, installation.reading(service) as rows:
            one = _Verification(session, rows, service, keys, report=report, advance=advance)
            one.run({kept.size: kept.root} if kept is not None and service_of(kept) == service else {})
    return report


class _Verification:
    """One log."""

    def __init__(
        self,
        session: Session,
        rows: Session,
        service: str,
        keys: Sequence[PublicKey],
        *,
        report: Report,
        advance: Callable[[str, int, int], None],
    ) -> None:
        self._session, self._reading, self._service, self._keys = session, rows, service, keys
        self._report, self._advance = report, advance
        self._bad = False

    def run(self, kept: dict[int, bytes]) -> None:
        last = seals.last(self._session)
        roots = self._signed() | kept
        self._leaves(last, roots)
        self._tiles()
        self._streams()
        if last is not None:
            self._report.lines.append(
                f"{self._service}: checkpoint of {last.size} leaves ({checkpoint_in(last.note)[0].origin}), up to"
                f" {self._service}@{last.position}, root {last.root.hex()}"
            )

    def _found(self, what: str) -> None:
        self._report.findings.append(what)

    def _signed(self) -> dict[int, bytes]:
        """The roots that were signed, by size; a note that does not open is a finding."""
        roots: dict[int, bytes] = {}
        for sealed in self._checkpoints():
            try:
                told = open_checkpoint(sealed.note, self._keys)
                if (told.size, told.root, service_of(told)) != (sealed.size, sealed.root, self._service):
                    raise NotProvenError(f"the checkpoint of {sealed.size} was signed for something else")  # noqa: TRY301
                roots[told.size] = told.root
            except NotProvenError as error:
                self._found(f"{self._service}: {error}")
        self._report.lines.append(f"{self._service}: {len(roots)} checkpoints are signed")
        return roots

    def _checkpoints(self) -> Iterator[Sealed]:
        after = 0
        while page := seals.checkpoints(self._session, after=after):
            yield from page
            after = page[-1].size

    def _leaves(self, last: Sealed | None, roots: dict[int, bytes]) -> None:
        """Make every leaf anew and grow the tree: at each signed size it must have the signed root.

        So all checkpoints are consistent with each other and with the log. Where a leaf is wrong, the tree goes on
        with the one that was sealed: what is told first is the first that was changed.
        """
        tree, since = Range(), Range()
        size, position = (last.size, last.position) if last else (0, 0)
        recent: list[tuple[int, bytes]] = []
        for row, index, sealed in self._rows():
            if index is None:
                self._unsealed(row, position)
                continue
            self._see_gap(tree, index)
            if self._see_leaf(row, index, sealed):
                self._report.rows += 1
            tree.append(sealed)
            recent.append((row.position, sealed))
            if tree.size in roots:
                if tree.root != roots[tree.size] and not self._bad:
                    self._name(since.size, tree.size, recent)
                since, recent = tree.copy(), []
            if tree.size % 10_000 == 0 or tree.size == size:
                self._advance(self._service, tree.size, size)
        for missing in sorted(one for one in roots if one > tree.size)[:1]:
            self._found(f"{self._service}: a checkpoint of {missing} leaves was signed, and only {tree.size} are here")

    def _rows(self) -> Iterator[tuple[Recorded, int | None, bytes]]:
        """The log beside its leaves, from one moment; the server goes on while we look at what has come."""
        statement = (
            b"SELECT position, stream, version, topic, state, recorded_at, cause, l.leaf_hash, e.index, e.leaf_hash"
            b" FROM log AS l LEFT JOIN leaves AS e USING (position) ORDER BY position"
        )
        for row in self._reading.connection.cursor().stream(statement, binary=True, size=STREAMED):
            yield Recorded(*row[:8]), row[8], row[9]

    def _unsealed(self, row: Recorded, sealed_up_to: int) -> None:
        if row.position <= sealed_up_to:
            self._found(f"first bad leaf of {self._service}: {self._service}@{row.position} was never sealed")
            self._bad = True
        elif nature.now() - row.recorded_at > LATE and not self._report.missing:
            self._report.missing.append(f"{self._service}@{row.position} waits to be sealed for more than a minute")

    def _see_gap(self, tree: Range, index: int) -> None:
        """Leaves whose rows are gone: their sealed hashes take their place."""
        if index == tree.size:
            return
        if index < tree.size:
            self._name_bad(f"leaf {index}", "it stands behind a later one")
            return
        rows = self._session.run(
            "SELECT position, leaf_hash FROM leaves WHERE index >= %s AND index < %s ORDER BY index", (tree.size, index)
        )
        where = f"{self._service}@{rows[0][0]} (leaf {tree.size})" if rows else f"leaf {tree.size}"
        self._name_bad(where, "its row is gone")
        for _, leaf in rows:
            tree.append(bytes(leaf))

    def _see_leaf(self, row: Recorded, index: int, sealed: bytes) -> bool:
        if leaf_of(self._service, row) == sealed == row.leaf_hash:
            return True
        self._name_bad(f"{self._service}@{row.position} (leaf {index})", "it is not what was sealed")
        return False

    def _name_bad(self, where: str, what: str) -> None:
        if not self._bad:
            self._found(f"first bad leaf of {self._service}: {where}: {what}")
        self._bad = True

    def _name(self, first: int, size: int, leaves: Sequence[tuple[int, bytes]]) -> None:
        """Row and leaf were changed alike: whole tiles still say which, or else two checkpoints say between which."""
        for number in range(first // WIDTH, size // WIDTH):
            row = self._session.one("SELECT hashes FROM tiles WHERE level = 0 AND number = %s", (number,))
            for offset in range(WIDTH if row else 0):
                index = number * WIDTH + offset
                if row and first <= index and leaves[index - first][1] != row[0][offset * 32 : offset * 32 + 32]:
                    self._name_bad(f"{self._service}@{leaves[index - first][0]} (leaf {index})", "not what was sealed")
                    return
        where = f"one of {self._service}@{leaves[0][0]} to {self._service}@{leaves[-1][0]}" if leaves else "a leaf"
        self._name_bad(where, f"the root of {size} leaves is not the one that was signed")

    def _tiles(self) -> None:
        stored = Tiles(self._session)
        for level, number, hashes, root in seals.tiles(self._session):
            below = stored.entries(level, number * WIDTH, WIDTH)
            if below != hashes or root != seals.root_of(hashes):
                self._found(f"{self._service}: tile {number} of level {level} is not made of what lies below it")
                return

    def _streams(self) -> None:
        """Own streams count from 1 on without a gap; of heard ones, versions are the sender's."""
        rows = self._session.run(
            "SELECT stream, min(position) FROM log WHERE topic NOT LIKE 'heard.%%' GROUP BY stream"
            " HAVING min(version) <> 1 OR max(version) <> count(*) ORDER BY 2 LIMIT 3"
        )
        for stream, position in rows:
            self._found(f"{self._service}: the versions of stream {stream} ({self._service}@{position}) have a gap")
