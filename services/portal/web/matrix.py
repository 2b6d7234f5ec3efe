"""The matrix of employers, roles and functions, as Add Staff and Modify have it (IA-ADDS-03, IA-MOD-01)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis.vocabulary.roles import ACCESS_MANAGER, STAFF_END_USER
from services.portal.web import colleagues, naming
from services.portal.web.forms import Field
from services.portal.web.visits import Visit

# Of each employer: its id where it is ticked, "id:role", and its id where a function is ticked, and where it is shown.
EMPLOYER = Field("employer", "IA-ADDS-03.employer", required=False, longest=36)
ROLE = Field("role", "IA-ADDS-03.role", required=False, longest=64)
SHOWN = Field("shown", "IA-ADDS-03.employer", required=False, longest=36)
FUNCTIONS = tuple(Field(name.lower(), "IA-ADDS-03.functions", required=False, longest=36) for name in naming.FUNCTIONS)
FIELDS = (EMPLOYER, ROLE, SHOWN, *FUNCTIONS)
OFFERED = (STAFF_END_USER, ACCESS_MANAGER)
"""As the deck orders them."""
MOST = 40
"""Employers that one form has room for (a form brings at most 200 fields); more are searched by name first."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen at one employer."""

    ticked: bool = False
    role: str = ""
    functions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """One employer of the manager, with the roles that may be given there (D-09)."""

    employer: naming.Employer
    roles: Sequence[str]
    choice: Choice


def typed(visit: Visit, mine: Mapping[str, str]) -> dict[str, Choice]:
    """What was chosen, for the employers that the reader manages now; what else was sent is nothing to us."""
    many = visit.many
    roles = dict(text.split(":", 1) for text in many.get("role", ()) if ":" in text)
    found = {}
    for id_, own_role in mine.items():
        role = roles.get(id_, "")
        found[id_] = Choice(
            ticked=id_ in many.get("employer", ()),
            role=role if role in colleagues.BELOW.get(own_role, ()) else "",
            functions=frozenset(name for name in naming.FUNCTIONS if id_ in many.get(name.lower(), ())),
        )
    return found


def wanted(visit: Visit) -> str:
    """By which the employers are searched."""
    return visit.request.query_params.get("name", "").strip()


def lines(visit: Visit, mine: Mapping[str, str], choices: Mapping[str, Choice]) -> tuple[list[Line], int]:
    """The lines that the form has room for, those with a choice before the others; and how many there are in all."""
    names = naming.employers(visit, mine)
    found = [
        Line(
            names[id_],
            [role for role in OFFERED if role in colleagues.BELOW.get(own_role, ())],
            choices.get(id_, Choice()),
        )
        for id_, own_role in mine.items()
        if wanted(visit).casefold() in names[id_].name.casefold()
    ]
    found.sort(key=lambda line: (line.choice == Choice(), line.employer.name.casefold()))
    return sorted(found[:MOST], key=lambda line: line.employer.name.casefold()), len(mine)
