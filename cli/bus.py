"""`mandate bus`: what carries messages between services."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from cli.installation import STATE, State
from cli.showing import Json, line, plain, say_json

app = typer.Typer(no_args_is_help=True, help="What carries messages between services.")


@app.callback()
def root() -> None:
    """What carries messages between services."""


@app.command()
def move(
    from_: Annotated[Literal["embedded"], typer.Argument(metavar="embedded", help="The bus of `mandate run`.")],
    to: Annotated[Literal["kafka"], typer.Argument(metavar="kafka", help="The bus of `mandate up`.")],
    *,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """Hand over what `mandate run` keeps to `mandate up`: from the bus in PostgreSQL to Kafka. Cut off, type it again.

    Nothing is answered twice and no mail is sent twice. Everybody signs in again. There is no way back but a backup.
    With --json one line a step.
    """
    from cli.moving import move as move_all

    if as_json:
        move_all(state, lambda said: say_json({"said": said}, indent=None))
        say_json({"from": from_, "to": to, "next": f"mandate up --state {state}"}, indent=None)
        return
    move_all(state, lambda said: line(plain(said)))
    line(("moved from ", "green"), from_, " to ", to, plain(f": start it with `mandate up --state {state}`"))
