"""The right to act and the persons behind accounts, in memory: every api process follows its own log with it (4.5)."""

from __future__ import annotations

from uuid import UUID

from google.protobuf.message import Message
from mandate.identity.v1.state_pb2 import AccountState
from mandate_kit import feeding
from mandate_kit.authority import AuthorityIndex

from chassis.application import Application
from chassis.followers import InMemory


class AuthorityFollower(InMemory):
    """Feeds the index from what was heard."""

    def __init__(self, app: Application) -> None:
        super().__init__(app, "authority", self._take, own=())
        self.index = AuthorityIndex()
        self.persons: dict[UUID, UUID] = {}
        """Account -> person (X-11)."""

    def _take(self, event: object) -> None:
        if isinstance(event, Message):
            feeding.take(self.index, event)
        if isinstance(event, AccountState):
            self.persons.pop(UUID(event.account_id), None)
            if event.person_id:
                self.persons[UUID(event.account_id)] = UUID(event.person_id)
