"""Auditors are audited: who looks at one thing leaves an event in the log that was looked into."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.domain import Look


class Asker(Protocol):
    """Who asks (`chassis.server.Caller`)."""

    @property
    def account_id(self) -> UUID:
        """The person."""

    @property
    def roles(self) -> frozenset[str]:
        """EUS, MAC, AUDITOR."""

    @property
    def correlation_id(self) -> str:
        """Travels with the question."""


def note(app: Application, asker: Asker, question: str, *, about: UUID, **asked: Any) -> None:
    """Write down that this is told to an auditor; call it before the answer leaves, for without it there is none.

    What concerns one thing alone comes here. To leaf through lists does not, or the log would fill with its readers.
    """
    cause = Cause.of(asker.account_id)
    words = {name: str(value) for name, value in asked.items()}
    app.execute(_take, cause, question=question, about=about, asked=words)


def _take(app: Application, cause: Cause, *, question: str, about: UUID, asked: dict[str, str]) -> Receipt:
    look = Look(id=nature.new_id(), question=question, about=about, asked=asked)
    return app.commit(look, cause=cause)
