"""Who a person is, as step 2 asks (IA-UINF-01, D-05): judged field by field, written in one form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from chassis.vocabulary import addresses, header_text, names, tax_numbers
from services.identity.domain.refusals import Detail, FieldsError

NAMES = {"first_name": 50, "middle_name": 50, "last_name": 50, "suffix": 10}
PLACE = {"line1": 100, "line2": 100, "city": 60, "state": 60, "postal_code": 16, "country": 2}
REQUIRED = ("first_name", "last_name", "business_phone", "personal_phone", "date_of_birth")
REQUIRED_PLACE = ("line1", "city", "postal_code", "country")
OLDEST, YOUNGEST = 110, 16
"""Years at which a birth date is not plausible any more, or not yet: proofing then asks External User Services."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_COUNTRY = re.compile(r"[A-Z]{2}")

Person = dict[str, str]
"""Field of `PersonalInformation` -> text; those of the address begin with `home_address.`."""


def read(typed: Mapping[str, str], *, known_ssn: str, today: date) -> Person:
    """The person in one form. An empty SSN takes the one that is known. Raises `FieldsError` with all that is wrong."""
    person = {name: value.strip() for name, value in typed.items()}
    person["ssn"] = person.get("ssn") or known_ssn
    wrong = [*_missing(person), *_names(person), *_phones(person), *_born(person, today), *_ssn(person), *_home(person)]
    if wrong:
        raise FieldsError(wrong)
    return person


def doubts(person: Person, *, ssn_is_taken: bool, today: date) -> list[str]:
    """What speaks against the person (IA-UINF-02): nothing lets the registration go on."""
    found = ["SSN_TAKEN"] if ssn_is_taken else []
    if not tax_numbers.is_valid_ssn(person["ssn"]):
        found.append("SSN_INVALID")  # TX-01; refused before, so only a record of an older release
    if not YOUNGEST <= age(date.fromisoformat(person["date_of_birth"]), today) <= OLDEST:
        found.append("BIRTH_DATE_IMPLAUSIBLE")
    return found


def age(born: date, today: date) -> int:
    """Whole years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def matching(person: Person) -> tuple[str, ...]:
    """The six fields of IA-FUID-04 as they are compared (D-33)."""
    phone = "".join(filter(str.isdigit, person["personal_phone"].partition(";")[0]))
    code = addresses.comparable_postal_code(person["home_address.postal_code"], person["home_address.country"])
    names = (person["first_name"].casefold(), person["last_name"].casefold())
    return (person["ssn"][-4:], person["date_of_birth"], *names, phone, code)


def _missing(person: Person) -> list[Detail]:
    required = [*REQUIRED, "ssn", *(f"home_address.{name}" for name in REQUIRED_PLACE)]
    if person.get("home_address.country") == addresses.HOME:
        required.append("home_address.state")
    return [_wrong("FIELD_REQUIRED", name, "IA-UINF-01") for name in required if not person.get(name)]


def _names(person: Person) -> list[Detail]:
    found = []
    for name, longest in NAMES.items():
        text = person.get(name, "")
        if len(text) > longest:
            found.append(_wrong("FIELD_TOO_LONG", name))
        elif text and not names.is_name(text, digits=name == "suffix"):
            found.append(_wrong("NAME_MALFORMED", name, "IA-UINF-01"))
    return found


def _phones(person: Person) -> list[Detail]:
    found = []
    for name in ("business_phone", "fax", "personal_phone"):
        if person.get(name):
            try:
                person[name] = addresses.phone(person[name], extension=name != "fax")
            except addresses.AddressError:
                found.append(_wrong("PHONE_MALFORMED", name, "D-05"))
    return found


def _born(person: Person, today: date) -> list[Detail]:
    text = person.get("date_of_birth", "")
    if not text:
        return []
    try:
        born = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        born = None
    if born is None:
        return [_wrong("DATE_MALFORMED", "date_of_birth", "IA-UINF-01")]
    return [] if born < today else [_wrong("DATE_IN_FUTURE", "date_of_birth", "IA-UINF-01")]


def _ssn(person: Person) -> list[Detail]:
    ssn = person["ssn"]
    return [] if not ssn or tax_numbers.is_valid_ssn(ssn) else [_wrong("SSN_INVALID", "ssn", "TX-01")]


def _home(person: Person) -> list[Detail]:
    found = []
    for name, longest in PLACE.items():
        text = person.get(f"home_address.{name}", "")
        if len(text) > longest:
            found.append(_wrong("FIELD_TOO_LONG", f"home_address.{name}"))
        elif text and _is_hostile(text):
            found.append(_wrong("FIELD_MALFORMED", f"home_address.{name}"))
    return found or _places(person)


def _places(person: Person) -> list[Detail]:
    country = person.get("home_address.country", "")
    if not country:
        return []
    if not _COUNTRY.fullmatch(country):
        return [_wrong("COUNTRY_UNKNOWN", "home_address.country")]
    found = []
    if country == addresses.HOME and person.get("home_address.state"):
        try:
            person["home_address.state"] = addresses.state(person["home_address.state"])
        except addresses.AddressError:
            found.append(_wrong("STATE_UNKNOWN", "home_address.state"))
    if person.get("home_address.postal_code"):
        try:
            person["home_address.postal_code"] = addresses.postal_code(person["home_address.postal_code"], country)
        except addresses.AddressError:
            found.append(_wrong("POSTAL_CODE_MALFORMED", "home_address.postal_code", "D-05"))
    return found


def _is_hostile(text: str) -> bool:
    """S-25."""
    try:
        header_text.refuse_hostile(text, "")
    except header_text.HostileTextError:
        return True
    return False


def _wrong(code: str, name: str, rule: str = "") -> Detail:
    return Detail(code, f"information.{name}", rule=rule)
