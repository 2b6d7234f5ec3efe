"""Names for lists of people: lists are ids elsewhere, and names are opened here alone (architecture.md 5)."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from chassis.application import Application
from services.identity.commands.credentials import USER_ID_CONTEXT
from services.identity.commands.information import NAMES_CONTEXT
from services.identity.commands.parts import Parts
from services.identity.projections import accounts
from services.identity.projections.accounts import NameRow

Place = tuple[int, str, str, str]
"""Where somebody stands in a list: rank, last name, first name, account."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as a list shows them; an erased one has empty names."""

    account_id: UUID
    user_id: str = ""
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""

    def place(self, rank: int = 0) -> Place:
        """By last name, then first name, case apart; by account where both are the same."""
        return rank, self.last_name.casefold(), self.first_name.casefold(), str(self.account_id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page of a list: it begins behind a person or ends before one, who need not be on the list."""

    limit: int
    """0 for everybody."""
    after: UUID | None = None
    after_rank: int = 0
    descending: bool = False
    before: bool = False
    """Whether the page ends before `after`."""


EVERYBODY = Wanted(limit=0)


@dataclass(frozen=True, slots=True)
class Selected:
    """A page of people, how many are so in all, and how many of them stand before it."""

    people: list[PersonRow]
    found: int
    skipped: int


def select(
    app: Application,
    parts: Parts,
    *,
    account_ids: Sequence[UUID],
    last_name_prefix: str = "",
    first_name_prefix: str = "",
    ranks: Mapping[UUID, int] | None = None,
    wanted: Wanted = EVERYBODY,
) -> Selected:
    """These people whose names begin so, case apart, by rank and name; unknown ids are left out."""
    ranks = ranks or {}
    with app.session() as session:
        rows = {row.account_id: row for row in accounts.select(session, account_ids)}
        behind = accounts.select(session, [wanted.after]) if wanted.after else []
    last, first = last_name_prefix.strip().casefold(), first_name_prefix.strip().casefold()
    chosen = [
        one
        for one in _named(parts, list(rows.values()))
        if one.last_name.casefold().startswith(last) and one.first_name.casefold().startswith(first)
    ]
    ordered = sorted((one.place(ranks.get(one.account_id, 0)), one) for one in chosen)
    places = [place for place, _ in ordered]
    begin, end = _page(places, _named(parts, behind)[0].place(wanted.after_rank) if behind else None, wanted)
    page = [one for _, one in ordered[begin:end]]
    if wanted.descending:
        page.reverse()
    return Selected(
        people=_with_user_ids(parts, page, rows),
        found=len(ordered),
        skipped=len(ordered) - end if wanted.descending else begin,
    )


def _page(places: list[Place], anchor: Place | None, wanted: Wanted) -> tuple[int, int]:
    """From where to where, in ascending order."""
    length = wanted.limit or len(places)
    if wanted.descending == wanted.before:  # upwards from the anchor
        begin = bisect_right(places, anchor) if anchor else 0
        return begin, min(begin + length, len(places))
    end = bisect_left(places, anchor) if anchor else len(places)
    return max(end - length, 0), end


def _named(parts: Parts, rows: Sequence[NameRow]) -> list[PersonRow]:
    """With names, without user ids."""
    sealed = [row for row in rows if row.names]
    opened = parts.vault.open_all([(row.account_id, row.names) for row in sealed], NAMES_CONTEXT)
    names = {row.account_id: json.loads(text) for row, text in zip(sealed, opened, strict=True) if text is not None}
    known = ("first_name", "middle_name", "last_name")
    return [
        PersonRow(row.account_id, **{name: names.get(row.account_id, {}).get(name, "") for name in known})
        for row in rows
    ]


def _with_user_ids(parts: Parts, people: Sequence[PersonRow], rows: Mapping[UUID, NameRow]) -> list[PersonRow]:
    sealed = [one.account_id for one in people if rows[one.account_id].user_id]
    opened = parts.vault.open_all([(id_, rows[id_].user_id) for id_ in sealed], USER_ID_CONTEXT)
    user_ids = dict(zip(sealed, opened, strict=True))
    return [replace(one, user_id=user_ids.get(one.account_id) or "") for one in people]
