"""Tokens prove one thing to one service for 15 seconds; everything else is refused (A-16)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis import nature
from chassis.tokens import Signer, TokenError, Verifier

WHO = UUID("019df312-f8a1-7835-ae7d-53a0a8b34b62")
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEYS = {name: Ed25519PrivateKey.generate() for name in ("identity", "notifier", "portal")}
VERIFIER = Verifier("access", {name: key.public_key() for name, key in KEYS.items()})


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    hands = Clock()
    before = nature.use(nature.Nature(now=hands, random_bytes=nature.REAL.random_bytes))
    yield hands
    nature.use(before)


def user_token(*, signer: str = "identity", audience: str = "access") -> str:
    token, _ = Signer(signer, KEYS[signer]).user_token(WHO, audience=audience, roles=["EUS"], mfa_at=NOON, session="s")
    return token


def test_a_users_token_says_who_with_which_roles_and_when_the_second_factor_was_given() -> None:
    claims = VERIFIER.verify(user_token())
    assert (claims.account_id, claims.mfa_at, claims.session) == (WHO, NOON, "s")
    assert claims.roles == frozenset({"EUS"})


def test_a_services_token_says_which_service() -> None:
    assert VERIFIER.verify(Signer("notifier", KEYS["notifier"]).service_token("access")).service == "notifier"


@pytest.mark.parametrize(("seconds", "good"), [(0, True), (20, True), (21, False), (-5, True), (-6, False)])
def test_a_token_lives_15_seconds_with_5_of_leeway(clock: Clock, seconds: int, good: bool) -> None:
    token = user_token()
    clock.now = NOON + timedelta(seconds=seconds)
    if good:
        assert VERIFIER.verify(token).account_id == WHO
    else:
        with pytest.raises(TokenError):
            VERIFIER.verify(token)


def _with_header(token: str, header: object, *, signature: str | None = None) -> str:
    _, payload, signed = token.split(".")
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{encoded}.{payload}.{signed if signature is None else signature}"


def _other_claims(token: str, **changed: object) -> str:
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    payload = base64.urlsafe_b64encode(json.dumps(claims | changed).encode()).rstrip(b"=").decode()
    return f"{header}.{payload}.{signature}"


def _claiming(claims: str) -> str:
    header, _, signature = user_token().split(".")
    return f"{header}.{base64.urlsafe_b64encode(claims.encode()).rstrip(b'=').decode()}.{signature}"


FORGED: dict[str, Callable[[], str]] = {
    "no signature": lambda: _with_header(user_token(), {"alg": "none"}, signature=""),
    "another algorithm": lambda: _with_header(user_token(), {"alg": "HS256"}),
    "another audience": lambda: user_token(audience="identity"),
    "another person": lambda: _other_claims(user_token(), sub=str(UUID(int=1))),
    "a person signed for by another service": lambda: user_token(signer="portal"),
    "an unknown key": lambda: Signer("identity", Ed25519PrivateKey.generate()).service_token("access"),
    "a service in another's name": lambda: Signer("identity", KEYS["portal"]).service_token("access"),
    "critical headers that are no list": lambda: _with_header(user_token(), {"alg": "Ed25519", "crit": 5}),
    "critical headers that are lists": lambda: _with_header(user_token(), {"alg": "Ed25519", "crit": [[1]]}),
    "a header that is a list": lambda: _with_header(user_token(), ["alg"]),
    "a header that is a text": lambda: _with_header(user_token(), "alg"),
    "of somebody we do not know": lambda: _other_claims(user_token(), iss="stranger"),
    "of nobody": lambda: _other_claims(user_token(), iss=["identity"]),
    "claims that are no object": lambda: _claiming("[1]"),
    "claims that are no JSON": lambda: _claiming("{"),
    "claims that are very deep": lambda: _claiming("[" * 5_000),
    "nothing": lambda: "",
    "noise": lambda: "a.b.c",
    "a very long one": lambda: "x" * 100_000,
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(name: str) -> None:
    with pytest.raises(TokenError):
        VERIFIER.verify(FORGED[name]())
