"""`mandate audit`: what happened, in all logs at once, and who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.installation import STATE, State, find, uuid_of
from cli.showing import Json, line, moment, plain, say_json, show

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from cli.history import Event

app = typer.Typer(no_args_is_help=True, help="What happened, by whom and because of what; who may do what.")


@app.command()
def log(
    *,
    service: Annotated[str | None, typer.Option(help="One service's log alone.")] = None,
    actor: Annotated[str | None, typer.Option(help="Id of an account, or name of a system actor.")] = None,
    stream: Annotated[str | None, typer.Option(help="Id of an aggregate.")] = None,
    correlation: Annotated[str | None, typer.Option(help="Everything that one command brought about.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The last so many events.")] = 50,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """The logs of all services as one: causes before what they caused, else by time (UTC)."""
    from cli.actors import actor_of, system_actors
    from cli.history import Wanted, history

    wanted = Wanted(
        actor=actor_of(actor) if actor else None,
        stream=uuid_of(stream, "id of a stream") if stream else None,
        correlation=uuid_of(correlation, "correlation id") if correlation else None,
    )
    installation = find(state)
    found = history(installation, [one.name for one in installation.chosen(service)], wanted, limit=limit)
    names = system_actors()
    if as_json:
        say_json([as_row(event, names) for event in found])
        return
    for event in found:
        _print(event, names)
    if not found:
        line("no such event in these logs")


def as_row(event: Event, names: Mapping[UUID, str]) -> dict[str, Any]:
    """An event as programs see it."""
    return {
        "at": event.at,
        "service": event.service,
        "position": event.position,
        "event": event.topic,
        "actor": event.actor,
        "actor_name": names.get(event.actor),
        "on_behalf_of": event.on_behalf_of,
        "stream": event.stream,
        "version": event.version,
        "command_id": event.command_id,
        "correlation_id": event.correlation_id,
        "causation": f"{event.service}@{event.causation}" if event.causation else event.heard_from,
        "ce_id": event.ce_id,
        "leaf_hash": event.leaf_hash,
    }


def _print(event: Event, names: Mapping[UUID, str]) -> None:
    because = f"  because of {event.service}@{event.causation}" if event.causation else ""
    told = f"  told by {plain(event.heard_from)}" if event.heard_from else ""
    behalf = f" for {event.on_behalf_of}" if event.on_behalf_of else ""
    line(
        (moment(event.at), "dim"),
        f"  {event.where:<18}",
        (f"  {event.topic:<40}", "cyan" if event.is_heard else "bold"),
        f"  {names.get(event.actor) or event.actor}{behalf}",
        (f"  {event.stream}", "dim"),
        (because + told, "dim"),
    )


@app.command(name="who-can")
def who_can(
    provider: Annotated[str, typer.Argument(help="A provider's id, or npi:2000000002.")],
    function: Annotated[str, typer.Argument(help="PECOS or NPPES.")],
    *,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """Who may act for a provider now, each with the chain that lets them."""
    from cli.authority import who_can as ask

    found = ask(find(state), provider, function)
    if as_json:
        say_json(found)
        return
    about = f"{found['function']} for {plain(found['provider'] or str(found['provider_id']))}"
    rows = [{"person": one["account_id"], "chain": _chain(one, found)} for one in found["people"]]
    if rows:
        line(f"{about}, as of access@{found['position']}")
    show(rows, ("person", "chain"), as_json=False, empty=f"nobody may act: {about}, as of access@{found['position']}")


def _chain(one: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """From the person to the provider, each step with its id."""
    if one["own_record"]:
        return "the provider's own account"
    employer = one["employer"] or one["employer_id"]
    steps = [f"{one['role']} at {employer} (association {one['association_id']})"]
    if one["tracking_id"] is not None or one["connection_id"] is not None:
        steps.append(f"connected in {found['function']} by {one['tracking_id'] or one['connection_id']}")
    return " -> ".join(steps)
