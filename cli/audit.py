"""`mandate audit`: what happened, in all logs at once, and who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.installation import STATE, State, uuid_of
from cli.installation import find as find_installation
from cli.showing import INCOMPLETE, Json, cell, line, moment, place_of, plain, say_json, show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from chassis.history import Event

AsOf = Annotated[str | None, typer.Option("--as-of", help="As it was true then: 2026-05-08T14:00-05:00 (else UTC).")]
KnownAt = Annotated[str | None, typer.Option("--known-at", help="As it was believed then; else as is known now.")]
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
    from chassis.history import Wanted
    from cli.actors import actor_of
    from cli.history import history

    installation = find_installation(state)
    wanted = Wanted(
        actor=actor_of(installation, actor) if actor else None,
        stream=uuid_of(stream, "id of a stream") if stream else None,
        correlation=uuid_of(correlation, "correlation id") if correlation else None,
    )
    found = history(installation, [one.name for one in installation.chosen(service)], wanted, limit=limit)
    _tell(found, as_json=as_json)


@app.command()
def find(
    query: Annotated[
        str,
        typer.Argument(
            help="actor: subject: type: employer: npi: tracking: fn: created: pos: correlation:"
            " with - for not, ranges with .., and words. '' is everything."
        ),
    ],
    *,
    service: Annotated[str | None, typer.Option(help="One service's log alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The last so many events.")] = 50,
    before: Annotated[
        str | None, typer.Option(help="Those in front of these places: access@12,identity@40, as the page has them.")
    ] = None,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """Events of all services that a query finds: causes before what they caused, else by time (UTC)."""
    from chassis.history import Wanted
    from chassis.query import condition
    from cli.asking import places, read, resolver, streams_of
    from cli.history import history

    terms = read(query)
    installation = find_installation(state)
    services = [one.name for one in installation.chosen(service)]
    streams, resolve = streams_of(installation, services, terms), resolver(installation)
    where = {name: condition(terms, name, streams[name], resolve) for name in services}
    fronts = places(before) if before else {}
    _tell(history(installation, services, Wanted(), limit=limit, where=where, before=fronts), as_json=as_json)


@app.command(name="show")
def show_event(
    event: Annotated[str, typer.Argument(help="service@position, as `mandate audit log` shows it.")],
    *,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """One event with all that it says; what is sealed or secret is masked."""
    from cli.event import event_at

    found = event_at(find_installation(state), *place_of(event))
    if as_json:
        say_json(found)
        return
    for name, value in found.items():
        fields = value.items() if isinstance(value, dict) else [("", value)]
        for part, one in fields:
            line((f"{f'{name}.{part}' if part else name:<28}", "dim"), cell(one))


@app.command(name="state")
def show_state(
    stream: Annotated[str, typer.Argument(metavar="SERVICE/STREAM", help="As access/018f0c5e-…, an aggregate's id.")],
    *,
    at: Annotated[int | None, typer.Option(min=1, help="As of this event of the stream; else the last.")] = None,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """What a thing was after one of its events, beside what it was before; replayed from events, masked."""
    from cli.event import state_at

    found = state_at(find_installation(state), stream, at)
    if as_json:
        say_json(found)
        return
    line(f"event {found['number']} of {found['count']}: {found['event']}, {found['position']}")
    show(found["fields"], ("field", "before", "after", "changed"), as_json=False, empty="it has no fields")


def _tell(found: Sequence[Event], *, as_json: bool) -> None:
    from cli.actors import system_actors

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
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """Who may act for a provider, now or then, each with the chain that lets them. Exit 3: not known of somebody."""
    from cli.authority import who_can as ask

    found = ask(find_installation(state), provider, function, valid_at=_moment(as_of), known_at=_moment(known_at))
    if as_json:
        say_json(found)
    else:
        _say_people(found)
    if found["not_known"]:
        raise typer.Exit(INCOMPLETE)


def _say_people(found: Mapping[str, Any]) -> None:
    about = f"{_about(found)}, {_when(found)}"
    rows = [{"person": one["account_id"], "chain": _chain(one, found)} for one in found["people"]]
    if rows:
        line(about)
    show(rows, ("person", "chain"), as_json=False, empty=f"nobody may act: {about}")
    for person in found["not_known"]:
        line(("not known  ", "yellow"), f"{person}: what was so then was never heard here")


@app.command()
def why(
    person: Annotated[str, typer.Argument(help="Id of an account.")],
    can: Annotated[str, typer.Argument(metavar="can", help="The word.")],
    function: Annotated[str, typer.Argument(help="PECOS or NPPES.")],
    provider: Annotated[str, typer.Argument(help="A provider's id, or npi:2000000002.")],
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """Whether and why a person may act: the chain, or what is missing and who can supply it. Exit 3: not known."""
    from cli.authority import why as ask

    if can != "can":
        raise SystemExit("it reads: mandate audit why PERSON can FUNCTION PROVIDER")
    found = ask(
        find_installation(state), person, function, provider, valid_at=_moment(as_of), known_at=_moment(known_at)
    )
    if as_json:
        say_json(found)
    else:
        answer = {True: ("yes", "green"), False: ("no", "red"), None: ("not known", "yellow")}[found["allowed"]]
        line(answer, f"  {_about(found)}, {_when(found)}")
        if found["allowed"]:
            line(f"  {found['chain']['account_id']} -> {_chain(found['chain'], found)}")
        for one in found["missing"]:
            where = f" at {one['employer_id']}" if one["employer_id"] else ""
            since = (
                f", {one['status']}" + (f" since {moment(one['since'])}" if one["since"] else "")
                if one["status"]
                else ""
            )
            line(f"  missing {one['what']}{where}{since}: {one['supplied_by']} can supply it")
    if found["allowed"] is None:
        raise typer.Exit(INCOMPLETE)


def _about(found: Mapping[str, Any]) -> str:
    return f"{found['function']} for {plain(found['provider'] or str(found['provider_id']))}"


def _when(found: Mapping[str, Any]) -> str:
    at, known = moment(found["valid_at"]), moment(found["known_at"])
    return f"as true at {at}, as known at {known} (access@{found['position']})"


def _moment(text: str | None) -> datetime | None:
    """A time that somebody typed. Ends the program with a line where it is none."""
    from chassis.query import QueryError
    from chassis.query import moment as read

    try:
        return read(text) if text is not None else None
    except QueryError as error:
        raise SystemExit(str(error)) from error


def _chain(one: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """From the person to the provider, each step with its id."""
    if one["own_record"]:
        return "the provider's own account"
    employer = one["employer"] or one["employer_id"]
    steps = [f"{one['role']} at {employer} (association {one['association_id']})"]
    if one["tracking_id"] is not None or one["connection_id"] is not None:
        steps.append(f"connected in {found['function']} by {one['tracking_id'] or one['connection_id']}")
    return " -> ".join(steps)
