"""Renders a mail in its two forms and languages; foreign words can neither be markup nor become a link."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from chassis.vocabulary import tracking
from chassis.vocabulary.header_text import HostileTextError, refuse_hostile
from services.notifier.domain.mails import ALL

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGES = ("en", "es")
WIDTH = 72

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "hello": "Hello",
        "colon": ",",
        "employer": "your employer",
        "party": "the other party",
        "person": "somebody",
        "AUTHORIZED_OFFICIAL": "Authorized Official",
        "ACCESS_MANAGER": "Access Manager",
        "STAFF_END_USER": "Staff End User",
    },
    "es": {
        "hello": "Hola,",
        "colon": ":",
        "employer": "su empleador",
        "party": "la otra parte",
        "person": "alguien",
        "AUTHORIZED_OFFICIAL": "funcionario autorizado",
        "ACCESS_MANAGER": "administrador de acceso",
        "STAFF_END_USER": "usuario final del personal",
    },
}
"""Words that stand for what is not known, and the names of the roles (IA-EMP-07)."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's content, without any header but its subject."""

    subject: str
    text: str
    html: str


def render(template: str, language: str, *, foreign: Mapping[str, Any], ours: Mapping[str, Any]) -> Letter:
    """The letter. A foreign word that is no plain text is left out of the subject, and shown in the body (S-25).

    `foreign` are words that people or other services have written, and lists and dicts of them; `ours` are
    addresses, numbers and secrets that only this installation writes. A name that the template wants and nobody
    gave is an error (`jinja2.UndefinedError`), not an empty string.
    """
    if template not in ALL or language not in LANGUAGES:
        raise LookupError(f"no mail {template} in {language}")
    file = f"{language}/{template}.j2"
    subject = _subject(file, {key: "" if _is_hostile(value) else value for key, value in foreign.items()} | dict(ours))
    values = _tame(dict(foreign)) | dict(ours) | {"language": language, "words": WORDS[language]}
    text = _TEXT.get_template(file).render(values, frame="shell.txt", m=_TEXT.get_template("parts.txt").module)
    html = _HTML.get_template(file).render(values, frame="shell.html", m=_HTML.get_template("parts.html").module)
    return Letter(subject=subject, text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", html=html)


def _subject(file: str, values: Mapping[str, Any]) -> str:
    template = _TEXT.get_template(file)
    context = template.new_context({**values, "frame": "shell.txt"})
    return "".join(template.blocks["subject"](context))


def _is_hostile(value: Any) -> bool:
    """Whether it is text that a header must not hold."""
    try:
        refuse_hostile(str(value), "")
    except HostileTextError:
        return True
    return False


def _tame(value: Any) -> Any:
    match value:
        case str():
            return tame(value)
        case list():
            return [_tame(one) for one in value]
        case dict():
            return {key: _tame(one) for key, one in value.items()}
        case _:
            return value


def tame(text: str) -> str:
    """Foreign words for a body: one line, nothing unseen, and nothing that a mail program would make a link of."""
    seen = "".join(_seen(character) for character in text.replace("\n", " ").replace("\r", " ").replace("\t", " "))
    return _LIKE_A_HOST.sub("[.]", seen.replace("://", "[:]//"))


_LIKE_A_HOST = re.compile(r"(?<=[^\W_])\.(?=[^\W_]{2,})")
"""A dot between letters as in a host's name; `J.D. Doe, M.D.` has none."""


def _seen(character: str) -> str:
    return unicodedata.lookup("REPLACEMENT CHARACTER") if _is_hostile(character) else character


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH - len(indent),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _compact(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.strip())


def _environment(*, autoescape: bool) -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=autoescape,  # noqa: S701 - off for the plain text alone, which has nothing to escape
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"tracking": tracking.grouped, "wrapped": _wrapped, "compact": _compact}
    return made


_HTML = _environment(autoescape=True)
_TEXT = _environment(autoescape=False)
