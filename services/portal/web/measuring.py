"""Counts the pages that are answered, each under the path that it was declared with, and how long that took."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import metrics
from chassis.runtime import seconds

PAGE = "mandate.page"
"""Where in a request's scope a page writes its declared path; what was typed is never a label."""


class Measured:
    """ASGI: counts what has become of a page; files, and addresses where there is no page, are left out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count when the answer is complete; what crashes is answered 500 further out."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, began = 500, seconds()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            if PAGE in scope:
                metrics.opened(scope[PAGE], status, seconds() - began)
