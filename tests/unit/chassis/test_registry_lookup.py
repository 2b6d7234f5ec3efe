"""What other services learn from the registry, and what they say where it is silent (ADR 0004)."""

from __future__ import annotations

from uuid import UUID, uuid4

import grpc
import pytest
from mandate.registry.v1 import service_pb2 as pb

from chassis.registry import TIMEOUT_S, RegistryLookup, RegistrySilentError
from services.access.commands.role_requests import UnknownEmployerError
from services.connections.commands.connections import UnknownProviderError, UnknownSurrogateError
from tests.sim.wire import Call, Refusal, Wire

CLINIC, NOBODY = uuid4(), uuid4()


def carry(call: Call) -> bytes:
    """The registry, as far as the wire shows it."""
    assert call.method == "/mandate.registry.v1.RegistryService/GetProviders"
    assert call.timeout == TIMEOUT_S
    asked = pb.GetProvidersRequest.FromString(bytes(call.sent))  # type: ignore[arg-type]  # one message
    known = [pb.Provider(provider_id=one, name="Clinic") for one in asked.provider_ids if UUID(one) == CLINIC]
    return pb.GetProvidersResponse(providers=known).SerializeToString()


def test_who_is_found_is_known_and_nobody_else() -> None:
    registry = RegistryLookup(Wire(carry))  # type: ignore[arg-type]  # looks like a channel
    found = registry.find(CLINIC)
    assert found is not None
    assert found.name == "Clinic"
    assert registry.knows(CLINIC)
    assert registry.find(NOBODY) is None
    assert not registry.knows(NOBODY)


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.INTERNAL]
)
def test_a_registry_that_does_not_answer_is_no_registry_that_knows_nobody(code: grpc.StatusCode) -> None:
    def silent(_: Call) -> bytes:
        raise Refusal(code, "", ())

    with pytest.raises(RegistrySilentError) as refused:
        RegistryLookup(Wire(silent)).knows(CLINIC)  # type: ignore[arg-type]  # looks like a channel
    assert (refused.value.code, refused.value.transient) == ("REGISTRY_SILENT", True)
    assert "try again" in str(refused.value)


def test_whoever_is_unknown_is_named_by_the_field() -> None:
    errors = (UnknownEmployerError(), UnknownProviderError(), UnknownSurrogateError())
    assert [(one.code, one.field) for one in errors] == [
        ("UNKNOWN_EMPLOYER", "employer_id"),
        ("UNKNOWN_PROVIDER", "provider_id"),
        ("UNKNOWN_SURROGATE", "surrogate_id"),
    ]
