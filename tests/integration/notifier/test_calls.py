"""What the notifier asks of identity and the registry, over real gRPC and with its own token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from mandate.identity.v1 import contact_service_pb2
from mandate.registry.v1 import service_pb2

from chassis.client import channel
from chassis.domain import NotFoundError
from chassis.keys import Keyring
from chassis.server import Api, Caller, Rule, serve
from services.notifier.adapters.identity import IdentityContacts
from services.notifier.adapters.ports import EMAIL, Contact, Party, TryLaterError
from services.notifier.adapters.registry import RegistryParties

JANE, NOBODY, CLINIC = uuid4(), uuid4(), uuid4()


class Owner:
    """Answers for identity and the registry as their contracts say."""

    def GetContact(self, request: Any, caller: Caller) -> Any:  # noqa: N802 - the RPC's name
        assert caller.claims.service == "notifier"
        if request.account_id != str(JANE):
            raise NotFoundError
        return contact_service_pb2.GetContactResponse(
            kind="SMS" if request.method_id else "EMAIL",
            destination="+15855550142" if request.method_id else "jane@example.com",
            email="jane@example.com",
            first_name="Jane",
            last_name="Doe",
            user_id="janedoe1",
            language="es",
        )

    def GetProviders(self, request: Any, _: Caller) -> Any:  # noqa: N802 - the RPC's name
        known = [id_ for id_ in request.provider_ids if id_ == str(CLINIC)]
        return service_pb2.GetProvidersResponse(
            providers=[
                service_pb2.Provider(provider_id=id_, name="AAG Org One", npis=[service_pb2.Npi(npi="2000000002")])
                for id_ in known
            ]
        )

    def SearchProviders(self, request: Any, _: Caller) -> Any:  # noqa: N802 - the RPC's name
        raise NotImplementedError

    FindBySsn = AddEmployer = SelectProviders = GetEin = SearchProviders


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys", make=True)


@pytest.fixture
def address(keys: Keyring) -> Iterator[str]:
    contacts = contact_service_pb2.DESCRIPTOR.services_by_name["ContactService"]
    registry = service_pb2.DESCRIPTOR.services_by_name["RegistryService"]
    apis = [
        Api(contacts, Owner(), {"GetContact": frozenset({"notifier"})}),
        Api(registry, Owner(), {method.name: Rule.EITHER for method in registry.methods}),
    ]
    server, port = serve(apis, keys.verifier("identity", ["notifier"]), address="127.0.0.1:0")
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def contacts_at(address: str, keys: Keyring) -> IdentityContacts:
    return IdentityContacts(channel(address, audience="identity", signer=keys.signer("notifier")))


def test_identity_says_where_a_person_is_reached(address: str, keys: Keyring) -> None:
    asked = contacts_at(address, keys)
    assert asked.contact(JANE) == Contact("jane@example.com", "es", "Jane Doe", "janedoe1", EMAIL)
    by_phone = asked.contact(JANE, str(uuid4()))
    assert by_phone is not None
    assert (by_phone.address, by_phone.kind) == ("+15855550142", "SMS")


def test_somebody_who_is_erased_is_nobody(address: str, keys: Keyring) -> None:
    assert contacts_at(address, keys).contact(NOBODY) is None


def test_the_registry_says_what_an_employer_is_called(address: str, keys: Keyring) -> None:
    asked = RegistryParties(channel(address, audience="identity", signer=keys.signer("notifier")))
    assert asked.party(CLINIC) == Party("AAG Org One", ("2000000002",))
    assert asked.party(UUID(int=0)) is None


def test_an_owner_who_does_not_answer_is_asked_later(keys: Keyring) -> None:
    with pytest.raises(TryLaterError, match="IDENTITY UNAVAILABLE"):
        contacts_at("127.0.0.1:1", keys).contact(JANE)


def test_a_token_that_is_refused_is_no_reason_to_give_a_mail_up(address: str, keys: Keyring) -> None:
    other = IdentityContacts(channel(address, audience="access", signer=keys.signer("notifier")))
    with pytest.raises(TryLaterError, match="IDENTITY UNAUTHENTICATED"):
        other.contact(JANE)
