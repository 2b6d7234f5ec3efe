"""A key for each person, and what is left when it is destroyed (S-21, architecture.md 5)."""

from __future__ import annotations

from uuid import uuid4

import pytest

from chassis.vault import SealBrokenError, ShreddedError, Vault, migrate_vault
from tests.integration.identity.desk import Desk


def test_what_is_sealed_is_opened_for_its_subject_in_its_context(desk: Desk) -> None:
    vault, ana, bea = desk.parts.vault, uuid4(), uuid4()
    for subject in (ana, bea):
        vault.make_key(subject)
    token = vault.seal(ana, "Rivera", "name")
    assert token.startswith("v1.1.")
    assert vault.open(ana, token, "name") == "Rivera"
    for subject, given, context in ((bea, token, "name"), (ana, token, "email"), (ana, "v1.x", "name")):
        with pytest.raises(SealBrokenError):
            vault.open(subject, given, context)
    with pytest.raises(SealBrokenError, match="newer release"):
        vault.open(ana, "v9" + token[2:], "name")


def test_names_of_many_lengths_are_sealed_alike(desk: Desk) -> None:
    vault, subject = desk.parts.vault, uuid4()
    vault.make_key(subject)
    assert len({len(vault.seal(subject, "x" * length, "name")) for length in range(29)}) == 1


def test_a_destroyed_key_is_never_made_again(desk: Desk) -> None:
    vault, subject = desk.parts.vault, uuid4()
    vault.make_key(subject)
    vault.make_key(subject)
    token = vault.seal(subject, "Rivera", "name")
    vault.destroy(subject)
    vault.destroy(subject)
    for action in (
        lambda: vault.open(subject, token, "name"),
        lambda: vault.seal(subject, "x", "name"),
        lambda: vault.make_key(subject),
    ):
        with pytest.raises(ShreddedError):
            action()


def test_a_key_that_was_never_made_can_be_destroyed(desk: Desk) -> None:
    vault, subject = desk.parts.vault, uuid4()
    vault.destroy(subject)
    with pytest.raises(ShreddedError):
        vault.make_key(subject)


def test_another_master_key_opens_nothing(desk: Desk) -> None:
    vault, subject = desk.parts.vault, uuid4()
    vault.make_key(subject)
    token = vault.seal(subject, "Rivera", "name")
    other = Vault(vault._database, b"n" * 32)
    with pytest.raises(SealBrokenError):
        other.open(subject, token, "name")
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(vault._database, b"short")


def test_making_the_schema_twice_is_the_same_as_once(desk: Desk) -> None:
    migrate_vault(desk.room.database.dsn)
