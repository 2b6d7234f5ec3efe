"""The Jinja environment: strict, escaping, with the few helpers that every page uses."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from services.portal.web import clock, commands, phones, standing, tabs, words

WEB = Path(__file__).parent
STATIC = WEB / "static"
SPRITE = "/static/vendor/uswds/img/sprite.svg"


def environment() -> jinja2.Environment:
    """The environment of all pages. An unknown variable is an error, not an empty string."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "icon": icon,
        "static": static,
        "new_command_id": commands.new,
        "tabs": tabs.tabs,
        "manages": standing.manages,
        "languages": words.LANGUAGES,
        "language_names": {language: words.load(language)("language.name") for language in words.LANGUAGES},
    }
    made.filters |= {"phone": phones.show, "us_day": clock.day, "tracking": tracking, "epoch": epoch}
    return made


def icon(name: str, more: str = "") -> Markup:
    """An icon of the USWDS sprite; carries no meaning of its own, so it is hidden from screen readers."""
    return Markup('<svg class="usa-icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>').format(
        f" {more}" if more else "", SPRITE, name
    )


@cache
def static(path: str) -> str:
    """The address of a file of ours, with its hash, so that it may be kept for a year."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"


def tracking(id: str) -> str:
    """`R8WK-T4C1-GX`: groups of four (limits.md, tracking ids)."""
    return "-".join(id[start : start + 4] for start in range(0, len(id), 4))


def epoch(stamp: Any) -> int:
    """Seconds since 1970 of a message's time or a datetime, for the page's script."""
    at = stamp if isinstance(stamp, datetime) else clock.moment(stamp)
    return int(at.timestamp())
