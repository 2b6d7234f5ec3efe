"""Signed, short-lived tokens: a user's, from identity; a service's own, where no user asks (S-12)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from chassis import nature

ALGORITHM = "Ed25519"
LIFE = timedelta(seconds=15)
LEEWAY = timedelta(seconds=5)
USER_ISSUER = "identity"


class TokenError(Exception):
    """The token proves nothing here: the message says why, for a log, never for the caller."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token proves: either a person or a service speaks."""

    account_id: UUID | None = None
    service: str | None = None
    roles: frozenset[str] = frozenset()
    mfa_at: datetime | None = None
    session: str = ""


class Signer:
    """Signs tokens in the name of one service; identity alone signs for people."""

    def __init__(self, service: str, key: Ed25519PrivateKey) -> None:
        self.service = service
        self._key = OKPKey.import_key(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def user_token(
        self, account_id: UUID, *, audience: str, roles: Sequence[str], mfa_at: datetime | None, session: str
    ) -> tuple[str, datetime]:
        """A person's right to speak to one service for 15 seconds, and when it ends."""
        more = {"roles": list(roles), "mfa_at": int(mfa_at.timestamp()) if mfa_at else None, "sid": session}
        return self._sign(str(account_id), audience, more)

    def service_token(self, audience: str) -> str:
        """This service's right to speak to another, where no person asks."""
        return self._sign(f"service:{self.service}", audience, {})[0]

    def _sign(self, subject: str, audience: str, more: Mapping[str, Any]) -> tuple[str, datetime]:
        now = nature.now()
        ends = now + LIFE
        claims = {
            "iss": self.service,
            "sub": subject,
            "aud": audience,
            "iat": int(now.timestamp()),
            "exp": int(ends.timestamp()),
            "jti": str(nature.new_id()),
            **more,
        }
        return jwt.encode({"alg": ALGORITHM}, claims, self._key, algorithms=[ALGORITHM]), ends


class Verifier:
    """Checks tokens made out to one service."""

    def __init__(self, audience: str, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._audience = audience
        self._keys = {name: _public(key) for name, key in keys.items()}

    def verify(self, token: str) -> Claims:
        """What the token proves. Raises `TokenError` for every other token: none is partly good."""
        try:
            claims = jwt.decode(token, self._key_for, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise TokenError("not signed by whom it names") from error
        return self._checked(claims, claims["iss"])

    def _key_for(self, signed: Any) -> OKPKey:
        """The key of whom a token names as its issuer: one signature is looked at, and not one for each service."""
        said = json.loads(signed.payload)
        issuer = said.get("iss") if isinstance(said, dict) else None
        if not isinstance(issuer, str) or issuer not in self._keys:
            raise TokenError("from nobody we know")
        return self._keys[issuer]

    def _checked(self, claims: dict[str, Any], issuer: str) -> Claims:
        now = nature.now()
        if claims.get("aud") != self._audience:
            raise TokenError("made out to another service")
        try:
            begins, ends = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
            subject = str(claims["sub"])
        except (KeyError, TypeError, ValueError) as error:
            raise TokenError(f"incomplete: {error}") from error
        if now > ends + LEEWAY or now < begins - LEEWAY or ends - begins > LIFE:
            raise TokenError("not valid at this moment")
        if subject.startswith("service:"):
            if subject != f"service:{issuer}":
                raise TokenError("a service speaks only for itself")
            return Claims(service=issuer)
        if issuer != USER_ISSUER:
            raise TokenError("only identity speaks for people")
        mfa_at = claims.get("mfa_at")
        return Claims(
            account_id=UUID(subject),
            roles=frozenset(claims.get("roles", ())),
            mfa_at=datetime.fromtimestamp(mfa_at, UTC) if mfa_at is not None else None,
            session=str(claims.get("sid", "")),
        )


def _public(key: Ed25519PublicKey) -> OKPKey:
    return OKPKey.import_key(
        key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def load_or_make_key(file: Path) -> Ed25519PrivateKey:
    """The private key in a file; made on first use, for development and embedded installations."""
    if file.exists():
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"{file} holds no Ed25519 key")
        return key
    key = Ed25519PrivateKey.generate()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return key
