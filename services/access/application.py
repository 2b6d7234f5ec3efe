"""Access: its aggregates, its views and its table of policies."""

from __future__ import annotations

from mandate.identity.v1.state_pb2 import AccountState

from chassis.application import Application, when
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest
from services.access.policies import open_own_record
from services.access.projections.role_requests import ROLE_REQUESTS
from services.access.projections.staff_list import STAFF_LIST


class AccessApplication(Application):
    """Who works for whom, with what."""

    name = "access"
    aggregates = (RoleRequest, Association)
    policies = (when(AccountState, open_own_record.on_account),)
    views = (ROLE_REQUESTS, STAFF_LIST)
    hears = ("AccountState", "ConnectionState")
