"""The routes below `/dev`, for this machine only: services, traces, topics and the inbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from chassis.inbox import LOOPBACK, Inbox
from chassis.messages import Catalogue
from cli.actors import system_actors
from cli.dev import activity, inbox, topics
from cli.dev.commands import Command, latest
from cli.dev.parts import Look
from cli.dev.services import Tile, others, tiles
from cli.installation import Installation
from cli.platform import SEEDED, password_of
from cli.showing import milliseconds, moment
from cli.trace import as_dict
from cli.tracing import UnknownCommandError, trace
from services.portal.web import templating
from services.portal.web.headers import SecurityHeaders

TEMPLATES = Path(__file__).parent / "templates"
HOSTS = (LOOPBACK, "localhost")
"""A stranger's page whose name was made to point to this machine is refused: a password and codes stand here."""


@dataclass(frozen=True)
class Dev:
    """What the pages look at."""

    find: Callable[[], Installation]
    """The installation. As all that looks into it, it ends a program with a line; a page says that line."""
    look: Look
    inbox: Inbox


class NotHereError(Exception):
    """There is no such mail, or no such topic."""


Page = Callable[[Dev, Request], Mapping[str, Any]]
"""Finds what its template shows."""


def routes(dev: Dev) -> list[Route]:
    """All pages, for a web server on the loopback address."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"icon": templating.icon, "static": templating.static, "moment": moment, "at": inbox.at}
    guards = [Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS), Middleware(SecurityHeaders)]
    made = [Route("/dev/dev.css", _style, methods=["GET"], middleware=guards)]
    for path, name, page in PAGES:
        answer = partial(_answer, dev, environment.get_template(name), page)
        made.append(Route(path, answer, methods=["GET"], middleware=guards))
    # the portal lies behind all that is not here, so Starlette leads nobody from /dev/ to /dev
    made.append(Route("/dev{rest:path}/", _without_slash, methods=["GET"], middleware=guards))
    return made


def _answer(dev: Dev, template: Any, page: Page, request: Request) -> Response:
    status, said = HTTPStatus.OK, ""
    try:
        values = page(dev, request)
        status = values.get("status", status)
        return HTMLResponse(template.render(values), status_code=status)
    except (NotHereError, UnknownCommandError) as error:
        status, said = HTTPStatus.NOT_FOUND, str(error)
    except SystemExit as error:  # what would end `mandate trace` must not end the whole installation
        status, said = HTTPStatus.SERVICE_UNAVAILABLE, str(error)
    problem = template.environment.get_template("problem.html")
    return HTMLResponse(problem.render(status=status, problem=said), status_code=status)


def _without_slash(request: Request) -> Response:
    return RedirectResponse(f"/dev{request.path_params['rest'].rstrip('/')}")


def _style(_: Request) -> Response:
    return FileResponse(TEMPLATES / "dev.css")


def _overview(dev: Dev, _: Request) -> Mapping[str, Any]:
    """Shown in parts where the database does not answer: then one wants to see what is down."""
    parts = dev.look()
    shown: Sequence[Tile] = ()
    commands: Sequence[Command] = ()
    password, problem = "", ""
    try:
        installation = dev.find()
        password = password_of(installation.folder)
        shown, commands = tiles(installation, parts), latest(installation)
    except SystemExit as error:
        problem = str(error)
    return {
        "tiles": shown,
        "others": others(parts, shown),
        "commands": commands,
        "people": SEEDED,
        "password": password,
        "portal": next((one.url for one in parts if one.name == "portal"), ""),
        "mails": len(dev.inbox.messages()),
        "problem": problem,
        "status": HTTPStatus.SERVICE_UNAVAILABLE if problem else HTTPStatus.OK,
    }


def _trace(dev: Dev, request: Request) -> Mapping[str, Any]:
    found = trace(dev.find(), request.path_params["command_id"])
    return {
        "trace": found,
        "tree": as_dict(found, system_actors())["tree"],
        "decided_ms": milliseconds(found.root.details["decided_at"], found.root.at),
        "mails": inbox.by_notification(dev.inbox),
    }


def _topics(dev: Dev, _: Request) -> Mapping[str, Any]:
    return {"topics": topics.counted(dev.find())}


def _topic(dev: Dev, request: Request) -> Mapping[str, Any]:
    name = request.path_params["topic"]
    if name not in Catalogue().topics:
        raise NotHereError(f"The contracts declare no topic {name}.")
    return {"topic": name, "records": topics.last(dev.find(), name)}


def _mails(dev: Dev, _: Request) -> Mapping[str, Any]:
    return inbox.listed(dev.inbox)


def _mail(dev: Dev, request: Request) -> Mapping[str, Any]:
    found = inbox.one(dev.inbox, int(request.path_params["number"]))
    if found is None:
        raise NotHereError("There is no such mail.")
    return found


def _activity(dev: Dev, _: Request) -> Mapping[str, Any]:
    return activity.counted(dev.look())


PAGES: tuple[tuple[str, str, Page], ...] = (
    ("/dev", "overview.html", _overview),
    ("/dev/trace/{command_id:uuid}", "trace.html", _trace),
    ("/dev/topics", "topics.html", _topics),
    ("/dev/topics/{topic}", "topic.html", _topic),
    ("/dev/activity", "activity.html", _activity),
    ("/dev/inbox", "mails.html", _mails),
    ("/dev/inbox/{number:int}", "mail.html", _mail),
)
