"""One row for each account that is no more (AccountClosed)."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from mandate.identity.v1.events_pb2 import AccountClosed

from chassis.database import Session
from chassis.views import Rows, View

CLOSED_ACCOUNTS = View(name="closed_accounts_v1", table="account_id uuid PRIMARY KEY, closed_at timestamptz NOT NULL")


@CLOSED_ACCOUNTS.fold
def fold(event: object, rows: Rows) -> None:
    """Closed is for ever."""
    if isinstance(event, AccountClosed):
        rows.put(UUID(event.account_id), closed_at=event.closed_at.ToDatetime(UTC))


def is_closed(db: Session, account_id: UUID) -> bool:
    """Whether the account is no more, as far as identity has told."""
    return db.one("SELECT 1 FROM closed_accounts_v1 WHERE account_id = %s", (account_id,)) is not None
