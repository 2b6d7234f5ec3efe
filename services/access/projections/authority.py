"""The right to act, in memory: every api process follows its own log with it, as fresh as the log (4.5)."""

from __future__ import annotations

from uuid import UUID

from mandate.connections.v1.state_pb2 import ConnectionState
from mandate.identity.v1.state_pb2 import AccountState
from mandate_kit.authority import Account, AuthorityIndex, Connection
from mandate_kit.authority import Association as Member

from chassis.application import Application
from chassis.followers import read_page
from services.access.domain.association import Association


class AuthorityFollower:
    """Feeds the index from the own log, from its beginning at every start; `position` is how far it has come."""

    def __init__(self, app: Application) -> None:
        self.name = "access.authority"
        self.index = AuthorityIndex()
        self.position = 0
        self._app = app
        self._members: dict[UUID, Member] = {}

    def step(self) -> bool:
        """Take in one page."""
        with self._app.database.session() as session:
            page = read_page(self._app, session, after=self.position)
        for event in page.events:
            self._take(event)
        if page.recorded:
            self.position = page.recorded[-1].position
        return bool(page.recorded)

    def _take(self, event: object) -> None:
        match event:
            case AccountState():
                own = frozenset(UUID(one) for one in event.provider_ids)
                self.index.put_account(Account(UUID(event.account_id), event.active, own))
            case ConnectionState():
                self.index.put_connection(
                    Connection(
                        UUID(event.connection_id),
                        UUID(event.provider_id),
                        UUID(event.surrogate_id),
                        event.function,
                        event.status,
                        event.tracking_id,
                    )
                )
            case Association.Requested():
                self._put(Member(event.originator_id, event.account_id, event.employer_id, event.role, "PENDING"))
            case Association.Approved(originator_id=id_, role=role):
                self._change(id_, role=role, status="APPROVED", functions=frozenset())
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
            case Association.Ended(originator_id=id_):
                self._change(id_, status="DISASSOCIATED", functions=frozenset())

    def _put(self, member: Member) -> None:
        self._members[member.association_id] = member
        self.index.put_association(member)

    def _change(
        self, id_: UUID, *, role: str | None = None, status: str | None = None, functions: frozenset[str] | None = None
    ) -> None:
        was = self._members[id_]
        self._put(
            Member(
                id_,
                was.account_id,
                was.employer_id,
                was.role if role is None else role,
                was.status if status is None else status,
                was.functions if functions is None else functions,
            )
        )
