"""4.1: what an account decides, fact by fact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.identity.domain.account import Account
from services.identity.domain.refusals import (
    MethodUnknownError,
    ProofingPendingError,
    RegistrationEndedError,
    StepMissingError,
    TooManyMethodsError,
)
from tests.given import Given, fact, given

NOW = datetime(2026, 6, 14, 16, tzinfo=UTC)
ENDS = NOW + timedelta(hours=72)
TICK = timedelta(microseconds=1)
CLAIM, METHOD, OTHER, VERIFIERS, EUS = (uuid4() for _ in range(5))

STARTED = fact(Account.RegistrationStarted, email="v1", email_claim=CLAIM, language="en", expires_at=ENDS)
VERIFIED = fact(Account.EmailVerified)
CHOSEN = fact(
    Account.CredentialsChosen,
    user_id="v1",
    user_id_claim=CLAIM,
    verifiers=VERIFIERS,
    questions=["FIRST_PET"],
    chosen_at=NOW,
)
RECORDED = fact(
    Account.PersonalInformationRecorded, names="v1", details="v1", ssn_index="i", ssn_claim=CLAIM, match_index="m"
)
PROOFED = fact(Account.IdentityProofed, decided_by=None, expires_at=ENDS)
DOUBTED = fact(Account.IdentityProofingFailed, reasons=["SSN_TAKEN"])
ADDED = fact(Account.MfaMethodAdded, method_id=METHOD, kind="SMS", destination="v1", primary=True)
SECOND = fact(Account.MfaMethodAdded, method_id=OTHER, kind="EMAIL", destination="v1", primary=False)
PROVEN = fact(Account.MfaMethodVerified, method_id=METHOD)
ACTIVATED = fact(Account.Activated, activated_at=NOW)
LOCKED = fact(Account.Locked, reason="password")

TO_INFO = (STARTED, VERIFIED, CHOSEN, RECORDED, PROOFED)
TO_REVIEW = (*TO_INFO, ADDED, PROVEN)
ACTIVE = (*TO_REVIEW, ACTIVATED)


def after(*facts: Any) -> Given:
    return given(Account, *facts)


def verify_email(account: Account) -> None:
    account.verify_email(now=NOW)


def activate(account: Account) -> None:
    account.activate(now=NOW)


def add(kind: str, *, primary: bool = False) -> Callable[[Account], None]:
    return lambda account: account.add_method(method_id=OTHER, kind=kind, destination="v2", primary=primary, now=NOW)


def lock(reason: str) -> Callable[[Account], None]:
    return lambda account: account.lock(reason=reason)


def test_an_address_is_proven_once() -> None:
    after(STARTED).when(verify_email).then(VERIFIED)
    after(STARTED, VERIFIED).when(verify_email).then()


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        ((STARTED,), "email"),
        ((STARTED, VERIFIED), "security"),
        ((STARTED, VERIFIED, CHOSEN), "info"),
        ((STARTED, VERIFIED, CHOSEN, RECORDED, DOUBTED), "proofing"),
        (TO_INFO, "mfa"),
        ((*TO_INFO, ADDED), "mfa"),
        (TO_REVIEW, "review"),
    ],
)
def test_a_registration_has_one_first_step_that_is_missing(facts: tuple[Any, ...], step: str) -> None:
    """IA-REG-05, S-35."""
    seen = []
    after(*facts).when(lambda account: seen.append(account.step)).then()
    assert seen == [step]


def test_a_step_is_refused_before_its_turn() -> None:
    """S-35."""
    after(STARTED, VERIFIED, CHOSEN).when(add("SMS")).then_raises(StepMissingError)
    after(*TO_INFO).when(activate).then_raises(StepMissingError)


def test_doubts_lead_to_a_review() -> None:
    """IA-UINF-02: what speaks against a person is decided by External User Services."""
    before = after(STARTED, VERIFIED, CHOSEN, RECORDED)
    before.when(lambda account: account.proof(doubts=["SSN_TAKEN"])).then(DOUBTED)
    after(STARTED, VERIFIED, CHOSEN, RECORDED, DOUBTED).when(add("SMS")).then_raises(ProofingPendingError)


def test_a_review_ends_in_acceptance_with_new_72_hours_or_in_closing() -> None:
    """4.1 ProofingReview."""
    later = NOW + timedelta(days=9)
    doubted = (STARTED, VERIFIED, CHOSEN, RECORDED, DOUBTED)

    def decide(*, accepted: bool) -> Callable[[Account], None]:
        return lambda account: account.decide_proofing(accepted=accepted, decided_by=EUS, expires_at=later)

    accepted = fact(Account.IdentityProofed, decided_by=EUS, expires_at=later)
    after(*doubted).when(decide(accepted=True)).then(accepted)
    after(*doubted).when(decide(accepted=False)).then(fact(Account.Closed, closed_by=EUS))
    after(*doubted, accepted).when(decide(accepted=False)).then()


def test_the_first_method_is_primary_whatever_was_said() -> None:
    """IA-MFA-02."""
    added = fact(Account.MfaMethodAdded, method_id=OTHER, kind="SMS", primary=True)
    after(*TO_INFO).when(add("SMS")).then(added)


def test_a_method_of_the_same_kind_takes_its_place() -> None:
    removed = fact(Account.MfaMethodRemoved, method_id=METHOD, primary_id=None)
    added = fact(Account.MfaMethodAdded, method_id=OTHER, kind="SMS", primary=True)
    after(*TO_INFO, ADDED).when(add("SMS")).then(removed, added)


def test_a_third_kind_is_refused() -> None:
    """IA-MFA-02."""
    after(*TO_INFO, ADDED, SECOND).when(add("VOICE")).then_raises(TooManyMethodsError)


def test_the_place_of_the_primary_goes_to_the_other() -> None:
    removed = fact(Account.MfaMethodRemoved, method_id=METHOD, primary_id=OTHER)

    def remove(account: Account) -> None:
        account.remove_method(method_id=METHOD, now=NOW)

    after(*TO_INFO, ADDED, SECOND).when(remove).then(removed)
    after(*TO_INFO).when(remove).then_raises(MethodUnknownError)


def test_a_method_is_proven_once() -> None:
    """IA-MFA-05."""

    def prove(account: Account) -> None:
        account.verify_method(method_id=METHOD, now=NOW)

    after(*TO_INFO, ADDED).when(prove).then(PROVEN)
    after(*TO_REVIEW).when(prove).then()


def test_a_reviewed_registration_becomes_an_account() -> None:
    """IA-REV-01: a method that nobody has proven falls away."""
    after(*TO_REVIEW).when(activate).then(ACTIVATED)
    dropped = fact(Account.MfaMethodRemoved, method_id=OTHER, primary_id=METHOD)
    after(*TO_REVIEW, SECOND).when(activate).then(dropped, ACTIVATED)
    after(*ACTIVE).when(activate).then_raises(RegistrationEndedError)


@pytest.mark.parametrize(("at", "ended"), [(ENDS - TICK, False), (ENDS, True), (ENDS + TICK, True)])
def test_72_hours_end_a_registration(at: datetime, ended: bool) -> None:
    """4.1: to the microsecond."""
    facts = [fact(Account.Abandoned)] if ended else []
    after(*TO_REVIEW).when(lambda account: account.abandon(now=at)).then(*facts)
    asked = after(*TO_REVIEW).when(lambda account: account.activate(now=at))
    if ended:
        asked.then_raises(RegistrationEndedError)
    else:
        asked.then(fact(Account.Activated, activated_at=at))


def test_what_is_active_or_in_review_is_not_abandoned() -> None:
    for facts in (ACTIVE, (STARTED, VERIFIED, CHOSEN, RECORDED, DOUBTED)):
        after(*facts).when(lambda account: account.abandon(now=ENDS)).then()


def test_a_lock_is_taken_once_and_a_harder_one_takes_its_place() -> None:
    """X-06, X-07, D-24."""
    after(*ACTIVE).when(lock("password")).then(LOCKED)
    after(*ACTIVE, LOCKED).when(lock("mfa")).then()
    after(*ACTIVE, LOCKED).when(lock("hard")).then(fact(Account.Locked, reason="hard"))
    after(*TO_REVIEW).when(lock("password")).then()


def test_unlocking_twice_is_the_same_as_once() -> None:
    unlocked = fact(Account.Unlocked)
    after(*ACTIVE, LOCKED).when(Account.unlock).then(unlocked)
    after(*ACTIVE, LOCKED, unlocked).when(Account.unlock).then()


def test_roles_and_providers_are_told_when_they_change() -> None:
    """IA-DONE-02."""
    roles = fact(Account.RolesGiven, roles=["AUDITOR", "EUS"])
    after(*ACTIVE).when(lambda account: account.give_roles(["EUS", "AUDITOR"])).then(roles)
    after(*ACTIVE, roles).when(lambda account: account.give_roles(["EUS", "AUDITOR"])).then()
    found = fact(Account.ProvidersFound, provider_ids=[str(CLAIM)])
    after(*ACTIVE).when(lambda account: account.find_providers([CLAIM])).then(found)
    after(*ACTIVE, found).when(lambda account: account.find_providers([CLAIM])).then()
