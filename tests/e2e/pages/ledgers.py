"""What a step leaves behind, read as people read it: the mails that arrived, and `mandate audit log`."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Composed, Identifier
from typer.testing import CliRunner

from chassis.inbox import Mail
from cli.__main__ import app
from cli.platform import Platform
from tests.scenario import CODE_MAILS

LATEST = "300"
"""Events that one step may bring about, with what is heard of them elsewhere: more than any does."""

TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
OWN = {"postgres", "mail"}

Eventually = Callable[[Callable[[], Any], str], Any]


@dataclass(frozen=True)
class Letter:
    """A mail that must have come: to whom, in which language and under which subject, and what both its forms say."""

    to: str
    language: str
    subject: str
    words: tuple[str, ...] = ()


def plain(markup: str) -> str:
    """The words of an HTML body, or of a text, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def places_of(platform: Platform, secrets: Sequence[str]) -> list[str]:
    """Tables of the installation, the bus's too, and files beside them, in which one can read a secret.

    The folder of the inbox is the recipients' own.
    """
    wanted = "|".join(form for secret in secrets for form in (secret, secret.encode().hex()))
    with psycopg.connect(platform.dsn) as session:
        tables = session.execute(TABLES).fetchall()
        found = [".".join(table) for table in tables if session.execute(_rows_with(*table), (wanted,)).fetchone()]
    for file in platform.state.rglob("*"):
        if file.is_file() and not OWN & set(file.relative_to(platform.state).parts):
            found += [str(file)] if re.search(wanted.encode(), file.read_bytes(), re.IGNORECASE) else []
    return found


def _rows_with(*table: str) -> Composed:
    return SQL("SELECT 1 FROM {} AS one WHERE one::text ~* %s LIMIT 1").format(Identifier(*table))


class Mailbag:
    """The mails of one installation, each looked at once; codes are for whoever asked for them."""

    def __init__(self, platform: Platform, eventually: Eventually) -> None:
        self._inbox, self._eventually = platform.inbox, eventually
        self._seen = len(self._inbox.messages())

    def _new(self) -> list[Mail]:
        return [mail for mail in self._inbox.messages()[self._seen :] if mail.subject not in CODE_MAILS]

    def holds(self, *letters: Letter) -> None:
        """These have come since the last look, each once, and no other."""
        wanted = Counter((letter.to, letter.subject) for letter in letters)
        self._eventually(lambda: len(self._new()) >= len(letters), f"{len(letters)} mails")
        came = self._new()
        self._seen = len(self._inbox.messages())
        assert Counter((mail.to[0], mail.subject) for mail in came) == wanted
        for letter in letters:
            [mail] = [one for one in came if (one.to[0], one.subject) == (letter.to, letter.subject)]
            assert mail.message["Content-Language"] == letter.language, letter
            for body in (plain(mail.text), plain(mail.html)):
                assert [words for words in letter.words if words not in body] == [], (letter, body)


class History:
    """`mandate audit log`, from where it was last read."""

    def __init__(self, platform: Platform, eventually: Eventually, names: Callable[[], Mapping[str, str]]) -> None:
        self._state, self._eventually, self._names = platform.state, eventually, names
        self._seen = max((row["position"] for row in self._log()), default=0)

    def _log(self) -> list[dict[str, Any]]:
        words = ["audit", "log", "--service", "access", "--limit", LATEST, "--json", "--state", str(self._state)]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
        found: list[dict[str, Any]] = json.loads(result.output)
        return found

    def _new(self) -> list[dict[str, Any]]:
        rows = [row for row in self._log() if row["position"] > self._seen]
        return [row for row in rows if row["event"].startswith("access.")]  # no claims, and nothing that was heard

    def tells(self, *lines: tuple[str, str]) -> None:
        """These events of access since the last look, in their order and no other: what happened, and who did it."""
        self._eventually(lambda: len(self._new()) >= len(lines), f"{len(lines)} events")
        rows = self._new()
        names = self._names()
        self._seen = max((row["position"] for row in rows), default=self._seen)
        assert [_line(row, names) for row in rows] == list(lines)


def _line(row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, str]:
    return row["event"].removeprefix("access."), row["actor_name"] or names.get(row["actor"], row["actor"])


def letters(to: Sequence[str], language: str, subject: str, *words: str) -> list[Letter]:
    """The same mail to several."""
    return [Letter(one, language, subject, words) for one in to]
