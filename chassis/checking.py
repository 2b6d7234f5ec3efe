"""Checks an export, or the proof of one event, with nothing but the files and the public key.

`python -m chassis.checking FOLDER|PROOF KEYS`. It and `chassis/audit.py`, the one file that it stands on, import the
standard library and `cryptography` alone: taken to another machine, side by side, they need nothing else.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

if __package__:
    from chassis.audit import Checkpoint, NotProvenError, PublicKey, leaf_hash, open_checkpoint, root_of
else:  # beside audit.py, taken away from everything
    from audit import (  # type: ignore[import-not-found,no-redef]
        Checkpoint,
        NotProvenError,
        PublicKey,
        leaf_hash,
        open_checkpoint,
        root_of,
    )

MANIFEST = "manifest.json"
PROOF = "c2sp.org/tlog-proof@v1"
_CAUSE = struct.Struct(">B16s16s16s16sq")
_TOLD = ("actor", "on_behalf_of", "command_id", "correlation_id")
FOUND, INCOMPLETE = 2, 3
csv.field_size_limit(sys.maxsize)


@dataclass
class Report:
    """What a check has seen."""

    rows: int = 0
    lines: list[str] = field(default_factory=list)
    """What is so, in sentences."""
    findings: list[str] = field(default_factory=list)
    """What is not as it was sealed, the first first."""
    missing: list[str] = field(default_factory=list)
    """What could not be looked at."""

    @property
    def code(self) -> int:
        """The exit code: 0 all proven, 2 something is not what was sealed, 3 something is not there."""
        return FOUND if self.findings else INCOMPLETE if self.missing else 0


def keys_of(text: str) -> list[PublicKey]:
    """The public keys in the lines of a file. Raises `NotProvenError`."""
    keys = [PublicKey.parse(line) for line in text.splitlines() if line.strip()]
    if not keys:
        raise NotProvenError("there is no public key in this file: `mandate audit key` prints one")
    return keys


def service_of(checkpoint: Checkpoint) -> str:
    """The log that a checkpoint speaks of: its origin is installation, service, edition."""
    parts = checkpoint.origin.rsplit("/", 2)
    if len(parts) != 3:  # noqa: PLR2004 - see above
        raise NotProvenError(f"{checkpoint.origin} is no origin of ours")
    return parts[1]


def see_row(row: Mapping[str, Any], checkpoint: Checkpoint, path: Sequence[bytes], index: int) -> None:
    """Raise `NotProvenError` unless the row is the leaf `index` of the tree, and all that it says is in that leaf."""
    try:
        cause = bytes.fromhex(row["cause"])
        leaf = leaf_hash(
            service_of(checkpoint),
            UUID(row["stream"]),
            int(row["version"]),
            row["topic"],
            datetime.fromisoformat(row["recorded_at"]),
            cause,
            row["state"].encode("utf-8", "surrogateescape"),
        )
        _, *ids, causation = _CAUSE.unpack(cause)
        told = {name: str(UUID(bytes=one)) if any(one) else "" for name, one in zip(_TOLD, ids, strict=True)}
        told |= {
            "causation": str(causation or ""),
            "leaf_hash": leaf.hex(),
            "log": service_of(checkpoint),
            "index": str(index),
        }
        wrong = [name for name, is_so in told.items() if str("" if row[name] is None else row[name]) != is_so]
    except (KeyError, TypeError, ValueError, OverflowError, struct.error, AttributeError) as error:
        raise NotProvenError(f"it cannot be read: {error!r}") from error
    if root_of(leaf, index, checkpoint.size, path) != checkpoint.root:
        raise NotProvenError("it is not what was sealed")
    if wrong:
        raise NotProvenError(f"its {wrong[0]} is not the one in the leaf")


def check_proof(text: str, keys: Sequence[PublicKey]) -> Report:
    """Check the proof of one event (tlog-proof; the event itself stands in its `extra`)."""
    report = Report(rows=1)
    where = "the event"
    try:
        head, _, note = text.partition("\n\n")
        first, extra, index, *path = [*head.split("\n"), "", ""]
        if first != PROOF or not extra.startswith("extra ") or not index.startswith("index "):
            raise NotProvenError(f"this is no proof of ours: it begins with {PROOF}, extra and index")
        row = json.loads(base64.b64decode(extra.removeprefix("extra "), validate=True))
        where = f"{row['log']}@{row['position']}"
        checkpoint = open_checkpoint(note, keys)
        hashes = [base64.b64decode(one, validate=True) for one in path if one]
        place = int(index.removeprefix("index "))
        see_row(row, checkpoint, hashes, place)
        report.lines.append(f"{where} {row['topic']} is leaf {place} of {checkpoint.size} in {checkpoint.origin}")
    except (KeyError, TypeError, ValueError) as error:
        report.findings.append(f"{where} is not proven: {error}")
    return report


def check_folder(folder: Path, keys: Sequence[PublicKey]) -> Report:
    """Check an export: files, checkpoints, every row. Names the first row of each log that is not what was sealed."""
    report = Report()
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        files, logs, rows = manifest["files"], manifest["logs"], manifest["rows"]
        checkpoints = {log: _checkpoint(folder, log, logs[log], keys, report) for log in logs}
        for name in files:
            _see_file(folder / name, files[name], report)
        _see_rows(folder / rows, checkpoints, manifest, report)
    except OSError as error:
        report.missing.append(f"{error.filename} is not there or cannot be read: {error.strerror}")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        report.findings.append(f"{MANIFEST} is not one of ours, or was changed: {error!r}")
    return report


def _checkpoint(
    folder: Path, log: str, told: Mapping[str, Any], keys: Sequence[PublicKey], report: Report
) -> Checkpoint | None:
    try:
        checkpoint = open_checkpoint((folder / f"{log}.checkpoint").read_text(), keys)
    except OSError as error:
        report.missing.append(f"{error.filename} is missing")
    except (NotProvenError, UnicodeDecodeError) as error:
        report.findings.append(f"{log}.checkpoint: {error}")
    else:
        if service_of(checkpoint) != log or [checkpoint.origin, checkpoint.size] != [told["origin"], told["size"]]:
            report.findings.append(f"{log}.checkpoint is of {checkpoint.origin}, not what {MANIFEST} names")
        report.lines.append(f"checkpoint {checkpoint.origin} of {checkpoint.size} leaves is signed by {keys[0].name}")
        return checkpoint
    return None


def _see_file(file: Path, sha256: str, report: Report) -> None:
    try:
        with file.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        report.missing.append(f"{file} is missing")
        return
    if found != sha256:
        report.findings.append(f"{file.name} is not the file that {MANIFEST} names: it was changed")


def _see_rows(
    file: Path, checkpoints: Mapping[str, Checkpoint | None], manifest: Mapping[str, Any], report: Report
) -> None:
    if not file.exists():
        return
    seen = _Seen(checkpoints, whole=not manifest["query"].strip())
    bad: set[str] = set()
    for number, row in _rows(file):
        report.rows += 1
        log = str(row.get("log"))
        try:
            seen.take(log, row)
        except (KeyError, TypeError, ValueError) as error:
            where = f"{log}@{row.get('position')} (leaf {row.get('index')}, row {number} of {file.name})"
            if log not in bad:
                report.findings.append(f"first bad leaf of {log}: {where}: {error}")
            bad.add(log)
    if seen.counts != manifest["counts"] or seen.of_logs != {log: one["rows"] for log, one in manifest["logs"].items()}:
        report.findings.append(f"{file.name} has not as many events of each type and log as {MANIFEST} says")
    for log, checkpoint in checkpoints.items():
        if checkpoint is None:
            continue
        here = seen.of_logs[log]
        if seen.whole and here != checkpoint.size and log not in bad:
            report.findings.append(f"{log} has {checkpoint.size} leaves, and only {here} are here")
        how = "all" if here == checkpoint.size else f"{here} chosen by the query,"
        report.lines.append(f"{log}: {how} of {checkpoint.size} leaves")


class _Seen:
    """The rows of an export, as far as they were looked at."""

    def __init__(self, checkpoints: Mapping[str, Checkpoint | None], *, whole: bool) -> None:
        self.whole = whole
        """Whether nothing was chosen: then every leaf must be here."""
        self.counts: dict[str, int] = {}
        self.of_logs = dict.fromkeys(checkpoints, 0)
        self._checkpoints = checkpoints
        self._next = dict.fromkeys(checkpoints, 0)

    def take(self, log: str, row: Mapping[str, Any]) -> None:
        """Look at the next row. Raises `NotProvenError`, or what a row that is no row brings about."""
        if log not in self._checkpoints:
            raise NotProvenError(f"{MANIFEST} knows no such log")
        self.of_logs[log] += 1
        self.counts[row["topic"]] = self.counts.get(row["topic"], 0) + 1
        index, expected = int(row["index"]), self._next[log]
        if index < 0:
            raise NotProvenError("it was never sealed")
        if index < expected or (self.whole and index != expected):
            raise NotProvenError(f"leaf {expected} must stand here")
        self._next[log] = index + 1
        checkpoint = self._checkpoints[log]
        if checkpoint is not None:
            see_row(row, checkpoint, [base64.b64decode(one, validate=True) for one in str(row["proof"]).split()], index)


def _rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of an export with their numbers; a line that cannot be read is a row without anything."""
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        if file.suffix == ".csv":
            yield from enumerate(csv.DictReader(lines), start=1)
            return
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
            except ValueError:
                row = {}
            yield number, row if isinstance(row, dict) else {}


def check(path: Path, keys: Sequence[PublicKey]) -> Report:
    """Check a folder or a proof."""
    if path.is_dir():
        return check_folder(path, keys)
    try:
        return check_proof(path.read_text(errors="replace"), keys)
    except OSError as error:
        return Report(missing=[f"{path} cannot be read: {error.strerror}"])


def main(arguments: Sequence[str]) -> int:
    """Check what the first argument names with the keys in the file that the second names; return the exit code."""
    if len(arguments) != 2:  # noqa: PLR2004 - see below
        sys.stderr.write("usage: checking FOLDER|PROOF FILE_OF_KEYS\n")
        return 1
    try:
        keys = keys_of(Path(arguments[1]).read_text())
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{arguments[1]}: {error}\n")
        return 1
    report = check(Path(arguments[0]), keys)
    for line in (*report.lines, *report.missing, *report.findings):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{'NOT PROVEN' if report.code else 'PROVEN'}: {report.rows} events\n")
    return report.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
