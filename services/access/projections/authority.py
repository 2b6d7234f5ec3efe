"""The right to act, in memory: every api process follows its own log with it, as fresh as the log (4.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from mandate_kit import feeding
from mandate_kit.authority import Association as Member
from mandate_kit.authority import AuthorityIndex

from chassis.application import Application
from chassis.followers import InMemory
from services.access.domain.association import Association

NOBODY: frozenset[UUID] = frozenset()
NOTHING: frozenset[str] = frozenset()


class AuthorityFollower(InMemory):
    """Feeds the index from the own log."""

    def __init__(self, app: Application) -> None:
        self._own: dict[type, Callable[[Any], None]] = {
            Association.Requested: self._requested,
            Association.Invited: self._invited,
            Association.Added: self._invited,
            Association.Joined: self._given,
            Association.RoleChanged: self._given,
            Association.Approved: self._approved,
            Association.FunctionGranted: self._functions,
            Association.FunctionWithdrawn: self._functions,
            Association.RequestedAgain: self._requested_again,
            Association.Rejected: self._rejected,
            Association.Cancelled: self._cancelled,
            Association.ProvidersWithheld: self._withheld,
            Association.Ended: self._ended,
        }
        super().__init__(app, "authority", self.take, own=self._own)
        self.index = AuthorityIndex()
        self._members: dict[UUID, Member] = {}

    def take(self, event: object) -> None:
        """Take one event of the log, own or heard."""
        if (own := self._own.get(type(event))) is not None:
            own(event)
        elif isinstance(event, Message):
            feeding.take(self.index, event)

    def _requested(self, event: Any) -> None:
        self._put(Member(event.originator_id, event.account_id, event.employer_id, event.role, "PENDING"))

    def _invited(self, event: Any) -> None:
        self._put(Member(event.originator_id, event.account_id, event.employer_id, "", "INVITED"))

    def _given(self, event: Any) -> None:
        """A role with its functions; who keeps the role keeps what was withheld."""
        withheld = None if event.role == self._members[event.originator_id].role else NOBODY
        self._change(event, role=event.role, status="APPROVED", functions=frozenset(event.functions), withheld=withheld)

    def _approved(self, event: Any) -> None:
        self._change(event, role=event.role, status="APPROVED", functions=NOTHING, withheld=NOBODY)

    def _functions(self, event: Any) -> None:
        self._change(event, functions=event.functions)

    def _requested_again(self, event: Any) -> None:
        if not event.held_role:
            self._change(event, role=event.role, status="PENDING")

    def _rejected(self, event: Any) -> None:
        if not event.held_role:
            self._change(event, status="REJECTED")

    def _cancelled(self, event: Any) -> None:
        if not event.held_role:
            self._change(event, status="CANCELLED")

    def _withheld(self, event: Any) -> None:
        self._change(event, withheld=map(UUID, event.provider_ids))

    def _ended(self, event: Any) -> None:
        self._change(
            event,
            status="DISASSOCIATED",
            functions=NOTHING,
            withheld=NOBODY,
            since=event.timestamp,
            changed_by=event.ended_by,
        )

    def _put(self, member: Member) -> None:
        self._members[member.association_id] = member
        self.index.put_association(member)

    def _change(
        self,
        event: Any,
        *,
        role: str | None = None,
        status: str | None = None,
        functions: Iterable[str] | None = None,
        withheld: Iterable[UUID] | None = None,
        since: datetime | None = None,
        changed_by: UUID | None = None,
    ) -> None:
        """The association with these fields changed; who had ended it before has nothing to do with that.

        By the constructor: `dataclasses.replace` costs three times as much, for each change in the log, at every start.
        """
        was = self._members[event.originator_id]
        self._put(
            Member(
                was.association_id,
                was.account_id,
                was.employer_id,
                was.role if role is None else role,
                was.status if status is None else status,
                was.functions if functions is None else frozenset(functions),
                was.withheld_provider_ids if withheld is None else frozenset(withheld),
                since,
                changed_by,
            )
        )
