"""The table who -> whom, held against what services ask for when they are put together, both ways (rules 5 and 6)."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_type_hints

import grpc
import pytest

from chassis.application import Application
from chassis.database import PooledDatabase
from chassis.keys import Keyring
from chassis.main import apis_of
from chassis.messages import PROGRESS, Catalogue
from chassis.service import Parts
from chassis.vault import Vault
from services.portal.web.serving import clients
from tools.deploy import facts, keys


class Watched(Keyring):
    """A folder of keys that remembers what was asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: set[str] = set()

    def secret(self, name: str) -> bytes:
        self.asked.add(name)
        return super().secret(name)

    def sealing_public(self, service: str) -> bytes:
        self.asked.add(f"{service}.x25519.pub")
        return super().sealing_public(service)


class Composed:
    """One service, put together as its processes do it, without a server: who is asked, which keys are read."""

    def __init__(self, service: str, folder: Path) -> None:
        self.called: dict[str, set[str]] = {"api": set(), "worker": set()}
        self.keys = Watched(folder / f"{service}-keys")
        self._service = facts.SERVICES[service]
        self._role = ""
        nowhere = PooledDatabase("postgresql://nowhere.invalid", service)
        app: Application = self._service.application(nowhere, Catalogue())
        self.keys.signer(service)
        vault = Vault(nowhere, self.keys.secret("vault.key")) if self._service.vault else None
        self.parts = Parts(app=app, waiter=None, keys=self.keys, vault=vault, channel=self._channel)
        self._role = "api"
        self._service.api_followers(self.parts)
        assert apis_of(self._service, self.parts)
        self._role = "worker"
        for make in self._service.more_followers.values():
            make(app, self.parts)

    def _channel(self, name: str) -> grpc.Channel:
        self.called[self._role].add(name)
        return grpc.insecure_channel("nowhere.invalid:1")  # opened when it is first used: never


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys that an installation is told to make."""
    folder = tmp_path_factory.mktemp("installation") / "keys"
    keys.make(folder, installation="mandate.example")
    return folder


@pytest.mark.parametrize("service", sorted(facts.SERVICES))
def test_each_role_asks_just_whom_the_table_says(service: str, made_keys: Path) -> None:
    called = Composed(service, made_keys).called
    table = {role: set(facts.table().calls.get(f"{service}.{role}", ())) for role in ("api", "worker")}
    assert called == table


def test_the_portal_asks_just_whom_the_table_says() -> None:
    called: set[str] = set()

    def channel(name: str) -> grpc.Channel:
        called.add(name)
        return grpc.insecure_channel("nowhere.invalid:1")

    clients(channel)
    assert called == set(facts.table().calls["portal.web"])


@pytest.mark.parametrize("service", sorted(facts.SERVICES))
def test_a_service_reads_all_the_keys_of_the_table_and_no_others(service: str, made_keys: Path) -> None:
    """One that is missing fails when the service is put together; one that nobody reads is not handed out."""
    assert Composed(service, made_keys).keys.asked == set(facts.table().keys[service])


def test_the_sealer_alone_has_the_key_that_signs_checkpoints(made_keys: Path) -> None:
    holders = {folder.parent.name for folder in made_keys.glob("*/sealer.pem")}
    assert holders == {f"{service}-sealer-keys" for service in facts.SERVICES}
    assert Keyring(made_keys / "access-sealer-keys").sealing_publics()


def test_only_who_seals_has_the_master_key_of_the_vault(made_keys: Path) -> None:
    holders = {folder.parent.name for folder in made_keys.glob("*/vault.key")}
    assert holders == {f"{name}-keys" for name, service in facts.SERVICES.items() if service.vault}


def test_keys_are_never_made_twice_or_into_the_repository(made_keys: Path) -> None:
    with pytest.raises(SystemExit, match="keys are made once"):
        keys.make(made_keys, installation="mandate.example")
    with pytest.raises(SystemExit, match="lies in the repository"):
        keys.make(facts.DEPLOY / "keys", installation="mandate.example")


def test_the_table_names_only_parties_that_there_are() -> None:
    parties = {f"{service}.{role}" for service, role in facts.parties()}
    table = facts.table()
    assert {*table.calls, *table.outwards} <= parties
    asked = {service for services in table.calls.values() for service in services}
    assert asked <= set(facts.SERVICES)
    assert set(table.keys) == {*facts.SERVICES, facts.PORTAL}


@pytest.mark.parametrize("service", sorted(facts.SERVICES))
def test_a_worker_writes_what_its_service_publishes(service: str) -> None:
    """What `publishing.py` makes, its functions' own annotations say; what may be written, `proto/` says by origin."""
    publishing = facts.SERVICES[service].publishing
    functions: Sequence[Any] = [*publishing.to_message.values(), *publishing.to_state.values()]
    made = {get_type_hints(function, _names_of(function))["return"].DESCRIPTOR.name for function in functions}
    assert made <= set(facts.writes(service))
    assert PROGRESS in facts.writes(service)
    others = {topic for topic in facts.writes(service) if facts.topics()[topic].origin not in {service, ""}}
    assert not others


def _names_of(function: Any) -> dict[str, Any]:
    return dict(vars(inspect.getmodule(function)))


def test_everything_heard_is_a_topic_of_somebody_else() -> None:
    for name, service in facts.SERVICES.items():
        for topic in service.application.hears:
            assert facts.topics()[topic].origin not in {name, ""}, (name, topic)
