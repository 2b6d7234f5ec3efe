"""Step 2: who the person is, sealed and indexed, and what speaks against it (IA-UINF-01, IA-UINF-02)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.domain import Aggregate, Claim, id_of
from chassis.vocabulary import eastern, tax_numbers
from services.identity.commands import taken
from services.identity.commands.credentials import DETAILS_CONTEXT, USER_ID_CONTEXT, details_of
from services.identity.commands.parts import Parts
from services.identity.commands.registering import EMAIL_CONTEXT
from services.identity.domain import person as people
from services.identity.domain import user_id_policy
from services.identity.domain.account import Account
from services.identity.domain.compliance import State
from services.identity.domain.person import Person
from services.identity.domain.refusals import Detail, FieldsError
from services.identity.domain.standing import INFO

NAMES_CONTEXT = "identity.Account.names"


def record(app: Application, parts: Parts, account: Account, *, command_id: UUID, typed: Mapping[str, str]) -> Receipt:
    """Keep who the person is; the last record holds. Repeating a command changes nothing."""
    cause = Cause.of(account.id, command_id)
    before = taken.answered(app, cause)
    if before is not None:
        return before
    account.require(INFO, nature.now())
    today = eastern.day_of(nature.now())
    person = people.read(typed, known_ssn=details_of(parts, account).get("ssn", ""), today=today)
    _refuse_ssn_in_user_id(user_id_of(parts, account), person["ssn"])
    sealed = sealed_person(parts, account.id, person)
    index = tax_numbers.ssn_index(parts.keys.ssn, person["ssn"]).hex()
    return app.execute(
        _record,
        cause,
        account_id=account.id,
        sealed=sealed,
        ssn_index=index,
        person_id=tax_numbers.person_id(parts.keys.person, person["ssn"]),
        match_index=parts.index("match", *people.matching(person)),
        person=person,
    )


def _record(
    app: Application,
    cause: Cause,
    *,
    account_id: UUID,
    sealed: tuple[str, str],
    ssn_index: str,
    person_id: UUID,
    match_index: str,
    person: Person,
) -> Receipt:
    account: Account = app.repository.get(account_id)
    now = nature.now()
    claim_id = ssn_claim(ssn_index)
    changed: list[Aggregate] = []
    if account.ssn_claim is not None and account.ssn_claim != claim_id:
        old: Claim | None = app.repository.find(account.ssn_claim)
        if old is not None:
            old.release(account.id)
            changed.append(old)
    claim = app.repository.claim(claim_id, account.id)
    if claim is not None:
        changed.append(claim)
    names, details = sealed
    account.record_information(
        names=names, details=details, ssn_index=ssn_index, ssn_claim=claim_id, match_index=match_index, now=now
    )
    account.identify(person_id=person_id)
    account.proof(doubts=people.doubts(person, ssn_is_taken=claim is None, today=eastern.day_of(now)))
    return app.commit(account, *changed, cause=cause)


def ssn_claim(index: str) -> UUID:
    """The stream of an SSN: one account at a time has it."""
    return id_of("identity.Ssn", index)


def sealed_person(parts: Parts, account_id: UUID, person: Person) -> tuple[str, str]:
    """Names, and all the rest, each sealed by itself: a list of people opens no SSN."""
    names = {name: person.get(name, "") for name in people.NAMES}
    rest = {name: value for name, value in person.items() if name not in people.NAMES}
    return (
        parts.vault.seal(account_id, json.dumps(names), NAMES_CONTEXT),
        parts.vault.seal(account_id, json.dumps(rest), DETAILS_CONTEXT),
    )


def names_of(parts: Parts, account: Account) -> dict[str, str]:
    """First, middle and last name, suffix; empty before step 2."""
    if not account.names:
        return {}
    found: dict[str, str] = json.loads(parts.vault.open(account.id, account.names, NAMES_CONTEXT))
    return found


def user_id_of(parts: Parts, account: Account) -> str:
    """The user id as it was typed; empty before step 1."""
    return parts.vault.open(account.id, account.user_id, USER_ID_CONTEXT) if account.user_id else ""


def email_of(parts: Parts, account: Account) -> str:
    """The primary e-mail address."""
    return parts.vault.open(account.id, account.email, EMAIL_CONTEXT)


def _refuse_ssn_in_user_id(user_id: str, ssn: str) -> None:
    """IA-UID-05, D-04: bites here, where both are known."""
    judged = user_id_policy.judge(user_id, user_id_policy.UserIdFacts(ssn_last_four=ssn[-4:]))
    if any(one.rule == "IA-UID-05" and one.state is State.NOT_MET for one in judged):
        raise FieldsError([Detail("USER_ID_HOLDS_SSN", "information.ssn", rule="IA-UID-05")])
