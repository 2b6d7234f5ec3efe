"""The right to act, in memory: every api process follows its own log with it, as fresh as the log (4.5)."""

from __future__ import annotations

from dataclasses import replace
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


class AuthorityFollower(InMemory):
    """Feeds the index from the own log."""

    def __init__(self, app: Application) -> None:
        super().__init__(app, "authority", self.take)
        self.index = AuthorityIndex()
        self._members: dict[UUID, Member] = {}

    def take(self, event: object) -> None:
        """Take one event of the log, own or heard."""
        if isinstance(event, Message):
            feeding.take(self.index, event)
        else:
            self._take_own(event)

    def _take_own(self, event: object) -> None:
        match event:
            case Association.Requested():
                self._put(Member(event.originator_id, event.account_id, event.employer_id, event.role, "PENDING"))
            case Association.Invited() | Association.Added():
                self._put(Member(event.originator_id, event.account_id, event.employer_id, "", "INVITED"))
            case (
                Association.Joined(originator_id=id_, role=role, functions=functions)
                | Association.RoleChanged(originator_id=id_, role=role, functions=functions)
            ):
                more = {} if role == self._members[id_].role else {"withheld_provider_ids": NOBODY}
                self._change(id_, role=role, status="APPROVED", functions=frozenset(functions), **more)
            case Association.Approved(originator_id=id_, role=role):
                self._change(id_, role=role, status="APPROVED", functions=frozenset(), withheld_provider_ids=NOBODY)
            case (
                Association.FunctionGranted(originator_id=id_, functions=functions)
                | Association.FunctionWithdrawn(originator_id=id_, functions=functions)
            ):
                self._change(id_, functions=frozenset(functions))
            case Association.RequestedAgain(originator_id=id_, role=role, held_role=""):
                self._change(id_, role=role, status="PENDING")
            case Association.Rejected(originator_id=id_, held_role=""):
                self._change(id_, status="REJECTED")
            case Association.Cancelled(originator_id=id_, held_role=""):
                self._change(id_, status="CANCELLED")
            case _:
                self._take_less(event)

    def _take_less(self, event: object) -> None:
        match event:
            case Association.ProvidersWithheld(originator_id=id_, provider_ids=ids):
                self._change(id_, withheld_provider_ids=frozenset(map(UUID, ids)))
            case Association.Ended(originator_id=id_, ended_by=by, timestamp=at):
                nothing: dict[str, Any] = {"functions": frozenset(), "withheld_provider_ids": NOBODY}
                self._change(id_, status="DISASSOCIATED", **nothing, since=at, changed_by=by)

    def _put(self, member: Member) -> None:
        self._members[member.association_id] = member
        self.index.put_association(member)

    def _change(self, id_: UUID, **changed: Any) -> None:
        """The association with these fields changed; who had ended it before has nothing to do with that."""
        self._put(replace(self._members[id_], **{"since": None, "changed_by": None} | changed))
