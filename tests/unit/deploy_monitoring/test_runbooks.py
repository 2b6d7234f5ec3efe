"""A page says what can be typed: every `mandate` command of docs/runbooks exists, with its words and options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from tools.repository import ROOT

PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
PARTS = ("What it means", "Who is hurt", "Look first", "What to do", "Over when")
COMMAND = re.compile(r"`(mandate [^`]+)`|^(mandate .+)$", re.MULTILINE)


def commands(page: str) -> Iterator[list[str]]:
    for inline, line in COMMAND.findall(page):
        words = shlex.split(inline or line, comments=True)[1:]
        if words != ["..."]:
            yield words


def refused(words: list[str]) -> str:
    """Why `mandate` would not take this; empty where it would. Asked for help, it runs nothing."""
    result = CliRunner().invoke(app, [*words, "--help"])
    return "" if result.exit_code == 0 else result.output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_can_be_typed(page: Path) -> None:
    wrong = {" ".join(words): refused(words) for words in commands(page.read_text())}
    assert {command: why for command, why in wrong.items() if why} == {}


def test_a_command_that_is_none_is_noticed() -> None:
    page = "`mandate audit verify --fast`, then `mandate repair`\n```sh\nmandate audit replay   # all\n```\n"
    assert [bool(refused(words)) for words in commands(page)] == [True, True, False]


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem != "README"], ids=lambda page: page.stem)
def test_every_page_has_the_same_parts(page: Path) -> None:
    text = page.read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(PARTS)
    assert text.startswith(f"# {page.stem}\n\n*")
