"""`/dev/inbox`: the mails that this installation has sent, for development only."""

from __future__ import annotations

from email.utils import localtime
from pathlib import Path

from jinja2 import DictLoader, Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from chassis.inbox import LOOPBACK, Inbox, Mail
from chassis.runtime import Stop
from services.portal.web.serving import Web

SHOWN = 200
HEADERS = {"content-security-policy": "default-src 'none'; style-src 'self'", "cache-control": "no-store"}

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} - Development inbox</title>
<link rel="stylesheet" href="/dev/inbox.css"></head>
<body><header><strong>Development inbox</strong> <span>Every mail of this machine; nothing leaves it.</span></header>
<main>{% block main %}{% endblock %}</main></body></html>
"""
_LIST = """{% extends "page" %}{% block main %}<h1>{{ mails|length }} mail{{ "" if mails|length == 1 else "s" }}</h1>
{% if not mails %}<p>No mail was sent yet. Register on the portal: the code arrives here.</p>{% endif %}
{% for number, mail in mails %}<article><h2><a href="/dev/inbox/{{ number }}">{{ mail.subject }}</a></h2>
<p>to {{ mail.to|join(", ") }} &middot; <time>{{ at(mail) }}</time></p></article>{% endfor %}{% endblock %}
"""
_MAIL = """{% extends "page" %}{% block main %}<p><a href="/dev/inbox">All mails</a></p><h1>{{ mail.subject }}</h1>
<p>to {{ mail.to|join(", ") }} &middot; <time>{{ at(mail) }}</time> &middot; {{ mail.message_id }}</p>
<pre>{{ mail.text }}</pre>{% endblock %}
"""
_CSS = """body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1b2b31;background:#f4f6f6}
header{background:#0b3640;color:#fff;padding:12px 24px}header span{opacity:.85;margin-left:8px}
main{max-width:56rem;margin:24px auto;padding:0 16px}h1{font-size:1.5rem}h2{font-size:1.05rem;margin:0}
article{background:#fff;border:1px solid #c9d3d5;border-radius:8px;padding:12px 16px;margin:8px 0}
article p{margin:4px 0 0;color:#45585e}a{color:#0b5f70}
pre{background:#fff;border:1px solid #c9d3d5;border-radius:8px;padding:16px;white-space:pre-wrap;font-size:15px}
"""


def serve_inbox(*, smtp_port: int, port: int, folder: Path) -> None:
    """The inbox as a process of its own, until SIGTERM."""
    stop = Stop().on_signals()
    inbox = Inbox(port=smtp_port, folder=folder).start()
    web = Web(Starlette(routes=[Mount("/dev", routes=inbox_pages(inbox))]), host=LOOPBACK, port=port).start()
    stop.wait()
    web.stop()
    inbox.stop()


def inbox_pages(inbox: Inbox) -> list[Route]:
    """The routes below `/dev`."""
    pages = Environment(loader=DictLoader({"page": _PAGE, "list": _LIST, "mail": _MAIL}), autoescape=True)

    def show(name: str, **values: object) -> Response:
        return HTMLResponse(pages.get_template(name).render(at=_at, **values), headers=HEADERS)

    def listed(_: Request) -> Response:
        mails = list(enumerate(inbox.messages()))[-SHOWN:]
        return show("list", title="All mails", mails=mails[::-1])

    def one(request: Request) -> Response:
        mails = inbox.messages()
        number = int(request.path_params["number"])
        if number >= len(mails):
            return PlainTextResponse("There is no such mail.", status_code=404)
        return show("mail", title=mails[number].subject, mail=mails[number])

    def style(_: Request) -> Response:
        return Response(_CSS, media_type="text/css")

    return [
        Route("/inbox", listed),
        Route("/inbox.css", style),
        Route("/inbox/{number:int}", one),
    ]


def _at(mail: Mail) -> str:
    return localtime(mail.received_at).strftime("%m/%d/%Y %I:%M:%S %p")
