"""Where people are reached: postal codes and states, telephone numbers, e-mail addresses (D-05)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import email_validator
import phonenumbers

from chassis.vocabulary.typed import is_digits, without_separators

HOME = "US"

STATES: Mapping[str, str] = MappingProxyType(
    {
        "AL": "Alabama",
        "AK": "Alaska",
        "AZ": "Arizona",
        "AR": "Arkansas",
        "CA": "California",
        "CO": "Colorado",
        "CT": "Connecticut",
        "DE": "Delaware",
        "DC": "District of Columbia",
        "FL": "Florida",
        "GA": "Georgia",
        "HI": "Hawaii",
        "ID": "Idaho",
        "IL": "Illinois",
        "IN": "Indiana",
        "IA": "Iowa",
        "KS": "Kansas",
        "KY": "Kentucky",
        "LA": "Louisiana",
        "ME": "Maine",
        "MD": "Maryland",
        "MA": "Massachusetts",
        "MI": "Michigan",
        "MN": "Minnesota",
        "MS": "Mississippi",
        "MO": "Missouri",
        "MT": "Montana",
        "NE": "Nebraska",
        "NV": "Nevada",
        "NH": "New Hampshire",
        "NJ": "New Jersey",
        "NM": "New Mexico",
        "NY": "New York",
        "NC": "North Carolina",
        "ND": "North Dakota",
        "OH": "Ohio",
        "OK": "Oklahoma",
        "OR": "Oregon",
        "PA": "Pennsylvania",
        "RI": "Rhode Island",
        "SC": "South Carolina",
        "SD": "South Dakota",
        "TN": "Tennessee",
        "TX": "Texas",
        "UT": "Utah",
        "VT": "Vermont",
        "VA": "Virginia",
        "WA": "Washington",
        "WV": "West Virginia",
        "WI": "Wisconsin",
        "WY": "Wyoming",
        "AS": "American Samoa",
        "GU": "Guam",
        "MP": "Northern Mariana Islands",
        "PR": "Puerto Rico",
        "VI": "U.S. Virgin Islands",
        "FM": "Federated States of Micronesia",
        "MH": "Marshall Islands",
        "PW": "Palau",
        "AA": "Armed Forces Americas",
        "AE": "Armed Forces Europe",
        "AP": "Armed Forces Pacific",
    }
)
"""USPS codes with their English names: states and the District, territories, associated states, the military."""

_FOREIGN_POSTAL_CODE = re.compile(r"[A-Z0-9](?:[A-Z0-9 -]{0,14}[A-Z0-9])?")
"""At most 16 characters, the longest that a message carries."""

_NORTH_AMERICAN = re.compile(r"\+1[2-9]\d{2}[2-9]\d{6}")
"""+1, area, exchange, line; neither area nor exchange begins with 0 or 1."""


class AddressError(ValueError):
    """The text reaches nobody; the message says what to do."""


def zip_code(text: str) -> str:
    """`12345` or `12345-6789`; the hyphen may be missing. Raises `AddressError` (D-05)."""
    digits = without_separators(text)
    if is_digits(digits, 5):
        return digits
    if is_digits(digits, 9):
        return f"{digits[:5]}-{digits[5:]}"
    raise AddressError("Enter a ZIP code of 5 digits, or of 5 and 4 digits")


def foreign_postal_code(text: str) -> str:
    """A postal code of another country, in capitals, single spaces kept. Raises `AddressError` (D-05)."""
    code = " ".join(text.split())
    code = code.upper() if code.isascii() else ""
    if not _FOREIGN_POSTAL_CODE.fullmatch(code):
        raise AddressError("Enter a postal code of up to 16 letters and digits")
    return code


def postal_code(text: str, country: str) -> str:
    """The postal code of a country (ISO 3166-1 alpha-2), by that country's rule. Raises `AddressError` (D-05)."""
    return zip_code(text) if country == HOME else foreign_postal_code(text)


def comparable_postal_code(text: str, country: str) -> str:
    """What two spellings of one code have in common: US the first five digits, else all without spaces (D-33).

    Raises `AddressError`.
    """
    code = postal_code(text, country)
    return code[:5] if country == HOME else code.replace(" ", "")


def state(text: str) -> str:
    """The USPS code of a state, in capitals. Raises `AddressError`."""
    code = text.strip().upper()
    if code not in STATES:
        raise AddressError("Choose a state from the list")
    return code


def phone(text: str, *, extension: bool = False) -> str:
    """A telephone number of any country in E.164, `+15855550142`; without a country code it is a US one (D-05).

    With `extension=True` one may follow and is kept: `+15855550142;ext=12`. Raises `AddressError`.
    """
    try:
        number = phonenumbers.parse(text, HOME)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not _is_complete(number):
        raise AddressError(
            "Enter a phone number with its area code, such as 585-555-0142; begin others with + and the country"
        )
    e164 = _e164(number)
    if not number.extension:
        return e164
    if not extension:
        raise AddressError("Enter the phone number without an extension")
    return f"{e164};ext={number.extension}"


def mfa_phone(text: str) -> str:
    """A number that codes can be sent to: E.164 with country code 1 and no extension (IA-MFA-03, D-05).

    Raises `AddressError`.
    """
    number = phone(text)
    if not number.startswith("+1"):
        raise AddressError("Enter a U.S. phone number; international phone numbers are not supported")
    return number


def email(text: str) -> str:
    """Exactly one address, `local@domain`, an international domain in its ASCII form (S-25).

    No display name, quotes, comments, address literals, second address or letters beyond ASCII before the @, because
    mail is sent without SMTPUTF8. Whether the domain exists is not asked. Raises `AddressError`.
    """
    try:
        found = email_validator.validate_email(
            text.strip(" "), check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except email_validator.EmailNotValidError:
        raise AddressError("Enter one e-mail address, such as name@example.com") from None
    assert found.ascii_email is not None  # without SMTPUTF8 there is one
    return found.ascii_email


def _is_complete(number: phonenumbers.PhoneNumber) -> bool:
    """Whether all digits are there; area codes are not looked up, for new ones come into use."""
    possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    north_american = number.country_code == 1
    return possible and (not north_american or _NORTH_AMERICAN.fullmatch(_e164(number)) is not None)


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
