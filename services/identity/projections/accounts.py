"""One row for each account: what lists and look-ups of people need, sealed or by blind index (S-18, S-19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis import arrays, log
from chassis.database import Session
from chassis.views import Rows, View
from services.identity.domain.account import LOCKS, Account

ACCOUNTS = View(
    name="accounts_v1",
    table="""
        account_id uuid PRIMARY KEY, phase text NOT NULL, email text NOT NULL, email_claim uuid NOT NULL,
        user_id text NOT NULL, names text NOT NULL, ssn_index text NOT NULL, match_index text NOT NULL,
        roles jsonb NOT NULL, began_at timestamptz NOT NULL, registered_at timestamptz
    """,
    indexes=("email_claim", "ssn_index", "match_index", "phase, account_id"),
)


@ACCOUNTS.fold
def fold(event: object, rows: Rows) -> None:
    """Events of Account alone."""
    match event:
        case Account.RegistrationStarted():
            rows.put(
                event.originator_id,
                phase="STARTED",
                email=event.email,
                email_claim=event.email_claim,
                user_id="",
                names="",
                ssn_index="",
                match_index="",
                roles=[],
                began_at=event.timestamp,
            )
        case Account.CredentialsChosen(originator_id=id_, user_id=user_id):
            rows.change(id_, user_id=user_id)
        case Account.PersonalInformationRecorded(originator_id=id_, names=names, ssn_index=ssn, match_index=match):
            rows.change(id_, names=names, ssn_index=ssn, match_index=match)
        case Account.RolesGiven(originator_id=id_, roles=roles):
            rows.change(id_, roles=roles)
        case Account.Activated(originator_id=id_, activated_at=at):
            rows.change(id_, phase="ACTIVE", registered_at=at)
        case _:
            _phase(event, rows)


def _phase(event: object, rows: Rows) -> None:
    match event:
        case Account.IdentityProofed(originator_id=id_):
            rows.change(id_, phase="INFO_PROVIDED")
        case Account.IdentityProofingFailed(originator_id=id_):
            rows.change(id_, phase="PROOFING_REVIEW")
        case Account.Locked(originator_id=id_, reason=reason):
            rows.change(id_, phase=LOCKS[reason])
        case Account.Unlocked(originator_id=id_):
            rows.change(id_, phase="ACTIVE")
        case Account.Abandoned(originator_id=id_):
            rows.change(id_, phase="ABANDONED")
        case Account.Closed(originator_id=id_):
            rows.change(id_, phase="CLOSED")


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as look-ups find it; what is personal is sealed."""

    account_id: UUID
    phase: str
    email: str
    email_claim: UUID
    user_id: str
    names: str
    ssn_index: str
    match_index: str
    roles: list[str]
    began_at: datetime
    registered_at: datetime | None


@dataclass(frozen=True, slots=True)
class NameRow:
    """What a list of people needs of an account, sealed."""

    account_id: UUID
    user_id: str
    names: str
    mark: int = 0
    """A hash of the sealed names: the same for as long as they are the same."""


def select(db: Session, account_ids: Sequence[UUID]) -> list[NameRow]:
    """These accounts, in no order; unknown ids are left out."""
    rows = db.run("SELECT account_id, user_id, names FROM accounts_v1 WHERE account_id = ANY(%s)", (list(account_ids),))
    return [NameRow(*row) for row in rows]


def changed(db: Session, marks: Mapping[UUID, int | None]) -> list[NameRow]:
    """Those of these accounts whose names have another mark, or that have none here; unknown ids are left out."""
    rows = db.run(
        "SELECT account_id, user_id, names, hashtextextended(names, 0) FROM accounts_v1"
        " JOIN unnest(%s, %s) AS known (id, mark) ON account_id = known.id"
        " WHERE known.mark IS DISTINCT FROM hashtextextended(names, 0)",
        (arrays.uuids(marks), arrays.bigints(marks.values())),
    )
    return [NameRow(*row) for row in rows]


def touched(db: Session, account_ids: arrays.Array, *, since: int) -> tuple[int, set[UUID]] | None:
    """How far this view has come, and to whom of these accounts something has happened since it stood at `since`.

    None where the log between is too long to be looked through for a list, or was put back.
    """
    rows = db.run(
        "SELECT view.position, happened.stream FROM (SELECT position FROM positions WHERE follower = %s) AS view"
        " LEFT JOIN LATERAL (SELECT stream FROM log WHERE position > %s AND position <= view.position"
        " ORDER BY position LIMIT %s) AS happened ON happened.stream = ANY(%s)",
        (ACCOUNTS.name, since, log.PAGE, account_ids),
    )
    position: int = rows[0][0]
    if not 0 <= position - since <= log.PAGE:
        return None
    return position, {stream for _, stream in rows if stream is not None}


def matching(db: Session, match_index: str) -> list[AccountRow]:
    """Active accounts whose six fields are these (IA-FUID-04)."""
    return _rows(db, "match_index = %s AND phase = 'ACTIVE'", (match_index,))


def in_review(db: Session, *, after: UUID | None, limit: int) -> list[AccountRow]:
    """A page of the registrations that External User Services decide about, by keyset."""
    condition = "phase = 'PROOFING_REVIEW' AND (%s::uuid IS NULL OR account_id > %s) ORDER BY account_id LIMIT %s"
    return _rows(db, condition, (after, after, limit))


def _rows(db: Session, condition: str, values: Sequence[object]) -> list[AccountRow]:
    return [AccountRow(*row) for row in db.run(f"SELECT * FROM accounts_v1 WHERE {condition}", values)]  # noqa: S608
