"""The National Provider Identifier: 10 digits, begun by 1 or 2, the last a check digit (NP-01)."""

from __future__ import annotations

from chassis.vocabulary.typed import is_digits, without_separators

LENGTH = 10

_PREFIX_SUM = 24
"""What the digits of the issuer's number 80840 add to the Luhn sum of every NPI."""

_DOUBLED = {str(digit): sum(divmod(2 * digit, 10)) for digit in range(10)}
"""Twice a digit, its own digits added up."""


class NpiError(ValueError):
    """The text is no NPI; the message says what to do."""


def check_digit(first_nine: str) -> str:
    """The tenth digit for nine others, by Luhn as if prefixed with 80840 (NP-01).

    Raises `NpiError` unless given nine digits; whether they begin with 1 or 2 is not asked.
    """
    if not is_digits(first_nine, LENGTH - 1):
        raise NpiError("Give the first 9 digits of the NPI")
    # The check digit stands last, so every other digit is doubled, beginning with the first.
    doubled = sum(_DOUBLED[digit] for digit in first_nine[::2])
    return str(-(_PREFIX_SUM + doubled + sum(map(int, first_nine[1::2]))) % 10)


def is_valid(npi: str) -> bool:
    """Whether this is an NPI, written as ten digits and nothing else (NP-01)."""
    return is_digits(npi, LENGTH) and npi[0] in "12" and check_digit(npi[:-1]) == npi[-1]


def parse(text: str) -> str:
    """The ten digits of an NPI as typed, spaces and dashes forgiven (NP-01).

    Raises `NpiError`.
    """
    npi = without_separators(text)
    if not is_digits(npi, LENGTH):
        raise NpiError("Enter the 10 digits of the NPI")
    if npi[0] not in "12":
        raise NpiError("Enter an NPI that begins with 1 or 2")
    if not is_valid(npi):
        raise NpiError("Compare the NPI with your record and enter it again; one of its digits is wrong")
    return npi
