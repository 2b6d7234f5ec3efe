"""Step 2, User Information: who the person is (row 9)."""

from __future__ import annotations

from datetime import date

from mandate.identity.v1.service_pb2 import (
    Address,
    GetRegistrationResponse,
    PersonalInformation,
    RecordPersonalInformationRequest,
    RecordPersonalInformationResponse,
)
from starlette.responses import Response

from services.portal.web import phones
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.register import draft
from services.portal.web.visits import Visit

# IA-UINF-01, IA-UINF-03
FIELDS: tuple[Field, ...] = (
    Field("first_name", "IA-UINF-01.first_name", longest=50),
    Field("middle_name", "IA-UINF-01.middle_name", required=False, longest=50),
    Field("last_name", "IA-UINF-01.last_name", longest=50),
    Field("suffix", "IA-UINF-01.suffix", required=False, longest=10),
    Field("dob_month", "IA-UINF-01.month", required=False, longest=2),
    Field("dob_day", "IA-UINF-01.day", required=False, longest=2),
    Field("dob_year", "IA-UINF-01.year", required=False, longest=4),
    Field("ssn", "IA-UINF-01.ssn", secret=True, longest=11),
    Field("business_phone", "IA-UINF-01.business_phone", longest=40),
    Field("personal_phone", "IA-UINF-03.personal_phone", longest=40),
    Field("fax", "IA-UINF-01.fax", required=False, longest=40),
    Field("line1", "IA-UINF-03.line1", longest=100),
    Field("line2", "IA-UINF-03.line2", required=False, longest=100),
    Field("city", "IA-UINF-03.city", longest=60),
    Field("state", "IA-UINF-03.state", required=False, longest=60),
    Field("postal_code", "IA-UINF-03.postal_code", longest=16),
    Field("country", "IA-UINF-03.country", longest=2),
)
PHONES = ("business_phone", "personal_phone", "fax")
SSN_DIGITS = 9

NAMES = {f"information.{name}": name for name in ("first_name", "middle_name", "last_name", "suffix", "ssn", *PHONES)}
NAMES |= {f"information.home_address.{name}": name for name in ("line1", "line2", "city", "state", "postal_code")}
NAMES |= {"information.home_address.country": "country", "information.date_of_birth": "dob_month"}
NAMES |= {name.removeprefix("information."): own for name, own in NAMES.items()}
"""Fields of the message, in full or from `information` on: ours."""


def show(visit: Visit) -> Response:
    """The step, with what is known of it; of the SSN only that it is there."""
    known = draft.get(visit)
    if (elsewhere := draft.too_early(visit, known, draft.INFO)) is not None:
        return elsewhere
    return _page(visit, _form(visit, known, _values(known)), known)


def submit(visit: Visit) -> Response:
    """Keep it; identity judges and proofs it (IA-UINF-02)."""
    known = draft.get(visit)
    form = _form(visit, known)
    form.read(visit.data)
    information = _information(form)
    if form.errors:
        return _page(visit, form, known, 422)
    request = RecordPersonalInformationRequest(
        command_id=visit.command_id(), registration_token=draft.token(visit), information=information
    )
    try:
        answer: RecordPersonalInformationResponse = visit.ask(
            visit.portal.clients.identity.RecordPersonalInformation, request
        )
    except RefusedError as refused:
        return _page(visit, form, known, form.refuse(refused, NAMES))
    if answer.next == draft.PROOFING:
        return visit.go("/register/checking")
    return draft.next_step(visit)


def _form(visit: Visit, known: GetRegistrationResponse, values: dict[str, str] | None = None) -> Form:
    fields = FIELDS
    if known.ssn_last_four:
        kept = Field("ssn", "IA-UINF-01.ssn", required=False, secret=True, longest=11)
        fields = tuple(kept if field.name == "ssn" else field for field in FIELDS)
    return visit.form(*fields, values=values)


def _values(known: GetRegistrationResponse) -> dict[str, str]:
    info, home = known.information, known.information.home_address
    year, month, day = info.date_of_birth.split("-") if info.date_of_birth else ("", "", "")
    return {
        "first_name": info.first_name,
        "middle_name": info.middle_name,
        "last_name": info.last_name,
        "suffix": info.suffix,
        **{name: phones.show(getattr(info, name)) for name in PHONES},
        "dob_year": year,
        "dob_month": month,
        "dob_day": day,
        "line1": home.line1,
        "line2": home.line2,
        "city": home.city,
        "state": home.state,
        "postal_code": home.postal_code,
        "country": home.country or "US",
    }


def _information(form: Form) -> PersonalInformation:
    """The message; what cannot be put into it is marked in the form."""
    numbers = {name: _phone(form, name) for name in PHONES}
    ssn = "".join(form["ssn"].replace("-", "").split())
    if ssn and not (ssn.isascii() and ssn.isdecimal() and len(ssn) == SSN_DIGITS):
        form.fail("ssn", "error.SSN_INVALID")
    names = ("first_name", "middle_name", "last_name", "suffix")
    return PersonalInformation(
        **{name: form[name] for name in names},
        **numbers,
        date_of_birth=_birth(form),
        ssn=ssn,
        home_address=Address(
            line1=form["line1"],
            line2=form["line2"],
            city=form["city"],
            state=form["state"].upper() if form["country"].upper() == "US" else form["state"],
            postal_code=form["postal_code"],
            country=form["country"].upper(),
        ),
    )


def _phone(form: Form, name: str) -> str:
    number = phones.parse(form[name]) if form[name] else ""
    if number is None:
        form.fail(name, "error.PHONE_MALFORMED")
    return number or ""


def _birth(form: Form) -> str:
    try:
        born = date(int(form["dob_year"]), int(form["dob_month"]), int(form["dob_day"]))
    except ValueError:
        form.fail("dob_month", "error.DATE_MALFORMED")
        return ""
    return born.isoformat()


def _page(visit: Visit, form: Form, known: GetRegistrationResponse, status: int = 200) -> Response:
    return visit.page("register/information.html", status, form=form, draft=known)


PAGES = (Page("/register/info", Access.REGISTERING, get=show, post=submit),)
