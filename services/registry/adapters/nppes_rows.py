"""Rows for COPY in text format, made of one row's values; what does not fit raises ValueError."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache

from chassis.vocabulary import npi as npi_rules
from services.registry.domain import provider_ids
from services.registry.domain.nppes_layout import (
    LOCATIONS,
    OTHER_NAMES,
    PROVIDERS,
    SUPPLEMENT,
    SWITCH,
    TAXONOMIES,
)

BETWEEN = b'","'
"""What stands between two quoted values."""
CENTURIES = range(1900, 2101)
"""Years that a date may have."""

Values = tuple[bytes, ...]
_UNNAMED = BETWEEN * 4
"""How the run of names ends where a data row has no other name; its type opens the next run."""


@dataclass(slots=True)
class Rows:
    """Rows for the staging table, which begin with their line's number; and those that are done as they stand.

    What goes straight into an empty table needs nothing of other rows or files: the supplement's, and persons without
    another name, whose id and sort name are their own. `straight` is None where the tables are not empty.
    """

    staged: list[bytes]
    straight: list[bytes] | None


class _Dates(dict[bytes, bytes]):
    """MM/DD/YYYY to YYYY-MM-DD; there are few thousand days and millions of dates."""

    def __missing__(self, written: bytes) -> bytes:
        month, day, year = map(int, written.split(b"/"))
        if year not in CENTURIES:
            raise ValueError(written)
        told = self[written] = date(year, month, day).isoformat().encode()
        return told


ISO = _Dates({b"": b""})


@cache
def _check_digits() -> tuple[bytes, bytes]:
    """NP-01 as two tables, for it is asked of every row of a month: an NPI is right if its halves' entries agree.

    The rule itself is `chassis.vocabulary.npi`'s: a check digit is the sum of what the digits before it add.
    """
    fronts = bytes(int(npi_rules.check_digit(f"{front:05}0000")) for front in range(10_000, 30_000))
    backs = bytearray()
    for back in range(10_000):
        added = int(npi_rules.check_digit(f"10000{back:04}")) - fronts[0]
        backs += bytes((check - added) % 10 for check in range(10))
    return bytes(10_000) + fronts, bytes(backs)


def is_npi(digits: bytes) -> bool:
    """Whether ten digits that start with 1 or 2 end in their check digit (NP-01)."""
    fronts, backs = _check_digits()
    number = int(digits)
    return fronts[number // 100_000] == backs[number % 100_000]


def _provider(number: int, values: Values, line: bytes, rows: Rows) -> None:
    """Line, NPI, entity, id, then names, addresses, dates and primary taxonomy."""
    npi, entity, names, mailing, practice, enumerated, updated, deactivated, reactivated, taxonomy, switch = values
    if not is_npi(npi) or not (entity or deactivated):
        raise ValueError(npi)
    if switch != b"Y":
        taxonomy = _primary(line)
    own_id = provider_ids.hex_of_npi(npi)
    days = b"%b\t%b\t%b\t%b" % (ISO[enumerated], ISO[updated], ISO[deactivated], ISO[reactivated])
    if rows.straight is not None and entity == b"1" and names.endswith(_UNNAMED) and mailing.startswith(BETWEEN):
        organization_name, last_name, first_name, _ = names.split(BETWEEN, 3)
        if last_name and first_name and not organization_name:
            texts = _tabbed(b'%b","%b","%b' % (names[: -len(_UNNAMED)], mailing[len(BETWEEN) :], practice))
            sort_name = b"%b, %b" % (last_name, first_name)
            rows.straight.append(
                b"%b\t%b\t%b\t%b\t%b\t%b\t%b\n" % (npi, entity, own_id, texts, days, taxonomy, sort_name.lower())
            )
            return
    texts = _tabbed(b'%b","%b","%b' % (names, mailing, practice))
    rows.staged.append(b"%d\t%b\t%b\t%b\t%b\t%b\t%b\n" % (number, npi, entity, own_id, texts, days, taxonomy))


def _primary(line: bytes) -> bytes:
    """The taxonomy code that is marked as primary, or none (NP-09)."""
    values = line.split(BETWEEN)
    code = next((values[position] for position in TAXONOMIES if values[position + SWITCH] == b"Y"), b"")
    if code and not code.isalnum():
        raise ValueError(code)
    return code


def _plain(number: int, values: Values, line: bytes, rows: Rows) -> None:  # noqa: ARG001 - as `_provider`
    """Line, NPI, then the values as they stand."""
    npi, texts = values
    if not is_npi(npi):
        raise ValueError(npi)
    rows.staged.append(b"%d\t%b\t%b\n" % (number, npi, _tabbed(texts)))


def _owner(number: int, values: Values, line: bytes, rows: Rows) -> None:  # noqa: ARG001 - as `_provider`
    """Line, NPI, EIN, the SSN's index, the employer's key and the id made of it."""
    npi, ein, ssn_hmac, employer = values
    if not is_npi(npi):
        raise ValueError(npi)
    index = rb"\\x" + ssn_hmac if ssn_hmac else b""
    employer_id = provider_ids.hex_of_employer(employer) if employer else b""
    row = b"%b\t%b\t%b\t%b\t%b\n" % (npi, ein, index, employer, employer_id)
    if rows.straight is None:
        rows.staged.append(b"%d\t%b" % (number, row))
    else:
        rows.straight.append(row)


def _tabbed(texts: bytes) -> bytes:
    """Texts without control characters for COPY; not with blanks over which a search would stumble."""
    texts = texts.replace(BETWEEN, b"\t")
    if b"  " in texts or b" \t" in texts or b"\t " in texts or texts.startswith(b" ") or texts.endswith(b" "):
        raise ValueError(texts)
    return texts


ROWS: dict[str, Callable[[int, Values, bytes, Rows], None]] = {
    PROVIDERS.title: _provider,
    OTHER_NAMES.title: _plain,
    LOCATIONS.title: _plain,
    SUPPLEMENT.title: _owner,
}
"""For each layout: line number, the values of its runs (escaped), the whole row without odd quotes -> a row more."""
