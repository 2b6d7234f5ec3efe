"""Read your own writes: what a person has just done is waited for by what this person opens next."""

from __future__ import annotations

import httpx
import pytest
from mandate.access.v1 import service_pb2 as a

from chassis import nature
from tests.unit.portal.answers import CLINIC, SEU, World, association, id_of, late, later, receipt
from tests.unit.portal.conftest import sign_in
from tests.unit.portal.reading import hidden, text

LEAVE = f"/profile/employers/{id_of(1)}/leave"


def leave(client: httpx.Client, world: World) -> None:
    world.mine = [association(1, CLINIC, SEU)]
    client.post(LEAVE, data=hidden(client.get(LEAVE).text, LEAVE))


def waited_for(world: World) -> list[tuple[str, int]]:
    return [(one.origin, one.position) for one in world.access.requests("ListMyEmployers")[-1].at_least]


def test_the_next_pages_wait_for_the_command(ana: httpx.Client, world: World) -> None:
    ana.get("/profile/employers")
    assert waited_for(world) == []
    leave(ana, world)
    ana.get("/profile/employers")
    assert waited_for(world) == [("access", 7)]
    assert [one.position for one in world.connections.requests("ListPending")[-1].at_least] == [7]


def test_the_furthest_receipt_of_each_service_is_kept(ana: httpx.Client, world: World) -> None:
    leave(ana, world)
    world.access.answers["Disassociate"] = a.DisassociateResponse(receipt=receipt("access", 5))
    leave(ana, world)
    ana.get("/profile/employers")
    assert waited_for(world) == [("access", 7)]


def test_a_list_that_is_behind_is_shown_and_says_so(ana: httpx.Client, world: World) -> None:
    def answer(request: a.ListMyEmployersRequest) -> object:
        return late("VIEW_BEHIND") if request.at_least else a.ListMyEmployersResponse(associations=world.mine)

    leave(ana, world)
    world.access.answers["ListMyEmployers"] = answer
    page = ana.get("/profile/employers")
    assert page.status_code == 200
    assert "What you did last is saved" in text(page.text)
    assert "Harbor Point Medical Group" in text(page.text)


@pytest.mark.parametrize("cookie", ["access.1.9!9999999999!x", "!!", "x", "access.1.9!x!x", "~!1!é"])
def test_what_is_not_ours_is_nothing(ana: httpx.Client, world: World, cookie: str) -> None:
    ana.cookies.set("__Host-mandate-seen", cookie.encode("ascii", "ignore").decode(), domain="testserver.local")
    headers = {"cookie": "; ".join(f"{one.name}={one.value}" for one in ana.cookies.jar)}
    assert ana.get("/profile/employers", headers=headers).status_code == 200
    assert waited_for(world) == []


def test_receipts_end_after_two_minutes_and_with_the_session(ana: httpx.Client, world: World) -> None:
    leave(ana, world)
    before = nature.use(later(121))
    try:
        ana.get("/profile/employers")
    finally:
        nature.use(before)
    assert waited_for(world) == []
    leave(ana, world)
    ana.post("/signout", data=hidden(ana.get("/home").text, "/signout"))
    sign_in(ana)
    ana.get("/profile/employers")
    assert waited_for(world) == []


def test_what_changed_nothing_is_not_waited_for(ana: httpx.Client, world: World) -> None:
    world.access.answers["Disassociate"] = a.DisassociateResponse(receipt=receipt("access", 0))
    leave(ana, world)
    ana.get("/profile/employers")
    assert waited_for(world) == []


def test_the_frame_does_without_what_cannot_be_had(ana: httpx.Client, world: World) -> None:
    """Help is there when access and connections are not."""
    world.access.answers["ListMyEmployers"] = late()
    world.connections.answers["ListPending"] = late()
    page = ana.get("/help")
    assert page.status_code == 200
    assert "My Staff" not in text(page.text)
    assert ana.get("/home").status_code == 503
    assert ana.get("/profile/employers").status_code == 503
