"""The portal over canned answers, called directly: no socket, no server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NoReturn

import anyio
import grpc
import httpx
import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp

from services.portal.web.app import create_app
from services.portal.web.challenge import Challenges
from services.portal.web.clients import Clients
from services.portal.web.settings import PortalSettings
from tests.unit.portal.identity_answers import PASSWORD, USER_ID, IdentityAnswers
from tests.unit.portal.reading import hidden

SECRET = "unit tests only, thirty-two bytes and more"
HTTPS = "https://testserver"


class DirectTransport(httpx.BaseTransport):
    """Hands requests to an ASGI application and waits; a crash is an answer, as it is behind a server."""

    def __init__(self, app: ASGIApp) -> None:
        self.inner = httpx.ASGITransport(app, raise_app_exceptions=False, client=("10.0.0.9", 1))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return anyio.run(self._handle, request)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        raw = b"".join([piece async for piece in answer.aiter_raw()])
        return httpx.Response(answer.status_code, headers=answer.headers, content=raw)


def visitor(app: ASGIApp, base_url: str = HTTPS) -> httpx.Client:
    """Somebody with a browser: cookies, and Origin with every post."""
    headers = {"origin": base_url, "sec-fetch-site": "same-origin"}
    return httpx.Client(transport=DirectTransport(app), base_url=base_url, headers=headers)


class DirectError(grpc.RpcError, grpc.Call):  # type: ignore[misc]
    """What a stub raises, without a call."""

    def __init__(self, status: grpc.StatusCode, trailing: Any) -> None:
        self._status, self._trailing = status, trailing

    def code(self) -> grpc.StatusCode:
        return self._status

    def trailing_metadata(self) -> Any:
        return self._trailing


for _name in DirectError.__abstractmethods__ - {"code", "trailing_metadata"}:  # type: ignore[attr-defined]
    setattr(DirectError, _name, lambda *_: None)
DirectError.__abstractmethods__ = frozenset()  # type: ignore[attr-defined]


class DirectContext:
    """The little of a servicer's context that these answers use."""

    def __init__(self, metadata: Any) -> None:
        self.metadata = metadata
        self.trailing: Any = ()

    def invocation_metadata(self) -> Any:
        return self.metadata

    def set_trailing_metadata(self, trailing: Any) -> None:
        self.trailing = trailing

    def abort(self, status: grpc.StatusCode, _: str) -> NoReturn:
        raise DirectError(status, self.trailing)


class DirectStub:
    """Calls their methods as a stub would; remembers what was asked, and with which metadata."""

    def __init__(self, answers: IdentityAnswers) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Any, dict[str, str]]] = []
        self.broken: dict[str, grpc.StatusCode] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(request: Any, *, timeout: float, metadata: Any) -> Any:
            assert timeout > 0
            self.asked.append((name, request, dict(metadata)))
            if name in self.broken:
                raise DirectError(self.broken[name], ())
            return getattr(self.answers, name)(request, DirectContext(metadata))

        return ask

    def requests(self, name: str) -> list[Any]:
        return [request for asked, request, _ in self.asked if asked == name]


@pytest.fixture
def identity() -> DirectStub:
    return DirectStub(IdentityAnswers())


@pytest.fixture
def settings() -> PortalSettings:
    return PortalSettings(secret=SecretStr(SECRET))


@pytest.fixture
def browser(settings: PortalSettings, identity: DirectStub) -> Iterator[httpx.Client]:
    with visitor(create_app(settings, Clients(identity=identity))) as client:
        yield client


@pytest.fixture
def challenges() -> Challenges:
    return Challenges(SECRET.encode(), timedelta(minutes=10))


@pytest.fixture
def signed_in(browser: httpx.Client) -> httpx.Client:
    return sign_in(browser)


def sign_in(browser: httpx.Client, user_id: str = USER_ID) -> httpx.Client:
    form = hidden(browser.get("/signin").text, "/signin")
    browser.post("/signin", data=form | {"user_id": user_id, "password": PASSWORD})
    form = hidden(browser.get("/signin/verify").text, "/signin/verify")
    assert browser.post("/signin/verify", data=form | {"code": "123456"}).headers["location"] == "/home"
    return browser


@pytest.fixture
def world(identity: DirectStub) -> Any:
    from tests.unit.portal.answers import World

    return World(identity)


@pytest.fixture
def ana(settings: PortalSettings, world: Any) -> Iterator[httpx.Client]:
    """Ana Rivera, signed in to a portal with all its services."""
    with visitor(create_app(settings, world.clients)) as client:
        yield sign_in(client)


@pytest.fixture
def erin(settings: PortalSettings, world: Any) -> Iterator[httpx.Client]:
    """Erin Usher of External User Services."""
    world.mine = []
    with visitor(create_app(settings, world.clients)) as client:
        yield sign_in(client, "eusdesk1")


@pytest.fixture
def kim(settings: PortalSettings, world: Any) -> Iterator[httpx.Client]:
    """Kim Audley, an auditor."""
    world.mine = []
    with visitor(create_app(settings, world.clients)) as client:
        yield sign_in(client, "auditkim")
