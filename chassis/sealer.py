"""The sealer follows a log, makes a tree of its leaves and signs what it has become, as one history alone."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis import failpoints, log, nature, seals
from chassis.audit import Checkpoint, NotProvenError, PublicKey, leaf_hash, open_checkpoint
from chassis.database import Database, Session
from chassis.log import Recorded
from chassis.merkle import Range, range_of
from chassis.seals import Sealed, Tiles

EVERY = timedelta(seconds=1)
BATCH = 1_000
"""A checkpoint is signed a second after the last, or when so many leaves wait."""


class TamperedError(Exception):
    """ALARM: somebody has changed what was written. Nothing more is signed: look with `mandate audit verify`."""

    def __init__(self, what: str) -> None:
        super().__init__(f"ALARM, sealing stops: {what}. See `mandate audit verify`.")


@dataclass(frozen=True)
class SealingKey:
    """The key of an installation that signs checkpoints."""

    name: str
    """The installation's, for one key signs all its logs, in all their editions: their origins begin with it."""
    private: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """What is given to everybody."""
        return PublicKey(self.name, self.private.public_key().public_bytes_raw())

    def sign(self, checkpoint: Checkpoint) -> str:
        """The signed note of a checkpoint."""
        signature = self.public.id + self.private.sign(checkpoint.text.encode())
        return f"{checkpoint.text}\n— {self.name} {base64.b64encode(signature).decode()}\n"


class Sealer:
    """Leaves, tiles and checkpoint are one transaction. Two at once do no harm: the tree's keys are unique."""

    def __init__(
        self,
        database: Database,
        service: str,
        key: SealingKey,
        *,
        trusted: Sequence[PublicKey] = (),
        every: timedelta = EVERY,
        batch: int = BATCH,
    ) -> None:
        self.name = f"{service}.sealer"
        self._database, self._service, self._key = database, service, key
        self._trusted = [key.public, *trusted]
        self._every, self._batch = every, batch
        self._tree: Range | None = None
        self._origin = ""
        self._position = 0
        self._sealed_at: datetime | None = None

    def step(self) -> bool:
        """Seal what waits, if it is time. Raises `TamperedError`, and nothing is signed then."""
        with self._database.session() as session:
            tree = self._tree or self._load(session)
            if not self._is_time(session):
                return False
            rows = log.read(session, after=self._position, limit=self._batch)
            if not rows:
                return False
            leaves = [(row.position, self._leaf(row)) for row in rows]
            grown = tree.copy()
            for _, leaf in leaves:
                grown.append(leaf)
            self._write(session, leaves, grown)
        return True

    def _write(self, session: Session, leaves: Sequence[tuple[int, bytes]], grown: Range) -> None:
        note = self._key.sign(Checkpoint(self._origin, grown.size, grown.root))
        sealed = Sealed(grown.size, leaves[-1][0], grown.root, note, nature.now())
        try:
            with session.transaction():
                seals.seal(session, leaves, sealed)
                failpoints.reach("sealer.before_commit")
        except BaseException as error:
            self._tree = None  # another copy was faster, or nobody knows: the next step looks
            if isinstance(error, psycopg.errors.UniqueViolation):
                return
            raise
        self._tree, self._position, self._sealed_at = grown, sealed.position, sealed.created_at

    def _load(self, session: Session) -> Range:
        """The tree as it was left. It must still be what the last checkpoint says, and the log as long."""
        self._origin = origin_of(self._key.name, self._service, log.edition(session))
        last = seals.last(session)
        if last is None:
            self._tree, self._position = Range(), 0
            return self._tree
        try:
            told = open_checkpoint(last.note, self._trusted)
            tree = range_of(Tiles(session).node, last.size)
        except (NotProvenError, LookupError) as error:
            raise TamperedError(f"{self._service}: {error}") from error
        if (told.size, told.root) != (last.size, last.root) or tree.root != told.root:
            raise TamperedError(
                f"the tree of {self._service} is not the one whose checkpoint of {told.size} was signed"
            )
        if log.end(session) < last.position:
            raise TamperedError(f"the log of {self._service} ends before {last.position}, which is sealed")
        self._tree, self._position = tree, last.position
        return tree

    def _is_time(self, session: Session) -> bool:
        if self._sealed_at is None or nature.now() - self._sealed_at >= self._every:
            return True
        row = session.one(
            "SELECT count(*) FROM (SELECT 1 FROM log WHERE position > %s LIMIT %s) AS waiting",
            (self._position, self._batch),
        )
        return row is not None and row[0] >= self._batch

    def _leaf(self, row: Recorded) -> bytes:
        """The leaf, made anew: a second opinion on what the writer has stored with the row."""
        leaf = leaf_of(self._service, row)
        if leaf != row.leaf_hash:
            raise TamperedError(f"{self._service}@{row.position} is not what was written: its leaf is another")
        return leaf


def leaf_of(service: str, row: Recorded) -> bytes:
    """The leaf that a row of the log has as it stands there."""
    return leaf_hash(service, row.stream, row.version, row.topic, row.recorded_at, row.packed_cause, row.state)


def origin_of(installation: str, service: str, edition: int) -> str:
    """The first line of a log's checkpoints."""
    return f"{installation}/{service}/{edition}"
