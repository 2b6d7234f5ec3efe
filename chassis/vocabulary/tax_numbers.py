"""Tax numbers: the EIN of an organization (TX-02) and the SSN of a person (TX-01), nine digits each.

No message repeats what was typed: an SSN must not reach a log by way of an error (S-18).
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from uuid import UUID

from chassis.vocabulary.typed import is_digits, without_separators

LENGTH = 9
SHOWN = 4
"""Digits that a mask keeps, the last ones (IA-CONF-06)."""

REFUSED_PREFIXES = frozenset(
    {"00", "07", "08", "09", "17", "18", "19", "28", "29", "49", "69", "70", "78", "79", "89", "96", "97"}
)
"""The configuration's default: prefixes that the IRS has never assigned; its list can grow (TX-02)."""


class TaxNumberError(ValueError):
    """The text is no tax number; the message says what to do."""


def parse_ein(text: str, *, refused: Collection[str] = REFUSED_PREFIXES) -> str:
    """The nine digits of an EIN as typed, spaces and dashes forgiven (TX-02).

    `refused` holds prefixes of two digits. Raises `TaxNumberError`.
    """
    ein = without_separators(text)
    if not is_digits(ein, LENGTH):
        raise TaxNumberError("Enter the 9 digits of the EIN, such as 12-3456789")
    if ein[:2] in refused:
        raise TaxNumberError("Compare the EIN with your CP 575 and enter it again; no EIN begins with these 2 digits")
    return ein


def is_valid_ein(ein: str, *, refused: Collection[str] = REFUSED_PREFIXES) -> bool:
    """Whether this is an EIN, written as nine digits and nothing else (TX-02)."""
    return is_digits(ein, LENGTH) and ein[:2] not in refused


def format_ein(ein: str) -> str:
    """`12-3456789`: in full, for an AO or AM of that employer on request (IA-CONF-06).

    Raises `TaxNumberError` unless given nine digits.
    """
    digits = _nine(ein)
    return f"{digits[:2]}-{digits[2:]}"


def mask_ein(ein: str) -> str:
    """`**-***6668`, of nine digits or of the last four alone (IA-CONF-06).

    Raises `TaxNumberError` for anything else, so that nothing is shown unmasked by mistake.
    """
    return f"**-***{_last_four(ein)}"


def parse_ssn(text: str) -> str:
    """The nine digits of an SSN as typed, spaces and dashes forgiven (TX-01).

    Raises `TaxNumberError`.
    """
    ssn = without_separators(text)
    if not is_digits(ssn, LENGTH):
        raise TaxNumberError("Enter the 9 digits of the Social Security Number")
    if ssn[0] == "9":
        raise TaxNumberError("Enter a Social Security Number; a number that begins with 9 is an ITIN")
    if not is_valid_ssn(ssn):
        raise TaxNumberError("Compare the number with your Social Security card and enter it again")
    return ssn


def is_valid_ssn(ssn: str) -> bool:
    """Whether this may be an SSN, nine digits and nothing else: area not 000, 666 or 9xx, no part all zeros (TX-01)."""
    if not is_digits(ssn, LENGTH):
        return False
    area, group, serial = ssn[:3], ssn[3:5], ssn[5:]
    return area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000"


def format_ssn(ssn: str) -> str:
    """`123-45-6789`, for the one page where a step-up opens it (S-19); everywhere else `mask_ssn`.

    Raises `TaxNumberError` unless given nine digits.
    """
    digits = _nine(ssn)
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def mask_ssn(ssn: str) -> str:
    """`***-**-1234`, of nine digits or of the last four alone (IA-CONF-06).

    Raises `TaxNumberError` for anything else, so that nothing is shown unmasked by mistake.
    """
    return f"***-**-{_last_four(ssn)}"


def ssn_index(key: bytes, ssn: str) -> bytes:
    """32 bytes to find an SSN by: HMAC-SHA-256 of its nine digits, so that dashes make no difference (S-19).

    The key stays outside the database: a plain hash of 10^9 numbers is undone in seconds. Raises `TaxNumberError`
    for no SSN, and `ValueError` for an empty key, which would be a plain hash again.
    """
    if not key:
        raise ValueError("Give the key of the index; an empty one protects nothing")
    return hmac.digest(key, parse_ssn(ssn).encode(), "sha256")


def person_id(key: bytes, ssn: str) -> UUID:
    """The person behind an SSN, as an id that services may tell each other: HMAC-SHA-256 under a key of its own (X-11).

    Made as a UUIDv8 (RFC 9562). Raises `TaxNumberError` for no SSN, and `ValueError` for an empty key.
    """
    if not key:
        raise ValueError("Give the key of persons; an empty one protects nothing")
    digest = hmac.digest(key, b"person/" + parse_ssn(ssn).encode(), "sha256")
    number = int.from_bytes(digest[:16])
    return UUID(int=number & ~(0xF << 76) & ~(0b11 << 62) | 0x8 << 76 | 0b10 << 62)


def _nine(number: str) -> str:
    digits = without_separators(number)
    if not is_digits(digits, LENGTH):
        raise TaxNumberError("Give the 9 digits of the tax number")
    return digits


def _last_four(number: str) -> str:
    digits = without_separators(number)
    return digits if is_digits(digits, SHOWN) else _nine(digits)[-SHOWN:]
