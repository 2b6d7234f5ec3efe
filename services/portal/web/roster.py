"""People in order, a page at a time: who they are says access, their names and order identity (architecture.md 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mandate.access.v1.service_pb2 import SelectStaffRequest, SelectStaffResponse
from mandate.identity.v1.people_service_pb2 import Person, SelectPeopleRequest, SelectPeopleResponse

from services.portal.web import commands, receipts
from services.portal.web.visits import Visit

PAGE = 25
MOST = 200
"""People of a page of a file."""
IDS = 2000
"""People whose order one question finds out; more are put in order in parts, and the parts merged."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The page behind somebody, or the one before: an id and its rank, no name (an address names nobody)."""

    id: str
    rank: int
    before: bool = False

    def __str__(self) -> str:
        """As it stands in an address."""
        return f"{'before' if self.before else 'after'}.{self.rank}.{self.id}"

    @staticmethod
    def read(text: str) -> Cursor | None:
        """The cursor of an address; None, the first page, for what is none."""
        way, _, rest = text.partition(".")
        rank, _, id_ = rest.partition(".")
        digits = rank.removeprefix("-")
        if way not in ("after", "before") or not commands.is_id(id_):
            return None
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 18):  # noqa: PLR2004 - a rank has 64 bits
            return None
        return Cursor(id_, int(rank), way == "before")


@dataclass(frozen=True, slots=True)
class Asked:
    """A list of My Staff, and the order and choice in which it is wanted."""

    list: str
    order: str = ""
    """Of access: what orders people before their names do."""
    descending: bool = False
    last: str = ""
    first: str = ""
    employer_ids: Sequence[str] | None = None
    """At these employers; None for all."""


@dataclass(frozen=True, slots=True)
class Roster:
    """One page."""

    people: Sequence[Person]
    found: int
    """How many are so in all."""
    skipped: int
    """How many of them stand before this page."""
    before: Cursor | None
    after: Cursor | None


def page(visit: Visit, asked: Asked, at: Cursor | None, limit: int = PAGE) -> Roster:
    """The page of a cursor. Raises `RefusedError`."""
    backwards = at is not None and at.before
    ranks: dict[str, int] = {}
    parts: list[SelectPeopleResponse] = []
    for part, its_ranks in _parts(visit, asked, at, limit):
        parts.append(part)
        ranks |= its_ranks
    people = sorted((one for part in parts for one in part.people), key=lambda one: _place(one, ranks))
    if _falls(asked):
        people.reverse()
    before_all = sum(part.skipped for part in parts)
    if backwards:
        before_all += max(len(people) - limit, 0)
        people = people[-limit:]
    else:
        people = people[:limit]
    found = sum(part.found for part in parts)
    return Roster(
        people=people,
        found=found,
        skipped=before_all,
        before=_cursor(people[0], ranks, before=True) if people and before_all else None,
        after=_cursor(people[-1], ranks) if people and before_all + len(people) < found else None,
    )


def pages(visit: Visit, asked: Asked) -> Iterator[Roster]:
    """All pages, long ones, for a file. Raises `RefusedError`."""
    found = page(visit, asked, None, MOST)
    yield found
    while found.after:
        found = page(visit, asked, found.after, MOST)
        yield found


def _parts(
    visit: Visit, asked: Asked, at: Cursor | None, limit: int
) -> Iterator[tuple[SelectPeopleResponse, Mapping[str, int]]]:
    """Of each part of the list, of as many people as identity orders at once: the page, and account -> rank.

    A part is asked for by its digest, for identity may have it in order still; else by its ids.
    """
    if asked.employer_ids is not None and not asked.employer_ids:
        return
    after = ""
    while True:
        listed = _listed(visit, asked, after, digest_only=True)
        part = _named(visit, asked, SelectPeopleRequest(list=listed.digest), at, limit) if listed.digest else None
        if part is not None and part.list == listed.digest:
            yield part, {one.account_id: rank for one, rank in zip(part.people, part.ranks, strict=True)}
            after = listed.next
        else:
            if listed.digest:
                listed = _listed(visit, asked, after)
            if not listed.account_ids:
                return
            request = SelectPeopleRequest(account_ids=listed.account_ids, ranks=listed.ranks)
            yield (
                _named(visit, asked, request, at, limit),
                dict(zip(listed.account_ids, listed.ranks, strict=True)),
            )
            after = listed.account_ids[-1] if len(listed.account_ids) == IDS else ""
        if not after:
            return


def _listed(visit: Visit, asked: Asked, after: str, *, digest_only: bool = False) -> SelectStaffResponse:
    request = SelectStaffRequest(
        list=asked.list,
        order=asked.order,
        descending=asked.descending and bool(asked.order),
        employer_ids=asked.employer_ids or (),
        after=after,
        limit=IDS,
        digest_only=digest_only,
    )
    answer: SelectStaffResponse = receipts.ask(
        visit, visit.portal.clients.access.SelectStaff, request, audience="access"
    )
    return answer


def _named(
    visit: Visit, asked: Asked, request: SelectPeopleRequest, at: Cursor | None, limit: int
) -> SelectPeopleResponse:
    request.last_name_prefix, request.first_name_prefix = asked.last, asked.first
    request.limit, request.descending = limit, _falls(asked)
    if at is not None:
        request.after, request.after_rank, request.before = at.id, at.rank, at.before
    answer: SelectPeopleResponse = visit.ask(visit.portal.clients.people.SelectPeople, request)
    return answer


def _falls(asked: Asked) -> bool:
    """Names the other way round; of other orders the ranks are, and names order the others as ever."""
    return asked.descending and not asked.order


def _place(one: Person, ranks: Mapping[str, int]) -> tuple[int, str, str, str]:
    """As identity orders them."""
    return ranks[one.account_id], one.last_name.casefold(), one.first_name.casefold(), one.account_id


def _cursor(one: Person, ranks: Mapping[str, int], *, before: bool = False) -> Cursor:
    return Cursor(one.account_id, ranks[one.account_id], before)
