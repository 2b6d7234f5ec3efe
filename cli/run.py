"""`mandate run`: the whole platform in this process, with the portal, until it is told to stop."""

from __future__ import annotations

import hashlib
import logging
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import grpc
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from chassis import metrics
from chassis.management import ServiceHealth
from chassis.metrics import Reading
from chassis.ports import free_port
from chassis.runtime import Background, Stop, Wakeup, seconds, wait_until
from cli.alone import alone, see_not_moved, see_port_free
from cli.dev.pages import HOSTS, Dev, routes
from cli.dev.parts import inside
from cli.installation import find
from cli.month import load_generated
from cli.platform import SEEDED, Platform, platform, sign_in
from cli.showing import say_json
from services.portal.web.app import create_app
from services.portal.web.serving import Web, clients
from services.portal.web.settings import PortalSettings

if TYPE_CHECKING:
    from cli.people import Role

LOOPBACK = "127.0.0.1"
LISTENS_S = 10.0
"""Seconds until the portal's port is open, at most; then whoever looks sees for themselves."""
STEP_S = 20.0
"""Seconds that a step of the demo people may take to its end when all stops."""


def run(state: Path, *, port: int = 8000, people: bool = True, as_json: bool = False) -> None:
    """Start, print where everything is, and wait for Ctrl-C or SIGTERM. `people`: let the demo people register."""
    from cli import people as demo_people

    console = Console(quiet=as_json)
    began = seconds()
    stop = Stop().on_signals()
    port = port or free_port()
    base_url = f"http://{LOOPBACK}:{port}"
    see_not_moved(state.resolve())
    see_port_free(LOOPBACK, port)
    with alone(state.resolve()), ExitStack() as parts:
        with console.status("starting PostgreSQL and the services"):
            started = parts.enter_context(platform(state, base_url=base_url))
        _fill_registry(started, console)
        web = serve_portal(started, port)
        wait_until(partial(_listens, port), Wakeup(), timeout_s=LISTENS_S)
        say = _say_json if as_json else partial(_say, console)
        say(started, base_url, seconds() - began, demo_people.PEOPLE if people else ())
        registering = Background("people", partial(_let_register, started, console, stop))
        if begun := people and not demo_people.are_here(started):
            registering.start()
        while not stop.wait(0.5) and started.failed() is None:
            pass
        console.print("stopping …")
        if begun and not registering.join(STEP_S):  # half a person could not go on the next time
            console.print("the demo people did not come to the end of a step: make reset before the next make run")
        web.stop()
        if started.failed() is not None:
            raise SystemExit(f"a part died: {started.failed()!r}")
        all_here = demo_people.are_here(started)
    if as_json:
        say_json({"state": "stopped", "people_are_here": all_here}, indent=None)


def portal_settings(started: Platform) -> PortalSettings:
    """The portal's settings for plain http on this machine; its secret is kept with the state."""
    secret = hashlib.sha256(b"portal" + started.keys.secret("portal.key")).hexdigest()
    return PortalSettings(secret=SecretStr(secret), secure_cookies=False)


def serve_portal(started: Platform, port: int) -> Web:
    """The portal over the services of a running platform, with the development pages, on plain http."""
    logging.getLogger("_granian").addFilter(lambda record: "is experimental" not in record.getMessage())
    settings = portal_settings(started)
    dev = Dev(partial(find, started.state, only="run"), partial(inside, started), started.inbox)
    guards = [Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)]
    own = Route("/dev/metrics", partial(_metrics, started), methods=["GET"], middleware=guards)
    app = Starlette(routes=[own, *routes(dev), Mount("/", app=create_app(settings, clients(started.channel)))])
    return Web(app, host=LOOPBACK, port=port).start()


def read_gauges(started: Platform) -> list[Reading]:
    """The gauges of all services of this process, which has no management port."""
    healths = (
        ServiceHealth(process.app, [one for one in started.workers if one.name == name], process.service.measures)
        for name, process in started.processes.items()
    )
    return [one for health in healths for one in health.read()]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _metrics(started: Platform, _: Request) -> Response:
    return Response(metrics.exposition(read_gauges(started)), media_type="text/plain; version=0.0.4")


def _fill_registry(started: Platform, console: Console) -> None:
    with started.processes["registry"].database.session() as session:
        if session.one("SELECT 1 FROM loads LIMIT 1") is not None:
            return
    with console.status("loading a generated month of providers"):
        load_generated(started)


def _let_register(started: Platform, console: Console, stop: Stop) -> None:
    """While people look at the first page: what they may sign in as comes a few seconds later."""
    from cli.people import make

    began = seconds()
    try:
        if not make(started, stopping=stop.is_set):
            console.print("the demo people go on where they are at the next make run")
            return
    except (grpc.RpcError, AssertionError) as error:
        if not stop.is_set():
            said = f"the demo people could not register ({error}): make reset, then make run, begins anew"
            say_json({"error": said}, indent=None, err=True) if console.quiet else console.print(said)
        return
    console.print(f"the demo people have registered ({seconds() - began:.1f} s); one connection waits for aorivera")


def _say_json(started: Platform, base_url: str, took: float, people: Sequence[Role]) -> None:
    ready = {
        "state": "ready",
        "took_s": round(took, 1),
        "portal": base_url,
        "development": f"{base_url}/dev",
        "inbox": f"{base_url}/dev/inbox",
        "smtp_port": started.inbox.port,
        "services": dict(started.addresses),
        "postgres": {"port": urlsplit(started.dsn).port, "data": str(started.state / "postgres")},
        "sign_ins": [sign_in(one) for one in people] + [sign_in(one) for one in SEEDED],
        "password": started.password,
    }
    say_json(ready, indent=None)


def _say(console: Console, started: Platform, base_url: str, took: float, people: Sequence[Role]) -> None:
    table = Table(title=f"Mandate is ready in {took:.1f} s (DEVELOPMENT ONLY: insecure defaults)", title_justify="left")
    table.add_column("what")
    table.add_column("where")
    table.add_row("portal", base_url)
    table.add_row("development", f"{base_url}/dev   (services, traces, topics, metrics)")
    table.add_row("inbox", f"{base_url}/dev/inbox   (SMTP on port {started.inbox.port})")
    for service, address in started.addresses.items():
        table.add_row(f"{service}", f"{address}   (gRPC)")
    table.add_row("PostgreSQL", f"port {urlsplit(started.dsn).port}, data in {started.state / 'postgres'}")
    console.print(table)
    desks = ", ".join(f"{one.user_id} ({one.role})" for one in SEEDED)
    roles = " · ".join(f"{one.user_id} ({one.role})" for one in people)
    for line in (
        *([f"sign in as  {roles}"] if people else []),
        f"   desks    {desks}" if people else f"sign in as  {desks}",
        f"password    {started.password}   (for all of them; codes arrive in the inbox)",
        f"next        open {base_url} and sign in, or choose Create Account Now;",
        "            make demo, in a second window, plays the whole story",
        "stop        Ctrl-C; all is kept for the next make run, until make reset",
    ):
        console.print(line, soft_wrap=True)
