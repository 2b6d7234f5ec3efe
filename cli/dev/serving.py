"""The pages as a process of its own, with the inbox: what `mandate up` starts beside the services."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from chassis.inbox import LOOPBACK, Inbox
from chassis.runtime import Stop
from cli.dev.pages import Dev, routes
from cli.dev.parts import processes
from cli.installation import find
from services.portal.web.serving import Web
from services.portal.web.templating import STATIC


def serve(*, smtp_port: int, port: int, state: Path) -> None:
    """Take mails and show pages for what `up` runs below the folder, until SIGTERM."""
    stop = Stop().on_signals()
    inbox = Inbox(port=smtp_port, folder=state / "up" / "mail").start()
    dev = Dev(partial(find, state, only="up"), partial(processes, state), inbox)
    app = Starlette(routes=[*routes(dev), Mount("/static", StaticFiles(directory=STATIC))])
    web = Web(app, host=LOOPBACK, port=port).start()
    stop.wait()
    web.stop()
    inbox.stop()
