"""What every page keeps: headers, cookie flags, origin, token, known fields (S-08, S-10, S-30, S-33)."""

from __future__ import annotations

import re

import grpc
import httpx
import pytest
from pydantic import SecretStr

from services.portal.web.app import AREAS, create_app
from services.portal.web.clients import Clients
from services.portal.web.headers import ALWAYS
from services.portal.web.pages import Access
from services.portal.web.settings import PortalSettings
from tests.unit.portal.conftest import HTTPS, SECRET, DirectStub, visitor
from tests.unit.portal.identity_answers import PASSWORD, USER_ID
from tests.unit.portal.reading import hidden, text


@pytest.mark.parametrize("path", ["/signin", "/nowhere", "/health", "/static/look.css", "/home"])
def test_every_answer_has_the_headers(browser: httpx.Client, path: str) -> None:
    answer = browser.get(path)
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS


def test_the_policy_has_nothing_unsafe_and_nobody_else() -> None:
    policy = ALWAYS["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    for part in ("default-src 'none'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"):
        assert part in policy


def test_pages_are_not_kept_and_files_are(browser: httpx.Client) -> None:
    assert browser.get("/signin").headers["cache-control"] == "no-store"
    assert "immutable" in browser.get("/static/look.css?v=1").headers["cache-control"]


def test_pages_have_no_inline_script_or_style(signed_in: httpx.Client) -> None:
    for path in ("/home", "/profile", "/help", "/nowhere"):
        page = signed_in.get(path).text
        assert "<script>" not in page
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick=" not in page


def test_the_session_cookie_is_host_bound(signed_in: httpx.Client) -> None:
    form = hidden(signed_in.get("/home").text, "/signout")
    cookie = signed_in.post("/signout", data=form).headers["set-cookie"]
    for part in ("__Host-mandate-session=", "Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_plain_http_has_a_plain_name(identity: DirectStub) -> None:
    settings = PortalSettings(secret=SecretStr(SECRET), secure_cookies=False, cookie_name="dev")
    client = visitor(create_app(settings, Clients(identity=identity)), "http://127.0.0.1:8080")
    cookie = client.get("/signin").headers["set-cookie"]
    assert cookie.startswith("dev-visit=")
    assert "Secure" not in cookie
    assert "HttpOnly" in cookie


def test_a_short_secret_is_refused(identity: DirectStub) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        create_app(PortalSettings(secret=SecretStr("short")), Clients(identity=identity))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": HTTPS, "sec-fetch-site": "same-site"},
        {"origin": "null"},
        {},
    ],
)
def test_a_form_from_elsewhere_is_refused(browser: httpx.Client, identity: DirectStub, headers: dict[str, str]) -> None:
    form = hidden(browser.get("/signin").text, "/signin") | {"user_id": USER_ID, "password": PASSWORD}
    for name in ("origin", "sec-fetch-site"):
        del browser.headers[name]
    answer = browser.post("/signin", data=form, headers=headers)
    assert answer.status_code == 403
    assert identity.requests("SignIn") == []


def test_a_form_without_the_reader_s_token_is_refused(browser: httpx.Client, identity: DirectStub) -> None:
    form = hidden(browser.get("/signin").text, "/signin") | {"user_id": USER_ID, "password": PASSWORD}
    for token in ("", "x" * 43, "é"):
        assert browser.post("/signin", data=form | {"csrf": token}).status_code == 403
    browser.cookies.clear()  # login CSRF: the token of another visitor
    browser.get("/signin")
    assert browser.post("/signin", data=form).status_code == 403
    assert identity.requests("SignIn") == []


def test_a_token_from_before_sign_in_is_worth_nothing_after(browser: httpx.Client, identity: DirectStub) -> None:
    before = hidden(browser.get("/signin").text, "/signin")
    browser.post("/signin", data=before | {"user_id": USER_ID, "password": PASSWORD})
    form = hidden(browser.get("/signin/verify").text, "/signin/verify")
    browser.post("/signin/verify", data=form | {"code": "123456"})
    assert browser.post("/signout", data={"csrf": before["csrf"]}).status_code == 403
    assert identity.requests("EndSession") == []


def test_unknown_fields_are_refused(browser: httpx.Client, identity: DirectStub) -> None:
    form = hidden(browser.get("/signin").text, "/signin") | {"user_id": USER_ID, "password": PASSWORD}
    answer = browser.post("/signin", data=form | {"roles": "EUS"})
    assert answer.status_code == 422
    assert "We could not read this form" in text(answer.text)
    assert identity.requests("SignIn") == []


@pytest.mark.parametrize("command_id", ["", "1", "00000000-0000-4000-8000-000000000000", "{019a}"])
def test_a_form_without_a_command_id_of_ours_is_refused(browser: httpx.Client, command_id: str) -> None:
    form = hidden(browser.get("/signin").text, "/signin") | {"user_id": USER_ID, "password": PASSWORD}
    assert browser.post("/signin", data=form | {"command_id": command_id}).status_code == 422


