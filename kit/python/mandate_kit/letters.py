"""Dead letters: records that could not be taken, kept with cause and bytes while the others go on."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mandate_kit.records import Record

LOG = logging.getLogger("mandate_kit")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record and why it could not be taken."""

    record: Record
    cause: str


Sink = Callable[[DeadLetter], None]
"""Where dead letters go: called once for each, in the thread that reads. What it raises stops the reading."""


def to_log(letter: DeadLetter) -> None:
    """The sink unless another is given: a warning with place and cause; the bytes stay on the topic."""
    record = letter.record
    where = f"{record.topic}/{record.partition}@{record.offset}"
    LOG.warning("dead letter %s key %s: %s", where, record.key_text, letter.cause)


class JsonLines:
    """A file with a line of JSON for each dead letter; one that is there already is not written again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._there = {_place(one.record) for one in letters(path)} if path.exists() else set()

    def __call__(self, letter: DeadLetter) -> None:
        """Write a line, to the disk's own cache at least."""
        if _place(letter.record) in self._there:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(_as_json(letter), ensure_ascii=False) + "\n")
        self._there.add(_place(letter.record))


def letters(path: Path) -> Iterator[DeadLetter]:
    """What `JsonLines` has written: the records can be given to `Subscriber.take` again, after an upgrade."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            kept = json.loads(line)
            record = Record(
                topic=kept["topic"],
                partition=kept["partition"],
                offset=kept["offset"],
                key=_bytes(kept["key"]),
                value=_bytes(kept["value"]),
                headers=[(name, _bytes(value)) for name, value in kept["headers"]],
                appended_ms=kept["appended_ms"],
            )
            yield DeadLetter(record, kept["cause"])


def _as_json(letter: DeadLetter) -> dict[str, Any]:
    record = letter.record
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "cause": letter.cause,
        "appended_ms": record.appended_ms,
        "key": _base64(record.key),
        "headers": [[name, _base64(value)] for name, value in record.headers],
        "value": _base64(record.value),
    }


def _place(record: Record) -> tuple[str, int, int, int]:
    """Where a record stands; a topic that was made anew has other times."""
    return record.topic, record.partition, record.offset, record.appended_ms


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
