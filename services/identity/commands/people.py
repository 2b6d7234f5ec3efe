"""Names for lists of people: lists are ids elsewhere, and names are opened here alone (architecture.md 5)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis import arrays, nature, positions
from chassis.application import Application
from chassis.paging import EVERYBODY, Place, Wanted, cut, digest
from services.identity.commands.credentials import USER_ID_CONTEXT
from services.identity.commands.information import NAMES_CONTEXT
from services.identity.commands.opened_names import Named
from services.identity.commands.orders import Order
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
    ranks: list[int]
    """One for each of these people."""
    found: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Beginning:
    """How the names begin of those who are looked for, case apart."""

    last_name: str = ""
    first_name: str = ""

    def of(self, places: Sequence[Place]) -> Sequence[Place]:
        """Those of these places at which such a name stands."""
        last, first = self.last_name.strip().casefold(), self.first_name.strip().casefold()
        if not (last or first):
            return places
        return [place for place in places if place[1].startswith(last) and place[2].startswith(first)]


ANYBODY = Beginning()


def select(
    app: Application,
    parts: Parts,
    *,
    account_ids: Sequence[UUID],
    ranks: Sequence[int] = (),
    beginning: Beginning = ANYBODY,
    wanted: Wanted = EVERYBODY,
) -> Selected:
    """These people whose names begin so, by rank and name; `ranks` has one for each, or none. Unknown ids are left out.

    Accounts stand last among equals, so that a page begins where the one before has ended. The order of what is asked
    for by pages is kept.
    """
    ranks = ranks or [0] * len(account_ids)
    order = _ordered(app, parts, dict(zip(account_ids, ranks, strict=True)))
    if wanted.limit:
        parts.orders.keep(digest(account_ids, ranks), order, most=parts.settings.names_kept)
    return _page(app, parts, order, beginning, wanted)


def select_again(
    app: Application, parts: Parts, *, list_: bytes, beginning: Beginning = ANYBODY, wanted: Wanted
) -> Selected | None:
    """A page of a list that was asked for before, by its digest; None where its order is not known or holds no more."""
    order = parts.orders.of(list_, life=parts.settings.names_life)
    if order is None or not _holds(app, parts, order):
        return None
    return _page(app, parts, order, beginning, wanted)


def _ordered(app: Application, parts: Parts, ranks: Mapping[UUID, int]) -> Order:
    with app.session() as session:
        position = positions.of(session, accounts.ACCOUNTS.name)  # before the names: what changes meanwhile is seen
    names, shredded = _names(app, parts, [*ranks])
    return Order(
        places=sorted((ranks[id_], *named.order, str(id_)) for id_, named in names.items()),
        marks={id_: named.mark for id_, named in names.items()},
        shredded=frozenset(shredded),
        listed=arrays.uuids(ranks),
        opened_at=min((named.opened_at for named in names.values()), default=nature.now()),
        position=position,
    )


def _holds(app: Application, parts: Parts, order: Order) -> bool:
    """Whether all on a list still have the names by which they were ordered; if so, that is taken down."""
    with app.session() as session:
        happened = accounts.touched(session, order.listed, since=order.position)
        if happened is None:
            return False
        position, touched = happened
        if touched and accounts.changed(session, {id_: order.marks.get(id_) for id_ in touched}):
            return False
    if parts.vault.destroyed(order.listed) & order.marks.keys() != order.shredded:
        return False
    order.position = position
    return True


def _page(app: Application, parts: Parts, order: Order, beginning: Beginning, wanted: Wanted) -> Selected:
    behind = _of(app, parts, order, [wanted.after]).get(wanted.after) if wanted.after else None
    places = beginning.of(order.places)
    page = cut(places, (wanted.after_rank, *behind.order, str(wanted.after)) if behind else None, wanted)
    shown = [*places[page.begin : page.end]]
    if wanted.descending:
        shown.reverse()
    ids = [UUID(place[-1]) for place in shown]
    return Selected(
        people=_rows(app, parts, ids, _of(app, parts, order, ids)),
        ranks=[place[0] for place in shown],
        found=len(places),
        skipped=page.skipped,
    )


def _of(app: Application, parts: Parts, order: Order, account_ids: Sequence[UUID]) -> Mapping[UUID, Named]:
    """The names of some people of a list that holds, or of others."""
    known = parts.opened.of(account_ids, life=parts.settings.names_life)
    if all(id_ in known and known[id_].mark == order.marks.get(id_) for id_ in account_ids):
        return known
    return _names(app, parts, account_ids)[0]


def _names(app: Application, parts: Parts, account_ids: Sequence[UUID]) -> tuple[dict[UUID, Named], set[UUID]]:
    """The names of these people, and who was shredded; only what is new or has changed is opened, all of it at once."""
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
    return names | {id_: Named(names[id_].mark) for id_ in shredded}, shredded


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
