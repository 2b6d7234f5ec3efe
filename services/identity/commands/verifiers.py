"""What passwords and answers are compared with: slow hashes beside the log (S-20)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from chassis import nature
from chassis.application import Application
from services.identity.commands.parts import Parts
from services.identity.domain.password_policy import normalize
from services.identity.domain.security_questions import normalize as normal_answer

PASSWORD = "password"  # noqa: S105 - the name of a row


def put(
    app: Application, parts: Parts, *, set_id: UUID, account_id: UUID, password: str, answers: Mapping[str, str]
) -> None:
    """Hash and keep what was chosen, before the event that refers to the set. Once for each set."""
    if find(app, set_id) is not None:
        return
    secrets = {question: normal_answer(answer) for question, answer in answers.items()}
    hashed = [(what, parts.hasher.hash(secret)) for what, secret in (*secrets.items(), (PASSWORD, normalize(password)))]
    with app.session() as session:
        session.run(
            "INSERT INTO verifiers (set_id, what, account_id, verifier, made_at)"
            " SELECT %s, w, %s, v, %s FROM unnest(%s::text[], %s::text[]) AS u (w, v) ON CONFLICT DO NOTHING",
            (set_id, account_id, nature.now(), [what for what, _ in hashed], [verifier for _, verifier in hashed]),
        )


def find(app: Application, set_id: UUID | None) -> str | None:
    """The password's verifier of a set."""
    with app.session() as session:
        row = session.one("SELECT verifier FROM verifiers WHERE set_id = %s AND what = %s", (set_id, PASSWORD))
    return str(row[0]) if row else None


def renew(app: Application, parts: Parts, *, set_id: UUID, verifier: str, password: str) -> None:
    """Hash a password anew where its verifier is of older parameters (S-01)."""
    if parts.hasher.is_outdated(verifier):
        with app.session() as session:
            session.run(
                "UPDATE verifiers SET verifier = %s WHERE set_id = %s AND what = %s AND verifier = %s",
                (parts.hasher.hash(normalize(password)), set_id, PASSWORD, verifier),
            )


def drop(app: Application, set_id: UUID | None) -> None:
    """Destroy a set that was replaced before its account was active."""
    if set_id is not None:
        with app.session() as session:
            session.run("DELETE FROM verifiers WHERE set_id = %s", (set_id,))


def previous(app: Application, account_id: UUID, count: int) -> list[str]:
    """The password verifiers of an account, the newest first: the current one is among them (IA-PW-11, D-31)."""
    with app.session() as session:
        rows = session.run(
            "SELECT verifier FROM verifiers WHERE account_id = %s AND what = %s ORDER BY made_at DESC LIMIT %s",
            (account_id, PASSWORD, count),
        )
    return [row[0] for row in rows]
