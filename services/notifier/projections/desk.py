"""One row for each person of External User Services, as identity says (AccountState): who works off its queue."""

from __future__ import annotations

from uuid import UUID

from mandate.identity.v1.state_pb2 import AccountState

from chassis.database import Session
from chassis.views import Rows, View
from chassis.vocabulary.roles import EUS

DESK = View(name="desk_v1", table="account_id uuid PRIMARY KEY")


@DESK.fold
def fold(event: object, rows: Rows) -> None:
    """The newest AccountState of each key; who has left the desk, or cannot sign in, has no row."""
    if isinstance(event, AccountState):
        account_id = UUID(event.account_id)
        if event.active and EUS in event.roles:
            rows.put(account_id)
        else:
            rows.drop(account_id)


def people(db: Session) -> list[UUID]:
    """The accounts of the desk, in a fixed order."""
    return [account_id for (account_id,) in db.run("SELECT account_id FROM desk_v1 ORDER BY account_id")]
