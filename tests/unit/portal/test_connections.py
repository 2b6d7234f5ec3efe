"""Home's inboxes (IA-HOME-01 to -03, IA-APPR-01 to -03) and My Connections (IA-CONN-01 to -10)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import grpc
import httpx
import pytest
from mandate.connections.v1 import service_pb2 as c

from tests.unit.portal.answers import (
    CLINIC,
    OTHER,
    OWN,
    SEU,
    STRANGER,
    World,
    association,
    connection,
    id_of,
    late,
    receipt,
    refusal,
)
from tests.unit.portal.reading import errors, hidden, text

NEW, REVIEW = f"/connections/{CLINIC}/providers/new", f"/connections/{CLINIC}/providers/review"
FAILED = grpc.StatusCode.FAILED_PRECONDITION


@pytest.fixture
def asked(world: World) -> World:
    """One surrogate asks for two functions, one provider for one."""
    world.pending = [
        connection(70, CLINIC, OTHER, "PECOS", "SURROGATE"),
        connection(71, CLINIC, OTHER, "NPPES", "SURROGATE"),
        connection(72, OTHER, CLINIC, "PECOS", "PROVIDER"),
    ]
    return world


def inbox(page: str, name: str) -> dict[str, Any]:
    return hidden(page[page.index(f'id="{name}"') :], "/home")


def test_each_function_counts(ana: httpx.Client, asked: World) -> None:
    """IA-HOME-02, IA-HOME-03."""
    page = text(ana.get("/home").text)
    assert "Total Pending Providers: 1" in page
    assert "Total Pending Surrogates: 2" in page
    assert "Home 3 waiting for you" in page


def test_the_consequence_stands_before_the_button(ana: httpx.Client, asked: World) -> None:
    """IA-APPR-01 to -04."""
    page = text(ana.get("/home").text)
    before, _, _ = page.partition("Approve All Selected")
    assert "PECOS: Brightwater Billing Services will be able to change the PECOS enrollment of Harbor Point" in before
    assert "Pending Requests" in before
    assert "Not asked for" in page


def test_only_what_is_ticked_is_approved(ana: httpx.Client, asked: World) -> None:
    """IA-APPR-02, D-13: in the name of the side that was asked."""
    form = inbox(ana.get("/home").text, "surrogates") | {"do": "approve", "connection": [id_of(71)]}
    assert ana.post("/home", data=form).headers["location"] == "/home?done=connections_approved"
    (approved,) = asked.connections.requests("ApproveConnection")
    assert (approved.connection_id, approved.side) == (id_of(71), "PROVIDER")
    form = inbox(ana.get("/home").text, "providers") | {"do": "approve", "connection": id_of(72)}
    ana.post("/home", data=form)
    assert asked.connections.requests("ApproveConnection")[-1].side == "SURROGATE"


def test_each_approval_has_its_own_command_id(ana: httpx.Client, asked: World) -> None:
    form = inbox(ana.get("/home").text, "surrogates") | {"do": "approve", "connection": [id_of(70), id_of(71)]}
    ana.post("/home", data=form)
    first, second = asked.connections.requests("ApproveConnection")
    assert first.command_id != second.command_id
    ana.post("/home", data=form)
    assert asked.connections.requests("ApproveConnection")[2].command_id == first.command_id, "a repeat is the same"


def test_nothing_ticked_is_said(ana: httpx.Client, asked: World) -> None:
    answer = ana.post("/home", data=inbox(ana.get("/home").text, "surrogates") | {"do": "approve"})
    assert answer.status_code == 422
    assert errors(answer.text)[0] == errors(answer.text)[1] == ["Tick at least one box before you approve or reject"]
    assert 'href="#connection"' in answer.text
    assert answer.text.count('id="connection"') == 1


def test_select_all_ticks_without_deciding(ana: httpx.Client, asked: World) -> None:
    answer = ana.post("/home", data=inbox(ana.get("/home").text, "surrogates") | {"do": "select-all"})
    assert answer.status_code == 200
    assert answer.text.count('name="connection"') == 3
    assert sum(f'value="{id_of(n)}" type="checkbox" checked' in answer.text for n in (70, 71, 72)) == 2
    assert asked.connections.requests("ApproveConnection") == []


def test_what_was_decided_in_the_meantime_does_not_stop_the_rest(ana: httpx.Client, asked: World) -> None:
    def answer(request: c.ApproveConnectionRequest) -> object:
        if request.connection_id == id_of(70):
            return refusal(FAILED, "NOT_PENDING")
        return c.ApproveConnectionResponse(receipt=receipt("connections"))

    asked.connections.answers["ApproveConnection"] = answer
    form = inbox(ana.get("/home").text, "surrogates") | {"do": "approve", "connection": [id_of(70), id_of(71)]}
    page = ana.post("/home", data=form)
    assert page.status_code == 422
    assert len(asked.connections.requests("ApproveConnection")) == 2
    assert "decided in the meantime" in errors(page.text)[0][0]


def test_rejecting_asks_for_a_reason(ana: httpx.Client, asked: World) -> None:
    form = inbox(ana.get("/home").text, "surrogates") | {"do": "reject", "connection": [id_of(70), id_of(71)]}
    where = ana.post("/home", data=form).headers["location"]
    assert urlsplit(where).path == "/home/reject"
    page = ana.get(where).text
    assert "PECOS : Brightwater Billing Services for Harbor Point Medical Group" in text(page)
    form = hidden(page, "/home/reject") | {"connection": [id_of(70), id_of(71)]}
    assert ana.post("/home/reject", data=form).status_code == 422
    assert asked.connections.requests("RejectConnection") == []
    answer = ana.post("/home/reject", data=form | {"reason": "Not ours"})
    assert answer.headers["location"] == "/home?done=connections_rejected"
    assert [one.reason for one in asked.connections.requests("RejectConnection")] == ["Not ours", "Not ours"]


def test_the_connection_of_another_is_no_page(ana: httpx.Client, asked: World) -> None:
    """IDOR: connections decides; the page only says what it says of anything that is not there."""
    asked.connections.answers["ApproveConnection"] = refusal(grpc.StatusCode.PERMISSION_DENIED, "NOT_YOUR_SIDE")
    form = inbox(ana.get("/home").text, "surrogates") | {"do": "approve", "connection": id_of(99)}
    assert ana.post("/home", data=form).status_code == 404
    assert ana.post("/home", data=form | {"connection": "x"}).status_code == 404
    assert ana.post("/home", data=form | {"inbox": "x"}).status_code == 404


def test_both_directions_with_a_tracking_id_for_each_function(ana: httpx.Client, world: World) -> None:
    """IA-CONN-01 to -04."""
    world.connected = [
        connection(70, CLINIC, OTHER, "PECOS", "SURROGATE", "APPROVED"),
        connection(71, CLINIC, OTHER, "NPPES", "SURROGATE"),
        connection(72, OWN, CLINIC, "NPPES", "SURROGATE"),
    ]
    page = ana.get(f"/connections?open={CLINIC}").text
    said = text(page)
    assert "Harbor Point Medical Group is a surrogate for the following providers:" in said
    assert "Harbor Point Medical Group has authorized the following surrogates:" in said
    assert said.count("C7F3-K2QX-9V") == 3
    for part in (f"/connections/{CLINIC}/{id_of(70)}/end", f"/connections/{CLINIC}/{id_of(72)}/end", NEW):
        assert f'href="{part}"' in page
    assert f"{id_of(71)}/end" not in page, "who did not ask decides on Home"
    assert "Multiple Connections" not in said, "not built yet"
    assert "No Employers Exist." in text(ana.get("/connections?name=zz").text)


def test_who_manages_nothing_is_told_what_to_do_first(ana: httpx.Client, world: World) -> None:
    world.mine = [association(1, CLINIC, SEU)]
    assert "You manage no employer yet" in text(ana.get("/connections").text)
    for path in (NEW, REVIEW, f"/connections/{CLINIC}/{id_of(70)}/end"):
        assert ana.get(path).status_code == 404


@pytest.mark.parametrize("path", [f"/connections/{STRANGER}/providers/new", f"/connections/{CLINIC}/kings/new"])
def test_only_own_employers_and_known_directions(ana: httpx.Client, path: str) -> None:
    assert ana.get(path).status_code == 404


def test_a_result_and_a_function_must_be_chosen(ana: httpx.Client, world: World) -> None:
    """IA-CONN-05."""
    page = ana.get(f"{NEW}?city=Gannet*").text
    form = hidden(page, NEW)
    assert form["city"] == "Gannet*"
    answer = ana.post(NEW, data=form)
    assert answer.status_code == 422
    summary, beside = errors(answer.text)
    assert summary == beside == ["Select one of the results", "Select at least one business function"]
    assert "Brightwater" in answer.text, "the search is kept"
    answer = ana.post(NEW, data=form | {"other": OTHER, "function": ["NPPES", "PECOS"]})
    where = urlsplit(answer.headers["location"])
    assert (where.path, parse_qsl(where.query)) == (
        REVIEW,
        [("other", OTHER), ("function", "PECOS"), ("function", "NPPES")],
    )


def test_review_shows_the_npis_and_what_will_happen(ana: httpx.Client) -> None:
    """IA-CONN-07, IA-CONN-08."""
    page = text(ana.get(f"{REVIEW}?other={OTHER}&function=PECOS").text)
    assert "you will automatically be connected to all associated NPI's" in page
    assert "NPI(s) Associated with this Provider:" in page
    assert "once Brightwater Billing Services has approved, Harbor Point Medical Group will be able to change" in page
    for wrong in (f"other={STRANGER}&function=PECOS", f"other={OTHER}", f"other={OTHER}&function=EHR", "other=x"):
        assert ana.get(f"{REVIEW}?{wrong}").status_code == 404


@pytest.mark.parametrize(
    ("direction", "provider", "surrogate", "side"),
    [("providers", OTHER, CLINIC, "SURROGATE"), ("surrogates", CLINIC, OTHER, "PROVIDER")],
)
def test_one_request_for_each_function(
    ana: httpx.Client, world: World, direction: str, provider: str, surrogate: str, side: str
) -> None:
    """IA-CONN-03, IA-CONN-10, IA-CONN-11."""
    path = f"/connections/{CLINIC}/{direction}/review"
    form = hidden(ana.get(f"{path}?other={OTHER}&function=PECOS&function=NPPES").text, path)
    answer = ana.post(path, data=form | {"function": ["PECOS", "NPPES"]})
    assert answer.headers["location"] == f"/connections?open={CLINIC}&done=connection_requested"
    first, second = world.connections.requests("RequestConnection")
    assert (first.provider_id, first.surrogate_id, first.side, first.function) == (provider, surrogate, side, "PECOS")
    assert second.function == "NPPES"
    assert first.command_id != second.command_id


def test_a_function_that_is_refused_does_not_stop_the_other(ana: httpx.Client, world: World) -> None:
    """D-14."""

    def answer(request: c.RequestConnectionRequest) -> object:
        if request.function == "PECOS":
            return refusal(FAILED, "ALREADY_ASKED")
        return c.RequestConnectionResponse(receipt=receipt("connections"))

    world.connections.answers["RequestConnection"] = answer
    form = hidden(ana.get(f"{REVIEW}?other={OTHER}&function=PECOS").text, REVIEW)
    page = ana.post(REVIEW, data=form | {"function": ["PECOS", "NPPES"]})
    assert page.status_code == 422
    assert len(world.connections.requests("RequestConnection")) == 2
    assert errors(page.text)[0][0].startswith("PECOS: There is a request already")


def test_a_stale_view_keeps_the_form(ana: httpx.Client, world: World) -> None:
    """D-50."""
    world.connections.answers["RequestConnection"] = late("VIEW_STALE")
    form = hidden(ana.get(f"{REVIEW}?other={OTHER}&function=PECOS").text, REVIEW)
    page = ana.post(REVIEW, data=form)
    assert page.status_code == 503
    assert hidden(page.text, REVIEW)["command_id"] == form["command_id"]
    assert "Try again in a minute" in text(page.text)


@pytest.mark.parametrize(("status", "command"), [("APPROVED", "EndConnection"), ("PENDING", "CancelConnection")])
def test_disconnecting_and_taking_back(ana: httpx.Client, world: World, status: str, command: str) -> None:
    """4.5."""
    world.connected = [connection(72, OTHER, CLINIC, "NPPES", "SURROGATE", status)]
    path = f"/connections/{CLINIC}/{id_of(72)}/end"
    form = hidden(ana.get(path).text, path)
    assert ana.post(path, data=form).status_code == 303
    (sent,) = world.connections.requests(command)
    assert (sent.connection_id, sent.side) == (id_of(72), "SURROGATE")
    assert ana.get(f"/connections/{CLINIC}/{id_of(73)}/end").status_code == 404


def test_an_ehr_connection_is_shown_and_nothing_is_done_with_it(ana: httpx.Client, world: World) -> None:
    """D-18, IA-EHR-03."""
    world.connected = [
        connection(80, CLINIC, OTHER, "EHR", "SURROGATE", "APPROVED"),
        connection(81, CLINIC, OTHER, "PECOS", "SURROGATE", "APPROVED"),
    ]
    page = ana.get(f"/connections?open={CLINIC}").text
    assert "This function has ended" in text(page)
    assert f"/connections/{CLINIC}/{id_of(81)}/end" in page
    assert f"/connections/{CLINIC}/{id_of(80)}/end" not in page
