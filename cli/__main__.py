"""`mandate`: run the platform, load the registry, look into topics and logs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import audit, bus, events, mails, proofs, registry
from cli.refusing import Refusing
from cli.restore import restore
from cli.showing import Json
from cli.trace import trace

app = typer.Typer(
    cls=Refusing, no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False
)
app.add_typer(events.app, name="events")
app.add_typer(audit.app, name="audit")
app.add_typer(bus.app, name="bus")
app.add_typer(registry.app, name="registry")
app.add_typer(mails.app, name="mails")
proofs.add_to(audit.app)
app.command()(trace)
app.command()(restore)

State = Annotated[Path, typer.Option("--state", envvar="MANDATE_STATE", help="Folder of data, keys and logs.")]


@app.callback()
def root() -> None:
    """Mandate: identity and delegated access to Medicare enrollment."""


@app.command()
def run(
    state: State = Path(".state"),
    port: Annotated[int, typer.Option(help="Port of the portal on loopback; 0 takes a free one.")] = 8000,
    *,
    people: Annotated[bool, typer.Option(help="Let the demo people register at the first start.")] = True,
    as_json: Json = False,
) -> None:
    """The whole platform in this process, on embedded parts; Ctrl-C stops it.

    With --json one line when it is ready, and one when it has stopped.
    """
    from cli.run import run as run_platform

    run_platform(state, port=port, people=people, as_json=as_json)


@app.command()
def demo(
    others: Annotated[int, typer.Option(help="Generated providers beside the cast.")] = 10_000,
    *,
    on_up: Annotated[
        bool, typer.Option("--up", help="Play on what `up` runs, instead of a platform of its own.")
    ] = False,
    state: State = Path(".state"),
    as_json: Json = False,
) -> None:
    """The story of getting access, step by step; on a platform of its own nothing is left behind.

    With --json one line a step.
    """
    from cli.demo import demo as play_demo
    from cli.demo import demo_on_up

    demo_on_up(state, as_json=as_json) if on_up else play_demo(others=others, as_json=as_json)


@app.command()
def up(
    state: State = Path(".state"),
    port: Annotated[int, typer.Option(help="Port of the portal.")] = 8000,
    *,
    as_json: Json = False,
) -> None:
    """One process per service role on real Kafka and PostgreSQL; returns when all are ready."""
    from cli.standing import up as start_up

    start_up(state, port=port, as_json=as_json)


@app.command()
def ps(state: State = Path(".state"), *, as_json: Json = False) -> None:
    """What `up` started, and how each part is."""
    from cli.standing import ps as show

    show(state, as_json=as_json)


@app.command()
def logs(service: Annotated[str, typer.Argument(help="A service, or one of its roles: access.worker.")],
         state: State = Path(".state"), *, as_json: Json = False) -> None:  # fmt: skip
    """The end of the logs of a service; with --json one line a line."""
    from cli.standing import logs as show

    show(state, service, as_json=as_json)


@app.command()
def down(state: State = Path(".state"), *, as_json: Json = False) -> None:
    """Stop what `up` started, and nothing else; data stay."""
    from cli.standing import down as stop

    stop(state, as_json=as_json)


@app.command()
def reset(state: State = Path(".state"), *, as_json: Json = False) -> None:
    """Forget all data of what `run` and `up` keep here: people, mails, keys."""
    from cli.standing import reset as forget

    forget(state, as_json=as_json)


@app.command(hidden=True)
def inbox(smtp_port: int, port: int, state: Path) -> None:
    """The development inbox, with the pages below `/dev`, as a process of its own."""
    from cli.dev.serving import serve

    serve(smtp_port=smtp_port, port=port, state=state)


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
