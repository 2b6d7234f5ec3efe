"""The columns of NPPES's files, version 2 with the longer names, and of the restricted supplement (NP-04, NP-05)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Kind = Literal["text", "npi", "entity", "date", "name type", "taxonomy", "switch", "ein", "hmac", "key"]

PATTERNS: dict[Kind, str] = {
    "npi": r"[12][0-9]{9}",  # NP-01; the check digit is looked at apart
    "entity": r"[12]?",
    "date": r"(?:[0-9]{2}/[0-9]{2}/[0-9]{4})?",
    "name type": r"[1-5]?",
    "taxonomy": r"[0-9A-Za-z]{0,10}",  # NP-09
    "switch": r"[A-Z]?",
    "ein": r"(?:[0-9]{9})?",
    "hmac": r"(?:[0-9a-f]{64})?",
    "key": r"[0-9A-Za-z._:-]{0,64}",
}
"""What a value must look like, for kinds that say more than a length; all but an NPI may be empty."""

EXPECTED: dict[Kind, str] = {
    "npi": "an NPI of 10 digits that starts with 1 or 2",
    "entity": "1 or 2",
    "date": "a date MM/DD/YYYY",
    "name type": "a code from 1 to 5",
    "taxonomy": "a taxonomy code of up to 10 letters and digits",
    "switch": "Y, N or X",
    "ein": "9 digits",
    "hmac": "64 hexadecimal digits",
    "key": "up to 64 letters, digits and ._:-",
}


_TEXTS: set[Kind] = {"text", "name type"}


@dataclass(frozen=True)
class Column:
    """One column: what its header says and what its values may be."""

    name: str
    length: int = 10
    """Characters at most."""
    kind: Kind = "text"
    kept: bool = False
    """Whether we load it."""


@dataclass(frozen=True)
class Layout:
    """One kind of file."""

    title: str
    prefix: str
    """How its name begins; the period follows."""
    columns: tuple[Column, ...]

    @cached_property
    def runs(self) -> tuple[range, ...]:
        """Positions of the columns that we load, from 0; texts that stand side by side are taken in one piece."""
        runs: list[range] = []
        for position, column in enumerate(self.columns):
            if not column.kept:
                continue
            if runs and runs[-1].stop == position and {column.kind, self.columns[position - 1].kind} <= _TEXTS:
                runs[-1] = range(runs[-1].start, position + 1)
            else:
                runs.append(range(position, position + 1))
        return tuple(runs)


def _kept(name: str, length: int = 10, kind: Kind = "text") -> Column:
    return Column(name, length, kind, kept=True)


def _address(where: str) -> tuple[Column, ...]:
    return (
        _kept(f"Provider First Line Business {where} Address", 55),
        _kept(f"Provider Second Line Business {where} Address", 55),
        _kept(f"Provider Business {where} Address City Name", 40),
        _kept(f"Provider Business {where} Address State Name", 40),
        _kept(f"Provider Business {where} Address Postal Code", 20),
        _kept(f"Provider Business {where} Address Country Code (If outside U.S.)", 2),
        _kept(f"Provider Business {where} Address Telephone Number", 20),
        Column(f"Provider Business {where} Address Fax Number", 20),
    )


_BASE = (
    _kept("NPI", kind="npi"),
    _kept("Entity Type Code", 1, "entity"),
    Column("Replacement NPI", 10),
    Column("Employer Identification Number (EIN)", 9),
    _kept("Provider Organization Name (Legal Business Name)", 100),
    _kept("Provider Last Name (Legal Name)", 35),
    _kept("Provider First Name", 35),
    _kept("Provider Middle Name", 35),
    _kept("Provider Name Prefix Text", 5),
    _kept("Provider Name Suffix Text", 5),
    _kept("Provider Credential Text", 20),
    _kept("Provider Other Organization Name", 100),
    _kept("Provider Other Organization Name Type Code", 1, "name type"),
    _kept("Provider Other Last Name", 35),
    _kept("Provider Other First Name", 35),
    Column("Provider Other Middle Name", 35),
    Column("Provider Other Name Prefix Text", 5),
    Column("Provider Other Name Suffix Text", 5),
    Column("Provider Other Credential Text", 20),
    _kept("Provider Other Last Name Type Code", 1, "name type"),
    *_address("Mailing"),
    *_address("Practice Location"),
    _kept("Provider Enumeration Date", kind="date"),
    _kept("Last Update Date", kind="date"),
    Column("NPI Deactivation Reason Code", 2),
    _kept("NPI Deactivation Date", kind="date"),
    _kept("NPI Reactivation Date", kind="date"),
    Column("Provider Sex Code", 1),
    Column("Authorized Official Last Name", 35),
    Column("Authorized Official First Name", 35),
    Column("Authorized Official Middle Name", 35),
    Column("Authorized Official Title or Position", 35),
    Column("Authorized Official Telephone Number", 20),
)


def _taxonomy(number: int) -> tuple[Column, ...]:
    return (
        Column(f"Healthcare Provider Taxonomy Code_{number}", 10, "taxonomy", kept=number == 1),
        Column(f"Provider License Number_{number}", 20),
        Column(f"Provider License Number State Code_{number}", 2),
        Column(f"Healthcare Provider Primary Taxonomy Switch_{number}", 1, "switch", kept=number == 1),
    )


def _identifier(number: int) -> tuple[Column, ...]:
    return (
        Column(f"Other Provider Identifier_{number}", 20),
        Column(f"Other Provider Identifier Type Code_{number}", 2),
        Column(f"Other Provider Identifier State_{number}", 2),
        Column(f"Other Provider Identifier Issuer_{number}", 80),
    )


PROVIDERS = Layout(
    "NPPES data",
    "npidata_pfile_",
    (
        *_BASE,
        *(column for number in range(1, 16) for column in _taxonomy(number)),
        *(column for number in range(1, 51) for column in _identifier(number)),
        Column("Is Sole Proprietor", 1),
        Column("Is Organization Subpart", 1),
        Column("Parent Organization LBN", 100),
        Column("Parent Organization TIN", 9),
        Column("Authorized Official Name Prefix Text", 5),
        Column("Authorized Official Name Suffix Text", 5),
        Column("Authorized Official Credential Text", 20),
        *(Column(f"Healthcare Provider Taxonomy Group_{number}", 70) for number in range(1, 16)),
        Column("Certification Date", kind="date"),
    ),
)
TAXONOMIES = range(47, 47 + 15 * 4, 4)
"""Positions of the taxonomy codes, from 0; each code's primary switch stands three columns further."""
SWITCH = 3
FURTHER = range(TAXONOMIES[1], TAXONOMIES.stop + 50 * 4)
"""Positions of all taxonomies but the first, and of the identifiers: most providers have none."""

