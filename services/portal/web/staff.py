"""My Staff (rows 38, 40): the people of the employers that the person manages, active and inactive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from mandate.access.v1.service_pb2 import Association
from mandate.identity.v1.people_service_pb2 import Person
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import colleagues, invited, naming, roster, standing
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

BOXES = ("last", "first", "employer")
ORDERS: Mapping[str, Mapping[str, str]] = {
    colleagues.APPROVED: {"name": "", "role": "ROLE", "pecos": "PECOS", "nppes": "NPPES"},
    colleagues.ENDED: {"name": "", "role": "ROLE", "ended": "SINCE"},
    colleagues.PENDING: {"since": "SINCE", "name": "", "current": "HELD_ROLE", "request": "ROLE"},
}
"""List -> what it can be sorted by, the default first, and how access calls that."""
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Post:
    """One person at one employer."""

    id: str
    employer: naming.Employer
    role: str
    role_code: str
    pecos: bool
    ehr: bool
    """Of the past: it gives no right any more (IA-EHR-04)."""
    nppes: bool
    since: Any
    may_modify: bool
    may_withhold: bool
    """Whether providers can be withheld from the person there (D-40)."""
    ended_by: str
    """The name of who ended it; empty while it is not ended."""


@dataclass(frozen=True, slots=True)
class Member:
    """One person, with all posts at employers that the reader manages (IA-STAFF-03)."""

    id: str
    name: str
    user_id: str
    posts: Sequence[Post]

    @property
    def role(self) -> str:
        """The roles, each once."""
        return " / ".join(dict.fromkeys(post.role for post in self.posts))

    def having(self, function: str) -> int:
        """At how many employers the person has it."""
        return sum(getattr(post, function) for post in self.posts)

    @property
    def may_modify(self) -> bool:
        """Whether there is anything to modify."""
        return any(post.may_modify for post in self.posts)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the address asks for."""

    path: str
    list: str
    last: str
    first: str
    employer: str
    sort: str
    open: str
    at: str

    def link(self, **change: str) -> str:
        """The same view with something changed; what is as by default is left out."""
        return self._address(self.path, change)

    @property
    def file(self) -> str:
        """The whole list as a file, so chosen and ordered."""
        return self._address(f"{self.path}.csv", {"open": "", "at": ""})

    def sort_link(self, column: str) -> str:
        """Sort by a column; by the same one again, the other way."""
        return self.link(sort=f"-{column}" if self.sort == column else column, at="")

    @property
    def columns(self) -> tuple[str, ...]:
        """By which the list can be sorted."""
        return tuple(ORDERS[self.list])

    @property
    def is_filtered(self) -> bool:
        """Whether a box is filled in."""
        return bool(self.last or self.first or self.employer)

    def _address(self, path: str, change: dict[str, str]) -> str:
        values = {name: getattr(self, name) for name in (*BOXES, "sort", "open", "at")} | change
        default = {"sort": self.columns[0]}
        query = urlencode({key: value for key, value in values.items() if value != default.get(key, "")})
        return f"{path}?{query}" if query else path


def shown(visit: Visit, path: str, list_: str) -> Shown:
    """Read the address. What it cannot mean counts as the default."""
    asked = visit.request.query_params
    sort, columns = asked.get("sort", ""), tuple(ORDERS[list_])
    return Shown(
        path=path,
        list=list_,
        **{name: asked.get(name, "").strip()[:LONGEST] for name in BOXES},
        sort=sort if sort.removeprefix("-") in columns else columns[0],
        open=asked.get("open", ""),
        at=asked.get("at", ""),
    )


def require_manager(visit: Visit) -> dict[str, str]:
    """Employers that the person manages, with the own role; for everybody else there is no such page (IA-NAV-02)."""
    mine = standing.managed(visit)
    if not mine:
        raise HTTPException(404)
    return mine


def asked(visit: Visit, view: Shown) -> roster.Asked:
    """What the view asks access and identity for. Raises `RefusedError`; 404 for who manages nobody."""
    mine = require_manager(visit)
    wanted = view.employer.casefold()
    return roster.Asked(
        list=view.list,
        order=ORDERS[view.list][view.sort.removeprefix("-")],
        descending=view.sort.startswith("-"),
        last=view.last,
        first=view.first,
        employer_ids=[id_ for id_, one in naming.employers(visit, mine).items() if wanted in one.name.casefold()]
        if wanted
        else None,
    )


def members(visit: Visit, asked: roster.Asked, people: Iterable[Person]) -> list[Member]:
    """These people with their posts at the employers that the reader manages. Raises `RefusedError`."""
    order = list(people)
    mine = standing.managed(visit)
    found = colleagues.of(visit, asked.list, [one.account_id for one in order])
    if asked.employer_ids is not None:
        found = [one for one in found if one.employer_id in asked.employer_ids]
    employers = naming.employers(visit, (one.employer_id for one in found))
    enders = naming.people(visit, (one.ended_by for one in found if one.ended_by))
    by_person: dict[str, list[Post]] = {one.account_id: [] for one in order}
    for one in found:
        by_person[one.account_id].append(_post(visit, one, employers, mine, enders))
    for posts in by_person.values():
        posts.sort(key=lambda post: post.employer.name.casefold())
    return [
        Member(one.account_id, naming.person(visit, one), one.user_id, by_person[one.account_id])
        for one in order
        if by_person[one.account_id]  # gone between two questions
    ]


def active(visit: Visit) -> Response:
    """My Staff - Active Staff."""
    return _list(visit, "/staff", colleagues.APPROVED)


def inactive(visit: Visit) -> Response:
    """My Staff - Inactive Staff (IA-STAFF-04)."""
    return _list(visit, "/staff/inactive", colleagues.ENDED)


def _list(visit: Visit, path: str, status: str) -> Response:
    view = shown(visit, path, status)
    wanted = asked(visit, view)
    page = roster.page(visit, wanted, roster.Cursor.read(view.at))
    is_active = status == colleagues.APPROVED
    return visit.page(
        "staff/list.html" if is_active else "staff/inactive.html",
        view=view,
        page=page,
        members=members(visit, wanted, page.people),
        invitations=invited.unfinished(visit) if is_active else (),
        waiting=standing.waiting(visit).get("/staff", 0),
    )


def _post(
    visit: Visit,
    one: Association,
    employers: Mapping[str, naming.Employer],
    mine: Mapping[str, str],
    enders: Mapping[str, Person],
) -> Post:
    own_role = mine.get(one.employer_id, "")
    is_active = one.status == colleagues.APPROVED
    return Post(
        id=one.association_id,
        employer=employers[one.employer_id],
        role=naming.role(visit, one.role),
        role_code=one.role,
        pecos="PECOS" in one.functions,
        ehr="EHR" in one.functions,
        nppes="NPPES" in one.functions,
        since=one.since,
        may_modify=is_active and one.role in colleagues.BELOW.get(own_role, frozenset()),
        may_withhold=is_active and colleagues.may_withhold(one, own_role),
        ended_by=naming.person(visit, enders.get(one.ended_by)) if one.ended_by else "",
    )


PAGES = (
    Page("/staff", Access.SIGNED_IN, get=active),
    Page("/staff/inactive", Access.SIGNED_IN, get=inactive),
)
