"""`mandate`: run the platform, load the registry, look into topics and logs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)

State = Annotated[Path, typer.Option("--state", envvar="MANDATE_STATE", help="Folder of data, keys and logs.")]


@app.callback()
def root() -> None:
    """Mandate: identity and delegated access to Medicare enrollment."""


@app.command()
def run(
    state: State = Path(".state"),
    port: Annotated[int, typer.Option(help="Port of the portal on loopback; 0 takes a free one.")] = 8000,
) -> None:
    """The whole platform in this process, on embedded parts; Ctrl-C stops it."""
    from cli.run import run as run_platform

    run_platform(state, port=port)


@app.command()
def demo(
    others: Annotated[int, typer.Option(help="Generated providers beside the cast.")] = 10_000,
) -> None:
    """The story of getting access on a platform of its own, step by step; nothing is left behind."""
    from cli.demo import demo as play_demo

    play_demo(others=others)


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
