"""A generated month of NPPES's files with the restricted supplement: a named cast, and any number of others (D-49)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import TextIO

from chassis.vocabulary import npi as npi_rules
from chassis.vocabulary import tax_numbers
from services.registry.adapters import invented
from services.registry.domain.nppes_layout import LOCATIONS, OTHER_NAMES, PROVIDERS, SUPPLEMENT, Layout

FIRST_MONTH = date(2005, 5, 23)
"""The day on which every monthly file's period begins."""


@dataclass(frozen=True)
class Individual:
    """A named provider who is a person; NPI, SSN and EIN belong to nobody."""

    first_name: str
    last_name: str
    credential: str
    born_on: date
    ssn: str
    npi: str
    taxonomy: str
    address: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """A named organization with all its NPIs, which are one provider by its employer key."""

    name: str
    doing_business_as: str
    ein: str
    employer: str
    npis: tuple[str, ...]
    taxonomy: str
    addresses: tuple[tuple[str, ...], ...]
    """One for each NPI."""


@dataclass(frozen=True)
class Cast:
    """Who is named in the demo's story and in tests."""

    individuals: tuple[Individual, ...] = (
        Individual(
            "Rosalind", "Merriweld", "M.D.", date(1974, 3, 9), "881402816", "2000000002", "207R00000X",
            ("18 Wharf Street", "Suite 2", "Harbor Point", "ME", "039040118", "US", "2075550111"),
        ),
        Individual(
            "Tobias", "Castellane", "D.O.", date(1981, 11, 27), "886215093", "2000000010", "207Q00000X",
            ("18 Wharf Street", "Suite 2", "Harbor Point", "ME", "039040118", "US", "2075550112"),
        ),
        Individual(
            "Ione", "Dunmarrow", "NP", date(1990, 6, 14), "894337142", "2000000028", "363LF0000X",
            ("7 Chapel Hill", "", "Juniper Ridge", "CO", "805110047", "US", "3035550113"),
        ),
    )  # fmt: skip
    clinic: Group = Group(
        "Harbor Point Medical Group", "Harbor Point Family Care", "823104576", "harbor-point",
        ("2000000036", "2000000044"), "261QM1300X",
        (
            ("18 Wharf Street", "", "Harbor Point", "ME", "039040100", "US", "2075550120"),
            ("240 Lighthouse Road", "Floor 3", "Gannet Cove", "ME", "039110240", "US", "2075550121"),
        ),
    )  # fmt: skip
    second_group: Group = Group(
        "Juniper Ridge Pediatrics", "", "844170235", "juniper-ridge", ("2000000051",), "261QM1300X",
        (("7 Chapel Hill", "", "Juniper Ridge", "CO", "805110047", "US", "3035550130"),),
    )  # fmt: skip

    @property
    def groups(self) -> tuple[Group, ...]:
        """Both organizations."""
        return self.clinic, self.second_group


CAST = Cast()


@dataclass(frozen=True)
class MonthFiles:
    """One month, as `load_month` takes it."""

    data: Path
    other_names: Path
    locations: Path
    supplement: Path


