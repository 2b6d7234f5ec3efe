"""Calls over real gRPC: tokens, deadlines, errors with details, waiting for receipts, repeats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from grpc_health.v1 import health_pb2, health_pb2_grpc
from mandate.access.v1 import service_pb2 as pb
from mandate.access.v1.service_pb2_grpc import AccessServiceStub
from mandate.common.v1.receipt_pb2 import Receipt

from chassis import nature
from chassis.client import channel
from chassis.runtime import Wakeup
from chassis.server import Api, Rule, details_of, serve
from chassis.tokens import Signer, Verifier
from chassis.waiting import Waiter
from services.access.api.servicer import apis
from services.access.projections.authority import AuthorityFollower
from tests.access_office import opened
from tests.attested import ATTESTATION
from tests.house import House
from tests.scenario import NAMED, official_for
from tests.scraping import counted

KEY = Ed25519PrivateKey.generate()
IDENTITY = Signer("identity", KEY)
EMPLOYER = nature.new_id()


@dataclass
class Office:
    """Access behind a real server."""

    house: House
    stub: Any

    def ask(
        self, method: str, request: Any, who: UUID, *, roles: tuple[str, ...] = (), timeout: float | None = 10
    ) -> Any:
        token, _ = IDENTITY.user_token(who, audience="access", roles=roles, mfa_at=nature.now(), session="s")
        metadata = (("authorization", f"Bearer {token}"),)
        return getattr(self.stub, method)(request, timeout=timeout, metadata=metadata)

    def ask_for_role(self, who: UUID, role: str = "STAFF_END_USER", **more: Any) -> Any:
        request = pb.RequestRoleRequest(
            command_id=str(nature.new_id()),
            employer_id=str(EMPLOYER),
            role=role,
            attestation=ATTESTATION,
            official=official_for(role),
        )
        return self.ask("RequestRole", request, who, **more)


@pytest.fixture
def office(house: House) -> Iterator[Office]:
    app = house.access.app
    waiter = Waiter(app, Wakeup())
    with opened(house) as beside:
        offered = apis(app, waiter, beside.parts, AuthorityFollower(app))
        server, port = serve(offered, Verifier("access", {"identity": KEY.public_key()}), address="127.0.0.1:0")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Office(house, AccessServiceStub(channel))  # type: ignore[no-untyped-call]
        server.stop(0).wait()


def refusal(call: Any) -> tuple[grpc.StatusCode, list[str]]:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), [detail.code for detail in details_of(caught.value)]


def test_a_person_asks_and_the_receipt_leads_to_the_list(office: Office) -> None:
    who = nature.new_id()
    receipt = office.ask_for_role(who).receipt
    office.house.settle()
    mine = office.ask("ListMyEmployers", pb.ListMyEmployersRequest(at_least=[receipt]), who).associations
    assert [(one.status, one.role, list(one.functions)) for one in mine] == [("PENDING", "STAFF_END_USER", [])]
    assert mine[0].tracking_id.startswith("R")  # IA-PROF-07


def test_without_a_token_nothing_is_answered(office: Office) -> None:
    call = lambda: office.stub.RequestRole(pb.RequestRoleRequest(), timeout=5)  # noqa: E731
    assert refusal(call) == (grpc.StatusCode.UNAUTHENTICATED, ["TOKEN_REFUSED"])


def test_a_call_without_a_deadline_is_refused(office: Office) -> None:
    status, codes = refusal(lambda: office.ask_for_role(nature.new_id(), timeout=None))
    assert (status, codes) == (grpc.StatusCode.INVALID_ARGUMENT, ["DEADLINE_REQUIRED"])


def test_nobody_approves_their_own_request_nor_without_the_right(office: Office) -> None:
    """And who may not decide does not learn that there is a request (A-09)."""
    who, stranger = nature.new_id(), nature.new_id()
    receipt = office.ask_for_role(who).receipt
    before = office.house.access.end()

    def approve(by: UUID, **more: Any) -> Any:
        request = pb.ApproveRoleRequestRequest(command_id=str(nature.new_id()), role_request_id=receipt.id)
        return office.ask("ApproveRoleRequest", request, by, **more)

    assert refusal(lambda: approve(who, roles=("EUS",))) == (grpc.StatusCode.FAILED_PRECONDITION, ["OWN_REQUEST"])
    assert refusal(lambda: approve(stranger)) == (grpc.StatusCode.NOT_FOUND, ["NOT_FOUND"])
    assert office.house.access.end() == before


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("command_id", {"command_id": "x"}),
        ("employer_id", {"employer_id": "é" * 4000}),
        ("role", {"role": "KING"}),
        ("attestation", {"role": "AUTHORIZED_OFFICIAL", "official": None}),  # IA-EMP-08
        ("attestation", {"role": "AUTHORIZED_OFFICIAL", "official": None, "attestation": "é" * 201}),
        ("attestation", {"role": "AUTHORIZED_OFFICIAL", "official": None, "attestation": f"{ATTESTATION}0"}),
    ],
)
def test_bad_input_names_the_field_and_leaves_the_log_as_it_was(
    office: Office, field: str, wrong: dict[str, Any]
) -> None:
    right: dict[str, Any] = {"command_id": str(nature.new_id()), "employer_id": str(EMPLOYER), "official": NAMED}
    right |= {"role": "STAFF_END_USER"}
    with pytest.raises(grpc.RpcError) as caught:
        office.ask("RequestRole", pb.RequestRoleRequest(**(right | wrong)), nature.new_id())
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert [detail.field for detail in details_of(caught.value)] == [field]
    assert office.house.access.end() == 0


@pytest.mark.parametrize(
    ("rpc", "field", "wrong"),
    [
        ("CheckAuthority", "function", {"function": "pecos"}),
        ("ExplainAuthority", "function", {"function": ""}),
        ("ListAuthorities", "function", {"function": "HITECH"}),
        ("ListStaff", "status", {"status": "GONE"}),
        ("ListRoleRequests", "role", {"role": "KING"}),
    ],
)
def test_a_bad_question_names_the_field_and_is_not_answered_with_nothing(
    office: Office, rpc: str, field: str, wrong: dict[str, str]
) -> None:
    """Who mistypes a function or a status is told so, not that there is no right and nobody there."""
    who = nature.new_id()
    request_class = getattr(pb, f"{rpc}Request")
    ids = {"account_id": str(who), "provider_id": str(EMPLOYER)}
    ids |= {"employer_id": str(EMPLOYER)} if rpc == "ListStaff" else {}
    about = {name: text for name, text in ids.items() if name in request_class.DESCRIPTOR.fields_by_name}
    request = request_class(**about, **wrong)
    with pytest.raises(grpc.RpcError) as caught:
        office.ask(rpc, request, who, roles=("EUS",))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert [detail.field for detail in details_of(caught.value)] == [field]


def test_a_repeated_command_gets_its_first_answer_and_another_persons_is_refused(office: Office) -> None:
    who = nature.new_id()
    request = pb.RequestRoleRequest(
        command_id=str(nature.new_id()), employer_id=str(EMPLOYER), role="STAFF_END_USER", official=NAMED
    )
    first, again = (office.ask("RequestRole", request, who) for _ in range(2))
    assert first == again
    status, codes = refusal(lambda: office.ask("RequestRole", request, nature.new_id()))
    assert (status, codes) == (grpc.StatusCode.PERMISSION_DENIED, ["COMMAND_ID"])


def test_a_list_that_cannot_reach_the_receipt_says_so(office: Office) -> None:
    beyond = Receipt(origin="access", edition=1, position=10_000)
    request = pb.ListMyEmployersRequest(at_least=[beyond])
    status, codes = refusal(lambda: office.ask("ListMyEmployers", request, nature.new_id()))
    assert (status, codes) == (grpc.StatusCode.UNAVAILABLE, ["VIEW_BEHIND"])


def test_people_see_only_what_they_may(office: Office) -> None:
    who = nature.new_id()
    receipt = office.ask_for_role(who).receipt
    office.house.settle()
    see = pb.GetRoleRequestRequest(role_request_id=receipt.id)
    assert office.ask("GetRoleRequest", see, who).role_request.status == "PENDING"
    assert refusal(lambda: office.ask("GetRoleRequest", see, nature.new_id()))[0] == grpc.StatusCode.NOT_FOUND
    queue = pb.ListRoleRequestsRequest()
    assert refusal(lambda: office.ask("ListRoleRequests", queue, who))[0] == grpc.StatusCode.PERMISSION_DENIED
    seen = office.ask("ListRoleRequests", queue, nature.new_id(), roles=("EUS",)).role_requests
    assert [one.role_request_id for one in seen] == [receipt.id]


def test_an_rpc_without_a_rule_fails_at_start() -> None:
    descriptor = pb.DESCRIPTOR.services_by_name["AccessService"]
    with pytest.raises(ValueError, match="RequestRole"):
        Api(descriptor, object(), {"ApproveRoleRequest": Rule.USER})


def test_a_probe_asks_without_a_token_whether_the_service_is_ready() -> None:
    """As Kubernetes asks: grpc.health.v1, of the server as a whole."""
    states = [True, False]
    server, port = serve([], Verifier("access", {}), address="127.0.0.1:0", ready=lambda: states.pop(0))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)  # type: ignore[no-untyped-call]
        answers = [stub.Check(health_pb2.HealthCheckRequest(), timeout=10).status for _ in range(2)]
    server.stop(0).wait()
    assert answers == [health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING]


def test_calls_are_shared_out_among_the_copies_of_a_service() -> None:
    """A name stands for all copies; without this a client would stay with the first, however many there are."""
    asked = [0, 0]

    def count(copy: int) -> bool:
        asked[copy] += 1
        return True

    copies = [
        serve([], Verifier("access", {}), address="127.0.0.1:0", ready=lambda copy=copy: count(copy))  # type: ignore[misc]
        for copy in (0, 1)
    ]
    address = "ipv4:" + ",".join(f"127.0.0.1:{port}" for _, port in copies)
    stub = health_pb2_grpc.HealthStub(channel(address, audience="access", signer=IDENTITY))  # type: ignore[no-untyped-call]
    for _ in range(100):
        stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
        if all(asked):  # both connections are open
            break
    before = list(asked)
    for _ in range(10):
        stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
    for server, _ in copies:
        server.stop(0).wait()
    assert [now - then for now, then in zip(asked, before, strict=True)] == [5, 5]


def test_calls_are_counted_by_their_status_and_refusals_by_their_reason(office: Office) -> None:
    """By names out of the contract alone: what was typed, and who typed it, is no label (S-18)."""
    rpc = "AccessService/RequestRole"
    well = counted("mandate_rpc_requests_total", rpc=rpc, code="OK")
    refused = counted("mandate_rpc_requests_total", rpc=rpc, code="INVALID_ARGUMENT")
    because = counted("mandate_rpc_refusals_total", rpc=rpc, reason="FIELD_MALFORMED")
    timed = counted("mandate_rpc_duration_seconds_count", rpc=rpc)
    office.ask_for_role(nature.new_id())
    wrong = pb.RequestRoleRequest(command_id="x", employer_id=str(EMPLOYER), role="STAFF_END_USER")
    refusal(lambda: office.ask("RequestRole", wrong, nature.new_id()))
    assert (well(), refused(), because(), timed()) == (1, 1, 1, 2)
