"""A registry of its own for each test: a schema with its tables, and a small generated month."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from chassis.embedded.postgres import EmbeddedPostgres
from services.registry.adapters.generated_month import MonthFiles, write_month
from services.registry.projections.added_employers import ADDED_EMPLOYERS
from tests.integration.registry.loading import MIGRATIONS, SSN_KEY, Connection


@pytest.fixture
def registry(postgres: EmbeddedPostgres) -> Iterator[Connection]:
    """A connection whose schema holds the registry's tables and nothing else."""
    schema = f"registry_{uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        for migration in MIGRATIONS:
            connection.execute(migration.read_bytes())
        connection.execute(f"CREATE TABLE {ADDED_EMPLOYERS.name} ({ADDED_EMPLOYERS.table})".encode())
        for index in ADDED_EMPLOYERS.indexes:
            connection.execute(f"CREATE INDEX ON {ADDED_EMPLOYERS.name} {index}".encode())
        yield connection
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


@pytest.fixture
def month(tmp_path: Path) -> MonthFiles:
    """The cast and 300 others, of the period that ends on 14 June 2026."""
    return write_month(tmp_path / "june", seed=3, others=300, ssn_key=SSN_KEY)
