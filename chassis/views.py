"""Views: tables folded from the own log by a pure function, in batches as large as what is waiting."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chassis import arrays
from chassis.codec import json_bytes
from chassis.database import Session

Fold = Callable[[Any, "Rows"], None]
Key = tuple[Any, ...]


class UnfoldableError(Exception):
    """A fold could make nothing of an event; `number` says of which, from 0 on."""

    def __init__(self, view: str, number: int, why: Exception) -> None:
        super().__init__(f"{view} cannot fold it: {why!r}")
        self.number = number


class Rows:
    """What a fold does to a table, collected: later changes of a row absorb earlier ones."""

    def __init__(self, key_columns: int) -> None:
        self._width = key_columns
        self._put: dict[Key, dict[str, Any]] = {}
        self._changed: dict[Key, dict[str, Any]] = {}
        self._dropped: set[Key] = set()

    def put(self, *key: Any, **columns: Any) -> None:
        """Write a whole row, in place of any that has this key."""
        key = self._key(key)
        self._put[key] = columns
        self._changed.pop(key, None)
        self._dropped.discard(key)

    def change(self, *key: Any, **columns: Any) -> None:
        """Change columns of a row; without such a row nothing happens."""
        key = self._key(key)
        if not columns:
            return
        if key in self._put:
            self._put[key] = self._put[key] | columns
        elif key not in self._dropped:
            self._changed.setdefault(key, {}).update(columns)

    def drop(self, *key: Any) -> None:
        """Take a row away; without such a row nothing happens."""
        key = self._key(key)
        self._put.pop(key, None)
        self._changed.pop(key, None)
        self._dropped.add(key)

    def _key(self, key: Key) -> Key:
        if len(key) != self._width:
            raise TypeError(f"the key has {self._width} columns, {len(key)} given")
        return key

    @property
    def are_none(self) -> bool:
        """Whether nothing happens to the table."""
        return not (self._put or self._changed or self._dropped)

    def collected(self) -> tuple[dict[Key, dict[str, Any]], dict[Key, dict[str, Any]], set[Key]]:
        """Rows to put, columns to change, keys to drop."""
        return self._put, self._changed, self._dropped


class View:
    """One read table: its columns, its fold, its version in the name. A read table is never altered."""

    def __init__(self, *, name: str, table: str, indexes: Sequence[str] = ()) -> None:
        if not re.fullmatch(r"[a-z_]+_v[0-9]+", name):
            raise ValueError(f"a view's name ends in its version: {name}_v1")
        self.name = name
        self.table = table.strip().rstrip(",")
        self.indexes = tuple(indexes)
        self.columns, self.key = _columns(self.table)
        self._fold: Fold | None = None

    def fold(self, function: Fold) -> Fold:
        """Decorate the function that folds one event into rows."""
        self._fold = function
        return function

    def create(self, session: Session) -> None:
        """Make the table and its indexes, where they are missing; for `migrate` alone."""
        session.run(f"CREATE TABLE IF NOT EXISTS {self.name} ({self.table})")
        for number, index in enumerate(self.indexes):
            name = f"{self.name}_{number}"
            # IF NOT EXISTS would lock the table before it looks: a worker of the last release writes several at once
            if session.one("SELECT 1 WHERE to_regclass(%s) IS NULL", (name,)):
                session.run(f"CREATE INDEX {name} ON {self.name} {_index(index)}")
        session.run("INSERT INTO positions (follower, position) VALUES (%s, 0) ON CONFLICT DO NOTHING", (self.name,))

    def rows(self, events: Sequence[Any]) -> Rows:
        """Fold events into rows: pure. Raises `UnfoldableError`; then nothing of any of them is to be written."""
        if self._fold is None:
            raise TypeError(f"{self.name} has no fold")
        rows = Rows(len(self.key))
        for number, event in enumerate(events):
            try:
                self._fold(event, rows)
            except Exception as error:
                raise UnfoldableError(self.name, number, error) from error
        return rows

    def write(self, session: Session, rows: Rows) -> None:
        """Write what was collected with a handful of set statements, in the open transaction."""
        put, changed, dropped = rows.collected()
        if dropped:
            self._write_drops(session, dropped)
        if put:
            self._write_puts(session, put)
        if changed:
            self._write_changes(session, changed)

    def _write_drops(self, session: Session, dropped: set[Key]) -> None:
        source = self._unnest(self.key)
        on = " AND ".join(f"t.{column} = s.{column}" for column in self.key)
        keys = self._arrays(self.key, [dict(zip(self.key, key, strict=True)) for key in dropped])
        session.run(f"DELETE FROM {self.name} AS t USING {source} WHERE {on}", keys)  # noqa: S608

    def _write_puts(self, session: Session, put: Mapping[Key, Mapping[str, Any]]) -> None:
        columns = tuple(self.columns)
        names = ", ".join(columns)
        others = [column for column in columns if column not in self.key]
        update = ", ".join(f"{column} = excluded.{column}" for column in others)
        on_conflict = f"DO UPDATE SET {update}" if others else "DO NOTHING"
        whole = [self._whole(key, values) for key, values in put.items()]
        session.run(
            f"INSERT INTO {self.name} ({names}) SELECT {names} FROM {self._unnest(columns)}"  # noqa: S608
            f" ON CONFLICT ({', '.join(self.key)}) {on_conflict}",
            self._arrays(columns, whole),
        )

    def _write_changes(self, session: Session, changed: Mapping[Key, Mapping[str, Any]]) -> None:
        by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for key, values in changed.items():
            row = dict(zip(self.key, key, strict=True)) | dict(values)
            by_columns.setdefault(tuple(sorted(values)), []).append(row)
        for names, some in by_columns.items():
            update = ", ".join(f"{name} = s.{name}" for name in names)
            on = " AND ".join(f"t.{column} = s.{column}" for column in self.key)
            source = (*self.key, *names)
            session.run(
                f"UPDATE {self.name} AS t SET {update} FROM {self._unnest(source)} WHERE {on}",  # noqa: S608
                self._arrays(source, some),
            )

    def _whole(self, key: Key, values: Mapping[str, Any]) -> dict[str, Any]:
        row = dict.fromkeys(self.columns) | dict(zip(self.key, key, strict=True)) | dict(values)
        if len(row) != len(self.columns):
            raise TypeError(f"{self.name} has no column {sorted(set(row) - set(self.columns))}")
        return row

    def _unnest(self, columns: Sequence[str]) -> str:
        given = ", ".join(f"%s::{_array_of(self.columns[column])}[]" for column in columns)
        # an array would be flattened by unnest, so jsonb travels as text and is cast on arrival
        casts = ", ".join(f"{column}::{self.columns[column]} AS {column}" for column in columns)
        return f"(SELECT {casts} FROM unnest({given}) AS u ({', '.join(columns)})) AS s"  # noqa: S608

    def _arrays(self, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        return [_array(self.columns[column], [row[column] for row in rows]) for column in columns]


def _columns(table: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The columns with their types, and the key, as the table's text declares them."""
    columns: dict[str, str] = {}
    key: tuple[str, ...] = ()
    for part in (" ".join(piece.split()) for piece in re.split(r",(?![^(]*\))", table)):
        whole = re.fullmatch(r"PRIMARY KEY ?\((.+)\)", part)
        if whole:
            key = tuple(name.strip() for name in whole[1].split(","))
            continue
        column = re.fullmatch(r"([a-z_][a-z0-9_]*) ([a-z0-9]+(?:\([0-9, ]+\))?)( [A-Z].*)?", part)
        if column is None:
            # an array is flattened by unnest (take jsonb), a type of two words would be cut
            raise ValueError(f"a view's column is a name, a type in one word and constraints in capitals, not: {part}")
        columns[column[1]] = column[2]
        if "PRIMARY KEY" in part:
            key = (column[1],)
    if not key or not set(key) <= set(columns):
        raise ValueError("a view's table declares its PRIMARY KEY")
    return columns, key


def _index(index: str) -> str:
    return index if "(" in index else f"({index})"


def _array_of(kind: str) -> str:
    return "text" if kind == "jsonb" else kind


def _array(kind: str, values: list[Any]) -> Any:
    """A column as it travels: what views have much of, in PostgreSQL's own form."""
    if kind == "jsonb":
        return arrays.texts([None if value is None else json_bytes(value).decode() for value in values])
    return _ARRAYS.get(kind, list)(values)


_ARRAYS: Mapping[str, Callable[[list[Any]], Any]] = {
    "uuid": arrays.uuids,
    "text": arrays.texts,
    "bigint": arrays.bigints,
    "int": arrays.bigints,
    "timestamptz": arrays.timestamps,
    "boolean": arrays.booleans,
}
