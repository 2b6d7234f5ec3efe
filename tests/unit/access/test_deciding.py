"""The approval matrix of 4.2 and the rules for managing staff of 4.3, every cell."""

from __future__ import annotations

from itertools import product

import pytest

from services.access.domain.deciding import (
    MayNotDecideError,
    MayNotManageError,
    require_may_decide,
    require_may_manage,
)

AO, AM, SEU, NOBODY = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER", ""
ROLES = (AO, AM, SEU)

DECIDES = {
    AO: set(),  # D-10, X-10: External User Services alone
    AM: {AO},  # D-09, X-12: no manager makes another
    SEU: {AO, AM},
}
"""The matrix as 4.2 has it: requested role -> roles at the employer that decide; EUS decides all three."""

MANAGES = {AO: {AM, SEU}, AM: {SEU}, SEU: set(), NOBODY: set()}
"""4.3: an official manages managers and staff, a manager staff alone (X-12)."""


@pytest.mark.parametrize(("requested", "decider", "is_eus"), product(ROLES, (*ROLES, NOBODY), (False, True)))
def test_the_approval_matrix(requested: str, decider: str, *, is_eus: bool) -> None:
    if is_eus or decider in DECIDES[requested]:
        require_may_decide(requested=requested, role=decider, is_eus=is_eus)
    else:
        with pytest.raises(MayNotDecideError):
            require_may_decide(requested=requested, role=decider, is_eus=is_eus)


@pytest.mark.parametrize(("managed", "manager", "is_eus"), product((*ROLES, NOBODY), (*ROLES, NOBODY), (False, True)))
def test_who_manages_whom(managed: str, manager: str, *, is_eus: bool) -> None:
    if is_eus or managed in MANAGES[manager]:
        require_may_manage(managed=managed, role=manager, is_eus=is_eus)
    else:
        with pytest.raises(MayNotManageError):
            require_may_manage(managed=managed, role=manager, is_eus=is_eus)
