"""`mandate mails`: mails that nobody knows were sent, because the notifier was put back; somebody decides."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from cli.installation import STATE, State, find, uuid_of
from cli.showing import Json, line, say_json, show

if TYPE_CHECKING:
    from chassis.application import Application

app = typer.Typer(no_args_is_help=True, help="Mails that wait for somebody to decide, after the notifier was restored.")

By = Annotated[str, typer.Option(help="Who decides, for the log; the user of this machine, if left out.")]
Here = Annotated[bool, typer.Option("--here", help="The notifier's database of this process's own MANDATE_ settings.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids of `mandate mails held`.")]
All = Annotated[bool, typer.Option("--all", help="All that are held.")]


@app.command()
def held(*, as_json: Json = False, here: Here = False, state: State = STATE) -> None:
    """Mails that may have been sent before the notifier's database was put back."""
    with _notifier(state, here=here) as notifier:
        rows = _held(notifier)
    columns = ("notification_id", "template", "recipient", "requested_at", "expires_at")
    show(rows, columns, as_json=as_json, empty="no mail is held")


@app.command()
def release(
    ids: Ids = None,
    *,
    all_of_them: All = False,
    by: By = "",
    as_json: Json = False,
    here: Here = False,
    state: State = STATE,
) -> None:
    """Let held mails go out, although they may have been sent before; with --json one line a mail."""
    from services.notifier.commands import deliveries

    with _notifier(state, here=here) as notifier:
        for id_ in _chosen(notifier, ids, all_of_them=all_of_them):
            _do(notifier, deliveries.release, notification_id=id_, by=by or getpass.getuser())
            _say(id_, "goes out", as_json=as_json)


@app.command()
def drop(
    ids: Ids = None,
    *,
    all_of_them: All = False,
    by: By = "",
    as_json: Json = False,
    here: Here = False,
    state: State = STATE,
) -> None:
    """Give held mails up: they were sent before, or are of no use any more; with --json one line a mail."""
    from services.notifier.commands import deliveries

    with _notifier(state, here=here) as notifier:
        for id_ in _chosen(notifier, ids, all_of_them=all_of_them):
            why = f"HELD: not released by {by or getpass.getuser()}"
            _do(notifier, deliveries.fail, notification_id=id_, reason=why, attempts=0)
            _say(id_, "given up", as_json=as_json)


def _say(notification_id: UUID, outcome: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"notification_id": notification_id, "outcome": outcome}, indent=None)
        return
    line(f"{outcome}  {notification_id}")


def _held(notifier: Application) -> list[dict[str, Any]]:
    from services.notifier.adapters import queue

    with notifier.session() as session:
        return queue.held(session)


def _chosen(notifier: Application, ids: list[str] | None, *, all_of_them: bool) -> list[UUID]:
    waiting: list[UUID] = [row["notification_id"] for row in _held(notifier)]
    if bool(ids) == all_of_them:
        raise SystemExit("name mails by the ids that `mandate mails held` shows, or say --all")
    chosen = [uuid_of(text, "mail") for text in ids or ()]
    for id_ in chosen:
        if id_ not in waiting:
            raise SystemExit(f"no mail {id_} is held: see `mandate mails held`")
    return chosen or waiting


def _do(notifier: Application, command: Any, **arguments: Any) -> None:
    from chassis.cause import Cause, system_actor

    notifier.execute(command, Cause.of(system_actor(f"{notifier.name}.restore")), **arguments)


@contextmanager
def _notifier(state: Path, *, here: bool) -> Iterator[Application]:
    from chassis.messages import Catalogue
    from chassis.migrate import open_database
    from services.notifier.__main__ import SERVICE

    if here:
        from chassis.settings import Settings

        settings = Settings()  # type: ignore[call-arg]  # the environment gives what has no default
        database = open_database(settings.database_url, SERVICE.name, size=1)
        try:
            yield SERVICE.application(database, Catalogue())
        finally:
            database.close()
        return
    installation = find(state)
    with installation.working(installation.service(SERVICE.name)) as database:
        yield SERVICE.application(database, Catalogue())
