"""Add Employer Not in List (D-37): one EIN is one employer, whoever adds it, and it is found afterwards (D-47)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from mandate.common.v1.receipt_pb2 import Receipt
from mandate.registry.v1 import service_pb2 as pb

from chassis import nature
from chassis.cause import Cause
from chassis.domain import FaultsError, NotFoundError
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.runtime import Wakeup
from chassis.server import Caller
from chassis.tokens import Claims
from chassis.waiting import Waiter
from services.registry.__main__ import SERVICE
from services.registry.adapters.generated_month import MonthFiles
from services.registry.api.servicer import RegistryServicer
from services.registry.commands import adding
from services.registry.domain.employer import Employer
from tests.house import House, Room, build, living
from tests.integration.registry.loading import Connection, load

ANA, BEN = uuid4(), uuid4()
EIN = "20-4471113"
FIELDS = {
    "legal_business_name": "Harbor Billing Services LLC",
    "ein": EIN,
    "category": "THIRD_PARTY",
    "phone": "(207) 555-0142",
}
ADDRESS = {"line1": "12 Quay Street", "line2": "Suite 4", "city": "Portland", "state": "me", "zip": "04101-2203"}


@dataclass
class Bureau:
    """A registry on a real log, called directly."""

    house: House
    servicer: RegistryServicer = field(init=False)

    def __post_init__(self) -> None:
        self.servicer = RegistryServicer(self.room.app, Waiter(self.room.app, Wakeup()))

    @property
    def room(self) -> Room:
        return self.house.registry

    def add(self, who: UUID = ANA, *, address: dict[str, str] | None = None, **change: str) -> pb.AddEmployerResponse:
        fields = {"command_id": str(nature.new_id())} | FIELDS | change
        request = pb.AddEmployerRequest(**fields, address=pb.PostalAddress(**(ADDRESS | (address or {}))))
        answer = self.servicer.AddEmployer(request, caller(who))
        self.house.settle()
        return answer

    def search(self, **boxes: Any) -> list[pb.Provider]:
        return list(self.servicer.SearchProviders(pb.SearchProvidersRequest(**boxes), caller(ANA)).providers)

    def get(self, id_: str, *at_least: Receipt) -> pb.Provider:
        request = pb.GetProvidersRequest(provider_ids=[id_], at_least=at_least)
        [found] = self.servicer.GetProviders(request, caller(ANA)).providers
        return found


ACCESS = Caller(claims=Claims(service="access"))


def caller(who: UUID) -> Caller:
    return Caller(claims=Claims(account_id=who, roles=frozenset(), mfa_at=nature.now()))


@pytest.fixture(scope="session")
def registry_template(postgres: EmbeddedPostgres) -> str:
    return build(postgres, [SERVICE])


@pytest.fixture
def bureau(postgres: EmbeddedPostgres, registry_template: str) -> Iterator[Bureau]:
    with living(postgres, registry_template, [SERVICE]) as house:
        yield Bureau(house)


@contextmanager
def owner(bureau: Bureau) -> Iterator[Connection]:
    """Who owns the tables: the application may not load."""
    dsn = bureau.room.database.dsn
    with psycopg.connect(dsn, autocommit=True, options="-c search_path=registry") as connection:
        yield connection


@pytest.fixture
def full(bureau: Bureau, month: MonthFiles) -> Bureau:
    """With a month's files loaded."""
    with owner(bureau) as connection:
        load(connection, month)
    return bureau


def named_ein(bureau: Bureau) -> tuple[str, str]:
    """An EIN that the supplement has, and whose it is."""
    with bureau.room.app.session() as session:
        [(ein, id_)] = session.run(
            "SELECT s.ein, p.provider_id FROM supplement s JOIN providers p ON p.npi = s.npi"
            " WHERE s.ein IS NOT NULL AND p.offered AND p.entity_type = 2 ORDER BY p.npi LIMIT 1"
        )
    return ein, str(id_)


