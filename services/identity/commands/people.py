"""Names for lists of people: lists are ids elsewhere, and names are opened here alone (architecture.md 5)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.application import Application
from chassis.vault import ShreddedError
from services.identity.commands.credentials import USER_ID_CONTEXT
from services.identity.commands.information import NAMES_CONTEXT
from services.identity.commands.parts import Parts
from services.identity.projections import accounts
from services.identity.projections.accounts import AccountRow


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as a list shows them; an erased one has empty names."""

    account_id: UUID
    user_id: str = ""
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""


def select(
    app: Application,
    parts: Parts,
    *,
    account_ids: Sequence[UUID],
    last_name_prefix: str = "",
    first_name_prefix: str = "",
) -> list[PersonRow]:
    """These people whose names begin so, case apart, by last name, then first name; unknown ids are left out."""
    with app.session() as session:
        rows = accounts.select(session, account_ids)
    people = [_opened(parts, row) for row in rows]
    last, first = last_name_prefix.strip().casefold(), first_name_prefix.strip().casefold()
    chosen = [
        one
        for one in people
        if one.last_name.casefold().startswith(last) and one.first_name.casefold().startswith(first)
    ]
    return sorted(chosen, key=lambda one: (one.last_name.casefold(), one.first_name.casefold(), str(one.account_id)))


def _opened(parts: Parts, row: AccountRow) -> PersonRow:
    try:
        user_id = parts.vault.open(row.account_id, row.user_id, USER_ID_CONTEXT) if row.user_id else ""
        names = json.loads(parts.vault.open(row.account_id, row.names, NAMES_CONTEXT)) if row.names else {}
    except ShreddedError:
        return PersonRow(row.account_id)
    known = ("first_name", "middle_name", "last_name")
    return PersonRow(row.account_id, user_id, **{name: names.get(name, "") for name in known})
