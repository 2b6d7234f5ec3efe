"""Identity alone in a house, with a vault, a fast hasher and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from chassis import nature
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.hashing import Argon2Hasher
from chassis.migrate import open_database
from chassis.sealing import new_pair
from chassis.vault import Vault, migrate_vault
from services.identity.__main__ import SERVICE
from services.identity.adapters.registry import NoProviders
from services.identity.commands import seeding
from services.identity.commands.parts import Keys, Parts
from services.identity.commands.settings import IdentitySettings, SeededAccount
from tests.house import build, living
from tests.integration.identity.desk import PASSWORD, Clock, Desk

KEYS = Keys(index=b"i" * 32, tokens=b"t" * 32, pepper=b"p" * 32, ssn=b"s" * 32, notifier=b"", person=b"q" * 32)


@pytest.fixture(scope="session")
def identity_template(postgres: EmbeddedPostgres) -> str:
    name = build(postgres, [SERVICE])
    migrate_vault(postgres.dsn(name))
    return name


@pytest.fixture
def settings() -> IdentitySettings:
    """Limits as limits.md has them; a hash of 64 KiB, so that tests are fast (the real one has a test of its own)."""
    return IdentitySettings(hash_memory_kib=64, hash_passes=1)


@pytest.fixture
def desk(postgres: EmbeddedPostgres, identity_template: str, settings: IdentitySettings) -> Iterator[Desk]:
    clock = Clock()
    before = nature.use(nature.Nature(now=clock.now, random_bytes=nature.REAL.random_bytes))
    private, public = new_pair()
    try:
        with living(postgres, identity_template, [SERVICE]) as house:
            vault_database = open_database(house.identity.database.dsn, "vault", size=4)
            keys = Keys(KEYS.index, KEYS.tokens, KEYS.pepper, KEYS.ssn, public, KEYS.person)
            parts = Parts(
                settings=settings,
                keys=keys,
                vault=Vault(vault_database, b"m" * 32),
                hasher=Argon2Hasher(settings, keys.pepper),
                providers=NoProviders(),
            )
            try:
                yield Desk(house, parts, clock, private, Ed25519PrivateKey.generate())
            finally:
                vault_database.close()
    finally:
        nature.use(before)


@pytest.fixture
def ewa(desk: Desk) -> UUID:
    """The account of the configuration."""
    wanted = SeededAccount(
        user_id="eusdesk1", email="eus@desk.example", password=SecretStr(PASSWORD), first_name="Ewa", last_name="Usher",
        roles=["EUS"],
    )  # fmt: skip
    desk.parts.settings.seeded_accounts.append(wanted)
    return seeding.seed(desk.app, desk.parts)[0]
