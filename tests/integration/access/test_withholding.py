"""Functions of a Staff End User at providers reached through a connection, with those withheld (D-40, X-20)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from mandate.access.v1 import service_pb2 as pb
from mandate.access.v1.state_pb2 import AssociationState
from mandate.connections.v1.state_pb2 import ConnectionState
from mandate.identity.v1.state_pb2 import AccountState

from chassis import nature
from services.access.commands import role_requests, staff
from services.access.domain.association import Association
from services.access.publishing import association_state
from tests.access_office import Office, refused
from tests.attested import ATTESTATION
from tests.papers import hand_in

GROUP = nature.new_id()
DOCTOR, OTHER_DOCTOR = nature.new_id(), nature.new_id()
OFFICIAL, MANAGER, STAFF, STRANGER, HELP = (nature.new_id() for _ in range(5))
AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"


def with_role(office: Office, who: UUID, role: str) -> UUID:
    asked = office.room.execute(role_requests.request_role, who, employer_id=GROUP, role=role, attestation=ATTESTATION)
    hand_in(office.room.app, asked.id)
    office.room.execute(role_requests.approve, HELP, roles=["EUS"], role_request_id=asked.id)
    return Association.id_for(who, GROUP)


@pytest.fixture
def surrogate(office: Office) -> Office:
    """A group with staff who has PECOS; two doctors let the group act in PECOS."""
    for who, role in ((OFFICIAL, AO), (MANAGER, AM), (STAFF, SEU)):
        with_role(office, who, role)
        office.house.tell(AccountState(account_id=str(who), active=True), key=who)
    office.room.execute(
        staff.grant_function, MANAGER, association_id=Association.id_for(STAFF, GROUP), function="PECOS"
    )
    for doctor in (DOCTOR, OTHER_DOCTOR):
        id_ = nature.new_id()
        connected = ConnectionState(
            connection_id=str(id_), tracking_id="C7F3K2QX9V", provider_id=str(doctor), surrogate_id=str(GROUP),
            function="PECOS", status="APPROVED", initiator="SURROGATE", changed_by=str(doctor),
        )  # fmt: skip
        office.house.tell(connected, key=id_)
    caught_up(office)
    return office


def caught_up(office: Office) -> None:
    """Views, and the index in memory."""
    office.house.settle()
    while office.servicer._authority.step():
        pass


def withhold(office: Office, by: UUID, *providers: UUID) -> None:
    office.ask(
        "WithholdProviders",
        by,
        association_id=str(Association.id_for(STAFF, GROUP)),
        provider_ids=[str(one) for one in providers],
    )
    caught_up(office)


def may(office: Office, who: UUID, *providers: UUID, function: str = "PECOS") -> list[bool]:
    questions = [
        pb.AuthorityQuestion(account_id=str(who), provider_id=str(one), function=function) for one in providers
    ]
    return list(office.ask("BatchCheckAuthority", HELP, roles=["EUS"], questions=questions).allowed)


def test_one_set_of_functions_holds_for_every_connected_provider(surrogate: Office) -> None:
    """D-40: none is withheld unless somebody says so."""
    assert may(surrogate, STAFF, DOCTOR, OTHER_DOCTOR, GROUP) == [True, True, True]
    assert may(surrogate, STAFF, DOCTOR, function="NPPES") == [False]


@pytest.mark.parametrize("by", [OFFICIAL, MANAGER])
def test_a_provider_is_withheld_from_one_person_and_given_back(surrogate: Office, by: UUID) -> None:
    """D-40: of officials and managers nothing is withheld; the answer says what is missing, the state who is meant."""
    withhold(surrogate, by, DOCTOR)
    assert may(surrogate, STAFF, DOCTOR, OTHER_DOCTOR, GROUP) == [False, True, True]
    assert may(surrogate, MANAGER, DOCTOR) == [True]
    why = surrogate.ask("ExplainAuthority", STAFF, account_id=str(STAFF), provider_id=str(DOCTOR), function="PECOS")
    assert [one.what for one in why.missing] == ["NOT_WITHHELD"]
    association = surrogate.room.app.repository.get(Association.id_for(STAFF, GROUP))
    state: AssociationState = association_state(association)
    assert list(state.withheld_provider_ids) == [str(DOCTOR)]
    [listed] = [
        one for one in surrogate.ask("ListStaff", by, employer_id=str(GROUP)).staff if one.account_id == str(STAFF)
    ]
    assert list(listed.withheld_provider_ids) == [str(DOCTOR)]
    withhold(surrogate, by)
    assert may(surrogate, STAFF, DOCTOR) == [True]


def test_the_same_list_again_changes_nothing_and_the_employer_s_own_record_is_not_withheld(surrogate: Office) -> None:
    """D-40 is about other providers."""
    for _ in range(2):
        withhold(surrogate, MANAGER, DOCTOR, DOCTOR, GROUP)
    [event] = surrogate.room.events(Association.ProvidersWithheld)
    assert event.provider_ids == [str(DOCTOR)]
    assert may(surrogate, STAFF, GROUP, DOCTOR) == [True, False]


def test_who_may_not_manage_withholds_nothing_and_nobody_withholds_from_a_manager(surrogate: Office) -> None:
    """X-12."""
    for who in (STAFF, STRANGER):
        assert refused(lambda who=who: withhold(surrogate, who, DOCTOR)) == "MAY_NOT_MANAGE"  # type: ignore[misc]
    of_manager: dict[str, Any] = {
        "association_id": str(Association.id_for(MANAGER, GROUP)),
        "provider_ids": [str(DOCTOR)],
    }
    assert refused(lambda: surrogate.ask("WithholdProviders", OFFICIAL, **of_manager)) == "NOT_STAFF"
    many = [nature.new_id() for _ in range(201)]
    assert refused(lambda: withhold(surrogate, MANAGER, *many)) == "TOO_MANY_WITHHELD"


def test_with_the_role_the_list_ends(surrogate: Office) -> None:
    """Who comes back begins with none withheld."""
    withhold(surrogate, MANAGER, DOCTOR)
    surrogate.room.execute(staff.disassociate, MANAGER, association_id=Association.id_for(STAFF, GROUP))
    with_role(surrogate, STAFF, SEU)
    surrogate.room.execute(
        staff.grant_function, MANAGER, association_id=Association.id_for(STAFF, GROUP), function="PECOS"
    )
    caught_up(surrogate)
    assert may(surrogate, STAFF, DOCTOR) == [True]


def test_many_questions_are_answered_in_their_order_or_not_at_all(surrogate: Office) -> None:
    """4.5: about others only who may ask; at most 200."""
    own = [pb.AuthorityQuestion(account_id=str(STAFF), provider_id=str(DOCTOR), function="PECOS")]
    foreign = [pb.AuthorityQuestion(account_id=str(MANAGER), provider_id=str(DOCTOR), function="PECOS")]
    assert list(surrogate.ask("BatchCheckAuthority", STAFF, questions=own).allowed) == [True]
    assert refused(lambda: surrogate.ask("BatchCheckAuthority", STAFF, questions=own + foreign)) == "NOT_ALLOWED"
    assert (
        refused(lambda: surrogate.ask("BatchCheckAuthority", HELP, roles=["EUS"], questions=own * 201))
        == "FIELD_TOO_LONG"
    )
    assert list(surrogate.ask("BatchCheckAuthority", STAFF).allowed) == []
