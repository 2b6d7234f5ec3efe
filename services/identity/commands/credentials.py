"""Step 1: a user id, a password, five questions (IA-USEC-01, IA-USEC-02), and the live lists beside them (2.3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.domain import Aggregate, Claim, DomainError
from services.identity.commands import counters, taken, verifiers
from services.identity.commands.parts import Parts
from services.identity.domain import password_policy, security_questions, user_id_policy
from services.identity.domain.account import Account
from services.identity.domain.compliance import Judgement, State
from services.identity.domain.refusals import Detail, TooManyTriesError
from services.identity.domain.standing import SECURITY

USER_ID_CONTEXT = "identity.Account.user_id"
DETAILS_CONTEXT = "identity.Account.details"
MINUTE = timedelta(minutes=1)


class UserIdTakenError(DomainError):
    """Somebody else has this user id (IA-UID-02)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Both lists, and what is wrong; where anything is, nothing was kept."""

    user_id: tuple[Judgement, ...]
    password: tuple[Judgement, ...]
    errors: tuple[Detail, ...] = ()


def check_compliance(
    app: Application, parts: Parts, account: Account, *, user_id: str, password: str, confirm: str
) -> Judged:
    """Judge without keeping anything; so many times a minute, because it tells whether a user id is free."""
    account.require(SECURITY, nature.now())
    key, most = f"compliance/{account.id}", parts.settings.compliance_checks_per_minute
    with app.session() as session:
        if counters.count(session, key, now=nature.now(), window=MINUTE, most=most) is None:
            wait = counters.wait(session, key, now=nature.now(), window=MINUTE)
            raise TooManyTriesError(retry_after_seconds=wait)
    return _judge(app, parts, account, user_id=user_id, password=password, confirm=confirm)


def choose(
    app: Application,
    parts: Parts,
    account: Account,
    *,
    command_id: UUID,
    user_id: str,
    password: str,
    confirm: str,
    answers: Sequence[tuple[str, str]],
) -> Receipt | Judged:
    """Take step 1, or say what is wrong with it. The last choice holds; repeating a command changes nothing."""
    cause = Cause.of(account.id, command_id)
    before = taken.answered(app, cause)
    if before is not None:
        return before
    account.require(SECURITY, nature.now())
    user_id = user_id.strip()
    judged = _judge(app, parts, account, user_id=user_id, password=password, confirm=confirm)
    errors = _errors(judged, user_id, password, confirm)
    if parts.profile.asks_questions:
        errors += [Detail(one.code, one.field, one.message, "IA-USEC-02") for one in security_questions.judge(answers)]
    if errors:
        return Judged(judged.user_id, judged.password, tuple(errors))
    chosen = dict(answers) if parts.profile.asks_questions else {}
    verifiers.put(app, parts, set_id=command_id, account_id=account.id, password=password, answers=chosen)
    sealed = parts.vault.seal(account.id, user_id, USER_ID_CONTEXT)
    replaced = account.verifiers
    try:
        receipt = app.execute(
            _choose,
            cause,
            account_id=account.id,
            user_id=sealed,
            claim_id=parts.user_id_claim(user_id),
            questions=list(chosen),
        )
    except UserIdTakenError:
        judged = _judge(app, parts, account, user_id=user_id, password=password, confirm=confirm)
        return Judged(judged.user_id, judged.password, tuple(_errors(judged, user_id, password, confirm)))
    verifiers.drop(app, replaced)
    return receipt


def _choose(
    app: Application, cause: Cause, *, account_id: UUID, user_id: str, claim_id: UUID, questions: list[str]
) -> Receipt:
    account: Account = app.repository.get(account_id)
    changed: list[Aggregate] = []
    if account.user_id_claim not in (None, claim_id):
        old: Claim = app.repository.get(account.user_id_claim)  # type: ignore[arg-type]  # not None: seen above
        old.release(account.id)
        changed.append(old)
    claim = app.repository.claim(claim_id, account.id)
    if claim is None:
        raise UserIdTakenError
    account.choose_credentials(
        user_id=user_id,
        user_id_claim=claim_id,
        verifiers=cause.command_id,
        questions=questions,
        now=nature.now(),
    )
    return app.commit(account, claim, *changed, cause=cause)


def _judge(app: Application, parts: Parts, account: Account, *, user_id: str, password: str, confirm: str) -> Judged:
    facts = user_id_policy.UserIdFacts(
        is_taken=_is_taken(app, parts, account, user_id) if user_id else None,
        ssn_last_four=ssn_of(parts, account)[-4:] or None,
    )
    names = () if not account.names else None
    known = password_policy.PasswordFacts(user_id=user_id or None, names=names, now=nature.now())
    return Judged(
        user_id=user_id_policy.judge(user_id or None, facts),
        password=password_policy.judge(
            parts.profile, password_policy.REGISTRATION, password or None, confirm or None, known
        ),
    )


def _is_taken(app: Application, parts: Parts, account: Account, user_id: str) -> bool:
    claim: Claim | None = app.repository.find(parts.user_id_claim(user_id))
    return claim is not None and claim.owner_id not in (None, account.id)


def _errors(judged: Judged, user_id: str, password: str, confirm: str) -> list[Detail]:
    typed = (("user_id", user_id), ("password", password), ("confirm_password", confirm))
    found = [Detail("FIELD_REQUIRED", name, rule="IA-USEC-01") for name, text in typed if not text]
    broken = [one.rule for one in judged.user_id if one.state is State.NOT_MET]
    if user_id and broken:
        code = "USER_ID_TAKEN" if broken == ["IA-UID-02"] else "USER_ID_RULES"
        found.append(Detail(code, "user_id", rule=broken[0]))
    unmet = [one.rule for one in judged.password if one.state is not State.MET]
    about_text = [rule for rule in unmet if rule != "IA-PW-09" and not (rule == "IA-PW-08" and not user_id)]
    if password and about_text:
        found.append(Detail("PASSWORD_RULES", "password", rule=about_text[0]))
    if password and confirm and "IA-PW-09" in unmet:
        found.append(Detail("PASSWORD_MISMATCH", "confirm_password", rule="IA-PW-09"))
    return found


def details_of(parts: Parts, account: Account) -> dict[str, str]:
    """What step 2 has kept beside the names; empty before it."""
    if not account.details:
        return {}
    found: dict[str, str] = json.loads(parts.vault.open(account.id, account.details, DETAILS_CONTEXT))
    return found


def ssn_of(parts: Parts, account: Account) -> str:
    """The SSN; empty before step 2."""
    return details_of(parts, account).get("ssn", "")
