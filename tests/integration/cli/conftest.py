"""An installation for the command line: the services of a house, below a state folder as `mandate run` leaves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from mandate.identity.v1.state_pb2 import AccountState

from chassis import nature, progress
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.messages import Origin, wrap
from cli import installation
from services.access.commands import role_requests
from services.connections.commands import connections
from tests.attested import ATTESTATION
from tests.house import House
from tests.integration.cli.terminal import HELP, Terminal, Village
from tests.notary import KEY, Notary, notary_of
from tests.papers import hand_in

ELSEWHERE = ("identity", "enrollment")
"""Whom access listens to, and who do not live in this house."""


@pytest.fixture
def mandate(house: House, postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    (tmp_path / "postgres").symlink_to(postgres.base)
    monkeypatch.setattr(installation, "DATABASE", house.bus.dsn.rpartition("/")[2])
    return Terminal(tmp_path)


@pytest.fixture
def notary(house: House, tmp_path: Path) -> Iterator[Notary]:
    """Sealers whose key is the installation's."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "sealer.pub").write_text(f"{KEY.public}\n")
    with notary_of(house) as notary:
        yield notary


@pytest.fixture
def publish_account(house: House) -> Callable[..., UUID]:
    """Let identity, which does not live here, say something about an account."""

    def publish(account_id: UUID, *provider_ids: str, position: int = 1) -> UUID:
        state = AccountState(account_id=str(account_id), active=True, provider_ids=provider_ids)
        origin = Origin("identity", 1, position, account_id, 1, nature.now(), account_id, "", b"leaf")
        house.publisher.publish([wrap(state, origin, form=1)])
        return account_id

    return publish


@pytest.fixture
def village(house: House, publish_account: Callable[..., UUID]) -> Village:
    practice, group, doctor, official, staff = (uuid4() for _ in range(5))
    for number, who in enumerate((doctor, official, staff), start=1):
        publish_account(who, position=number)
    for who, employer, role in (
        (doctor, practice, "AUTHORIZED_OFFICIAL"),
        (official, group, "ACCESS_MANAGER"),
        (staff, group, "STAFF_END_USER"),
    ):
        asked = house.access.execute(
            role_requests.request_role, who, employer_id=employer, role=role, attestation=ATTESTATION
        )
        hand_in(house.access.app, asked.id)
        house.access.execute(role_requests.approve, HELP, roles=("EUS",), role_request_id=asked.id)
    house.settle()
    asked = house.connections.execute(
        connections.request, official, function="PECOS", side="SURROGATE", provider_id=practice, surrogate_id=group
    )
    house.connections.execute(connections.approve, doctor, connection_id=asked.id, side="PROVIDER")
    house.settle()
    with house.connections.app.session() as session:
        [(command,)] = session.run(
            "SELECT command_id FROM history WHERE topic = 'connections.Connection.Requested' AND stream = %s",
            (asked.id,),
        )
    return Village(house, practice, group, doctor, official, staff, command)


@pytest.fixture
def in_step(mandate: Terminal, house: House, notary: Notary, publish_account: Callable[..., UUID]) -> Terminal:
    """Everything told, heard, followed and sealed, by those who live elsewhere too."""
    publish_account(uuid4())
    for origin in ELSEWHERE:
        with house.access.app.session() as session:
            told = progress.message(session, origin, 1, 1)
        house.publisher.publish([told])
    house.settle()
    notary.seal()
    return mandate


@pytest.fixture
def pass_time() -> Iterator[Callable[[float], None]]:
    """Seconds to let pass, for everybody in this process."""
    past = timedelta(0)

    def more(seconds: float) -> None:
        nonlocal past
        past += timedelta(seconds=seconds)

    before = nature.use(nature.REAL._replace(now=lambda: nature.REAL.now() + past))
    yield more
    nature.use(before)