OTHER_NAMES = Layout(
    "NPPES other names",
    "othername_pfile_",
    (
        _kept("NPI", kind="npi"),
        _kept("Provider Other Organization Name", 100),
        _kept("Provider Other Organization Name Type Code", 1, "name type"),
    ),
)

LOCATIONS = Layout(
    "NPPES practice locations",
    "pl_pfile_",
    (
        _kept("NPI", kind="npi"),
        _kept("Provider Secondary Practice Location Address- Address Line 1", 55),
        _kept("Provider Secondary Practice Location Address-  Address Line 2", 55),
        _kept("Provider Secondary Practice Location Address - City Name", 40),
        _kept("Provider Secondary Practice Location Address - State Name", 40),
        _kept("Provider Secondary Practice Location Address - Postal Code", 20),
        _kept("Provider Secondary Practice Location Address - Country Code (If outside U.S.)", 2),
        _kept("Provider Secondary Practice Location Address - Telephone Number", 20),
        _kept("Provider Secondary Practice Location Address - Telephone Extension", 20),
        _kept("Provider Practice Location Address - Fax Number", 20),
    ),
)

SUPPLEMENT = Layout(
    "restricted supplement",
    "supplement_",
    (
        _kept("npi", kind="npi"),
        _kept("ein", 9, "ein"),
        _kept("ssn_hmac", 64, "hmac"),
        _kept("employer", 64, "key"),
    ),
)

FORMER_HEADERS = {"Provider Gender Code": "Provider Sex Code"}
"""Names that a column had in older files."""
