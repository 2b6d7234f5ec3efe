"""Enter PIN (IA-PIN-01, IA-PIN-02, A-01), and what follows for a person, a newcomer and somebody who signs in."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import httpx
import pytest

from services.portal.web.app import create_app
from services.portal.web.challenge import Challenges
from services.portal.web.settings import PortalSettings
from tests.unit.portal.answers import PROOF, World, late, refusal
from tests.unit.portal.conftest import sign_in, visitor
from tests.unit.portal.reading import errors, hidden, text

COOKIE = "__Host-mandate-invitation"
EMAIL, PIN = "cleo@harbor.example", "ABCD2345"
REFUSED = refusal(grpc.StatusCode.FAILED_PRECONDITION, "PIN_REFUSED")
VOID = refusal(grpc.StatusCode.FAILED_PRECONDITION, "INVITATION_VOID")


@pytest.fixture
def guest(settings: PortalSettings, world: World) -> Iterator[httpx.Client]:
    """Somebody whom nobody knows yet, at a portal with all its services."""
    with visitor(create_app(settings, world.clients)) as client:
        yield client


def enter(browser: httpx.Client, pin: str = PIN, email: str = EMAIL) -> httpx.Response:
    return browser.post("/pin", data=hidden(browser.get("/pin").text, "/pin") | {"email": email, "pin": pin})


def test_sign_in_leads_to_the_two_boxes(guest: httpx.Client) -> None:
    """IA-SIGN-01, IA-PIN-01."""
    assert 'href="/pin"' in guest.get("/signin").text
    answer = guest.get("/pin")
    assert answer.status_code == 200
    for word in ("Enter PIN", "* indicates required field(s)", "E-mail Address", "PIN", "Submit", "Cancel"):
        assert word in text(answer.text)


def test_who_is_signed_in_accepts_at_once(ana: httpx.Client, world: World) -> None:
    """4.4: in the person's own name; My Profile says so."""
    answer = enter(ana)
    assert answer.headers["location"] == "/profile/employers?done=invitation_accepted"
    assert world.access.metadata("EnterPin")["authorization"].startswith("Bearer ")
    assert COOKIE not in ana.cookies
    assert "The invitation is accepted." in text(ana.get(answer.headers["location"]).text)


def test_a_visitor_keeps_a_proof_and_is_told_how_to_go_on(guest: httpx.Client, world: World) -> None:
    """The cookie lives an hour and no script reads it; the PIN is nowhere."""
    answer = enter(guest)
    assert answer.status_code == 200
    assert "authorization" not in world.access.metadata("EnterPin")
    (cookie,) = (one for one in answer.headers.get_list("set-cookie") if COOKIE in one)
    assert f"={PROOF};" in cookie
    assert all(flag in cookie for flag in ("HttpOnly", "Secure", "Max-Age=3600", "SameSite=lax"))
    assert PIN not in answer.text
    assert PROOF not in answer.text
    assert hidden(answer.text, "/register")["email"] == EMAIL
    again = guest.get("/pin").text
    assert "Your PIN is accepted" in text(again)
    assert EMAIL not in again


def test_a_registration_takes_the_proof_with_it(guest: httpx.Client, world: World, challenges: Challenges) -> None:
    """Create Account Now: the address is filled in; the proof goes to identity and nowhere else."""
    begin = hidden(enter(guest).text, "/register")
    page = guest.post("/register", data=begin | {"do": "another"}).text
    assert page.count(f'value="{EMAIL}"') == 2
    assert errors(page) == ([], [])
    assert "You have entered the PIN of an invitation" in text(page)
    form = hidden(page, "/register")
    answer = challenges.text(form["challenge"])
    sent = guest.post("/register", data=form | {"email": EMAIL, "confirm_email": EMAIL, "answer": answer or ""})
    assert sent.headers["location"] == "/register/code"
    (started,) = world.identity.requests("StartRegistration")
    assert started.invitation_proof == PROOF
    sign_in(guest)
    assert "The invitation is accepted." in text(guest.get("/register/done").text)
    assert COOKIE not in guest.cookies
    assert "The invitation is accepted." not in text(guest.get("/register/done").text)


def test_a_registration_without_an_invitation_has_no_proof(
    guest: httpx.Client, world: World, challenges: Challenges
) -> None:
    """A PIN that is entered after the start waits at Home: this registration does not have it."""
    page = guest.get("/register").text
    form = hidden(page, "/register")
    answer = challenges.text(form["challenge"])
    guest.post("/register", data=form | {"email": EMAIL, "confirm_email": EMAIL, "answer": answer or ""})
    assert world.identity.requests("StartRegistration")[0].invitation_proof == ""
    enter(guest)
    sign_in(guest)
    assert "The invitation is accepted." not in text(guest.get("/register/done").text)
    assert "You entered the PIN of an invitation" in text(guest.get("/home").text)


def test_who_has_an_account_accepts_after_signing_in(guest: httpx.Client, world: World) -> None:
    enter(guest)
    sign_in(guest)
    page = guest.get("/home").text
    assert "You entered the PIN of an invitation" in text(page)
    assert "invites you to work for:" in text(page)
    assert "Invitation Tracking ID V7F3-K2QX-9V" in text(page)
    assert ": Staff End User (PECOS)" in text(page), "nobody accepts what they have not read"
    assert PROOF not in page
    answer = guest.post("/pin/accept", data=hidden(page, "/pin/accept"))
    assert answer.headers["location"] == "/profile/employers?done=invitation_accepted"
    assert [one.proof for one in world.access.requests("AcceptInvitation")] == [PROOF]
    assert COOKIE not in guest.cookies
    assert "You entered the PIN" not in text(guest.get("/home").text)


