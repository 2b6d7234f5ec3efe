"""Puts an auditor's query to the logs of an installation: names become ids, ids become streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis.query import ABOUT, QueryError, Resolve, Term, about, hearing, parse
from cli.actors import actor_of
from cli.authority import NPI, provider_of
from cli.installation import Installation
from cli.showing import place_of


def read(query: str) -> tuple[Term, ...]:
    """The parts of a query. Ends the program with a line where it cannot be read."""
    try:
        return parse(query)
    except QueryError as error:
        raise SystemExit(str(error)) from error


def places(text: str) -> Mapping[str, int]:
    """A position in each of several logs: `access@12,identity@40`. Ends the program with a line where it is none."""
    return dict(place_of(one) for one in text.split(","))


def resolver(installation: Installation) -> Resolve:
    """What names stand for here."""
    known: dict[Term, UUID] = {}

    def resolve(term: Term) -> UUID:
        if term not in known:
            known[term] = (
                actor_of(installation, term.value)
                if term.key == "actor"
                else provider_of(installation, f"{NPI}{term.value}")
            )
        return known[term]

    return resolve


def streams_of(
    installation: Installation, services: Sequence[str], terms: Sequence[Term]
) -> Mapping[str, Mapping[Term, set[UUID]]]:
    """For each log and each part that asks for everything about one thing: the streams that are about it.

    An event that mentions the thing makes its whole stream be about it; and what others heard of that stream is, too.
    """
    resolve = resolver(installation)
    found: dict[str, dict[Term, set[UUID]]] = {service: {} for service in services}
    for term in (one for one in terms if one.key in ABOUT):
        for service in services:
            with installation.reading(service) as session:
                found[service][term] = about(session, term, resolve)
        told = set[UUID]().union(*(found[service][term] for service in services))
        for service in services:
            with installation.reading(service) as session:
                found[service][term] |= hearing(session, told)
    return found
