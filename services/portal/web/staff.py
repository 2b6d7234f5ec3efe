"""My Staff (rows 38, 40): the people of the employers that the person manages, active and inactive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from mandate.access.v1.service_pb2 import Association
from mandate.identity.v1.people_service_pb2 import Person
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import colleagues, invited, naming, standing
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

BOXES = ("last", "first", "employer")
COLUMNS = ("name", "role", "pecos", "nppes")
LONGEST = 100
PAGE = 25


@dataclass(frozen=True, slots=True)
class Post:
    """One person at one employer."""

    id: str
    employer: naming.Employer
    role: str
    role_code: str
    pecos: bool
    nppes: bool
    since: Any
    may_modify: bool


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
    def post(self) -> Post | None:
        """The post that Modify opens: the only one that may be modified."""
        open_to_reader = [post for post in self.posts if post.may_modify]
        return open_to_reader[0] if len(open_to_reader) == 1 else None

    @property
    def may_modify(self) -> bool:
        """Whether there is anything to modify."""
        return any(post.may_modify for post in self.posts)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the address asks for."""

    path: str
    last: str
    first: str
    employer: str
    sort: str
    open: str
    page: int

    def link(self, **change: str | int) -> str:
        """The same view with something changed; what is as by default is left out."""
        default: dict[str, str | int] = {"sort": "name", "page": 1}
        values: dict[str, str | int] = {name: getattr(self, name) for name in (*BOXES, "sort", "open", "page")} | change
        query = urlencode({key: value for key, value in values.items() if value != default.get(key, "")})
        return f"{self.path}?{query}" if query else self.path

    def sort_link(self, column: str) -> str:
        """Sort by a column; by the same one again, the other way."""
        return self.link(sort=f"-{column}" if self.sort == column else column, page=1)

    @property
    def is_filtered(self) -> bool:
        """Whether a box is filled in."""
        return bool(self.last or self.first or self.employer)


def shown(visit: Visit, path: str) -> Shown:
    """Read the address. What it cannot mean counts as the default."""
    asked = visit.request.query_params
    sort, page = asked.get("sort", ""), asked.get("page", "")
    return Shown(
        path=path,
        **{name: asked.get(name, "").strip()[:LONGEST] for name in BOXES},
        sort=sort if sort.removeprefix("-") in COLUMNS else "name",
        open=asked.get("open", ""),
        page=int(page) if page.isdecimal() and 0 < len(page) < 6 else 1,  # noqa: PLR2004 - no list is longer
    )


def require_manager(visit: Visit) -> dict[str, str]:
    """Employers that the person manages, with the own role; for everybody else there is no such page (IA-NAV-02)."""
    mine = standing.managed(visit)
    if not mine:
        raise HTTPException(404)
    return mine


def active(visit: Visit) -> Response:
    """My Staff - Active Staff."""
    return _list(visit, "/staff", colleagues.APPROVED)


def inactive(visit: Visit) -> Response:
    """My Staff - Inactive Staff (IA-STAFF-04)."""
    return _list(visit, "/staff/inactive", colleagues.ENDED)


def _list(visit: Visit, path: str, status: str) -> Response:
    view = shown(visit, path)
    members = _members(visit, view, status)
    members.sort(key=lambda one: one.name.casefold())
    members = sorted(members, key=_order(view.sort.removeprefix("-")), reverse=view.sort.startswith("-"))
    last_page = max(1, -(-len(members) // PAGE))
    page = min(view.page, last_page)
    start = (page - 1) * PAGE
    return visit.page(
        "staff/list.html",
        view=view,
        members=members[start : start + PAGE],
        first=start + 1,
        all=len(members),
        page=page,
        last_page=last_page,
        is_active=status == colleagues.APPROVED,
        invitations=invited.unfinished(visit, standing.managed(visit)) if status == colleagues.APPROVED else (),
        columns=COLUMNS,
        waiting=standing.waiting(visit).get("/staff", 0),
    )


def _members(visit: Visit, view: Shown, status: str) -> list[Member]:
    mine = require_manager(visit)
    employers = naming.employers(visit, mine)
    if view.employer:
        wanted = view.employer.casefold()
        employers = {key: one for key, one in employers.items() if wanted in one.name.casefold()}
    found = [one for employer in employers for one in colleagues.at(visit, employer, status)]
    people = naming.people(visit, (one.account_id for one in found), last=view.last, first=view.first)
    by_person: dict[str, list[Association]] = {}
    for one in found:
        if one.account_id in people or not (view.last or view.first):
            by_person.setdefault(one.account_id, []).append(one)
    return [
        _member(visit, people.get(account_id), account_id, [_post(visit, one, employers, mine) for one in posts])
        for account_id, posts in by_person.items()
    ]


def _member(visit: Visit, person: Person | None, account_id: str, posts: list[Post]) -> Member:
    posts.sort(key=lambda post: post.employer.name.casefold())
    return Member(account_id, naming.person(visit, person), person.user_id if person else "", posts)


def _post(visit: Visit, one: Association, employers: dict[str, naming.Employer], mine: dict[str, str]) -> Post:
    return Post(
        id=one.association_id,
        employer=employers[one.employer_id],
        role=naming.role(visit, one.role),
        role_code=one.role,
        pecos="PECOS" in one.functions,
        nppes="NPPES" in one.functions,
        since=one.since,
        may_modify=one.status == colleagues.APPROVED
        and one.role in colleagues.BELOW.get(mine[one.employer_id], frozenset()),
    )


def _order(column: str) -> Callable[[Member], Any]:
    return {
        "name": lambda one: one.name.casefold(),
        "role": lambda one: one.role,
        "pecos": lambda one: -one.having("pecos"),
        "nppes": lambda one: -one.having("nppes"),
    }[column]


PAGES = (
    Page("/staff", Access.SIGNED_IN, get=active),
    Page("/staff/inactive", Access.SIGNED_IN, get=inactive),
)
