"""Bearers of a registration or a sign-in: 43 characters, stored hashed, each kind for its own questions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.hashing import hash_of

START, REGISTRATION, SIGN_IN = "start", "registration", "sign_in"


def put(app: Application, token: str, *, kind: str, subject: UUID, dies_at: datetime) -> None:
    """Let the token bear the subject until it dies; before the event that makes it worth something."""
    with app.session() as session:
        session.run(
            "INSERT INTO tokens (hash, kind, subject, dies_at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (hash) DO UPDATE SET dies_at = greatest(tokens.dies_at, excluded.dies_at)",
            (hash_of(token), kind, subject, dies_at),
        )


def extend(app: Application, token: str, *, dies_at: datetime) -> None:
    """Let the token live on."""
    with app.session() as session:
        session.run("UPDATE tokens SET dies_at = %s WHERE hash = %s", (dies_at, hash_of(token)))


def subject(app: Application, token: str, *kinds: str) -> tuple[str, UUID] | None:
    """Kind and subject of a live token of these kinds; None for every other."""
    with app.session() as session:
        row = session.one(
            "SELECT kind, subject FROM tokens WHERE hash = %s AND dies_at > %s", (hash_of(token), nature.now())
        )
    return (row[0], row[1]) if row is not None and row[0] in kinds else None
