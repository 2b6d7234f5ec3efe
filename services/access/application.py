"""Access: its aggregates, its views and its table of policies."""

from __future__ import annotations

from chassis.application import Application
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest
from services.access.projections.role_requests import ROLE_REQUESTS
from services.access.projections.staff_list import STAFF_LIST


class AccessApplication(Application):
    """Who works for whom, with what."""

    name = "access"
    aggregates = (RoleRequest, Association)
    views = (ROLE_REQUESTS, STAFF_LIST)
