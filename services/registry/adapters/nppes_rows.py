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
Build = Callable[[int, Values, bytes, "Rows"], None]
"""Line number, the values of its runs (escaped), the whole row without odd quotes -> a row more."""


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
    rows.staged.append(
        b"%d\t%b\t%b\t%b%b%b\t%b\t%b\t%b\t%b\n"
        % (
            number,
            npi,
            entity,
            provider_ids.hex_of_npi(npi),
            _tabbed((b"", names, mailing, practice, b"")),
            ISO[enumerated],
            ISO[updated],
            ISO[deactivated],
            ISO[reactivated],
            taxonomy if switch == b"Y" else _primary(line),
        )
    )


def person(values: Values, line: bytes, straight: list[bytes]) -> None:
    """Add a person without another name, as `nppes_blocks` has found: no line, but the sort name at the end."""
    (
        npi, names, last_name, first_name, mailing, practice,
        enumerated, updated, deactivated, reactivated, taxonomy, switch,
    ) = values  # fmt: skip
    if not is_npi(npi):
        raise ValueError(npi)
    straight.append(
        b"%b\t1\t%b%b%b\t%b\t%b\t%b\t%b\t%b, %b\n"
        % (
            npi,
            provider_ids.hex_of_npi(npi),
            _tabbed((b"", b"", names, mailing, practice, b"")),
            ISO[enumerated],
            ISO[updated],
            ISO[deactivated],
            ISO[reactivated],
            taxonomy if switch == b"Y" else _primary(line),
            last_name.lower(),
            first_name.lower(),
        )
    )


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
    rows.staged.append(b"%d\t%b%b\n" % (number, npi, _tabbed((b"", texts, b""))[:-1]))


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


def _tabbed(runs: Values) -> bytes:
    """Runs of texts without control characters for COPY; not with blanks over which a search would stumble.

    The first and the last run are empty: so there is a tab before and behind each text.
    """
    texts = BETWEEN.join(runs).replace(BETWEEN, b"\t")
    if b"  " in texts or b" \t" in texts or b"\t " in texts:
        raise ValueError(texts)
    return texts


ROWS: dict[str, Build] = {
    PROVIDERS.title: _provider,
    OTHER_NAMES.title: _plain,
    LOCATIONS.title: _plain,
    SUPPLEMENT.title: _owner,
}
"""For each layout, what makes its rows."""
