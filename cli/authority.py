"""Who may act for a provider, now or then, and by which chain: access's log, read anew by access's own rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from mandate_kit.authority import Answer

from chassis import nature
from chassis.database import Session
from chassis.messages import Catalogue
from chassis.vocabulary import functions
from cli.accounts import account_of
from cli.installation import Installation, ReadOnly, uuid_of
from services.access.projections.authority_then import AuthorityThen

NPI = "npi:"


def who_can(
    installation: Installation,
    party: str,
    function: str,
    *,
    valid_at: datetime | None = None,
    known_at: datetime | None = None,
) -> dict[str, Any]:
    """The people who may act, each with the chain that lets them; read up to `position` of access's log.

    `party` is a provider's id, or `npi:` and a number. `valid_at` asks what was true then, by all that is known now,
    or was at `known_at`. Nothing is written, not even to views.
    """
    wanted = _function(function)
    provider_id = provider_of(installation, party)
    with _then(installation, valid_at, known_at) as then:
        people = [_chain(one.account_id, one.chain) for one in then.could_act(provider_id, wanted)]
        not_known = then.not_known(provider_id, wanted)
    names = names_of(installation, {provider_id, *(one["employer_id"] for one in people if one["employer_id"])})
    return {
        "provider_id": provider_id,
        "provider": names.get(provider_id),
        "function": wanted,
        "position": then.position,
        "valid_at": then.valid_at,
        "known_at": then.known_at,
        "people": [one | {"employer": names.get(one["employer_id"])} for one in people],
        "not_known": not_known,
    }


def why(
    installation: Installation,
    person: str,
    function: str,
    party: str,
    *,
    valid_at: datetime | None = None,
    known_at: datetime | None = None,
) -> dict[str, Any]:
    """Whether a person may act, by which chain, or what is missing and who can supply it; as `who_can`."""
    account_id, wanted = account_of(installation, person), _function(function)
    provider_id = provider_of(installation, party)
    with _then(installation, valid_at, known_at) as then:
        answer = then.chain(account_id, provider_id, wanted)
        not_known = then.is_not_known(account_id, provider_id, wanted)
    chain = _chain(account_id, answer)
    names = names_of(installation, {provider_id, *([chain["employer_id"]] if chain["employer_id"] else [])})
    return {
        "allowed": None if not_known else answer.allowed,
        "provider_id": provider_id,
        "provider": names.get(provider_id),
        "function": wanted,
        "position": then.position,
        "valid_at": then.valid_at,
        "known_at": then.known_at,
        "chain": chain | {"employer": names.get(chain["employer_id"])},
        "missing": [asdict(one) for one in answer.missing],
    }


def _function(function: str) -> str:
    wanted = function.upper()
    if wanted not in functions.active(nature.now()):
        raise SystemExit(f"there is no business function {function!r}: choose {functions.PECOS} or {functions.NPPES}")
    return wanted


@contextmanager
def _then(installation: Installation, valid_at: datetime | None, known_at: datetime | None) -> Iterator[AuthorityThen]:
    """The right to act as of a time, now where none is given. Ends the program where a newer release wrote the log."""
    access = installation.service("access")
    with installation.reading(access.name) as session:
        app = access.application(ReadOnly(access.name, session), Catalogue())
        then = AuthorityThen(app, valid_at=valid_at, known_at=known_at)
        if not then.complete:
            raise SystemExit(
                f"{access.name}@{then.position + 1} was written by a newer release: use that release's mandate"
            )
        yield then


def _chain(person: UUID, answer: Answer) -> dict[str, Any]:
    association, connection = answer.association, answer.connection
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
