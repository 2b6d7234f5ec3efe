"""What letting a person go in nobody's name changes: the association, and a request that waits (4.2, 4.3; D-41)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from chassis.domain import Aggregate
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest


def let_go(
    find: Callable[[UUID], Any | None], association: Association, *, by: UUID, reason: str
) -> Iterator[Aggregate]:
    """Cancel what waits and end what is held; `find` loads an aggregate as it is now. Twice is the same as once."""
    request_id = association.open_request_id
    request = find(request_id) if request_id else None
    if isinstance(request, RoleRequest):  # of an own record nobody has asked for
        request.close(reason=reason)
        association.cancel(role_request_id=request.id)
        yield request
    association.end(ended_by=by)
    yield association
