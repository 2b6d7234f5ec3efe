"""Phone numbers: accepted in any format, sent as E.164, shown as people write them."""

from __future__ import annotations

import phonenumbers

from chassis.vocabulary import addresses

DOMESTIC_DIGITS = 10


def parse(text: str) -> str | None:
    """`+15855550142`, or `+15855550142;ext=12`; None where it is no number."""
    try:
        return addresses.phone(text, extension=True)
    except addresses.AddressError:
        return None


def is_domestic(e164: str) -> bool:
    """Whether codes can go there (IA-MFA-03: international phone numbers are not supported)."""
    return e164.startswith("+1") and len(e164.partition(";")[0]) == len("+15855550142")


def show(e164: str) -> str:
    """`(585) 555-0142`, with the country's number where it is another one.

    The registry's ten digits are a number of the United States: NPPES writes no country.
    """
    if not e164:
        return ""
    number, _, extension = e164.partition(";ext=")
    try:
        parsed = phonenumbers.parse(number, addresses.HOME if len(number) == DOMESTIC_DIGITS else None)
    except phonenumbers.NumberParseException:
        return e164
    form = phonenumbers.PhoneNumberFormat
    shown = phonenumbers.format_number(parsed, form.NATIONAL if parsed.country_code == 1 else form.INTERNATIONAL)
    return f"{shown} x{extension}" if extension else shown
