"""Names for lists of people: lists are ids elsewhere, and names are opened here alone (architecture.md 5)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.application import Application
from chassis.paging import EVERYBODY, Place, Wanted, cut
from services.identity.commands.credentials import USER_ID_CONTEXT
from services.identity.commands.information import NAMES_CONTEXT
from services.identity.commands.opened_names import Named
from services.identity.commands.parts import Parts
from services.identity.projections import accounts


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as a list shows them; an erased one has empty names."""

    account_id: UUID
    user_id: str = ""
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""


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
    """These people whose names begin so, case apart, by rank and name; unknown ids are left out.

    Accounts stand last among equals, so that a page begins where the one before has ended.
    """
    ranks = ranks or {}
    on_list = dict.fromkeys(account_ids)
    names = _names(app, parts, [*on_list, wanted.after] if wanted.after and wanted.after not in on_list else [*on_list])
    behind = names.get(wanted.after) if wanted.after else None
    last, first = last_name_prefix.strip().casefold(), first_name_prefix.strip().casefold()
    places: list[Place] = sorted(
        (ranks.get(id_, 0), *named.order, str(id_))
        for id_, named in names.items()
        if named.order[0].startswith(last) and named.order[1].startswith(first) and id_ in on_list
    )
    page = cut(places, (wanted.after_rank, *behind.order, str(wanted.after)) if behind else None, wanted)
    ids = [UUID(place[-1]) for place in places[page.begin : page.end]]
    if wanted.descending:
        ids.reverse()
    return Selected(people=_rows(app, parts, ids, names), found=len(places), skipped=page.skipped)


def _names(app: Application, parts: Parts, account_ids: Sequence[UUID]) -> dict[UUID, Named]:
    """The names of these people; only what is new or has changed is opened, and all of that at once."""
    known = parts.opened.of(account_ids, life=parts.settings.names_life)
    with app.session() as session:
        new = dict.fromkeys(account_ids)
        rows = accounts.changed(session, new | {id_: named.mark for id_, named in known.items()})
    sealed = [(row.account_id, row.names) for row in rows if row.names]
    texts = dict(zip(sealed, parts.vault.open_all(sealed, NAMES_CONTEXT), strict=True))
    opened = {row.account_id: _named(row.mark, texts.get((row.account_id, row.names))) for row in rows}
    names = known | opened
    shredded = parts.vault.destroyed(names)
    parts.opened.keep({id_: one for id_, one in opened.items() if id_ not in shredded}, most=parts.settings.names_kept)
    parts.opened.forget(shredded)
    return names | {id_: Named(names[id_].mark) for id_ in shredded}


def _named(mark: int, text: str | None) -> Named:
    if text is None:
        return Named(mark)
    told = json.loads(text)
    first, middle, last = (told.get(name, "") for name in ("first_name", "middle_name", "last_name"))
    return Named(mark, first, middle, last, (last.casefold(), first.casefold()))


def _rows(app: Application, parts: Parts, ids: Sequence[UUID], names: Mapping[UUID, Named]) -> list[PersonRow]:
    """With user ids, which order nobody: only those of a page are opened."""
    with app.session() as session:
        sealed = [(row.account_id, row.user_id) for row in accounts.select(session, ids) if row.user_id]
    opened = parts.vault.open_all(sealed, USER_ID_CONTEXT)
    user_ids = {id_: user_id for (id_, _), user_id in zip(sealed, opened, strict=True)}
    return [
        PersonRow(id_, user_ids.get(id_) or "", names[id_].first_name, names[id_].middle_name, names[id_].last_name)
        for id_ in ids
    ]
