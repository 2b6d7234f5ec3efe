"""`mandate restore`: what a service whose log was put back has told and lost, and letting it go on."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.installation import STATE, Installation, State, find, port_of
from cli.showing import Json, line, plain, say_json

if TYPE_CHECKING:
    from chassis.bus import Subscriber
    from chassis.restoring import Plan
    from chassis.service import Service

SHOWN = 10
"""Keys that are shown; all of them are in the JSON."""


@dataclass(frozen=True)
class Site:
    """Where a service's database and the bus are, for its owner."""

    service: Service
    dsn: str
    bus: Subscriber
    after: str
    """What to type next."""


def restore(
    service: Annotated[str, typer.Argument(help="The service whose database was put back.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it, and ask nobody.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also where the bus knows nothing more: it was put back or lost too.")
    ] = False,
    by: Annotated[str, typer.Option(help="Who does it, for the log; the user of this machine, if left out.")] = "",
    up: Annotated[bool, typer.Option("--up", help="What `up` keeps, where `run` has kept data there as well.")] = False,
    here: Annotated[
        bool, typer.Option("--here", help="The database and the bus of this process's own MANDATE_ settings.")
    ] = False,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """Let a service whose database was put back to a backup go on, as a new edition; nothing of it may run."""
    from chassis.restoring import LogMovedError, StillRunningError, look, raise_edition

    if as_json and not (yes or dry_run):
        raise SystemExit("--json asks nobody: add --yes, or --dry-run")
    with _of_settings(service) if here else _below(state, service, up=up) as site:
        plan = _planned(site, look)
        if not as_json:
            _say(plan, anyway=anyway)
        becomes: int | None = None
        if (plan.is_needed or anyway) and not dry_run:
            if not yes:
                typer.confirm(f"Raise the edition of {service} to {plan.becomes}?", abort=True)
            try:
                becomes = raise_edition(site.dsn, site.service, plan, by=by or getpass.getuser())
            except (StillRunningError, LogMovedError) as error:
                raise SystemExit(str(error)) from error
        if as_json:
            say_json(_as_json(plan) | {"raised_to": becomes})
        elif becomes is not None:
            line((f"{service} goes on as edition {becomes}", "green"), f"; next: {site.after}")


def _planned(site: Site, look: Callable[..., Plan]) -> Plan:
    import psycopg

    from chassis.database import Session, options
    from chassis.messages import Catalogue

    settings = f"{options(site.service.name)} -c default_transaction_read_only=on"
    with psycopg.connect(site.dsn, autocommit=True, options=settings) as connection:
        return look(Session(connection), site.bus, site.service, Catalogue())


def _say(plan: Plan, *, anyway: bool) -> None:
    told = f"position {plan.told.position} of edition {plan.told.edition}" if plan.told else "nothing"
    line(f"the bus    {plan.service} has told {told}")
    line(f"the log    ends at {plan.end} of edition {plan.edition}")
    for topic, count in plan.lost.items():
        line(f"lost       {count} of {topic}: told, and not in the log")
    for topic, key in plan.unknown[:SHOWN]:
        line(("unknown    ", "yellow"), plain(f"{topic} {key}: listeners keep it, the log has never heard of it"))
    if len(plan.unknown) > SHOWN:
        line(("unknown    ", "yellow"), f"and {len(plan.unknown) - SHOWN} more: see --json")
    if plan.is_needed or anyway:
        line(
            f"will be    edition {plan.becomes}, from position {plan.begins_at} on: all states are told again, before "
            "anything else; what others have heard stays in their logs"
        )
    else:
        line("nothing to do: the log has all that was told")


def _as_json(plan: Plan) -> dict[str, Any]:
    told = {"edition": plan.told.edition, "position": plan.told.position} if plan.told else None
    return {
        "service": plan.service,
        "edition": plan.edition,
        "end": plan.end,
        "told": told,
        "lost": plan.lost,
        "unknown": [{"topic": topic, "key": key} for topic, key in plan.unknown],
        "is_needed": plan.is_needed,
        "becomes": plan.becomes,
        "begins_at": plan.begins_at,
    }


@contextmanager
def _of_settings(name: str) -> Iterator[Site]:
    """As `migrate` finds them: in a Job, with the owner's address of the database."""
    from chassis.buses import bus_of
    from chassis.settings import Settings
    from cli.platform import ALL

    known = {one.name: one for one in ALL}
    if name not in known:
        raise SystemExit(f"there is no service {name!r}: choose one of {', '.join(known)}")
    settings = Settings()  # type: ignore[call-arg]  # the environment gives what has no default
    with bus_of(settings) as (_, subscriber, _):
        yield Site(known[name], settings.database_url, subscriber, "start its processes again")


@contextmanager
def _below(state: Path, name: str, *, up: bool) -> Iterator[Site]:
    """An installation below a folder. Its servers are started for this time where they do not run."""
    with _installation(state.resolve(), up=up) as installation, installation.bus() as bus:
        service = installation.service(name)
        again = "mandate down, then mandate up" if installation.kind == "up" else "mandate run"
        folder = installation.folder.parent if installation.kind == "up" else installation.folder
        yield Site(service, installation.dsn(name), bus, f"{again} (--state {folder})")


@contextmanager
def _installation(state: Path, *, up: bool) -> Iterator[Installation]:
    from cli.alone import alone

    kept = [kind for kind, folder in (("run", state), ("up", state / "up")) if (folder / "postgres" / "data").exists()]
    running = [kind for kind in kept if port_of(_folder(state, kind) / "postgres") is not None]
    if not kept:
        raise SystemExit(f"nothing is kept below {state}: name another --state")
    if up and "up" not in kept:
        raise SystemExit(f"`up` keeps nothing below {state}")
    if len(kept) > 1 and not running and not up:
        raise SystemExit(f"`run` and `up` both keep data below {state}: start the one you mean, or say --up")
    kind = "up" if up else (running or kept)[-1]
    if kind in running:
        yield find(state, only=kind)
    elif kind == "up":
        with _servers_of_up(state / "up") as installation:
            yield installation
    else:
        with alone(state), _postgres(state) as (port, password):
            yield Installation(kind, state, port, password)


def _folder(state: Path, kind: str) -> Path:
    return state / "up" if kind == "up" else state


@contextmanager
def _postgres(folder: Path) -> Iterator[tuple[int, str]]:
    from chassis.embedded import postgres

    server = postgres.start(folder / "postgres")
    try:
        yield server.port, server.password
    finally:
        server.stop()


@contextmanager
def _servers_of_up(folder: Path) -> Iterator[Installation]:
    from chassis.kafka.jars import fetch_jars
    from chassis.kafka.server import start
    from cli.up import cache

    with _postgres(folder) as (port, password):
        kafka = start(folder / "kafka", jars=fetch_jars(cache()))
        try:
            yield Installation("up", folder, port, password, kafka.bootstrap)
        finally:
            kafka.stop()