def test_each_form_has_its_command_id_and_a_repeat_keeps_it(browser: httpx.Client, identity: DirectStub) -> None:
    page = browser.get("/signin").text
    form = hidden(page, "/signin") | {"user_id": USER_ID, "password": PASSWORD}
    browser.post("/signin", data=form)
    browser.post("/signin", data=form)
    first, second = identity.requests("SignIn")
    assert first.command_id == second.command_id == form["command_id"]
    assert hidden(browser.get("/signin").text, "/signin")["command_id"] != form["command_id"]


def test_large_and_strange_bodies_are_refused(browser: httpx.Client) -> None:
    form = hidden(browser.get("/signin").text, "/signin")
    assert browser.post("/signin", data=form | {"user_id": "x" * 70_000}).status_code == 413
    assert browser.post("/signin", json=form).status_code == 415
    assert browser.post("/signin", data=form, files={"user_id": b"x"}).status_code == 415
    many = browser.post("/signin", data=form | {f"more{n}": "x" for n in range(250)})
    assert many.status_code == 400, many.text
    assert "We could not read this form" in text(many.text), text(many.text)[:400]


def test_every_page_says_who_may_open_it(browser: httpx.Client) -> None:
    """S-11: nothing is open by accident; a page for the signed in sends others to sign in."""
    pages = [page for area in AREAS for page in area]
    assert all(isinstance(page.access, Access) for page in pages)
    closed = [page for page in pages if page.access not in {Access.EVERYBODY, Access.REGISTERING} and page.get]
    for page in closed:
        path = re.sub(r"{[^}]*}", "0c1f4f43-9a55-4f43-9a55-1f6d1f1c0a11", page.path)
        assert browser.get(path).headers["location"].startswith("/signin?notice=sign_in_first")
    assert len(pages) == len({page.path for page in pages})


def test_an_ended_session_is_told_and_forgotten(signed_in: httpx.Client, identity: DirectStub) -> None:
    identity.answers.sessions.clear()
    answer = signed_in.get("/profile")
    assert answer.headers["location"] == "/signin?notice=session_ended&next=/profile"
    assert 'session=""' in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (grpc.StatusCode.UNAVAILABLE, 503),
        (grpc.StatusCode.DEADLINE_EXCEEDED, 503),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 503),
        (grpc.StatusCode.PERMISSION_DENIED, 404),
        (grpc.StatusCode.NOT_FOUND, 404),
        (grpc.StatusCode.INTERNAL, 500),
    ],
)
def test_what_a_service_does_not_answer_is_a_page(
    signed_in: httpx.Client, identity: DirectStub, status: grpc.StatusCode, shown: int
) -> None:
    identity.broken["GetProfile"] = status
    answer = signed_in.get("/profile")
    assert answer.status_code == shown
    assert len(answer.headers["x-correlation-id"]) == 8
    assert status.name not in answer.text


def test_a_crash_says_nothing_but_its_id(signed_in: httpx.Client, identity: DirectStub) -> None:
    identity.answers.GetProfile = lambda *_: 1 / 0  # type: ignore[method-assign, assignment]
    answer = signed_in.get("/profile")
    assert answer.status_code == 500
    shown = text(answer.text).replace("-", "")
    assert answer.headers["x-correlation-id"] in shown
    assert "ZeroDivision" not in answer.text


def test_identity_hears_who_asks_and_in_which_language(browser: httpx.Client, identity: DirectStub) -> None:
    form = hidden(browser.get("/signin?lang=es").text, "/signin") | {"user_id": USER_ID, "password": PASSWORD}
    browser.post("/signin", data=form, headers={"x-forwarded-for": "203.0.113.7"})
    metadata = identity.asked[-1][2]
    assert metadata["mandate-language"] == "es"
    assert metadata["mandate-client-address"] == "10.0.0.9", "what a visitor claims is dropped (S-32)"
    assert len(metadata["mandate-correlation-id"]) == 8


@pytest.mark.parametrize("after", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"])
def test_nobody_is_sent_elsewhere(browser: httpx.Client, after: str) -> None:
    form = hidden(browser.get("/signin").text, "/signin")
    browser.post("/signin", data=form | {"user_id": USER_ID, "password": PASSWORD, "next": after})
    form = hidden(browser.get("/signin/verify").text, "/signin/verify")
    answer = browser.post("/signin/verify", data=form | {"code": "123456", "next": after})
    assert answer.headers["location"] == "/home"


@pytest.mark.parametrize("path", ["/dev", "/dev/inbox", "/dev/topics", "/dev/dev.css"])
def test_the_portal_itself_has_no_development_pages(browser: httpx.Client, path: str) -> None:
    """Only `mandate run` and `mandate up` mount them; a password and codes stand there."""
    assert browser.get(path).status_code == 404