def test_an_employer_is_added_as_it_was_said(bureau: Bureau) -> None:
    """D-37, X-16: shown by its last four digits (IA-CONF-06)."""
    answer = bureau.add()
    assert not answer.joined
    found = bureau.get(answer.receipt.id, answer.receipt)
    assert (found.name, found.category, found.is_organization) == ("Harbor Billing Services LLC", "THIRD_PARTY", True)
    assert (found.phone, found.ein_last_four, list(found.npis)) == ("+12075550142", "1113", [])
    assert found.address == pb.PostalAddress(**(ADDRESS | {"state": "ME", "zip": "041012203", "country": "US"}))
    assert bureau.servicer.GetEin(pb.GetEinRequest(provider_id=answer.receipt.id), ACCESS).ein.endswith("1113")
    with pytest.raises(NotFoundError):
        bureau.servicer.GetEin(pb.GetEinRequest(provider_id=str(nature.new_id())), ACCESS)


@pytest.mark.parametrize(
    "boxes",
    [
        {"organization_name": "HARBOR BILLING services llc"},
        {"organization_name": "harbor b*"},
        {"city": "portland"},
        {"state": "ME"},
        {"zip": "04101"},
        {"organization_name": "harbor*", "city": "Portland", "state": "ME", "zip": "041012203"},
    ],
)
def test_it_is_found_by_each_box_that_it_has(bureau: Bureau, boxes: dict[str, str]) -> None:
    """IA-EMP-01, D-47."""
    added = bureau.add()
    [found] = bureau.search(**boxes)
    assert found.provider_id == added.receipt.id
    assert found.ein_last_four == "", "a search tells no EIN"


@pytest.mark.parametrize(
    "boxes",
    [
        {"organization_name": "harbour*"},
        {"city": "Bangor"},
        {"state": "ME", "npi": "2000000002"},
        {"state": "ME", "first_name": "Harbor"},
        {"last_name": "Harbor*"},
    ],
)
def test_it_is_not_found_by_what_it_is_not(bureau: Bureau, boxes: dict[str, str]) -> None:
    bureau.add()
    assert bureau.search(**boxes) == []


def test_pages_go_through_files_and_additions_by_name(full: Bureau) -> None:
    """D-47: nothing twice, nothing left out, whichever table it stands in."""
    with full.room.app.session() as session:
        [(state, _)] = session.run(
            "SELECT practice_state, count(*) FROM providers WHERE offered GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
        )
        known = session.run(
            "SELECT DISTINCT provider_id FROM providers WHERE practice_state = %s AND offered", (state,)
        )
    added = {
        full.add(legal_business_name=f"{first} Billing", ein=f"20447120{n}", address={"state": state}).receipt.id
        for n, first in enumerate(("Aa", "Éclair", "Mmm", "Zz"))
    }
    seen: list[pb.Provider] = []
    after = ""
    while True:
        page = full.servicer.SearchProviders(pb.SearchProvidersRequest(state=state, after=after, limit=3), caller(ANA))
        seen += page.providers
        after = page.after
        if not after:
            break
    ids = [one.provider_id for one in seen]
    assert sorted(ids) == sorted(added | {str(id_) for (id_,) in known})


def test_a_second_add_of_an_ein_joins_the_first(bureau: Bureau) -> None:
    """D-37: under the name that it has, whatever the second one calls it."""
    first = bureau.add()
    second = bureau.add(BEN, ein="204471113", legal_business_name="Harbour Billing")
    assert second.joined
    assert second.receipt.id == first.receipt.id
    assert len(bureau.room.events(Employer.Added)) == 1
    assert bureau.get(first.receipt.id).name == "Harbor Billing Services LLC"


def test_an_ein_of_the_supplement_joins_the_organization_that_has_it(full: Bureau) -> None:
    """D-37: nothing is added beside it."""
    ein, provider_id = named_ein(full)
    answer = full.add(ein=ein)
    assert (answer.joined, answer.receipt.id) == (True, provider_id)
    assert full.room.events(Employer.Added) == []


