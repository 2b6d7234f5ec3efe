"""A setting may be given by a file that the environment names: so secrets are mounted, and stand in no environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from chassis.settings import Settings
from services.identity.commands.settings import IdentitySettings
from services.notifier.adapters.settings import NotifierSettings
from services.portal.web.settings import PortalSettings

URL = "postgresql://access@db/access"


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A file for the address of the database, as a volume brings it, and a folder of keys."""
    (tmp_path / "url").write_text(f"{URL}\n")
    monkeypatch.setenv("MANDATE_DATABASE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("MANDATE_KEYS", str(tmp_path))
    return monkeypatch


def test_a_file_says_what_the_variable_would(mounted: pytest.MonkeyPatch) -> None:
    assert Settings().database_url == URL  # type: ignore[call-arg]


def test_the_variable_itself_goes_on_working(mounted: pytest.MonkeyPatch) -> None:
    mounted.delenv("MANDATE_DATABASE_URL_FILE")
    mounted.setenv("MANDATE_DATABASE_URL", "postgresql:///other")
    assert Settings().database_url == "postgresql:///other"  # type: ignore[call-arg]


def test_both_at_once_are_refused(mounted: pytest.MonkeyPatch) -> None:
    mounted.setenv("MANDATE_DATABASE_URL", "postgresql:///other")
    with pytest.raises(ValueError, match="MANDATE_DATABASE_URL and MANDATE_DATABASE_URL_FILE are both set"):
        Settings()  # type: ignore[call-arg]


def test_a_file_that_is_not_there_is_named(mounted: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mounted.setenv("MANDATE_DATABASE_URL_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ValueError, match="MANDATE_DATABASE_URL_FILE names a file that cannot be read"):
        Settings()  # type: ignore[call-arg]


def test_what_neither_gives_is_still_missing(mounted: pytest.MonkeyPatch) -> None:
    mounted.delenv("MANDATE_DATABASE_URL_FILE")
    with pytest.raises(ValidationError, match="database_url"):
        Settings()  # type: ignore[call-arg]


def test_every_secret_setting_can_be_a_file(mounted: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Lists, too, which a file holds as JSON."""
    person = {"user_id": "eusdesk1", "email": "eus@desk.example", "password": "Dawn#1234-k", "first_name": "Ewa"}
    texts = {
        "MANDATE_PORTAL_SECRET": "s" * 32,
        "MANDATE_SMTP_PASSWORD": "fern",
        "MANDATE_SEEDED_ACCOUNTS": json.dumps([person | {"last_name": "Usher", "roles": ["EUS"]}]),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        mounted.setenv(f"{name}_FILE", str(tmp_path / name))
    assert PortalSettings().key == b"s" * 32  # type: ignore[call-arg]
    assert NotifierSettings().smtp_password.get_secret_value() == "fern"
    assert IdentitySettings().seeded_accounts[0].user_id == "eusdesk1"
