"""Asking again after a no, after taking it back, after leaving, and for another role (4.3, D-39)."""

from __future__ import annotations

from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.access.domain.association import Association
from services.access.publishing import association_state
from tests.access_office import Office, refused
from tests.attested import ATTESTATION
from tests.papers import hand_in

AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"
JANE, HELP, CLINIC = uuid4(), uuid4(), uuid4()
ENDINGS = ("REJECTED", "CANCELLED", "DISASSOCIATED")


def ask(office: Office, role: str) -> str:
    attestation = ATTESTATION if role == AO else ""
    answer = office.ask("RequestRole", JANE, employer_id=str(CLINIC), role=role, attestation=attestation)
    return str(answer.receipt.id)


def decide(office: Office, request: str, rpc: str) -> None:
    hand_in(office.room.app, UUID(request))
    office.ask(f"{rpc}RoleRequest", HELP, roles=["EUS"], role_request_id=request)


def end(office: Office, role: str, ending: str) -> str:
    """A first role, or none, that has come to an end."""
    request = ask(office, role)
    if ending == "REJECTED":
        decide(office, request, "Reject")
    elif ending == "CANCELLED":
        office.ask("CancelRoleRequest", JANE, role_request_id=request)
    else:
        decide(office, request, "Approve")
        office.ask("Disassociate", JANE, association_id=str(Association.id_for(JANE, CLINIC)))
    return request


def mine(office: Office) -> Any:
    office.house.settle()
    [found] = office.ask("ListMyEmployers", JANE).associations
    return found


def told(office: Office) -> tuple[str, str]:
    """Role and status as the state topic says them."""
    state = association_state(office.room.app.repository.get(Association.id_for(JANE, CLINIC)))
    return state.role, state.status


@pytest.mark.parametrize(("ending", "first", "second"), product(ENDINGS, (AO, AM, SEU), (AO, AM, SEU)))
def test_whoever_has_no_role_any_more_may_ask_again(office: Office, ending: str, first: str, second: str) -> None:
    """4.3: a new request with a Tracking ID of its own, and the role asked for in lists and state alike."""
    before = end(office, first, ending)
    assert (mine(office).role, mine(office).status) == told(office) == (first, ending)
    request = ask(office, second)
    shown = mine(office)
    assert (shown.role, shown.status, shown.role_request_id) == (second, "PENDING", request)
    assert told(office) == (second, "PENDING")
    asked = office.ask("GetRoleRequest", JANE, role_request_id=request).role_request
    was = office.ask("GetRoleRequest", JANE, role_request_id=before).role_request
    assert asked.current_role == ""
    assert asked.tracking_id == shown.tracking_id != was.tracking_id
    assert refused(lambda: ask(office, second)) == "ALREADY_ASKED"
    decide(office, request, "Approve")
    assert (mine(office).role, mine(office).status, mine(office).tracking_id) == (second, "APPROVED", "")
    assert told(office) == (second, "APPROVED")


@pytest.mark.parametrize("ending", ["Reject", "Cancel"])
def test_who_left_and_is_refused_again_stands_with_what_was_refused(office: Office, ending: str) -> None:
    end(office, AM, "DISASSOCIATED")
    request = ask(office, SEU)
    if ending == "Reject":
        decide(office, request, "Reject")
    else:
        office.ask("CancelRoleRequest", JANE, role_request_id=request)
    assert (mine(office).role, mine(office).status) == told(office)
    assert told(office) == (SEU, "REJECTED" if ending == "Reject" else "CANCELLED")


@pytest.mark.parametrize(("held", "wanted"), [(a, b) for a, b in product((AO, AM, SEU), repeat=2) if a != b])
@pytest.mark.parametrize("ending", ["Approve", "Reject", "Cancel"])
def test_the_old_role_stays_until_another_is_given(office: Office, held: str, wanted: str, ending: str) -> None:
    """D-39, IA-RREQ-03: with all that it gives; and taking the request back leaves it."""
    decide(office, ask(office, held), "Approve")
    request = ask(office, wanted)
    shown = mine(office)
    assert (shown.role, shown.status, shown.role_request_id) == (held, "APPROVED", request)
    assert (shown.role, shown.status) == told(office)
    assert (len(shown.functions) > 0) is (held != SEU)
    assert office.ask("GetRoleRequest", JANE, role_request_id=request).role_request.current_role == held
    if ending == "Cancel":
        office.ask("CancelRoleRequest", JANE, role_request_id=request)
    else:
        decide(office, request, ending)
    after = wanted if ending == "Approve" else held
    shown = mine(office)
    assert (shown.role, shown.status, shown.tracking_id) == (after, "APPROVED", "")
    assert told(office) == (after, "APPROVED")
    ask(office, held if after == wanted else wanted)
