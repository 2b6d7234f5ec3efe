"""The approval matrix of 4.2, generated: requested role, decider, kind of employer, own or other employer, state."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from uuid import UUID, uuid4

import pytest
from mandate.identity.v1.state_pb2 import AccountState

from chassis.cause import Receipt
from chassis.domain import DomainError
from services.access.commands import role_requests
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest
from tests.attested import ATTESTATION
from tests.house import House
from tests.papers import hand_in

AO, AM, SEU, NOBODY, EUS, SELF = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER", "", "EUS", "REQUESTER"
HELP = uuid4()
ORGANIZATION, INDIVIDUAL = "organization", "individual provider"
OWN, OTHER = "own employer", "other employer"
STATES = {"PENDING": None, "APPROVED": role_requests.approve, "REJECTED": role_requests.reject, "CANCELLED": None}
"""State -> the command by which External User Services bring a request there; who asked takes it back."""
DECISIONS: dict[str, Callable[..., Receipt]] = {"APPROVED": role_requests.approve, "REJECTED": role_requests.reject}

MATRIX = {
    (AO, EUS): {ORGANIZATION, INDIVIDUAL},
    (AM, AO): {ORGANIZATION, INDIVIDUAL},
    (AM, EUS): {ORGANIZATION, INDIVIDUAL},
    (SEU, AO): {ORGANIZATION, INDIVIDUAL},
    (SEU, AM): {ORGANIZATION, INDIVIDUAL},
    (SEU, EUS): {ORGANIZATION, INDIVIDUAL},
}
"""4.2 as it stands: (requested role, decider) -> kinds of employers where that decides. An Individual Provider is
Authorized Official of his own record; for Authorized Official there External User Services alone decides (D-10)."""


class Ground:
    """People and employers, new for each cell."""

    def __init__(self, house: House) -> None:
        self.house, self.access = house, house.access

    def ask(self, who: UUID, role: str, employer: UUID) -> UUID:
        attestation = ATTESTATION if role == AO else ""
        return self.access.execute(
            role_requests.request_role, who, employer_id=employer, role=role, attestation=attestation
        ).id

    def by_help(self, command: Callable[..., Receipt], request: UUID) -> None:
        hand_in(self.access.app, request)
        self.access.execute(command, HELP, roles=(EUS,), role_request_id=request)

    def decider(self, kind: str, who: str, employer: UUID) -> UUID:
        """Somebody with this role there; the official of an individual provider is the provider."""
        if who == EUS:
            return HELP
        account = uuid4()
        if who == AO and kind == INDIVIDUAL:
            state = AccountState(account_id=str(account), active=True, provider_ids=[str(employer)])
            self.house.tell(state, key=account)
        elif who in (AO, AM, SEU):
            self.by_help(role_requests.approve, self.ask(account, who, employer))
        return account

    def request(self, who: UUID, role: str, employer: UUID, state: str) -> UUID:
        """A request that has come to a state."""
        id_ = self.ask(who, role, employer)
        hand_in(self.access.app, id_)
        command = STATES[state]
        if command:
            self.access.execute(command, HELP, roles=(EUS,), role_request_id=id_)
        elif state == "CANCELLED":
            self.access.execute(role_requests.cancel, who, role_request_id=id_)
        return id_

    def outcome(self, decision: str, by: UUID, roles: tuple[str, ...], request: UUID) -> tuple[str, str]:
        """The code of the answer, empty for yes, and the state of the request afterwards."""
        before, code = self.access.end(), ""
        try:
            self.access.execute(DECISIONS[decision], by, roles=roles, role_request_id=request)
        except DomainError as error:
            code = error.code
            assert self.access.end() == before, "a refusal writes nothing"
        found: RoleRequest = self.access.app.repository.get(request)
        association: Association = self.access.app.repository.get(
            Association.id_for(found.account_id, found.employer_id)
        )
        assert association.status == found.status
        return code, found.status


def expected(role: str, by: str, kind: str, where: str, state: str, decision: str) -> tuple[str, str]:
    """What 4.2 says of a cell."""
    if by == SELF:
        return "OWN_REQUEST", state
    decides = kind in MATRIX.get((role, by), set()) and (where == OWN or by == EUS)
    if not decides:
        return "MAY_NOT_DECIDE", state
    if state == "PENDING":
        return "", decision
    return ("", state) if state == decision else ("ALREADY_DECIDED", state)


@pytest.mark.parametrize(("role", "by"), product((AO, AM, SEU), (AO, AM, SEU, NOBODY, EUS, SELF)))
def test_every_cell_of_the_approval_matrix(house: House, role: str, by: str) -> None:
    """4.2, X-10, X-12, D-09, D-10, D-11: who may decide, and in every other cell nobody."""
    ground = Ground(house)
    wrong = []
    for kind, where in product((ORGANIZATION, INDIVIDUAL), (OWN, OTHER)):
        employer = uuid4()
        decider = ground.decider(kind, by, employer if where == OWN else uuid4())
        for state, decision in product(STATES, DECISIONS):
            requester = uuid4()
            request = ground.request(requester, role, employer, state)
            who = requester if by == SELF else decider
            found = ground.outcome(decision, who, (EUS,) if by == EUS else (), request)
            if found != expected(role, by, kind, where, state, decision):
                wrong.append((kind, where, state, decision, found))
    assert wrong == []


@pytest.mark.parametrize("role", [AO, AM, SEU])
def test_an_individual_provider_s_agent_decides_nothing_more_than_an_official(house: House, role: str) -> None:
    """D-10: who is made Authorized Official there is one like any other; the provider stays it too."""
    ground, employer = Ground(house), uuid4()
    provider = ground.decider(INDIVIDUAL, AO, employer)
    agent = ground.decider(ORGANIZATION, AO, employer)
    for account in (provider, agent):
        assert role_requests.role_at(house.access.app, account, employer) == AO
    request = ground.request(uuid4(), role, employer, "PENDING")
    assert ground.outcome("APPROVED", agent, (), request) == expected(role, AO, INDIVIDUAL, OWN, "PENDING", "APPROVED")


def test_an_organization_has_any_number_of_each_role(house: House) -> None:
    """X-13."""
    ground, employer = Ground(house), uuid4()
    for role in (AO, AM, SEU):
        people = [ground.decider(ORGANIZATION, role, employer) for _ in range(3)]
        assert [role_requests.role_at(house.access.app, who, employer) for who in people] == [role] * 3
