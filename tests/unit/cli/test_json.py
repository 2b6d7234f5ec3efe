"""Every command speaks JSON when asked to: on its output nothing else, and its refusals on the error side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner

from cli.__main__ import app
from cli.demo import telling

NO_QUESTIONS = {"inbox"}
"""Not for people or programs: `up` starts it."""


def commands(found: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """Every command with the words that lead to it."""
    if not hasattr(found, "commands"):
        yield " ".join(path), found
    for name, one in getattr(found, "commands", {}).items():
        yield from commands(one, *path, name)


def test_no_command_is_without_json() -> None:
    every = dict(commands(get_command(app)))
    assert len(every) > 30
    without = {name for name, one in every.items() if not any("--json" in asked.opts for asked in one.params)}
    assert without - NO_QUESTIONS == set()


@pytest.mark.parametrize(
    "words",
    ["ps", "logs access", "demo --up", "events lag", "audit log", "audit prove access@1", "mails drop --all"],
)
def test_a_refusal_is_one_line_of_json_with_the_same_words_and_code(words: str, tmp_path: Path) -> None:
    plain = CliRunner().invoke(app, [*words.split(), "--state", str(tmp_path)])
    found = CliRunner().invoke(app, [*words.split(), "--json", "--state", str(tmp_path)])
    assert (found.exit_code, plain.exit_code, found.stdout) == (1, 1, "")
    assert json.loads(found.stderr) == {"error": plain.output.strip()}
    assert found.stderr.count("\n") == 1


@pytest.mark.parametrize("words", ["registry load --json", "nonsense --json", "run --port x --json", "--json"])
def test_what_cannot_be_understood_is_json_too(words: str) -> None:
    """1, as without: 2 is a finding."""
    found = CliRunner().invoke(app, words.split())
    assert (found.exit_code, found.stdout) == (1, "")
    assert json.loads(found.stderr)["error"]


def test_a_word_after_two_dashes_asks_for_nothing() -> None:
    found = CliRunner().invoke(app, ["audit", "find", "--", "-x", "--json"])
    assert found.exit_code == 1
    assert not found.stderr.startswith("{")


def test_help_is_help() -> None:
    found = CliRunner().invoke(app, ["down", "--json", "--help"])
    assert found.exit_code == 0
    assert "Stop what" in found.stdout


def test_where_nothing_is_nothing_is_stopped_or_forgotten(tmp_path: Path) -> None:
    nothing: dict[str, dict[str, list[str]]] = {"down": {"stopped": [], "killed": []}, "reset": {"forgotten": []}}
    for words, said in nothing.items():
        found = CliRunner().invoke(app, [words, "--json", "--state", str(tmp_path)])
        assert (found.exit_code, json.loads(found.stdout), found.stderr) == (0, said, "")


def test_what_is_forgotten_is_named(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "demo-password").touch()
    found = CliRunner().invoke(app, ["reset", "--json", "--state", str(tmp_path)])
    assert json.loads(found.stdout) == {"forgotten": ["mail", "demo-password"]}
    assert "nothing was kept" in CliRunner().invoke(app, ["reset", "--state", str(tmp_path)]).stdout


def test_a_step_of_the_story_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    telling(Console(quiet=True))("4", "amchen asked for Access Manager")
    assert json.loads(capsys.readouterr().out) == {"step": "4", "said": "amchen asked for Access Manager"}
    telling(Console())("4", "amchen asked for Access Manager")
    assert capsys.readouterr().out == "  4 amchen asked for Access Manager\n"
