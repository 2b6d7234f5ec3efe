"""What runbooks let somebody ask a database is SQL that these databases answer, and that changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest

from chassis.embedded.postgres import EmbeddedPostgres
from cli.platform import ALL
from tests.house import build
from tools.repository import ROOT

ASKED = re.compile(r'\bdb (\w+) "((?:[^"\\]|\\.)*)"')
PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))


def asked() -> Iterator[tuple[str, str, str]]:
    for page in PAGES:
        for service, statement in ASKED.findall(page.read_text()):
            if statement != "SELECT ...":
                yield page.stem, service, statement.replace('\\"', '"')


@pytest.fixture(scope="module")
def dsn(postgres: EmbeddedPostgres) -> str:
    return postgres.dsn(build(postgres, ALL))


def test_pages_ask_databases() -> None:
    assert len(list(asked())) > 20


@pytest.mark.parametrize(("page", "service", "statement"), asked())
def test_every_query_of_a_runbook_is_answered(dsn: str, page: str, service: str, statement: str) -> None:
    options = f"-c search_path={service} -c default_transaction_read_only=on"
    with psycopg.connect(dsn, options=options) as owner:
        owner.execute(statement.encode())