def test_who_was_added_first_keeps_an_ein_that_a_month_brings_later(full: Bureau) -> None:
    ein, provider_id = named_ein(full)
    with owner(full) as connection:
        gone = connection.execute("DELETE FROM supplement WHERE ein = %s RETURNING npi", (ein,)).fetchall()
        added = full.add(ein=ein)
        for (npi,) in gone:
            connection.execute("INSERT INTO supplement (npi, ein) VALUES (%s, %s)", (npi, ein))
    assert added.receipt.id != provider_id
    assert full.add(BEN, ein=ein).receipt.id == added.receipt.id


def test_a_repeated_command_gets_its_first_answer(bureau: Bureau) -> None:
    id_ = str(nature.new_id())
    first, again = bureau.add(command_id=id_), bureau.add(command_id=id_)
    assert first == again
    assert len(bureau.room.events(Employer.Added)) == 1


def test_twenty_who_add_one_ein_at_once_make_one_employer(bureau: Bureau) -> None:
    """D-37, A-19."""
    typed = {
        "legal_business_name": "Harbor",
        "ein": "204471113",
        "category": "ORGANIZATION",
        "line_1": "1",
        "line_2": "",
        "city": "Portland",
        "state": "ME",
        "zip": "04101",
        "phone": "+12075550142",
    }

    def add(who: UUID) -> UUID:
        return bureau.room.app.execute(adding.add, Cause.of(who), typed=typed).id  # type: ignore[no-any-return]

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(add, [uuid4() for _ in range(20)]))
    [added] = bureau.room.events(Employer.Added)
    assert ids == {added.originator_id}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"legal_business_name": "  "}, "FIELD_REQUIRED", "legal_business_name"),
        ({"legal_business_name": "x" * 101}, "FIELD_TOO_LONG", "legal_business_name"),
        ({"legal_business_name": "Harbor =?utf-8?q?hi=0ABcc:_evil?="}, "NAME_MALFORMED", "legal_business_name"),
        ({"legal_business_name": "Harbor\u202eLLC"}, "NAME_MALFORMED", "legal_business_name"),
        ({"legal_business_name": "..."}, "NAME_MALFORMED", "legal_business_name"),
        ({"ein": "12345678"}, "EIN_INVALID", "ein"),
        ({"ein": "07-1234567"}, "EIN_INVALID", "ein"),
        ({"ein": "٢٠٤٤٧١١١٣"}, "EIN_INVALID", "ein"),
        ({"category": "INDIVIDUAL"}, "UNKNOWN_CATEGORY", "category"),
        ({"category": ""}, "FIELD_REQUIRED", "category"),
        ({"phone": "555"}, "PHONE_MALFORMED", "phone"),
        ({"address": {"line1": ""}}, "FIELD_REQUIRED", "line_1"),
        ({"address": {"city": "Port\0land"}}, "FIELD_MALFORMED", "city"),
        ({"address": {"state": "ZZ"}}, "STATE_UNKNOWN", "state"),
        ({"address": {"zip": "0410"}}, "POSTAL_CODE_MALFORMED", "zip"),
    ],
)
def test_what_cannot_be_taken_is_told_at_its_field(
    bureau: Bureau, change: dict[str, Any], code: str, field: str
) -> None:
    """TX-02, S-25: and nothing is written."""
    with pytest.raises(FaultsError) as caught:
        bureau.add(**change)
    assert [(one.code, one.field) for one in caught.value.faults] == [(code, field)]
    assert bureau.room.end() == 0


def test_all_that_is_wrong_is_told_at_once_and_no_number_is_repeated(bureau: Bureau) -> None:
    """D-37: somebody may have typed an SSN."""
    with pytest.raises(FaultsError) as caught:
        bureau.add(ein="000-12-345", phone="", address={"zip": ""})
    assert [one.field for one in caught.value.faults] == ["ein", "zip", "phone"]
    assert "12" not in str(caught.value).replace("12-3456789", "")
