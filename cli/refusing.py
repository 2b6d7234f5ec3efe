"""What ends the program with a line does so as JSON where somebody has asked for JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from cli.showing import say_json

UsageError: Any = typer.BadParameter.__mro__[1]
UsageError.exit_code = 1  # of every one: 2 is a finding


class Refusing(TyperGroup):
    """The whole command line: with `--json` a refusal is `{"error": …}`, one line on standard error."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        """Run what was typed, and end the program with its exit code, which is the same with `--json` and without."""
        words = list(sys.argv[1:] if args is None else args)
        if "--json" not in (words[: words.index("--")] if "--" in words else words):
            return super().main(words, *rest, **options)
        try:
            code = super().main(words, *rest, **options | {"standalone_mode": False})
        except SystemExit as error:
            if not isinstance(error.code, str):
                raise
            said, code = error.code, 1
        except UsageError as error:
            said, code = error.format_message(), error.exit_code
        else:
            raise SystemExit(code)
        say_json({"error": said}, indent=None, err=True)
        raise SystemExit(code)
