"""The people of the desk of External User Services: invited, expected, there (portal.md row 60)."""

from __future__ import annotations

import grpc
import httpx
import pytest
from mandate.identity.v1 import desk_service_pb2 as d

from services.portal.web.app import create_app
from services.portal.web.settings import PortalSettings
from tests.unit.portal.answers import PROOF, World, id_of, receipt, refusal
from tests.unit.portal.conftest import sign_in, visitor
from tests.unit.portal.identity_answers import CAST
from tests.unit.portal.reading import errors, hidden, text

PATH = "/eus/people"
TYPED = {"first_name": "Ola", "last_name": "Fenn", "email": "ola@desk.example", "confirm_email": "ola@desk.example"}


def invitation(number: int = 70, status: str = "ISSUED") -> d.DeskInvitation:
    made = d.DeskInvitation(
        invitation_id=id_of(number),
        tracking_id="V7F3K2QX9V",
        invited_by=CAST["eusdesk1"].account_id,
        name="Ola Fenn",
        email="ola@desk.example",
        status=status,
    )
    made.expires_at.FromJsonString("2100-01-01T00:00:00Z")
    return made


@pytest.mark.parametrize("path", [PATH, f"{PATH}/{id_of(70)}/withdraw"])
def test_for_others_there_is_no_such_page(ana: httpx.Client, world: World, path: str) -> None:
    world.expected = [invitation()]
    assert ana.get(path).status_code == 404
    assert ana.post(path, data=hidden(ana.get("/home").text, "/signout") | TYPED).status_code == 404
    assert world.desk.asked == []


def test_the_desk_sees_who_works_there_and_who_is_expected(erin: httpx.Client, world: World) -> None:
    world.expected = [invitation(), invitation(71, "EXPIRED")]
    page = erin.get(PATH).text
    for word in ("Usher, Erin", "You", "Ola Fenn", "ola@desk.example", "V7F3-K2QX-9V", "PIN sent", "Expired"):
        assert word in text(page)
    assert f"{PATH}/{id_of(70)}/withdraw" in page
    assert f"{PATH}/{id_of(71)}/withdraw" not in page
    assert f'href="{PATH}"' in erin.get("/eus").text


def test_inviting_sends_what_was_typed(erin: httpx.Client, world: World) -> None:
    form = hidden(erin.get(PATH).text, PATH)
    assert len(errors(erin.post(PATH, data=form).text)[1]) == 4
    wrong = erin.post(PATH, data=form | TYPED | {"confirm_email": "ole@desk.example"})
    assert wrong.status_code == 422
    answer = erin.post(PATH, data=form | TYPED)
    assert answer.headers["location"] == f"{PATH}?done=staff_invited"
    [asked] = world.desk.requests("InviteToDesk")
    assert {name: getattr(asked, name) for name in TYPED} == TYPED
    assert world.desk.metadata("InviteToDesk")["authorization"].startswith("Bearer ")


def test_an_invitation_is_taken_back_once_it_was_said_what_happens(erin: httpx.Client, world: World) -> None:
    world.expected = [invitation()]
    path = f"{PATH}/{id_of(70)}/withdraw"
    page = erin.get(path).text
    assert "Ola Fenn gets no access by it" in text(page)
    assert erin.post(path, data=hidden(page, path)).headers["location"] == f"{PATH}?done=invitation_withdrawn"
    assert world.desk.requests("WithdrawDeskInvitation")[0].invitation_id == id_of(70)
    world.expected = []
    assert erin.get(path).status_code == 404


def test_enter_pin_takes_a_pin_of_the_desk_too(ana: httpx.Client, world: World) -> None:
    """IA-PIN-01: people need not know whose invitation it is; one answer where it is nobody's (A-01)."""
    refused = refusal(grpc.StatusCode.FAILED_PRECONDITION, "PIN_REFUSED")
    world.access.answers["EnterPin"] = refused
    typed = {"email": "ana@example.com", "pin": "ABCD2345"}
    answer = ana.post("/pin", data=hidden(ana.get("/pin").text, "/pin") | typed)
    assert answer.status_code == 422
    world.desk.answers["EnterDeskPin"] = d.EnterDeskPinResponse(receipt=receipt("identity"))
    answer = ana.post("/pin", data=hidden(ana.get("/pin").text, "/pin") | typed)
    assert answer.headers["location"] == "/eus?done=desk_joined"
    assert world.desk.metadata("EnterDeskPin")["authorization"].startswith("Bearer ")


def test_what_is_no_refusal_of_the_pin_is_not_asked_again(ana: httpx.Client, world: World) -> None:
    world.access.answers["EnterPin"] = refusal(grpc.StatusCode.FAILED_PRECONDITION, "INVITATION_VOID")
    typed = {"email": "ana@example.com", "pin": "ABCD2345"}
    ana.post("/pin", data=hidden(ana.get("/pin").text, "/pin") | typed)
    assert world.desk.requests("EnterDeskPin") == []


def test_a_proof_of_the_desk_is_accepted_after_signing_in(settings: PortalSettings, world: World) -> None:
    refused = refusal(grpc.StatusCode.FAILED_PRECONDITION, "PIN_REFUSED")
    world.access.answers |= {"EnterPin": refused, "AcceptInvitation": refused}
    world.desk.answers["EnterDeskPin"] = d.EnterDeskPinResponse(receipt=receipt("identity"), proof=PROOF)
    world.desk.answers["AcceptDeskInvitation"] = d.AcceptDeskInvitationResponse(receipt=receipt("identity"))
    with visitor(create_app(settings, world.clients)) as guest:
        typed = {"email": "ola@desk.example", "pin": "ABCD2345"}
        assert guest.post("/pin", data=hidden(guest.get("/pin").text, "/pin") | typed).status_code == 200
        assert "authorization" not in world.desk.metadata("EnterDeskPin")
        sign_in(guest)
        form = hidden(guest.get("/home").text, "/pin/accept")
        assert guest.post("/pin/accept", data=form).headers["location"] == "/eus?done=desk_joined"
    assert world.desk.requests("AcceptDeskInvitation")[0].proof == PROOF