@pytest.mark.parametrize(("refused", "notice"), [(REFUSED, "invitation_over"), (VOID, "invitation_void")])
def test_what_cannot_be_accepted_any_more_is_told_once(
    guest: httpx.Client, world: World, refused: Exception, notice: str
) -> None:
    enter(guest)
    sign_in(guest)
    world.access.answers["AcceptInvitation"] = refused
    answer = guest.post("/pin/accept", data=hidden(guest.get("/home").text, "/pin/accept"))
    assert answer.headers["location"] == f"/home?notice={notice}"
    assert COOKIE not in guest.cookies


@pytest.mark.parametrize("answer", [REFUSED, late()])
def test_home_stands_where_no_offer_can_be_told(guest: httpx.Client, world: World, answer: Exception) -> None:
    """Of an invitation to the desk, or while access is silent."""
    world.access.answers["PreviewInvitation"] = answer
    enter(guest)
    sign_in(guest)
    page = text(guest.get("/home").text)
    assert "You entered the PIN of an invitation" in page
    assert "invites you to work for" not in page


def test_no_answer_loses_no_proof(guest: httpx.Client, world: World) -> None:
    enter(guest)
    sign_in(guest)
    world.access.answers["AcceptInvitation"] = late()
    assert guest.post("/pin/accept", data=hidden(guest.get("/home").text, "/pin/accept")).status_code == 503
    assert guest.cookies[COOKIE] == PROOF


def test_not_now_forgets(guest: httpx.Client, world: World) -> None:
    page = enter(guest).text
    assert guest.post("/pin/leave", data=hidden(page, "/pin/leave")).headers["location"] == "/signin"
    assert COOKIE not in guest.cookies
    enter(guest)
    sign_in(guest)
    page = guest.get("/home").text
    assert guest.post("/pin/leave", data=hidden(page, "/pin/leave")).headers["location"] == "/home"
    assert COOKIE not in guest.cookies
    assert world.access.requests("AcceptInvitation") == []


@pytest.mark.parametrize(
    ("refused", "status", "said", "at"),
    [
        (REFUSED, 422, "The e-mail address or the PIN is not right", ""),
        (VOID, 422, "Whoever invited you does not manage people there any more", ""),
        (refusal(grpc.StatusCode.INVALID_ARGUMENT, "PIN_MALFORMED", "pin"), 422, "Enter the 8 letters", "pin"),
        (refusal(grpc.StatusCode.INVALID_ARGUMENT, "EMAIL_MALFORMED", "email"), 422, "name@example.com", "email"),
        (refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "BUSY"), 503, "Too many people", ""),
        (late(), 503, "it counts once", ""),
    ],
)
def test_what_is_wrong_is_said_and_the_pin_never_comes_back(
    guest: httpx.Client, world: World, refused: Exception, status: int, said: str, at: str
) -> None:
    """IA-PIN-02, A-01: one answer at neither box for everything that is not right."""
    world.access.answers["EnterPin"] = refused
    answer = enter(guest)
    assert answer.status_code == status
    summary, beside = errors(answer.text)
    assert said in summary[0]
    assert beside == (summary if at else [])
    assert (f'<a href="#{at}">' in answer.text) is bool(at)
    assert PIN not in answer.text
    assert f'value="{EMAIL}"' in answer.text
    assert COOKIE not in guest.cookies
    sent = world.access.requests("EnterPin")[-1].command_id
    assert (hidden(answer.text, "/pin")["command_id"] == sent) is (status == 503)


def test_empty_boxes_ask_nobody(guest: httpx.Client, world: World) -> None:
    summary, beside = errors(enter(guest, pin="", email="").text)
    assert summary == beside == [
        "Enter the e-mail address that the invitation went to", "Enter the PIN of the invitation"
    ]  # fmt: skip
    assert world.access.requests("EnterPin") == []


@pytest.mark.parametrize("signed_in", [False, True])
def test_who_comes_too_late_asks_for_a_new_pin(
    guest: httpx.Client, ana: httpx.Client, world: World, signed_in: bool
) -> None:
    """IA-PIN-02, A-01: the page says the same whoever asks, and holds no more than was typed."""
    browser = ana if signed_in else guest
    assert 'href="/pin/new"' in browser.get("/pin").text
    form = hidden(browser.get("/pin/new").text, "/pin/new")
    answer = browser.post("/pin/new", data=form | {"email": EMAIL})
    assert answer.status_code == 200
    assert f"If an invitation to {EMAIL} is over, whoever sent it is told" in text(answer.text)
    [asked] = world.access.requests("AskForNewPin")
    assert (asked.email, asked.command_id) == (EMAIL, form["command_id"])
    assert ("authorization" in world.access.metadata("AskForNewPin")) is signed_in


def test_a_new_pin_is_not_asked_for_without_an_address(guest: httpx.Client, world: World) -> None:
    form = hidden(guest.get("/pin/new").text, "/pin/new")
    answer = guest.post("/pin/new", data=form)
    assert answer.status_code == 422
    assert errors(answer.text)[0] == ["Enter the e-mail address that the invitation went to"]
    world.access.answers["AskForNewPin"] = refusal(grpc.StatusCode.INVALID_ARGUMENT, "EMAIL_MALFORMED", "email")
    assert guest.post("/pin/new", data=form | {"email": "x"}).status_code == 422
    world.access.answers["AskForNewPin"] = late()
    answer = guest.post("/pin/new", data=form | {"email": EMAIL})
    assert answer.status_code == 503
    assert hidden(answer.text, "/pin/new")["command_id"] == form["command_id"]
