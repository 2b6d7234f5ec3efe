"""What every answer says to the browser (S-10): nothing from elsewhere, nothing kept, nobody's frame."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
"""Scripts and styles are files of ours, so there is no nonce and nothing unsafe."""

POLICY_NAME = "content-security-policy"
ALWAYS = {
    POLICY_NAME: POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "same-origin",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class SecurityHeaders:
    """ASGI: adds the headers, and `no-store` where the answer says nothing about keeping."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and write the headers as the answer begins."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                own = headers.get(POLICY_NAME)  # of a document that is handed out: stricter than a page's
                for name, value in ALWAYS.items():
                    headers[name] = value
                if own is not None:
                    headers[POLICY_NAME] = own
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, receive, sealed)
