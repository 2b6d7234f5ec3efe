"""What can happen between a person and an employer (4.3); `Association` has each as its own, under the same name."""

from __future__ import annotations

from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated


class Requested(AggregateCreated):
    """The person waits for a first role at the employer from now on."""

    TOPIC = "access.Association.Requested"
    account_id: UUID
    employer_id: UUID
    role: str
    role_request_id: UUID


class Invited(AggregateCreated):
    """The employer has something for the person from now on: an invitation, which is being accepted."""

    TOPIC = "access.Association.Invited"
    account_id: UUID
    employer_id: UUID


class Added(AggregateCreated):
    """The employer has something for the person from now on: a role that a manager gives (IA-MOD-01)."""

    TOPIC = "access.Association.Added"
    account_id: UUID
    employer_id: UUID


class RequestedAgain(Aggregate.Event):
    """The person waits for a role again, or for another one than the role held."""

    TOPIC = "access.Association.RequestedAgain"
    held_role: str
    role: str
    role_request_id: UUID


class Approved(Aggregate.Event):
    """The person has the role from now on."""

    TOPIC = "access.Association.Approved"
    role: str
    approved_by: UUID


class Joined(Aggregate.Event):
    """The person has the role from now on, by an invitation; a request for no more than that is closed by it."""

    TOPIC = "access.Association.Joined"
    role: str
    functions: list[str]
    invitation_id: UUID
    closes_request: bool


class RoleChanged(Aggregate.Event):
    """The person has the role from now on, by a manager's decision; a request for no more than that is closed.

    What was before is empty where no role was held.
    """

    TOPIC = "access.Association.RoleChanged"
    role_before: str
    functions_before: list[str]
    role: str
    functions: list[str]
    changed_by: UUID
    closes_request: bool


class Rejected(Aggregate.Event):
    """The request was refused; a role held before stays (D-39)."""

    TOPIC = "access.Association.Rejected"
    held_role: str


class Cancelled(Aggregate.Event):
    """The request was taken back; a role held before stays (D-39)."""

    TOPIC = "access.Association.Cancelled"
    held_role: str


class FunctionGranted(Aggregate.Event):
    """The Staff End User may use the function from now on; `functions` are all that he has, sorted."""

    TOPIC = "access.Association.FunctionGranted"
    function: str
    functions: list[str]


class FunctionWithdrawn(Aggregate.Event):
    """The Staff End User may not use the function from now on; `functions` are all that are left."""

    TOPIC = "access.Association.FunctionWithdrawn"
    function: str
    functions: list[str]


class ContactChosen(Aggregate.Event):
    """Mails about the employer reach the person here from now on (IA-EMP-06, D-28).

    A sealed address, or the one that an invitation went to; with neither, the person's primary one.
    """

    TOPIC = "access.Association.ContactChosen"
    email: str
    invitation_id: UUID | None


class ProvidersWithheld(Aggregate.Event):
    """The Staff End User may act by the employer's connections for all providers but these: all of them, sorted."""

    TOPIC = "access.Association.ProvidersWithheld"
    provider_ids: list[str]


class Ended(Aggregate.Event):
    """The person works for the employer no longer."""

    TOPIC = "access.Association.Ended"
    ended_by: UUID


class EmployerLeftWithoutOfficial(Aggregate.Event):
    """With this person the employer's last Authorized Official has gone (D-08)."""

    TOPIC = "access.Association.EmployerLeftWithoutOfficial"
