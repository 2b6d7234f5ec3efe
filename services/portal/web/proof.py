"""The proof that an invitation's PIN was entered, in the reader's cookie until an account has it (IA-PIN-01, 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.portal.web.cookies import Cookie

if TYPE_CHECKING:
    from services.portal.web.visits import Visit

GIVEN = "~registration"
"""Behind a proof that a registration has been given: access accepts the invitation when the account is there."""


def keep(visit: Visit, proof: str) -> None:
    """Keep it in this browser, in place of one before."""
    visit.cookies[Cookie.INVITATION] = proof


def kept(visit: Visit) -> str:
    """The proof; empty where there is none."""
    return visit.cookie(Cookie.INVITATION).removesuffix(GIVEN)


def give(visit: Visit) -> None:
    """Note that a registration has it now."""
    if proof := kept(visit):
        visit.cookies[Cookie.INVITATION] = proof + GIVEN


def was_given(visit: Visit) -> bool:
    """Whether a registration has it."""
    return visit.cookie(Cookie.INVITATION).endswith(GIVEN)


def forget(visit: Visit) -> None:
    """It is used, or its reader does not want it."""
    if visit.cookie(Cookie.INVITATION):
        visit.cookies[Cookie.INVITATION] = ""
