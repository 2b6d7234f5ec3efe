"""Accounts that configuration makes: External User Services, contractors, auditors."""

from __future__ import annotations

from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt, system_actor
from chassis.domain import Claim, id_of
from services.identity.commands import verifiers
from services.identity.commands.credentials import USER_ID_CONTEXT
from services.identity.commands.information import sealed_person, ssn_claim
from services.identity.commands.methods import DESTINATION_CONTEXT
from services.identity.commands.parts import Parts
from services.identity.commands.registering import EMAIL_CONTEXT
from services.identity.commands.settings import SeededAccount
from services.identity.domain.account import Account

SEEDER = system_actor("identity/seed")


class SeedTakenError(Exception):
    """User id or address of a seeded account belongs to somebody else."""


def account_id_of(parts: Parts, user_id: str) -> UUID:
    """The account that a user id of the configuration is, each time."""
    return id_of("identity.Seeded", parts.user_id_claim(user_id))


def seed(app: Application, parts: Parts) -> list[UUID]:
    """Make the accounts of the configuration that are missing, and return the ids of all.

    Twice, or by two processes at once, is the same as once. What was changed since is left alone: password and roles.
    """
    return [_seed(app, parts, wanted) for wanted in parts.settings.seeded_accounts]


def _seed(app: Application, parts: Parts, wanted: SeededAccount) -> UUID:
    account_id = account_id_of(parts, wanted.user_id)
    if app.repository.find(account_id) is None:
        set_id = id_of("identity.Seeded.verifiers", account_id)
        password = wanted.password.get_secret_value()
        verifiers.put(app, parts, set_id=set_id, account_id=account_id, password=password, answers={})
        parts.vault.make_key(account_id)
        app.execute(_make, Cause.of(SEEDER), parts=parts, wanted=wanted, account_id=account_id, set_id=set_id)
    return account_id


def _make(
    app: Application, cause: Cause, *, parts: Parts, wanted: SeededAccount, account_id: UUID, set_id: UUID
) -> Receipt:
    found: Account | None = app.repository.find(account_id)
    if found is not None:
        return app.commit(found, cause=cause)
    email, user_id = parts.email_claim(wanted.email), parts.user_id_claim(wanted.user_id)
    claims = [_claimed(app, claim_id, account_id, wanted.user_id) for claim_id in (email, user_id)]
    return app.commit(_account(parts, wanted, account_id, set_id), *claims, cause=cause)


def _claimed(app: Application, claim_id: UUID, account_id: UUID, user_id: str) -> Claim:
    claim = app.repository.claim(claim_id, account_id)
    if claim is None:
        raise SeedTakenError(f"the user id or address of the seeded account {user_id} has another owner")
    return claim


def _account(parts: Parts, wanted: SeededAccount, account_id: UUID, set_id: UUID) -> Account:
    """An account as a person would have made it, its method of mail taken for proven; it has no SSN."""
    now = nature.now()
    seal = parts.vault.seal
    account = Account(
        id=account_id,
        email=seal(account_id, wanted.email, EMAIL_CONTEXT),
        email_claim=parts.email_claim(wanted.email),
        language="en",
        expires_at=now + parts.settings.registration_life,
    )
    account.verify_email(now=now)
    account.choose_credentials(
        user_id=seal(account_id, wanted.user_id, USER_ID_CONTEXT),
        user_id_claim=parts.user_id_claim(wanted.user_id),
        verifiers=set_id,
        questions=[],
        now=now,
    )
    person = {"first_name": wanted.first_name, "last_name": wanted.last_name}
    names, details = sealed_person(parts, account_id, person)
    account.record_information(
        names=names,
        details=details,
        ssn_index="",
        ssn_claim=ssn_claim(str(account_id)),
        match_index="",
        now=now,
    )
    account.proof(doubts=[])
    method_id = id_of("identity.Seeded.method", account_id)
    destination = seal(account_id, wanted.email, DESTINATION_CONTEXT)
    account.add_method(method_id=method_id, kind="EMAIL", destination=destination, primary=True, now=now)
    account.verify_method(method_id=method_id, now=now)
    account.give_roles(wanted.roles)
    account.activate(now=now)
    return account
