"""How auditors ask for events: `key:value`, `-` for not, ranges with `..`, and words; read, and put to a log."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from chassis.database import Session
from chassis.vocabulary import tracking

ABOUT = ("subject", "employer", "npi", "tracking")
"""Keys that ask for everything that has to do with one thing: all of each stream that mentions it."""
KEYS = ("actor", *ABOUT, "type", "fn", "created", "pos", "correlation")
LONGEST, MOST = 1_000, 20
_TERM = re.compile(r'(-?)(?:([a-z_]+):)?(?:"([^"]*)"|([^\s"]+))(?=\s|$)', re.IGNORECASE)
_LAST = datetime.max.replace(tzinfo=UTC)
_FIRST = datetime.min.replace(tzinfo=UTC)


class QueryError(ValueError):
    """The query cannot be read: the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a query; all parts must be so."""

    key: str
    """One of `KEYS`, or empty for a word."""
    value: str
    negated: bool = False


Resolve = Callable[[Term], UUID]
"""The id that an actor's name, or an NPI, stands for. Raises `QueryError`."""


def parse(text: str) -> tuple[Term, ...]:
    """The parts of a query, each looked at. Raises `QueryError`."""
    if len(text) > LONGEST or not text.isprintable():
        raise QueryError(f"a query has at most {LONGEST} characters, and no invisible ones")
    terms: list[Term] = []
    place = 0
    while place < len(text):
        if text[place] == " ":
            place += 1
            continue
        found = _TERM.match(text, place)
        if found is None:
            raise QueryError(f"{text[place:][:40]!r} cannot be read: quotation marks go around a whole value")
        place = found.end()
        terms.append(_looked_at(found))
    if len(terms) > MOST:
        raise QueryError(f"a query has at most {MOST} parts")
    return tuple(terms)


def _looked_at(found: re.Match[str]) -> Term:
    key, value = (found[2] or "").lower(), found[3] if found[3] is not None else found[4]
    if found[2] is None and ":" in value and found[3] is None:
        raise QueryError(f"{value!r} cannot be read: put quotation marks around a word with a colon")
    term = Term(key, value, negated=bool(found[1]))
    if key and key not in KEYS:
        near = get_close_matches(key, KEYS, n=1, cutoff=0.7)
        raise QueryError(f"there is no {key}:" + (f" (is it {near[0]}:?)" if near else "") + f"; {', '.join(KEYS)} are")
    if not value.strip():
        raise QueryError(f"{key or 'a word'} is empty")
    match key:
        case "subject" | "employer" | "correlation":
            uuid_in(term)
        case "tracking":
            _tracking(term)
        case "created":
            moments(value)
        case "pos":
            _positions(value)
        case _:
            pass
    return term


def uuid_in(term: Term) -> UUID:
    """The id in a part of a query. Raises `QueryError`."""
    try:
        return UUID(term.value)
    except ValueError:
        raise QueryError(
            f"{term.key}:{term.value} is no id: it looks like 018f0c5e-7d3a-7b6e-9a52-5d2f4c8f0b61"
        ) from None


def _tracking(term: Term) -> str:
    try:
        return tracking.parse(term.value)
    except tracking.TrackingIdError as error:
        raise QueryError(f"tracking:{term.value} is no tracking id: {error}") from None


def moments(value: str) -> tuple[datetime, datetime]:
    """From when (inclusive) until when (exclusive): a day or a moment (UTC unless it says), or two with `..`."""
    first, dots, last = value.partition("..")
    if not dots:
        last = first
    begins = moment(first) if first else _FIRST
    ends = _end(last) if last else _LAST
    if not (first or last) or begins >= ends:
        raise QueryError(f"created:{value} is no time: 2026-05-01, 2026-05-01T14:00Z, 2026-05-01..2026-05-08 are")
    return begins, ends


def moment(text: str) -> datetime:
    """A day's beginning or a moment, UTC where it names no zone. Raises `QueryError`."""
    try:
        at = datetime.fromisoformat(text)
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError):
        raise QueryError(f"{text} is no day and no moment: 2026-05-01, or 2026-05-01T14:00:00-05:00") from None


