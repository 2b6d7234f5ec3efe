"""Identity and the notifier together: what identity issues is found in the inbox, over bus, gRPC and SMTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.client import channel
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.hashing import Argon2Hasher
from chassis.inbox import Inbox
from chassis.keys import Keyring
from chassis.migrate import open_database
from chassis.server import serve
from chassis.service import Parts as ProcessParts
from chassis.vault import Vault, migrate_vault
from services.identity.__main__ import SERVICE as IDENTITY
from services.identity.adapters.registry import NoProviders
from services.identity.api.contact import contact_api
from services.identity.commands.parts import Keys, Parts
from services.identity.commands.settings import IdentitySettings
from services.notifier.__main__ import SERVICE as NOTIFIER
from services.notifier.domain.notification import Notification
from tests.house import build, living
from tests.integration.identity.desk import Clock as DeskClock
from tests.integration.identity.desk import Desk
from tests.integration.notifier.bureau import Clock

SERVICES = (IDENTITY, NOTIFIER)
ANA = "ana@example.com"


@pytest.fixture(scope="session")
def both_template(postgres: EmbeddedPostgres) -> str:
    name = build(postgres, SERVICES)
    migrate_vault(postgres.dsn(name))
    return name


@pytest.fixture
def desk(
    postgres: EmbeddedPostgres,
    both_template: str,
    inbox: Inbox,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    """Identity's desk, with the notifier's sender as its composition root makes it."""
    ring = Keyring(tmp_path / "keys", make=True)
    settings = IdentitySettings(hash_memory_kib=64, hash_passes=1)
    monkeypatch.setenv("MANDATE_SMTP_HOST", inbox.host)
    monkeypatch.setenv("MANDATE_SMTP_PORT", str(inbox.port))
    with living(postgres, both_template, SERVICES) as house:
        vault_database = open_database(house.identity.database.dsn, "vault", size=4)
        vault = Vault(vault_database, b"m" * 32)
        keys = Keys(b"i" * 32, b"t" * 32, b"p" * 32, b"s" * 32, ring.sealing_public("notifier"), b"q" * 32)
        parts = Parts(settings, keys, vault, Argon2Hasher(settings, keys.pepper), NoProviders())
        made = Desk(house, parts, DeskClock(), ring.sealing_private("notifier"), Ed25519PrivateKey.generate())
        apis = [contact_api(made.contacts)]
        server, port = serve(apis, ring.verifier("identity", ["notifier"]), address="127.0.0.1:0")
        addresses = dict.fromkeys(("identity", "access"), f"127.0.0.1:{port}")
        signer = ring.signer("notifier")

        def to(service: str) -> Any:
            return channel(addresses[service], audience=service, signer=signer)

        process = ProcessParts(app=house.notifier.app, waiter=None, keys=ring, vault=vault, channel=to)
        house.notifier.followers["sender"] = [*NOTIFIER.more_followers["sender"](process.app, process)]
        try:
            yield made
        finally:
            server.stop(None).wait()
            vault_database.close()


def subjects(inbox: Inbox) -> list[str]:
    return [mail.subject for mail in inbox.messages(ANA)]


def test_a_registration_goes_on_with_the_code_of_the_mail(desk: Desk, inbox: Inbox) -> None:
    """M-03, IA-REG-01."""
    token = desk.start(ANA).registration_token
    desk.house.settle()
    code = inbox.latest_code(ANA)
    assert code == desk.last_code()
    assert desk.ask("VerifyRegistrationEmail", registration_token=token, code=code).HasField("receipt")


@pytest.mark.parametrize(
    ("own", "page", "subject"),
    [("es", "en", "Su código de verificación"), ("en", "es", "Your verification code")],
)
def test_whoever_has_an_account_gets_codes_in_the_own_language(
    desk: Desk, inbox: Inbox, clock: Clock, own: str, page: str, subject: str
) -> None:
    """M-03: the page may be in any language, as at a library: the person who reads the code has one of their own."""
    desk.language = own
    desk.registered(ANA)
    desk.house.settle()
    inbox.clear()
    desk.language = page
    begun = desk.sign_in().sign_in_token
    desk.house.settle()
    clock.pass_(minutes=1)
    desk.ask("SendSignInCode", sign_in_token=begun)
    desk.house.settle()
    session = desk.ask("VerifySignInCode", sign_in_token=begun, code=desk.last_code()).session_token
    desk.ask("SendStepUpCode", session_token=session)
    desk.house.settle()
    assert subjects(inbox) == [subject] * 3


def test_whoever_registers_gets_codes_in_the_language_of_the_first_page(desk: Desk, inbox: Inbox, clock: Clock) -> None:
    """M-03, IA-REG-01: which is the person's own from then on."""
    desk.language = "es"
    token = desk.start(ANA).registration_token
    desk.house.settle()
    desk.language = "en"
    clock.pass_(minutes=1)
    desk.ask("ResendRegistrationCode", registration_token=token)
    desk.house.settle()
    assert subjects(inbox) == ["Su código de verificación"] * 2


def test_who_has_registered_is_told_the_user_id_and_never_the_password(desk: Desk, inbox: Inbox) -> None:
    """M-02."""
    desk.registered(ANA)
    desk.house.settle()
    [mail] = [one for one in inbox.messages(ANA) if one.subject == "Your I&A account has been created"]
    assert "Hello Ana Rivera," in mail.text
    assert "User ID: arivera26" in mail.text


def test_who_owns_an_address_is_told_when_somebody_registers_with_it(desk: Desk, inbox: Inbox) -> None:
    """M-30."""
    desk.registered(ANA)
    desk.house.settle()
    inbox.clear()
    desk.start(ANA)
    desk.house.settle()
    assert subjects(inbox) == ["Somebody tried to register with your address"]


def test_a_locked_account_is_told_to_its_owner(desk: Desk, inbox: Inbox, clock: Clock) -> None:
    """M-07."""
    desk.registered(ANA)
    for _ in range(3):
        clock.pass_(minutes=1)
        with pytest.raises(Exception):  # noqa: B017 - the refusal is identity's matter
            desk.sign_in(password="wr0ng-Pool")
    desk.house.settle()
    assert subjects(inbox).count("Your account is locked") == 1


def test_no_log_of_the_notifier_holds_what_identity_seals(desk: Desk, inbox: Inbox) -> None:
    desk.registered(ANA)
    desk.house.settle()
    with desk.house.notifier.app.session() as session:
        states = b"".join(bytes(state) for (state,) in session.run("SELECT state FROM log"))
    for secret in (ANA, "Ana", "Rivera", "arivera26", desk.last_code()):
        assert secret.encode() not in states
    sent = {event.message_id for event in desk.house.notifier.events(Notification.Sent)}
    assert sent == {mail.message_id for mail in inbox.messages(ANA)}
