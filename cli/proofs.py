"""`mandate audit key|verify|prove|export|check|replay`: proof that what is shown is what was written."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.installation import STATE, State, find
from cli.showing import FOUND, INCOMPLETE, Json, line, place_of, plain, say_json, show

if TYPE_CHECKING:
    from chassis.audit import PublicKey
    from chassis.checking import Report
    from cli.replaying import Compared

Key = Annotated[Path | None, typer.Option("--key", help="File of public keys; else those of the installation.")]
MetricsFile = Annotated[
    Path | None, typer.Option("--metrics-file", help="Also write it here (*.prom), for Prometheus's node exporter.")
]
Since = Annotated[Path | None, typer.Option("--since", help="A checkpoint that was kept elsewhere.")]


def key(*, as_json: Json = False, state: State = STATE) -> None:
    """The public keys that checkpoints are checked with: keep them where nobody here can change them."""
    from cli.sealed import keys_of

    lines = [str(one) for one in keys_of(find(state))]
    if as_json:
        say_json(lines)
    else:
        typer.echo("\n".join(lines))


def verify(
    *,
    service: Annotated[str | None, typer.Option(help="One service's log alone.")] = None,
    since: Since = None,
    keys: Key = None,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """Everything that was sealed: signatures, leaves, roots, streams. Exit 0 verified, 2 finding, 3 incomplete."""
    from chassis.audit import NotProvenError
    from cli.sealed import keys_of
    from cli.verifying import verify as look

    installation = find(state)
    names = [one.name for one in installation.chosen(service)]
    trusted = _keys(keys) if keys else keys_of(installation)
    with _bars(names) as advance:
        try:
            report = look(installation, names, trusted, since=_text(since) if since else None, advance=advance)
        except NotProvenError as error:
            raise SystemExit(f"{since}: {error}") from error
    _say(report, "VERIFIED", as_json=as_json)


def prove(
    event: Annotated[str, typer.Argument(help="service@position, as `mandate audit log` shows it.")],
    *,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """The proof that one event stands in the log, to be kept and checked anywhere (C2SP tlog-proof)."""
    from cli.sealed import prove as make

    installation = find(state)
    name, position = place_of(event)
    proof = make(installation, installation.service(name).name, position)
    if as_json:
        say_json({"event": event, "proof": proof})
        return
    typer.echo(proof, nl=False)


def export(
    query: Annotated[str, typer.Argument(help="As of `mandate audit find`; '' is everything.")],
    *,
    out: Annotated[Path, typer.Option("--out", help="A new folder.")],
    form: Annotated[str, typer.Option("--format", help="jsonl or csv.")] = "jsonl",
    service: Annotated[str | None, typer.Option(help="One service's log alone.")] = None,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """Events with all that is needed to prove them, in a folder that says what it is."""
    from cli.sealed import FORMATS
    from cli.sealed import export as write

    if form not in FORMATS:
        raise SystemExit(f"there is no format {form!r}: choose {' or '.join(FORMATS)}")
    installation = find(state)
    manifest = write(installation, [one.name for one in installation.chosen(service)], query, form=form, out=out)
    if as_json:
        say_json(manifest)
        return
    for name, one in manifest["logs"].items():
        line(f"{one['rows']:>9,} of {one['size']:,} leaves of {name}")
    line(f"{out}: prove it anywhere with `mandate audit check {out} --key FILE` (`mandate audit key > FILE`)")


def check(
    path: Annotated[Path, typer.Argument(help="Folder of an export, or file of a proof.")],
    *,
    keys: Annotated[Path, typer.Option("--key", help="File of public keys (`mandate audit key`).")],
    as_json: Json = False,
) -> None:
    """An export or a proof, with nothing but its files and the public key. Exit 0 proven, 2 finding, 3 incomplete."""
    from chassis.checking import check as look

    _say(look(path, _keys(keys)), "PROVEN", as_json=as_json)


def replay(
    *,
    compare: Annotated[bool, typer.Option("--compare", help="Compare with the live views.")] = False,
    service: Annotated[str | None, typer.Option(help="One service alone.")] = None,
    metrics_file: MetricsFile = None,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """Every view rebuilt from zero beside the live one, and compared. Exit 0 identical, 2 one differs, 3 incomplete."""
    from dataclasses import asdict

    from cli.replaying import DIFFERS, UNKNOWN
    from cli.replaying import replay as rebuild

    if not compare:
        raise SystemExit("say what to do with it: --compare compares with the live views, and leaves nothing behind")
    installation = find(state)
    services = installation.chosen(service)
    with _bars([one.name for one in services]) as advance:
        found = rebuild(installation, services, advance)
    if metrics_file is not None:
        _tell_metrics(metrics_file, found)
    rows = [asdict(one) for one in found]
    show(rows, ("service", "view", "position", "rows", "outcome", "different", "detail"), as_json=as_json, empty="none")
    outcomes = {one.outcome for one in found}
    raise typer.Exit(FOUND if DIFFERS in outcomes else INCOMPLETE if UNKNOWN in outcomes else 0)


def _tell_metrics(file: Path, found: Sequence[Compared]) -> None:
    """Write what was compared, whole or not at all; a moment only where nothing was left out."""
    from prometheus_client import write_to_textfile

    from chassis import metrics, nature
    from cli.replaying import UNKNOWN

    readings = [
        metrics.REPLAY_ROWS.reads(one.different, one.service, one.view) for one in found if one.outcome != UNKNOWN
    ]
    if len(readings) == len(found):
        readings.append(metrics.REPLAY_AT.reads(nature.now().timestamp()))
    try:
        write_to_textfile(str(file), metrics.registry_of(readings))
    except OSError as error:
        raise SystemExit(
            f"{file} cannot be written: {error.strerror}; name a file in a folder that is there"
        ) from error


@contextmanager
def _bars(names: Sequence[str]) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each service, on a terminal, to be told how far it has come."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from cli.showing import error_console

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=error_console(), disable=not sys.stderr.isatty()) as bars:
        tasks = {name: bars.add_task(name, total=None) for name in names}
        yield lambda name, reached, last: bars.update(tasks[name], completed=reached, total=last)


def add_to(app: typer.Typer) -> None:
    """Put these commands among others."""
    for command in (key, verify, prove, export, check, replay):
        app.command()(command)


def _keys(file: Path) -> list[PublicKey]:
    from chassis.audit import NotProvenError
    from chassis.checking import keys_of

    try:
        return keys_of(_text(file))
    except NotProvenError as error:
        raise SystemExit(f"{file}: {error}") from error


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"{file} cannot be read: {error}") from error


def _say(report: Report, word: str, *, as_json: bool) -> None:
    """Print what was seen, and end with its code."""
    if as_json:
        say_json({"events": report.rows, "so": report.lines, "findings": report.findings, "missing": report.missing})
    else:
        for text in report.lines:
            line((plain(text), "dim"))
        for text in report.missing:
            line(("missing  ", "yellow"), plain(text))
        for text in report.findings:
            line(("FINDING  ", "red"), plain(text))
        line(f"{'NOT ' if report.code else ''}{word}: {report.rows:,} events")
    raise typer.Exit(report.code)
