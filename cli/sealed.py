"""Rows of a log with the proofs that they are what was sealed: what `prove` and `export` hand out."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from chassis import nature, seals
from chassis.audit import PublicKey, checkpoint_in
from chassis.cause import Cause
from chassis.checking import MANIFEST, PROOF
from chassis.database import Session
from chassis.merkle import inclusion
from chassis.query import condition
from chassis.seals import Sealed, Tiles
from cli.asking import read, resolver, streams_of
from cli.installation import Installation

COLUMNS = (
    "log", "index", "position", "stream", "version", "topic", "recorded_at", "actor", "on_behalf_of", "command_id",
    "correlation_id", "causation", "cause", "state", "leaf_hash", "proof",
)  # fmt: skip
PAGE = 500


def keys_of(installation: Installation) -> list[PublicKey]:
    """The public keys of an installation. Ends the program with a line where it has none."""
    from chassis.keys import Keyring

    keys = Keyring(installation.folder / "keys").sealing_publics()
    if not keys:
        raise SystemExit("nothing was ever sealed here: start the installation once with this release")
    return keys


def sealed_rows(
    session: Session, service: str, sealed: Sealed, where: str, values: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The sealed rows of one log that meet a condition, each with its leaf's index and its path to the root."""
    statement = (
        "SELECT e.index, l.position, l.stream, l.version, l.topic, l.recorded_at, l.cause, l.state, l.leaf_hash"  # noqa: S608
        " FROM log AS l LEFT JOIN leaves AS e USING (position)"
        f" WHERE position > %(after)s AND position <= %(until)s AND {where} ORDER BY position LIMIT %(page)s"
    )
    tiles = Tiles(session)
    after = 0
    while True:
        asked = values | {"after": after, "until": sealed.position, "page": PAGE}
        rows = session.connection.execute(statement.encode(), asked).fetchall()
        for index, position, stream, number, topic, at, cause, state, leaf in rows:
            after = position
            path = [] if index is None else inclusion(tiles.node, index, sealed.size)
            yield {
                "log": service,
                "index": -1 if index is None else index,
                "position": position,
                "stream": str(stream),
                "version": number,
                "topic": topic,
                "recorded_at": at.isoformat(),
                **_told(cause),
                "cause": cause.hex(),
                "state": state.decode("utf-8", "surrogateescape"),
                "leaf_hash": leaf.hex(),
                "proof": " ".join(base64.b64encode(one).decode() for one in path),
            }
        if len(rows) < PAGE:
            return


def _told(packed: bytes) -> dict[str, Any]:
    try:
        cause = Cause.unpack(packed)
    except ValueError:
        return dict.fromkeys(("actor", "on_behalf_of", "command_id", "correlation_id", "causation"), "")
    return {
        "actor": _text(cause.actor),
        "on_behalf_of": _text(cause.on_behalf_of),
        "command_id": _text(cause.command_id),
        "correlation_id": _text(cause.correlation_id),
        "causation": cause.causation or "",
    }


def _text(id: UUID | None) -> str:
    return str(id) if id is not None and id.int else ""


def prove(installation: Installation, service: str, position: int) -> str:
    """The proof of one event, as C2SP's tlog-proof; the event stands in its `extra`."""
    with installation.reading(service) as session:
        sealed = seals.last(session)
        rows = sealed and list(sealed_rows(session, service, sealed, "position = %(at)s", {"at": position}))
        if not sealed or not rows:
            raise SystemExit(f"there is no sealed event {service}@{position}: look at it again in a second")
    row = rows[0]
    extra = base64.b64encode(json.dumps(row).encode()).decode()
    return "\n".join((PROOF, f"extra {extra}", f"index {row['index']}", *row["proof"].split(), "", sealed.note))


@dataclass
class _Written:
    origin: str
    size: int
    position: int
    rows: int = 0
    first: int | None = None
    last: int | None = None


def export(installation: Installation, services: Sequence[str], query: str, *, form: str, out: Path) -> dict[str, Any]:
    """Write the events that a query finds into a new folder, with all that `check` needs; return the manifest."""
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        raise SystemExit(f"{out} is there and not empty: name another folder")
    terms = read(query)
    streams, resolve = streams_of(installation, services, terms), resolver(installation)
    wanted = {service: condition(terms, service, streams[service], resolve) for service in services}
    counts: dict[str, int] = {}
    logs: dict[str, _Written] = {}
    rows = out / f"events.{form}"
    as_of = nature.now()
    out.mkdir(parents=True, exist_ok=True)
    with rows.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        write = _WRITERS[form](file)
        for service in services:
            with installation.reading(service) as session:
                sealed = seals.last(session)
                if sealed is None:
                    continue
                written = logs[service] = _Written(checkpoint_in(sealed.note)[0].origin, sealed.size, sealed.position)
                (out / f"{service}.checkpoint").write_text(sealed.note)
                for row in sealed_rows(session, service, sealed, *wanted[service]):
                    write(row)
                    counts[row["topic"]] = counts.get(row["topic"], 0) + 1
                    written.rows += 1
                    written.first, written.last = written.first or row["position"], row["position"]
    files = [rows, *(out / f"{service}.checkpoint" for service in logs)]
    manifest = {
        "tool": f"mandate {version('mandate')}",
        "query": query,
        "as_of": as_of.isoformat(),
        "rows": rows.name,
        "files": {file.name: _sha256(file) for file in files},
        "logs": {
            service: {"origin": one.origin, "size": one.size, "sealed_up_to": one.position, "rows": one.rows,
                      "first_position": one.first, "last_position": one.last}
            for service, one in logs.items()
        },
        "counts": counts,
        "keys": [f"{key.name}+{key.id.hex()}" for key in keys_of(installation)],
    }  # fmt: skip
    (out / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


def _jsonl(file: TextIO) -> Callable[[dict[str, Any]], object]:
    return lambda row: file.write(json.dumps(row) + "\n")


def _csv(file: TextIO) -> Callable[[dict[str, Any]], object]:
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    return writer.writerow


_WRITERS: dict[str, Callable[[TextIO], Callable[[dict[str, Any]], object]]] = {"jsonl": _jsonl, "csv": _csv}
FORMATS = tuple(_WRITERS)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
