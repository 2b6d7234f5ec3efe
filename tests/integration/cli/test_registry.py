"""`mandate registry`: a month from files, as an operator loads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from chassis.embedded.postgres import EmbeddedPostgres
from cli import installation
from tests.integration.cli.terminal import Terminal
from tests.integration.registry.loading import MIGRATIONS


@pytest.fixture
def registry(postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """An installation of `run` whose registry is empty."""
    name = f"month_{uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with psycopg.connect(postgres.dsn(name), autocommit=True) as owner:
        owner.execute("CREATE SCHEMA registry")
        owner.execute("SET search_path = registry")
        for migration in MIGRATIONS:
            owner.execute(migration.read_bytes())
    monkeypatch.setattr(installation, "DATABASE", name)
    (tmp_path / "postgres").symlink_to(postgres.base)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "ssn_index_key.key").write_bytes(bytes(32))
    yield Terminal(tmp_path)
    with psycopg.connect(postgres.dsn(), autocommit=True) as owner:
        owner.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


@pytest.fixture
def month(registry: Terminal, tmp_path: Path) -> dict[str, str]:
    """The four files, the data with a damaged row."""
    files: dict[str, str] = registry.finds("registry", "generate", str(tmp_path / "month"), "--others", "20")
    data = Path(files["data"])
    head, *rows = data.read_text("utf-8").splitlines()
    data.write_text("\n".join([head, '"2000000002","1"', *rows]) + "\n", "utf-8")
    return files


def load(registry: Terminal, month: dict[str, str], *more: str, **result: int) -> Any:
    return registry.finds("registry", "load", *month.values(), *more, **result)


def test_a_damaged_row_is_told_and_skipped_and_strict_loads_nothing(registry: Terminal, month: dict[str, str]) -> None:
    where = f"{Path(month['data']).name}:2: 2 columns, 330 are expected"
    assert registry.refuses("registry", "load", *month.values(), "--strict") == f"{where}; nothing was loaded"
    first = load(registry, month, code=3)
    assert (first["unchanged"], first["skipped"], first["inserted"] > 20) == (False, 1, True)
    assert [(one["line"], one["column"]) for one in first["damages"]] == [(2, "")]
    assert load(registry, month)["unchanged"]


def test_files_that_are_not_what_they_are_given_as_are_refused_by_name(
    registry: Terminal, month: dict[str, str]
) -> None:
    twice = month | {"other_names": month["data"]}
    said = registry.refuses("registry", "load", *twice.values())
    assert said.startswith(Path(month["data"]).name)
    assert said.endswith("nothing was loaded")
    gone = registry("registry", "load", "nothing.csv", *list(month.values())[1:])
    assert gone.exit_code != 0
    assert "nothing.csv" in gone.output
