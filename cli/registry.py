"""`mandate registry`: load a month of NPPES's files, or write an invented one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.installation import STATE, Installation, State, find
from cli.showing import INCOMPLETE, Json, console, error_console, say_json

if TYPE_CHECKING:
    from services.registry.commands.load_month import LoadReport, Progress

app = typer.Typer(no_args_is_help=True, help="The registry of providers and their NPIs.")

File = typer.Argument(exists=True, dir_okay=False, readable=True)


@app.command()
def load(
    data: Annotated[Path, File],
    other_names: Annotated[Path, File],
    locations: Annotated[Path, File],
    supplement: Annotated[Path, File],
    state: State = STATE,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="A damaged row stops the load; nothing is loaded.")] = False,
    as_json: Json = False,
) -> None:
    """Load one month: NPPES's three files and the restricted supplement, all of it or nothing.

    A damaged row is told by file, line and column and skipped (exit code 3). The same files again change nothing.
    """
    import psycopg

    from chassis.database import options
    from chassis.domain import DomainError
    from services.registry.adapters.nppes import readers
    from services.registry.commands.load_month import load_month

    installation = find(state)
    try:
        # as the owner of the tables: a load builds their indexes anew
        with (
            psycopg.connect(installation.dsn("registry"), autocommit=True, options=options("registry")) as owner,
            _bar() as progress,
        ):
            report = load_month(
                owner,
                read=readers,
                data=data,
                other_names=other_names,
                locations=locations,
                supplement=supplement,
                strict=strict,
                progress=progress,
            )
    except (DomainError, OSError) as error:
        raise SystemExit(str(error)) from error
    except psycopg.OperationalError as error:
        raise SystemExit(_gone(installation, error)) from error
    _say(report, as_json=as_json)
    if report.skipped:
        raise typer.Exit(INCOMPLETE)


@app.command()
def generate(
    folder: Annotated[Path, typer.Argument(file_okay=False)],
    others: Annotated[int, typer.Option(min=0, help="Invented providers beside the cast.")] = 10_000,
    state: State = STATE,
    *,
    as_json: Json = False,
) -> None:
    """Write an invented month into a folder, for this installation: the index of SSNs is made with its key."""
    from chassis.keys import Keyring
    from services.registry.adapters.generated_month import write_month

    try:
        key = Keyring(find(state).folder / "keys").secret("ssn_index_key.key")
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from error
    with error_console().status(f"writing {others:,} invented providers"):
        files = write_month(folder, seed=1, ssn_key=key, others=others)
    paths = {name: str(path) for name, path in asdict(files).items()}
    if as_json:
        say_json(paths)
        return
    console().print("next        mandate registry load", *paths.values(), sep=" \\\n  ", soft_wrap=True, markup=False)


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """A bar for each step, on a terminal."""
    from rich.progress import Progress as Bars

    with Bars(console=error_console(), disable=not sys.stderr.isatty()) as bars:
        tasks = {}

        def tell(progress: Progress) -> None:
            if progress.step not in tasks:
                tasks[progress.step] = bars.add_task(progress.step, total=None)
            bars.update(tasks[progress.step], completed=progress.done, total=progress.total or None)

        yield tell


def _say(report: LoadReport, *, as_json: bool) -> None:
    begins, ends = (day.isoformat() for day in report.period)
    if as_json:
        found = asdict(report) | {"period": [begins, ends], "damages": [asdict(one) for one in report.damages]}
        say_json(found)
        return
    for damage in report.damages:
        console().print(f"skipped     {damage}", markup=False, soft_wrap=True)
    if report.skipped > len(report.damages):
        console().print(f"skipped     {report.skipped - len(report.damages)} more")
    said = (
        "these very files were loaded before: nothing has changed"
        if report.unchanged
        else f"{report.rows:,} rows: {report.inserted:,} NPIs are new, {report.updated:,} changed,"
        f" {report.vanished:,} stand in no file any more; {report.skipped:,} rows were skipped"
    )
    console().print(f"{begins} to {ends}: {said}", soft_wrap=True)


def _gone(installation: Installation, error: Exception) -> str:
    cause = str(error).strip().splitlines()[0]
    return f"PostgreSQL of `{installation.kind}` does not answer ({cause}); nothing was loaded"
