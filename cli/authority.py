"""Who may act for a provider now, and by which chain: access's log, folded anew by access's own rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg

from chassis import log, nature
from chassis.database import Session
from chassis.messages import Catalogue
from chassis.vocabulary import functions
from cli.installation import Installation, ReadOnly, uuid_of
from services.access.projections.authority import AuthorityFollower

NPI = "npi:"


def who_can(installation: Installation, party: str, function: str) -> dict[str, Any]:
    """The people who may act, each with the chain that lets them; read up to `position` of access's log.

    `party` is a provider's id, or `npi:` and a number. Nothing is written, not even to views.
    """
    wanted = function.upper()
    if wanted not in functions.active(nature.now()):
        raise SystemExit(f"there is no business function {function!r}: choose {functions.PECOS} or {functions.NPPES}")
    access = installation.service("access")
    provider_id = provider_of(installation, party)
    with installation.reading(access.name) as session:
        app = access.application(ReadOnly(access.name, session), Catalogue())
        authority = AuthorityFollower(app)
        while authority.step():
            pass
        if authority.position < log.end(session):
            raise SystemExit(
                f"{access.name}@{authority.position + 1} was written by a newer release: use that release's mandate"
            )
    people = [
        _chain(authority, person, provider_id, wanted) for person in authority.index.people_for(provider_id, wanted)
    ]
    names = names_of(installation, {provider_id, *(one["employer_id"] for one in people if one["employer_id"])})
    return {
        "provider_id": provider_id,
        "provider": names.get(provider_id),
        "function": wanted,
        "position": authority.position,
        "people": [one | {"employer": names.get(one["employer_id"])} for one in people],
    }


def _chain(authority: AuthorityFollower, person: UUID, provider_id: UUID, function: str) -> dict[str, Any]:
    answer = authority.index.explain(person, provider_id, function)
    association, connection = answer.association, answer.connection
    if association is not None and association.employer_id == provider_id:
        connection = None
    return {
        "account_id": person,
        "own_record": answer.own_record,
        "role": association.role if association else None,
        "association_id": association.association_id if association else None,
        "employer_id": association.employer_id if association else None,
        "connection_id": connection.connection_id if connection else None,
        "tracking_id": connection.tracking_id if connection else None,
    }


def provider_of(installation: Installation, party: str) -> UUID:
    """The provider that somebody typed. Ends the program with a line where there is none."""
    if not party.startswith(NPI):
        return uuid_of(party, f"provider's id ({NPI}2000000002 names one by its number)")
    npi = party.removeprefix(NPI)
    with installation.reading(installation.service("registry").name) as session:
        row = session.one("SELECT provider_id FROM providers WHERE npi = %s", (npi,))
    if row is None:
        raise SystemExit(f"the registry knows no NPI {npi!r}: load a newer month, or ask by the provider's id")
    found: UUID = row[0]
    return found


def names_of(installation: Installation, provider_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The public names of providers, where the registry is here and knows them."""
    with installation.reading("registry") as session:
        return _names(session, list(provider_ids))


def _names(session: Session, provider_ids: list[UUID]) -> dict[UUID, str]:
    try:
        rows = session.run(
            "SELECT DISTINCT ON (provider_id) provider_id,"
            " coalesce(organization_name, concat_ws(', ', last_name, first_name)) FROM providers"
            " WHERE provider_id = ANY(%s) ORDER BY provider_id, npi",
            (provider_ids,),
        )
    except psycopg.errors.UndefinedTable:
        return {}
    return dict(rows)
