"""Who decides what in access: the approval matrix (4.2) and the rules for managing staff (4.3), in one place."""

from __future__ import annotations

from chassis.domain import NotAllowedError
from chassis.vocabulary.roles import ACCESS_MANAGER, AUTHORIZED_OFFICIAL, EUS, STAFF_END_USER, manages

MAY_DECIDE = {
    AUTHORIZED_OFFICIAL: frozenset({EUS}),  # D-10: no official makes another official
    ACCESS_MANAGER: frozenset({EUS, AUTHORIZED_OFFICIAL}),  # D-09, X-12: no manager makes another manager
    STAFF_END_USER: frozenset({EUS, AUTHORIZED_OFFICIAL, ACCESS_MANAGER}),
}
"""Requested role -> who may approve or reject it, by their own role at that employer."""


class MayNotDecideError(NotAllowedError):
    """You may not decide this request: ask an Authorized Official of the employer, or External User Services."""


class MayNotCloseError(NotAllowedError):
    """Only External User Services close an employer, or see what ends with it."""


class MayNotManageError(NotAllowedError):
    """You may not manage this person at this employer."""


def require_may_decide(*, requested: str, role: str, is_eus: bool) -> None:
    """Let the matrix say yes, or raise `MayNotDecideError`. `role` is the decider's, approved, at that employer.

    Who may not decide it may not know of it: it stands on no list of theirs.
    """
    allowed = MAY_DECIDE[requested]
    if not (role in allowed or (is_eus and EUS in allowed)):
        raise MayNotDecideError.hiding()


def may_manage(*, managed: str, role: str) -> bool:
    """An Authorized Official manages Access Managers and Staff End Users, an Access Manager the latter (4.3, D-09)."""
    below = {AUTHORIZED_OFFICIAL: {ACCESS_MANAGER, STAFF_END_USER}, ACCESS_MANAGER: {STAFF_END_USER}}
    return managed in below.get(role, set())


def require_may_manage(*, managed: str, role: str, is_eus: bool) -> None:
    """Let those who manage such people do it, and External User Services, who manage all (4.3).

    Raises `MayNotManageError`. Who manages nobody there may not know who works there: the ids of associations can be
    worked out of public ones.
    """
    if not (is_eus or may_manage(managed=managed, role=role)):
        raise MayNotManageError if manages(role) else MayNotManageError.hiding()


def require_may_close(*, is_eus: bool) -> None:
    """Let External User Services close employers, and look at what would end (D-41). Raises `MayNotCloseError`."""
    if not is_eus:
        raise MayNotCloseError
