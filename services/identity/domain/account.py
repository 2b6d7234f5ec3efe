"""A person's account: from the first line of a registration to its end (4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, event
from services.identity.domain import account_events
from services.identity.domain.refusals import StepMissingError, TooManyMethodsError
from services.identity.domain.standing import EMAIL, INFO, MFA, OPEN, REVIEW, SECURITY, Method, Standing

LOCKS = {"password": "PASSWORD_LOCKED", "mfa": "MFA_LOCKED", "hard": "HARD_LOCKED"}
MOST_METHODS = 2


class Account(Standing, Aggregate):
    """One account is one person. Personal data in it are sealed; secrets are not in it at all (S-20)."""

    TOPIC = "identity.Account"

    RegistrationStarted = account_events.RegistrationStarted
    InvitationPresented = account_events.InvitationPresented
    EmailVerified = account_events.EmailVerified
    CredentialsChosen = account_events.CredentialsChosen
    PersonalInformationRecorded = account_events.PersonalInformationRecorded
    PersonIdentified = account_events.PersonIdentified
    IdentityProofed = account_events.IdentityProofed
    IdentityProofingFailed = account_events.IdentityProofingFailed
    MfaMethodAdded = account_events.MfaMethodAdded
    MfaMethodVerified = account_events.MfaMethodVerified
    MfaMethodRemoved = account_events.MfaMethodRemoved
    Activated = account_events.Activated
    RolesGiven = account_events.RolesGiven
    ProvidersFound = account_events.ProvidersFound
    Locked = account_events.Locked
    Unlocked = account_events.Unlocked
    Abandoned = account_events.Abandoned
    ClosingExplained = account_events.ClosingExplained
    Closed = account_events.Closed

    @event(account_events.RegistrationStarted)
    def __init__(self, id: UUID, email: str, email_claim: UUID, language: str, expires_at: datetime) -> None:
        self.phase = "STARTED"
        self.email = email
        self.email_claim = email_claim
        self.language = language
        self.expires_at = expires_at
        self.invitation_proof = ""
        self.email_verified = False
        self.user_id = ""
        self.user_id_claim: UUID | None = None
        self.verifiers: UUID | None = None
        self.questions: list[str] = []
        self.password_set_at: datetime | None = None
        self.names = ""
        self.details = ""
        self.ssn_index = ""
        self.ssn_claim: UUID | None = None
        self.match_index = ""
        self.person_id: UUID | None = None
        self.methods: list[Method] = []
        self.primary_id: UUID | None = None
        self.roles: list[str] = []
        self.provider_ids: list[str] = []
        self.activated_at: datetime | None = None

    # ---- registration

    def present_invitation(self, *, proof: str) -> None:
        """Note the proof of an invitation; whether it is worth anything is access's to say (4.4)."""
        if not self.invitation_proof:
            self._invitation_presented(proof=proof)

    def verify_email(self, *, now: datetime) -> None:
        """Take the address for the person's. Twice is the same as once."""
        self.require(EMAIL, now)
        if not self.email_verified:
            self._email_verified()

    def choose_credentials(
        self, *, user_id: str, user_id_claim: UUID, verifiers: UUID, questions: Sequence[str], now: datetime
    ) -> None:
        """Step 1; the last choice holds."""
        self.require(SECURITY, now)
        self._credentials_chosen(
            user_id=user_id,
            user_id_claim=user_id_claim,
            verifiers=verifiers,
            questions=list(questions),
            chosen_at=now,
        )

    def record_information(
        self, *, names: str, details: str, ssn_index: str, ssn_claim: UUID, match_index: str, now: datetime
    ) -> None:
        """Step 2; the last record holds."""
        self.require(INFO, now)
        self._information_recorded(
            names=names, details=details, ssn_index=ssn_index, ssn_claim=ssn_claim, match_index=match_index
        )

    def identify(self, *, person_id: UUID) -> None:
        """Take note of who the person is. The same again changes nothing."""
        if person_id != self.person_id:
            self._identified(person_id=person_id)

    def proof(self, *, doubts: Sequence[str]) -> None:
        """Judge the person's data by the doubts that there are: none lets the registration go on."""
        if doubts:
            self._proofing_failed(reasons=sorted(doubts))
        else:
            self._proofed(decided_by=None, expires_at=self.expires_at)

    def decide_proofing(self, *, accepted: bool, decided_by: UUID, expires_at: datetime) -> None:
        """Let the registration go on, or close the account, in the name of External User Services."""
        if self.phase == "PROOFING_REVIEW" and accepted:
            self._proofed(decided_by=decided_by, expires_at=expires_at)
        elif self.phase == "PROOFING_REVIEW":
            self._closed(closed_by=decided_by)

    def add_method(self, *, method_id: UUID, kind: str, destination: str, primary: bool, now: datetime) -> None:
        """Name a method; one of the same kind makes place for it (IA-MFA-02)."""
        self.require(MFA, now)
        same = next((one for one in self.methods if one.kind == kind), None)
        if same is None and len(self.methods) >= MOST_METHODS:
            raise TooManyMethodsError
        primary = primary or not self.methods or (same is not None and same.id == self.primary_id)
        if same is not None:
            self.remove_method(method_id=same.id, now=now)
        self._method_added(method_id=method_id, kind=kind, destination=destination, primary=primary)

    def remove_method(self, *, method_id: UUID, now: datetime) -> None:
        """Take a method back; the primary's place goes to the other one."""
        self.require(MFA, now)
        self.method(method_id)
        others = [one.id for one in self.methods if one.id != method_id]
        primary = self.primary_id if self.primary_id != method_id else next(iter(others), None)
        self._method_removed(method_id=method_id, primary_id=primary)

    def verify_method(self, *, method_id: UUID, now: datetime) -> None:
        """Take the method for the person's. Twice is the same as once."""
        self.require(MFA, now)
        if not self.method(method_id).verified:
            self._method_verified(method_id=method_id)

    def activate(self, *, now: datetime) -> None:
        """Finish the registration; a method that was never verified falls away (IA-REV-01, IA-DONE-01)."""
        self.require(REVIEW, now)
        if self.step != REVIEW:
            raise StepMissingError(field=self.step)
        for method in [one for one in self.methods if not one.verified]:
            self.remove_method(method_id=method.id, now=now)
        self._activated(activated_at=now)

    def abandon(self, *, now: datetime) -> bool:
        """Give the registration up, if its time is over. Return whether it is given up now."""
        if self.phase in OPEN and now >= self.expires_at:
            self._abandoned()
        return self.phase == "ABANDONED"

    def make_way(self) -> None:
        """Give up a registration that has not gone past its first step, for one that has proven the address."""
        if self.phase == "STARTED":
            self._abandoned()

    # ---- afterwards

    def give_roles(self, roles: Sequence[str]) -> None:
        """Give the roles of the installation (EUS, MAC, AUDITOR), in place of those given before."""
        if sorted(roles) != self.roles:
            self._roles_given(roles=sorted(roles))

    def find_providers(self, provider_ids: Sequence[UUID]) -> None:
        """Take note of the providers that the person is."""
        found = sorted(str(one) for one in provider_ids)
        if found != self.provider_ids:
            self._providers_found(provider_ids=found)

    def lock(self, *, reason: str) -> None:
        """Let nobody sign in (X-06, X-07, D-24). A harder lock takes the place of another."""
        if self.is_active or (reason == "hard" and self.phase in ("PASSWORD_LOCKED", "MFA_LOCKED")):
            self._locked(reason=reason)

    def unlock(self) -> None:
        """Let the person sign in again. Twice is the same as once."""
        if self.phase in LOCKS.values():
            self._unlocked()

    def close(self, *, closed_by: UUID, reason: str) -> None:
        """End it for good, in the name of External User Services (4.1). Twice is the same as once."""
        if self.phase not in ("CLOSED", "ABANDONED"):
            self._closing_explained(reason=reason)
            self._closed(closed_by=closed_by)

    # ---- what the events change

    @event(account_events.InvitationPresented)
    def _invitation_presented(self, proof: str) -> None:
        self.invitation_proof = proof

    @event(account_events.EmailVerified)
    def _email_verified(self) -> None:
        self.email_verified = True

    @event(account_events.CredentialsChosen)
    def _credentials_chosen(
        self, user_id: str, user_id_claim: UUID, verifiers: UUID, questions: list[str], chosen_at: datetime
    ) -> None:
        self.user_id, self.user_id_claim = user_id, user_id_claim
        self.verifiers, self.questions, self.password_set_at = verifiers, questions, chosen_at
        if self.phase == "STARTED":
            self.phase = "CREDENTIALS_SET"

    @event(account_events.PersonalInformationRecorded)
    def _information_recorded(
        self, names: str, details: str, ssn_index: str, ssn_claim: UUID, match_index: str
    ) -> None:
        self.names, self.details = names, details
        self.ssn_index, self.ssn_claim, self.match_index = ssn_index, ssn_claim, match_index

    @event(account_events.PersonIdentified)
    def _identified(self, person_id: UUID) -> None:
        self.person_id = person_id

    @event(account_events.IdentityProofed)
    def _proofed(self, decided_by: UUID | None, expires_at: datetime) -> None:
        self.phase = "INFO_PROVIDED"
        self.expires_at = expires_at

    @event(account_events.IdentityProofingFailed)
    def _proofing_failed(self, reasons: list[str]) -> None:
        self.phase = "PROOFING_REVIEW"

    @event(account_events.MfaMethodAdded)
    def _method_added(self, method_id: UUID, kind: str, destination: str, primary: bool) -> None:  # noqa: FBT001
        self.methods = [*self.methods, Method(method_id, kind, destination)]
        if primary:
            self.primary_id = method_id

    @event(account_events.MfaMethodVerified)
    def _method_verified(self, method_id: UUID) -> None:
        self.method(method_id).verified = True

    @event(account_events.MfaMethodRemoved)
    def _method_removed(self, method_id: UUID, primary_id: UUID | None) -> None:
        self.methods = [one for one in self.methods if one.id != method_id]
        self.primary_id = primary_id

    @event(account_events.Activated)
    def _activated(self, activated_at: datetime) -> None:
        self.phase = "ACTIVE"
        self.activated_at = activated_at

    @event(account_events.RolesGiven)
    def _roles_given(self, roles: list[str]) -> None:
        self.roles = roles

    @event(account_events.ProvidersFound)
    def _providers_found(self, provider_ids: list[str]) -> None:
        self.provider_ids = provider_ids

    @event(account_events.Locked)
    def _locked(self, reason: str) -> None:
        self.phase = LOCKS[reason]

    @event(account_events.Unlocked)
    def _unlocked(self) -> None:
        self.phase = "ACTIVE"

    @event(account_events.Abandoned)
    def _abandoned(self) -> None:
        self.phase = "ABANDONED"

    @event(account_events.ClosingExplained)
    def _closing_explained(self, reason: str) -> None:
        """Read in the log alone."""

    @event(account_events.Closed)
    def _closed(self, closed_by: UUID) -> None:
        self.phase = "CLOSED"
