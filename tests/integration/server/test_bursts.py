"""Many at once, over gRPC and on two servers of one log: limits hold, and exactly one wins (A-05, A-19)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from mandate.access.v1 import service_pb2 as access
from mandate.connections.v1 import service_pb2 as connections

from chassis import nature
from chassis.sealing import open_sealed
from chassis.server import details_of
from services.access.commands.inviting import SECRET_CONTEXT
from services.access.domain.association import Association
from services.access.domain.invitation import Invitation
from services.access.domain.role_request import RoleRequest
from services.connections.domain.connection import Connection
from tests.integration.server.town import GROUP, OFFICIAL, PRACTICE, Town
from tests.scenario import NAMED

pytestmark = pytest.mark.timeout(1200)
SERVERS = ("access", "second access")
QUIET = {"MANDATE_HASH_MEMORY_KIB": "64", "MANDATE_HASH_PASSES": "1"}
"""The race is for the count, and is the closer the sooner a hash is done."""
INVITED = "cleo@burst.example"
WRONG = "ABCDEFGH"
BUSY = "BUSY"


@pytest.fixture(autouse=True)
def _hashing_is_quick(keys: object) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in QUIET.items():
            patched.setenv(name, value)
        yield


def outcome(call: Callable[[], Any]) -> str:
    """The code of a refusal; empty where it was done."""
    try:
        call()
    except grpc.RpcError as error:
        return ",".join(one.code for one in details_of(error)) or error.code().name
    return ""


def at_once(calls: Sequence[Callable[[], Any]]) -> Counter[str]:
    """How all of them ended, begun at the same moment."""
    start = Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> str:
        start.wait()
        return outcome(call)

    with ThreadPoolExecutor(len(calls)) as pool:
        return Counter(pool.map(begin, calls))


def invited(town: Town) -> tuple[str, str]:
    """An invitation and its PIN, as the notifier opens it."""
    offer = access.Offer(employer_id=str(GROUP), role="STAFF_END_USER", functions=["PECOS"])
    about = {"first_name": "Cleo", "last_name": "Vargas", "email": INVITED, "confirm_email": INVITED}
    request = access.InviteStaffRequest(command_id=str(nature.new_id()), offers=[offer], **about)
    id_ = town.ask("access", "InviteStaff", request).receipt.id
    [issued] = [one for one in town.house.access.events(Invitation.PinIssued) if str(one.originator_id) == id_]
    return id_, open_sealed(town.keys.sealing_private("notifier"), issued.secret, f"{SECRET_CONTEXT}{id_}")


def entering(town: Town, number: int, typed: str, who: UUID | None = None) -> Callable[[], Any]:
    """One entry of a PIN, by a visitor or a person, at one of the two servers."""
    request = access.EnterPinRequest(command_id=str(nature.new_id()), email=INVITED, pin=typed)
    return lambda: town.ask("access", "EnterPin", request, who, at=SERVERS[number % 2])


def test_of_two_hundred_entries_at_once_five_are_compared(town: Town) -> None:
    """A-05, S-06, D-27: with the right one last, which is refused."""
    id_, right = invited(town)
    told = at_once([entering(town, number, WRONG) for number in range(200)])
    assert set(told) <= {"PIN_REFUSED", BUSY}, told
    for number in range(10):  # what was not compared was no try: go on until five are
        outcome(entering(town, number, WRONG))
    assert len(town.house.access.events(Invitation.PinRejected)) == 5
    assert [str(one.originator_id) for one in town.house.access.events(Invitation.PinBlocked)] == [id_]
    assert outcome(entering(town, 0, right)) == "PIN_REFUSED"
    assert town.house.access.events(Invitation.PinRedeemed) == []


@pytest.mark.parametrize("are_persons", [False, True])
def test_a_pin_that_is_entered_often_at_once_is_redeemed_once(town: Town, are_persons: bool) -> None:
    """A-19: by visitors, who get a proof, or by people, who accept."""
    _, right = invited(town)
    told = at_once([entering(town, number, right, uuid4() if are_persons else None) for number in range(40)])
    assert told[""] == 1, told
    assert set(told) <= {"", "PIN_REFUSED", BUSY}, told
    assert len(town.house.access.events(Invitation.PinRedeemed)) == 1
    assert len(town.house.access.events(Invitation.Accepted)) == int(are_persons)


def test_a_proof_that_many_bring_at_once_is_one_person_s(town: Town) -> None:
    """A-19."""
    _, right = invited(town)
    request = access.EnterPinRequest(command_id=str(nature.new_id()), email=INVITED, pin=right)
    proof = town.ask("access", "EnterPin", request, None).proof

    def accepting(number: int) -> Callable[[], Any]:
        accept = access.AcceptInvitationRequest(command_id=str(nature.new_id()), proof=proof)
        return lambda: town.ask("access", "AcceptInvitation", accept, uuid4(), at=SERVERS[number % 2])

    told = at_once([accepting(number) for number in range(40)])
    assert told[""] == 1, told
    assert len(town.house.access.events(Invitation.Accepted)) == 1


def test_of_a_hundred_requests_for_a_role_one_is_made(town: Town) -> None:
    """A-19: by one person, each a command of its own."""
    who = uuid4()

    def asking(number: int) -> Callable[[], Any]:
        about = {"command_id": str(nature.new_id()), "employer_id": str(GROUP), "role": "STAFF_END_USER"}
        request = access.RequestRoleRequest(official=NAMED, **about)
        return lambda: town.ask("access", "RequestRole", request, who, at=SERVERS[number % 2])

    assert at_once([asking(number) for number in range(100)]) == {"": 1, "ALREADY_ASKED": 99}
    assert [one.account_id for one in town.house.access.events(RoleRequest.Requested)].count(who) == 1
    assert [one.account_id for one in town.house.access.events(Association.Requested)].count(who) == 1


def test_of_a_hundred_requests_for_a_connection_one_is_made(town: Town) -> None:
    """A-19: by one official, each a command of its own."""

    def asking() -> Callable[[], Any]:
        about = {"provider_id": str(PRACTICE), "surrogate_id": str(GROUP), "function": "PECOS", "side": "SURROGATE"}
        request = connections.RequestConnectionRequest(command_id=str(nature.new_id()), **about)
        return lambda: town.ask("connections", "RequestConnection", request, OFFICIAL)

    assert at_once([asking() for _ in range(100)]) == {"": 1, "ALREADY_ASKED": 99}
    assert len(town.house.connections.events(Connection.Requested)) == 1