def write_month(
    folder: Path, *, seed: int, ssn_key: bytes, others: int = 10_000, month_end: date = date(2026, 6, 14)
) -> MonthFiles:
    """Write the cast and `others` invented providers; the same arguments give the same bytes.

    Two in three are people; one in a hundred is deactivated (NP-08); organizations have other names, some have several
    NPIs. `ssn_key` is the key of the SSN's blind index. Streams: memory does not grow with `others`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    month = _Month(Random(seed), ssn_key)  # noqa: S311 - invented data, repeatable
    period = f"{FIRST_MONTH:%Y%m%d}-{month_end:%Y%m%d}.csv"
    files = [folder / f"{layout.prefix}{period}" for layout in _LAYOUTS]
    with ExitStack() as open_files:
        month.out = {
            layout.title: open_files.enter_context(path.open("w", encoding="utf-8", newline="\n", buffering=1 << 20))
            for path, layout in zip(files, _LAYOUTS, strict=True)
        }
        for layout in _LAYOUTS:
            month.write(layout, [column.name for column in layout.columns])
        month.cast(CAST)
        month.others(others)
    return MonthFiles(*files)


_LAYOUTS = (PROVIDERS, OTHER_NAMES, LOCATIONS, SUPPLEMENT)
_FRONT = 51
"""Columns of a data row that differ; the rest is one of a few tails."""
_SPREAD, _SPACE = 53_799_731, 90_000_000
"""Without a common factor: numbers that jump, and never repeat."""


@dataclass
class _Month:
    chance: Random
    ssn_key: bytes
    out: dict[str, TextIO] = field(default_factory=dict)

    def write(self, layout: Layout, values: Sequence[str]) -> None:
        self.out[layout.title].write(_quoted(values) + "\n")

    def cast(self, cast: Cast) -> None:
        for person in cast.individuals:
            name = (person.last_name, person.first_name, "", "", "", person.credential)
            self._person(person.npi, name, person.address, person.taxonomy, person.ssn)
        for group in cast.groups:
            for npi, address in zip(group.npis, group.addresses, strict=True):
                self._organization(npi, group.name, address, group.taxonomy)
                self.write(SUPPLEMENT, (npi, group.ein, "", group.employer))
                if group.doing_business_as:
                    self.write(OTHER_NAMES, (npi, group.doing_business_as, "3"))

    def others(self, count: int) -> None:
        chance = self.chance
        employer, name, taxonomy = 0, "", ""
        for number in range(count):
            prefix = f"2{number * _SPREAD % _SPACE + 10_000_000}"
            npi = f"{prefix}{npi_rules.check_digit(prefix)}"
            kind = chance.getrandbits(16)
            if kind % 100 == 0:  # NP-08: all that remains is the date
                self._data(npi, "", ("",) * 7, ("",) * 7, "", deactivated=_day(kind))
            elif kind % 3:
                chosen = _chosen_name(chance, kind)
                profession = chance.choice(invented.PERSON_TAXONOMIES)
                self._person(npi, chosen, invented.address(chance), profession, invented.ssn(number * 7919))
            else:
                if not employer or kind % 5:  # else the last employer has one more NPI
                    employer, (name, taxonomy) = employer + 1, invented.organization(chance)
                self._organization(npi, name, invented.address(chance), taxonomy)
                self.write(SUPPLEMENT, (npi, invented.ein(employer), "", f"employer-{employer}"))
                if kind % 4 == 0:
                    self.write(OTHER_NAMES, (npi, invented.organization(chance)[0], str(kind % 5 + 1)))
                if kind % 7 == 0:
                    line_1, line_2, city, state, zip_code, country, phone = invented.address(chance)
                    self.write(LOCATIONS, (npi, line_1, line_2, city, state, zip_code, country, phone, "", phone))

    def _person(self, npi: str, name: Sequence[str], address: Sequence[str], taxonomy: str, ssn: str) -> None:
        self._data(npi, "1", ("", *name), address, taxonomy)
        self.write(SUPPLEMENT, (npi, "", tax_numbers.ssn_index(self.ssn_key, ssn).hex(), ""))

    def _organization(self, npi: str, name: str, address: Sequence[str], taxonomy: str) -> None:
        self._data(npi, "2", (name, "", "", "", "", "", ""), address, taxonomy)

    def _data(  # noqa: PLR0917 - a row
        self, npi: str, entity: str, names: Sequence[str], address: Sequence[str], taxonomy: str, deactivated: str = ""
    ) -> None:
        """One row of the data file: names are LBN, last, first, middle, prefix, suffix, credential."""
        kind = self.chance.getrandbits(16)
        place = (*address, "") if entity else ("",) * 8
        days = ("", "") if deactivated else (_day(kind % 5_000), _day(kind % 5_000 + kind % 1_500))
        licence = (f"{kind:06}", address[3], "Y") if entity else ("", "", "")
        official = (*_official(kind), address[6]) if entity == "2" else ("",) * 5
        front = (
            *(npi, entity, "", "", *names, *("",) * 9, *place, *place),
            *(*days, "", deactivated, "", "FM"[kind & 1] if entity == "1" else "", *official),
            *(taxonomy, *licence),
        )
        self.out[PROVIDERS.title].write(f"{_quoted(front)},{_TAILS[entity]}\n")


def _quoted(values: Sequence[str]) -> str:
    """All values in quotes, an inner double quote as a single one (NP-04)."""
    inside = "\x1f".join(values).replace('"', "'")
    return '"' + inside.replace("\x1f", '","') + '"'


def _chosen_name(chance: Random, kind: int) -> tuple[str, ...]:
    """Last, first, middle, prefix, suffix, credential; a few with a nickname in quotes."""
    first = chance.choice(invented.FIRST)
    if kind % 211 == 0:
        first = f'{first} "{first[:2]}"'
    prefix, suffix = ("DR." if kind % 2 else "", "JR." if kind % 31 == 0 else "")
    return invented.surname(chance), first, "", prefix, suffix, chance.choice(invented.CREDENTIALS)


def _official(kind: int) -> Iterator[str]:
    """Last, first and middle name and title of an authorized official."""
    yield invented.surname(Random(kind))  # noqa: S311 - invented data
    yield invented.FIRST[kind % len(invented.FIRST)]
    yield ""
    yield "Practice Administrator"


def _day(number: int) -> str:
    day = date.fromordinal(FIRST_MONTH.toordinal() + number % 6_500)
    return f"{day:%m/%d/%Y}"


def _tail(entity: str) -> str:
    """The columns that we do not load: further taxonomies and identifiers, subpart, groups, certification."""
    later = [""] * (len(PROVIDERS.columns) - _FRONT)
    sole_proprietor = len(PROVIDERS.columns) - 1 - 15 - 7 - _FRONT
    if entity == "1":
        later[sole_proprietor] = "N"
    if entity == "2":
        later[sole_proprietor + 1] = "N"
    if entity:
        later[-1] = "03/02/2020"
    return _quoted(later)


_TAILS = {entity: _tail(entity) for entity in ("", "1", "2")}
