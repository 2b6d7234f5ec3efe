"""What tests of the registry share: loading a month, changing its files, looking at the tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import psycopg

from services.registry.adapters.generated_month import MonthFiles
from services.registry.adapters.nppes import readers
from services.registry.commands.load_month import LoadReport, load_month

Connection = psycopg.Connection[Any]
MIGRATIONS = sorted((Path(__file__).parents[3] / "services/registry/migrations").glob("*.sql"))
SSN_KEY = bytes(range(32))
TABLES = ("providers", "other_names", "practice_locations", "supplement", "loads")


def load(connection: Connection, month: MonthFiles, **options: Any) -> LoadReport:
    return load_month(
        connection,
        read=readers,
        data=month.data,
        other_names=month.other_names,
        locations=month.locations,
        supplement=month.supplement,
        **options,
    )


def contents(connection: Connection) -> dict[str, list[Any]]:
    """Every row of every table."""
    return {
        table: connection.execute(f"SELECT t::text, t.xmin::text FROM {table} t ORDER BY 1").fetchall()
        for table in TABLES
    }


def later(month: MonthFiles, end: str = "20260712", **edits: Callable[[list[str]], list[str]]) -> MonthFiles:
    """The files of another month: the same lines, those of the files named in `edits` changed."""
    files = []
    for name, path in zip(("data", "other_names", "locations", "supplement"), astuple(month), strict=True):
        lines = path.read_text(encoding="utf-8").splitlines()
        edited = edits.get(name, list)(lines)
        target = path.parent.parent / end / path.name.replace("20260614", end)
        target.parent.mkdir(exist_ok=True)
        target.write_text("\n".join(edited) + "\n", encoding="utf-8")
        files.append(target)
    return MonthFiles(*files)


def without(npi: str) -> Callable[[list[str]], list[str]]:
    """An edit that leaves out the rows of one NPI."""
    return lambda lines: [line for line in lines if not line.startswith(f'"{npi}"')]


def replaced(npi: str, old: str, new: str) -> Callable[[list[str]], list[str]]:
    """An edit of the rows of one NPI."""
    return lambda lines: [line.replace(old, new) if line.startswith(f'"{npi}"') else line for line in lines]


def column(connection: Connection, name: str, npi: str) -> Any:
    """One value of a provider."""
    row = connection.execute(f"SELECT {name} FROM providers WHERE npi = %s", (npi,)).fetchone()
    assert row is not None
    return row[0]