def _end(text: str) -> datetime:
    """When it is over: a day at its end, a moment at once."""
    begins = moment(text)
    try:
        return begins + (timedelta(microseconds=1) if "T" in text.upper() else timedelta(days=1))
    except OverflowError:
        return _LAST


def _positions(value: str) -> tuple[str, int, int]:
    """The log (empty: each), the first position and the last."""
    found = re.fullmatch(r"(?:([a-z]+)@)?([0-9]{0,18})(?:(\.\.)([0-9]{0,18}))?", value)
    if found is None or not (found[2] or found[4]):
        raise QueryError(f"pos:{value} is no position: access@12, access@12..40, 12.. are")
    first = int(found[2] or 0)
    last = int(found[4]) if found[4] else 1 << 62 if found[3] else first
    return found[1] or "", first, last


# -- put to logs


def about(session: Session, term: Term, resolve: Resolve) -> set[UUID]:
    """The streams of one log that mention what the part asks for: an id, an NPI's provider, a tracking id."""
    if term.key == "tracking":
        needle = _tracking(term)
        own: UUID | None = None
    else:
        own = resolve(term) if term.key == "npi" else uuid_in(term)
        needle = str(own)
    rows = session.run(
        "SELECT DISTINCT stream FROM log WHERE stream = %s OR position(%s::bytea IN state) > 0",
        (own, needle.encode()),
    )
    return {stream for (stream,) in rows}


def hearing(session: Session, streams: Collection[UUID]) -> set[UUID]:
    """The streams of one log in which messages about these streams of others were heard."""
    rows = session.run(
        "SELECT DISTINCT stream FROM log WHERE topic LIKE 'heard.%%'"
        " AND substring(encode(state, 'escape') FROM '\"ce_subject\":\"([0-9a-f-]{36})\"') = ANY(%s)",
        ([str(one) for one in streams],),
    )
    return {stream for (stream,) in rows}


def condition(
    terms: Sequence[Term], service: str, streams: Mapping[Term, Collection[UUID]], resolve: Resolve
) -> tuple[str, dict[str, Any]]:
    """The query as a condition on rows of `log`, with its values by name; `streams` are those of `ABOUT`."""
    parts: list[str] = ["true"]
    values: dict[str, Any] = {}
    for number, term in enumerate(terms):
        name = f"q{number}"
        text, more = _condition(term, service, streams, resolve, name)
        values |= more
        parts.append(f"NOT ({text})" if term.negated else f"({text})")
    return " AND ".join(parts), values


def _condition(
    term: Term, service: str, streams: Mapping[Term, Collection[UUID]], resolve: Resolve, name: str
) -> tuple[str, dict[str, Any]]:
    value, until = f"%({name})s", f"{name}_until"
    one: Any
    match term.key:
        case "actor":
            text, one = (
                f"{value} IN (substring(cause FROM 2 FOR 16), substring(cause FROM 18 FOR 16))",
                resolve(term).bytes,
            )
        case "correlation":
            text, one = f"substring(cause FROM 50 FOR 16) = {value}", uuid_in(term).bytes
        case "type":
            text, one = f"topic ILIKE {value}", _like(term.value).replace("*", "%")
        case "created":
            begins, ends = moments(term.value)
            return f"recorded_at >= {value} AND recorded_at < %({until})s", {name: begins, until: ends}
        case "pos":
            log, first, last = _positions(term.value)
            text = f"position BETWEEN {value} AND %({until})s" if log in ("", service) else "false"
            return text, {name: first, until: last}
        case "fn":
            said = f"position({value}::bytea IN state) > 0"
            text = f"{said} OR stream IN (SELECT stream FROM log WHERE version = 1 AND {said})"  # noqa: S608
            one = f'"{term.value.upper()}"'.encode()
        case "":
            text, one = f"topic ILIKE {value} OR encode(state, 'escape') ILIKE {value}", f"%{_like(term.value)}%"
        case _:
            text, one = f"stream = ANY({value})", list(streams[term])
    return text, {name: one}


def _like(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
