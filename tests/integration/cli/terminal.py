"""`mandate` as somebody types it, and the people whom it is asked about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from typer.testing import CliRunner, Result

from cli.__main__ import app
from tests.house import House

HELP = uuid4()
"""Somebody of External User Services."""


@dataclass
class Terminal:
    """`mandate` as somebody types it."""

    state: Path

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--state", str(self.state)])

    def says(self, *words: str, code: int = 0) -> str:
        """What it prints, where it ends as it should."""
        result = self(*words)
        assert result.exit_code == code, result.output
        return result.output

    def finds(self, *words: str, code: int = 0) -> Any:
        """The JSON that it prints."""
        return json.loads(self.says(*words, "--json", code=code))

    def refuses(self, *words: str) -> str:
        """The one line with which it ends."""
        said = self.says(*words, code=1).strip()
        assert "\n" not in said
        return said


@dataclass
class Village:
    """A practice and its doctor, a group with an official and staff; connected in PECOS."""

    house: House
    practice: UUID
    group: UUID
    doctor: UUID
    official: UUID
    staff: UUID
    command: UUID
    """The request for the connection."""
