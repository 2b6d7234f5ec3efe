"""What can happen to an account (4.1); `Account` has each of them as its own, under the same name."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated


class RegistrationStarted(AggregateCreated):
    """Somebody wants an account under this address, and has until `expires_at`."""

    TOPIC = "identity.Account.RegistrationStarted"
    email: str
    email_claim: UUID
    language: str
    expires_at: datetime


class InvitationPresented(Aggregate.Event):
    """The person says that they were invited; `proof` is the hash of what the entry of the PIN gave them (2.8)."""

    TOPIC = "identity.Account.InvitationPresented"
    proof: str


class EmailVerified(Aggregate.Event):
    """The person reads mail at the address."""

    TOPIC = "identity.Account.EmailVerified"


class CredentialsChosen(Aggregate.Event):
    """The user id is the person's; `verifiers` names the rows that passwords and answers are compared with."""

    TOPIC = "identity.Account.CredentialsChosen"
    user_id: str
    user_id_claim: UUID
    verifiers: UUID
    questions: list[str]
    chosen_at: datetime


class PersonalInformationRecorded(Aggregate.Event):
    """The person is who they say; SSN and the fields of IA-FUID-04 by index only."""

    TOPIC = "identity.Account.PersonalInformationRecorded"
    names: str
    details: str
    ssn_index: str
    ssn_claim: UUID
    match_index: str


class PersonIdentified(Aggregate.Event):
    """The account is this person's, whom enrollment knows by the same id (X-11)."""

    TOPIC = "identity.Account.PersonIdentified"
    person_id: UUID


class IdentityProofed(Aggregate.Event):
    """Nothing speaks against the person's data; the registration has until `expires_at`."""

    TOPIC = "identity.Account.IdentityProofed"
    decided_by: UUID | None
    expires_at: datetime


class IdentityProofingFailed(Aggregate.Event):
    """External User Services decide whether the person is who they say."""

    TOPIC = "identity.Account.IdentityProofingFailed"
    reasons: list[str]


class MfaMethodAdded(Aggregate.Event):
    """The method is named and waits for its code."""

    TOPIC = "identity.Account.MfaMethodAdded"
    method_id: UUID
    kind: str
    destination: str
    primary: bool


class MfaMethodVerified(Aggregate.Event):
    """The method is the person's."""

    TOPIC = "identity.Account.MfaMethodVerified"
    method_id: UUID


class MfaMethodRemoved(Aggregate.Event):
    """The method is no more; `primary_id` is the primary one from now on."""

    TOPIC = "identity.Account.MfaMethodRemoved"
    method_id: UUID
    primary_id: UUID | None


class Activated(Aggregate.Event):
    """The person may sign in."""

    TOPIC = "identity.Account.Activated"
    activated_at: datetime


class RolesGiven(Aggregate.Event):
    """The installation gives these roles: all that the person has, sorted."""

    TOPIC = "identity.Account.RolesGiven"
    roles: list[str]


class ProvidersFound(Aggregate.Event):
    """The registry knows these providers as the person: all of them, sorted (IA-DONE-02)."""

    TOPIC = "identity.Account.ProvidersFound"
    provider_ids: list[str]


class Locked(Aggregate.Event):
    """Nobody signs in until it is unlocked; `reason` is password, mfa or hard."""

    TOPIC = "identity.Account.Locked"
    reason: str


class Unlocked(Aggregate.Event):
    """The person may sign in again."""

    TOPIC = "identity.Account.Unlocked"


class Abandoned(Aggregate.Event):
    """The registration was not finished in time."""

    TOPIC = "identity.Account.Abandoned"


class ClosingExplained(Aggregate.Event):
    """Why the account is closed with the next event, in the words of External User Services."""

    TOPIC = "identity.Account.ClosingExplained"
    reason: str


class Closed(Aggregate.Event):
    """The account is no more."""

    TOPIC = "identity.Account.Closed"
    closed_by: UUID
