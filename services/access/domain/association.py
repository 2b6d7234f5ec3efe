"""One person at one employer: the role held there and the functions that come with it (4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chassis.domain import Aggregate, DomainError, event, id_of
from chassis.vocabulary.roles import ACCESS_MANAGER, AUTHORIZED_OFFICIAL, STAFF_END_USER
from services.access.domain import association_events

REACH = ("", STAFF_END_USER, ACCESS_MANAGER, AUTHORIZED_OFFICIAL)
"""Roles by what they reach: an invitation never takes away what is held (D-39)."""


class AlreadyAskedError(DomainError):
    """You have a request at this employer that waits for a decision."""


class SameRoleError(DomainError):
    """You have this role at this employer already."""


class NotAssociatedError(DomainError):
    """This person has no approved role at this employer."""


class NotStaffError(DomainError):
    """Functions are granted to Staff End Users; officials and managers have all of them (IA-EMP-10)."""


class Association(Aggregate):
    """At most one open request and one approved role of a person at an employer."""

    TOPIC = "access.Association"

    Requested = association_events.Requested
    Invited = association_events.Invited
    Added = association_events.Added
    RequestedAgain = association_events.RequestedAgain
    Approved = association_events.Approved
    Joined = association_events.Joined
    RoleChanged = association_events.RoleChanged
    Rejected = association_events.Rejected
    Cancelled = association_events.Cancelled
    FunctionGranted = association_events.FunctionGranted
    FunctionWithdrawn = association_events.FunctionWithdrawn
    ContactChosen = association_events.ContactChosen
    Ended = association_events.Ended
    EmployerLeftWithoutOfficial = association_events.EmployerLeftWithoutOfficial
    ProvidersWithheld = association_events.ProvidersWithheld

    @event(association_events.Requested)
    def __init__(
        self, id: UUID, account_id: UUID, employer_id: UUID, role: str = "", role_request_id: UUID | None = None
    ) -> None:
        """Of `Requested`; `Invited` and `Added`, which ask for nothing, begin here too."""
        self.account_id = account_id
        self.employer_id = employer_id
        self.role = ""
        self.last_role = ""
        self.was_last_official = False
        self.functions: list[str] = []
        self.status = "PENDING" if role_request_id else "INVITED"
        self.asked_role = role
        self.open_request_id = role_request_id
        self.role_request_id: UUID | None = None
        self.invitation_id: UUID | None = None
        self.withheld_provider_ids: list[str] = []
        self.contact_email = ""
        self.contact_invitation_id: UUID | None = None

    @staticmethod
    def id_for(account_id: UUID, employer_id: UUID) -> UUID:
        """The one stream of a person at an employer."""
        return id_of("access.Association", account_id, employer_id)

    @classmethod
    def joined_by_invitation(
        cls, *, account_id: UUID, employer_id: UUID, role: str, functions: Sequence[str], invitation_id: UUID
    ) -> Association:
        """A person's first role at an employer, without any request."""
        id_ = cls.id_for(account_id, employer_id)
        new: Association = cls._create(cls.Invited, id=id_, account_id=account_id, employer_id=employer_id)
        new.join(role=role, functions=functions, invitation_id=invitation_id)
        return new

    @classmethod
    def added_by_manager(cls, *, account_id: UUID, employer_id: UUID) -> Association:
        """A person who is to have a first role at an employer, given by a manager."""
        id_ = cls.id_for(account_id, employer_id)
        new: Association = cls._create(cls.Added, id=id_, account_id=account_id, employer_id=employer_id)
        return new

    @property
    def is_approved(self) -> bool:
        """Whether a role is held now; a change of role that waits does not take it away."""
        return self.status == "APPROVED"

    def request(self, *, role: str, role_request_id: UUID) -> None:
        """Ask for a role after an earlier one ended or was refused, or for another role (D-39)."""
        if self.open_request_id is not None:
            raise AlreadyAskedError
        if self.is_approved and role == self.role:
            raise SameRoleError
        self._requested_again(held_role=self.role, role=role, role_request_id=role_request_id)

    def approve(self, *, role_request_id: UUID, approved_by: UUID) -> None:
        """Take up the role asked for. Twice is the same as once."""
        if self.open_request_id == role_request_id:
            self._approved(role=self.asked_role, approved_by=approved_by)

    def open_own_record(self, *, confirmed_by: UUID) -> None:
        """Make a provider Authorized Official of his own record, whatever was asked for (D-10). Twice is once."""
        if self.role != AUTHORIZED_OFFICIAL:
            self._approved(role=AUTHORIZED_OFFICIAL, approved_by=confirmed_by)

    def join(self, *, role: str, functions: Sequence[str], invitation_id: UUID) -> None:
        """Take up what an invitation offers, and lose nothing by it. Twice is the same as once."""
        if REACH.index(role) < REACH.index(self.role) or (role == self.role != STAFF_END_USER):
            return
        held = self.functions if role == self.role else []
        both = sorted({*held, *functions}) if role == STAFF_END_USER else []
        if role != self.role or both != held:
            closes = self.open_request_id is not None and REACH.index(self.asked_role) <= REACH.index(role)
            self._joined(role=role, functions=both, invitation_id=invitation_id, closes_request=closes)

    def change(self, *, role: str, functions: Sequence[str], changed_by: UUID) -> None:
        """Have exactly this, by a manager's decision (IA-MOD-01, IA-MOD-02). Twice is the same as once."""
        wanted = sorted({*functions}) if role == STAFF_END_USER else []
        if role != self.role:
            closes = self.open_request_id is not None and REACH.index(self.asked_role) <= REACH.index(role)
            self._role_changed(
                role_before=self.role,
                functions_before=self.functions,
                role=role,
                functions=wanted,
                changed_by=changed_by,
                closes_request=closes,
            )
        elif role == STAFF_END_USER:
            for function in sorted({*wanted, *self.functions}):
                (self.grant if function in wanted else self.withdraw)(function=function)

    def reject(self, *, role_request_id: UUID) -> None:
        """Close the open request without a role. Twice is the same as once."""
        if self.open_request_id == role_request_id:
            self._rejected(held_role=self.role)

    def cancel(self, *, role_request_id: UUID) -> None:
        """Close the open request at the person's own wish. Twice is the same as once."""
        if self.open_request_id == role_request_id:
            self._cancelled(held_role=self.role)

    def grant(self, *, function: str) -> None:
        """Let a Staff End User use a function. Twice is the same as once."""
        self._must_be_staff()
        if function not in self.functions:
            self._function_granted(function=function, functions=sorted([*self.functions, function]))

    def withdraw(self, *, function: str) -> None:
        """Take a function away from a Staff End User. Twice is the same as once."""
        self._must_be_staff()
        if function in self.functions:
            left = [one for one in self.functions if one != function]
            self._function_withdrawn(function=function, functions=left)

    def withhold(self, provider_ids: Sequence[UUID]) -> None:
        """Let a Staff End User act by connections for all but these (D-40). The same again changes nothing."""
        self._must_be_staff()
        listed = sorted({str(one) for one in provider_ids} - {str(self.employer_id)})
        if listed != self.withheld_provider_ids:
            self._providers_withheld(provider_ids=listed)

    def choose_contact(self, *, email: str = "", invitation_id: UUID | None = None) -> None:
        """Be reached at a sealed address, at an invitation's, or at the primary one. Twice is the same as once."""
        if (email, invitation_id) != (self.contact_email, self.contact_invitation_id):
            self._contact_chosen(email=email, invitation_id=invitation_id)

    def end(self, *, ended_by: UUID) -> None:
        """Let the person go. Twice is the same as once."""
        if self.is_approved:
            self._ended(ended_by=ended_by)

    def leave_without_official(self) -> None:
        """Note that nobody is Authorized Official of the employer since this person is not. Twice is once (D-08)."""
        if self.role != AUTHORIZED_OFFICIAL and not self.was_last_official:
            self._employer_left_without_official()

    def _must_be_staff(self) -> None:
        if not self.is_approved:
            raise NotAssociatedError
        if self.role != STAFF_END_USER:
            raise NotStaffError

    @event(association_events.RequestedAgain)
    def _requested_again(self, held_role: str, role: str, role_request_id: UUID) -> None:
        self.asked_role = role
        self.open_request_id = role_request_id
        if not self.is_approved:
            self.status = "PENDING"

    @event(association_events.Approved)
    def _approved(self, role: str, approved_by: UUID) -> None:
        self.status = "APPROVED"
        self.role = role
        self.was_last_official = False
        self.functions, self.withheld_provider_ids = [], []
        self.role_request_id, self.invitation_id = self.open_request_id, None
        self.open_request_id = None

    @event(association_events.Joined)
    def _joined(self, role: str, functions: list[str], invitation_id: UUID, closes_request: bool) -> None:  # noqa: FBT001 - an event's field
        self.status = "APPROVED"
        if role != self.role:
            self.withheld_provider_ids = []
        self.role = role
        self.functions = functions
        self.role_request_id, self.invitation_id = None, invitation_id
        if closes_request:
            self.open_request_id = None

    @event(association_events.RoleChanged)
    def _role_changed(
        self,
        role_before: str,
        functions_before: list[str],
        role: str,
        functions: list[str],
        changed_by: UUID,
        closes_request: bool,  # noqa: FBT001
    ) -> None:
        if not role_before:
            self.status = "APPROVED"
            self.role_request_id, self.invitation_id = None, None
        self.role = role
        self.functions, self.withheld_provider_ids = functions, []
        if closes_request:
            self.open_request_id = None

    @event(association_events.Rejected)
    def _rejected(self, held_role: str) -> None:
        self.open_request_id = None
        if not held_role:
            self.status = "REJECTED"

    @event(association_events.Cancelled)
    def _cancelled(self, held_role: str) -> None:
        self.open_request_id = None
        if not held_role:
            self.status = "CANCELLED"

    @event(association_events.FunctionGranted)
    def _function_granted(self, function: str, functions: list[str]) -> None:
        self.functions = functions

    @event(association_events.FunctionWithdrawn)
    def _function_withdrawn(self, function: str, functions: list[str]) -> None:
        self.functions = functions

    @event(association_events.ProvidersWithheld)
    def _providers_withheld(self, provider_ids: list[str]) -> None:
        self.withheld_provider_ids = provider_ids

    @event(association_events.ContactChosen)
    def _contact_chosen(self, email: str, invitation_id: UUID | None) -> None:
        self.contact_email, self.contact_invitation_id = email, invitation_id

    @event(association_events.EmployerLeftWithoutOfficial)
    def _employer_left_without_official(self) -> None:
        self.was_last_official = True

    @event(association_events.Ended)
    def _ended(self, ended_by: UUID) -> None:
        self.status = "DISASSOCIATED"
        self.open_request_id = None
        self.last_role = self.role
        self.role = ""
        self.functions, self.withheld_provider_ids = [], []
