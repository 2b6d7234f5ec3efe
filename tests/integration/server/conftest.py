"""A town for each test: three services behind servers, and a group that has an official."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chassis.embedded.postgres import EmbeddedPostgres
from chassis.keys import Keyring
from chassis.migrate import open_database
from chassis.vault import Vault, migrate_vault
from cli.month import load_month_into
from cli.platform import make_keys
from services.access.__main__ import SERVICE as ACCESS
from services.access.commands import role_requests
from services.connections.__main__ import SERVICE as CONNECTIONS
from services.registry.__main__ import SERVICE as REGISTRY
from tests.attested import ATTESTATION
from tests.house import CATALOGUE, Room, build, living
from tests.integration.server.town import GROUP, HELP, OFFICIAL, Town
from tests.papers import hand_in

HERE = (REGISTRY, ACCESS, CONNECTIONS)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    folder: Path = tmp_path_factory.mktemp("keys")
    made = Keyring(folder, make=True)
    make_keys(made)
    return made


@pytest.fixture(scope="module")
def template(postgres: EmbeddedPostgres, keys: Keyring) -> str:
    name = build(postgres, HERE)
    migrate_vault(postgres.dsn(name))
    load_month_into(postgres.dsn(name), keys, others=0)
    return name


@pytest.fixture
def town(postgres: EmbeddedPostgres, template: str, keys: Keyring) -> Iterator[Town]:
    """In which a group has an official, and access a second server with an application of its own."""
    with living(postgres, template, HERE) as house, ExitStack() as closing:
        vault = open_database(house.access.database.dsn, "vault", size=2)
        closing.callback(vault.close)
        made, kept = Town(house, keys), Vault(vault, keys.secret("vault.key"))
        for name in ("registry", "access", "connections"):
            made.start(house.rooms[name], kept)
        second = open_database(house.access.database.dsn, "access", size=4)
        closing.callback(second.close)
        made.start(Room(ACCESS, ACCESS.application(second, CATALOGUE), second, {}), kept, known_as="second access")
        closing.callback(lambda: [one.stop(0).wait() for one in made.servers.values()])
        asked = house.access.execute(
            role_requests.request_role, OFFICIAL, employer_id=GROUP, role="AUTHORIZED_OFFICIAL", attestation=ATTESTATION
        )
        hand_in(house.access.app, asked.id)
        house.access.execute(role_requests.approve, HELP, roles=["EUS"], role_request_id=asked.id)
        house.settle()
        yield made
