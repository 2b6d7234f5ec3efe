"""`mandate events`: topics, what is on them, how far everybody is behind, and what could not be taken from them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.installation import STATE, State, find
from cli.showing import INCOMPLETE, Json, line, plain, show

if TYPE_CHECKING:
    from chassis.messages import Catalogue

app = typer.Typer(no_args_is_help=True, help="Topics, their messages, and what is parked.")

LAST = 10
"""Records that `tail` shows unless told."""


@app.command()
def topics(*, as_json: Json = False) -> None:
    """The topics that the contracts declare."""
    from chassis.messages import Catalogue

    rows = declared(Catalogue())
    show(rows, ("topic", "kind", "partitions", "retention", "origin"), as_json=as_json, empty="no topic is declared")


def declared(catalogue: Catalogue) -> list[dict[str, Any]]:
    """A row for each topic, by who tells it."""
    from chassis.messages import PROGRESS

    return [
        {
            "topic": one.name,
            "kind": "progress" if one.name == PROGRESS else "state" if catalogue.is_state(one.name) else "event",
            "partitions": one.partitions,
            "retention": f"{one.retention_days} days" if one.retention_days else "the last of each key",
            "origin": one.origin or "every service",
        }
        for one in sorted(catalogue.topics.values(), key=lambda one: (one.origin, one.name))
    ]


@app.command()
def tail(
    topic: Annotated[str, typer.Argument(help="A topic of `mandate events topics`.")],
    *,
    pretty: Annotated[bool, typer.Option("--pretty", help="Headers and fields, each on a line.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON a record.")] = False,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the oldest record.")] = False,
    count: Annotated[
        int | None,
        typer.Option(min=1, help="The last so many (10); with --from-start the first so many, then stop (all)."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    state: State = STATE,
) -> None:
    """Records of a topic, with their headers and their messages decoded."""
    from chassis.messages import Catalogue
    from cli import records

    if pretty and as_json:
        raise SystemExit("--pretty is for people, --json for programs: leave one of them out")
    catalogue = Catalogue()
    if topic not in catalogue.topics:
        raise SystemExit(_unknown(topic, catalogue.topics))
    say = records.print_json if as_json else records.print_pretty if pretty else records.print_line
    try:
        with find(state).bus() as bus:
            left = count if from_start else None
            for record in records.reading(bus, topic, last=None if from_start else count or LAST, follow=follow):
                say(catalogue, record)
                left = left - 1 if left is not None else None
                if left == 0:
                    return
    except KeyboardInterrupt:
        return  # how --follow ends


def _unknown(topic: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(topic, list(known), n=1, cutoff=0.5)
    return f"there is no topic {topic!r}: " + (f"is it {near[0]}? " if near else "") + "see `mandate events topics`"


@app.command()
def simulate(
    scenario: Annotated[str, typer.Argument(help="One of those that --help of this command names below.")],
    *,
    prefix: Annotated[
        str, typer.Option(help="What the names of the topics begin with; the real ones are never written.")
    ] = "simulated.",
    people: Annotated[int, typer.Option(min=1, max=100_000, help="For mass-revoke: how many lose their right.")] = 100,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on proving that all was told, every second, until Ctrl-C.")
    ] = False,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """Tell invented messages on topics of their own, for a subscriber to be tried on; then say what it must answer.

    connection-approved, mass-revoke, duplicate, out-of-order, tombstone, poison.
    """
    from cli.showing import say_json
    from cli.simulation import play

    def told(outcome: dict[str, Any]) -> None:
        if as_json:
            say_json(outcome)
            return
        line(plain(f"{outcome['messages']} messages of {scenario} on topics that begin with {prefix}"))
        for one in outcome["expected"]:
            verdict = ("may act    ", "green") if one["may_act"] else ("may not act", "red")
            line(
                verdict, plain(f"  {one['account_id']} for {one['provider_id']} in {one['function']}: {one['because']}")
            )

    with find(state).telling() as (publisher, admin), suppress(KeyboardInterrupt):
        play(publisher, admin, scenario, told, prefix=prefix, people=people, follow=follow)


@app.command()
def lag(
    *,
    every: Annotated[bool, typer.Option("--all", help="A line for each follower, topic and origin.")] = False,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """What is not yet told, heard, followed, answered or sent, and since when; exit code 3 behind a limit."""
    from cli import lag_table
    from cli.lag import rows_of
    from cli.showing import say_json

    rows = list(rows_of(find(state)))
    is_behind = any(row.is_behind for row in rows)
    if as_json:
        say_json({"in_step": not is_behind, "rows": [row.as_json() for row in rows]})
    else:
        lag_table.show(rows, every=every)
    if is_behind:
        raise typer.Exit(INCOMPLETE)


@app.command()
def doctor(*, as_json: Json = False, state: State = STATE) -> None:
    """What is wrong, with what to type and the page of docs/runbooks; exit code 3 where something is."""
    from cli.doctoring import INFO, findings_of
    from cli.showing import console

    with console().status("looking") if not as_json else nullcontext():
        found = list(findings_of(find(state)))
    rows = [asdict(one) for one in found]
    show(rows, ("severity", "sentence", "command", "page"), as_json=as_json, empty="nothing is wrong")
    if any(one.severity != INFO for one in found):
        raise typer.Exit(INCOMPLETE)


@app.command()
def retell(
    service: Annotated[str, typer.Argument(help="The service whose states are to be told once more.")],
    *,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """Let a service tell all its states again, where a topic was made anew or a listener came too late.

    Whoever has heard them does nothing. What happened meanwhile, on topics of events, is not told again.
    """
    from cli.retelling import retell as tell_again
    from cli.showing import say_json

    installation = find(state)
    outcome = tell_again(installation, installation.service(service))
    if as_json:
        say_json(outcome)
        return
    line(plain(f"{outcome['states']} states of {service} are told again as soon as its relay runs"))
    for topic in outcome["forgotten"]:
        line(plain(f"what was written to the {topic} that is no more is forgotten"))
    for gap in outcome["gaps"]:
        line(plain(f"{gap['service']} does without what it missed of {gap['topic']}/{gap['partition']}"))


@app.command()
def parked(
    service: Annotated[str | None, typer.Argument(help="One service; all, where it is left out.")] = None,
    *,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """What policies could not answer and what could not be read, with its cause (and its bytes with --json)."""
    from cli.parked import parked_in

    installation = find(state)
    rows = [row for one in installation.chosen(service) for row in parked_in(installation, one)]
    columns = ("service", "kind", "what", "where", "key", "cause", "parked_at")
    show(rows, columns, as_json=as_json, empty="nothing is parked")


@app.command()
def redrive(
    service: Annotated[str, typer.Argument(help="The service whose policies are to be woken again.")],
    *,
    policy: Annotated[
        str | None, typer.Option(help="One policy; without it all, and messages that could not be read too.")
    ] = None,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """Try again what is parked, as of now; what still fails is told and stays parked (exit code 3)."""
    from cli.parked import redrive_in
    from cli.showing import say_json

    installation = find(state)
    outcome = redrive_in(installation, installation.service(service), policy)
    if as_json:
        say_json(outcome)
    else:
        for row in outcome["went_through"]:
            line(("through  ", "green"), plain(f"{row['what']}  {row['where']}  {row['key']}"))
        for row in outcome["stays_parked"]:
            line(("parked   ", "red"), plain(f"{row['what']}  {row['where']}  {row['key']}  {row['cause']}"))
        line(f"{len(outcome['went_through'])} went through, {len(outcome['stays_parked'])} stay parked")
    if outcome["stays_parked"]:
        raise typer.Exit(INCOMPLETE)
