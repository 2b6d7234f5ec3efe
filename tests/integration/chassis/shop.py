"""A service for tests of the chassis: tabs to which people add things, and policies that write them down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from mandate.access.v1.events_pb2 import RoleRequested
from mandate.access.v1.state_pb2 import AssociationState

from chassis import nature
from chassis.application import Application, when
from chassis.cause import Cause, Receipt
from chassis.service import Service
from chassis.timers import Deadlines
from chassis.views import Rows, View
from tests.integration.chassis import counting, picky
from tests.integration.chassis.tab import Note, Tab

TABS = View(
    name="tabs_v1",
    table="tab_id uuid PRIMARY KEY, things jsonb NOT NULL, added int NOT NULL, status text NOT NULL",
)


@TABS.fold
def fold(happened: Any, rows: Rows) -> None:
    match happened:
        case Tab.Opened(originator_id=id_):
            rows.put(id_, things=[], added=0, status="OPEN")
        case Tab.Added(originator_id=id_, things=things):
            rows.change(id_, things=things, added=len(things))
        case Tab.Closed(originator_id=id_):
            rows.change(id_, status="CLOSED")


ROLES = View(
    name="roles_v1",
    table="association_id text PRIMARY KEY, status text NOT NULL, functions jsonb NOT NULL",
)


@ROLES.fold
def fold_roles(happened: Any, rows: Rows) -> None:
    if isinstance(happened, AssociationState):
        rows.put(happened.association_id, status=happened.status, functions=list(happened.functions))


ASKED = View(name="asked_v1", table="role_request_id text PRIMARY KEY, tracking_id text NOT NULL")


@ASKED.fold
def fold_asked(happened: Any, rows: Rows) -> None:
    if isinstance(happened, RoleRequested):
        rows.put(happened.role_request_id, tracking_id=happened.tracking_id)


def open_tab(app: Application, cause: Cause, *, minutes: int = 60) -> Receipt:
    expires_at = nature.now() + timedelta(minutes=minutes)
    return app.commit(Tab(id=cause.command_id, owner_id=cause.actor, expires_at=expires_at), cause=cause)


def add(app: Application, cause: Cause, *, tab_id: UUID, what: str) -> Receipt:
    tab: Tab = app.repository.get(tab_id)
    tab.add(what)
    return app.commit(tab, cause=cause)


def close(app: Application, cause: Cause, *, id: UUID) -> Receipt:
    """Also what the deadline asks for."""
    tab: Tab = app.repository.get(id)
    tab.close(nature.now(), early=cause.actor == tab.owner_id)
    return app.commit(tab, cause=cause)


class ShopApplication(Application):
    name = "shop"
    aggregates = (Tab, Note)
    policies = (
        when(Tab.Added, counting.on_added),
        when(RoleRequested, counting.on_asked),
        when(Tab.Added, picky.on_added),
    )
    policy_views = (TABS,)
    views = (ROLES, ASKED)
    hears = ("AssociationState", "RoleRequested")


DEADLINES: Deadlines = {Tab.Opened: close}
SERVICE = Service(application=ShopApplication, deadlines=DEADLINES)
