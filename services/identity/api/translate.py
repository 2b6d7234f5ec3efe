"""Between the contract's messages and what commands take and give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import grpc
from mandate.common.v1 import receipt_pb2
from mandate.identity.v1 import service_pb2 as m

from chassis.cause import Receipt
from chassis.messages import timestamp
from chassis.server import Detail, RefusedError, receipt_message
from services.identity.commands.credentials import Judged
from services.identity.commands.reading import Shown, ShownCode, ShownMethod, ShownSession

HOME = "home_address."


def receipt(given: Receipt) -> receipt_pb2.Receipt:
    """A receipt."""
    return receipt_message(given)


def id_of(text: str, field: str) -> UUID | None:
    """A UUID, or none for an empty text. Raises `RefusedError`."""
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        detail = Detail("FIELD_MALFORMED", f"{field} is a UUID in 36 characters", field)
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, detail) from None


def required_id(text: str, field: str) -> UUID:
    """A UUID. Raises `RefusedError`."""
    found = id_of(text, field)
    if found is None:
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, Detail("FIELD_REQUIRED", f"{field} is required", field))
    return found


def code(shown: ShownCode | None) -> m.CodeSent | None:
    """A code on its way."""
    if shown is None:
        return None
    return m.CodeSent(
        method_id=shown.method_id,
        kind=f"MFA_METHOD_KIND_{shown.kind}",
        destination=shown.destination,
        expires_at=timestamp(shown.expires_at),
        resend_at=timestamp(shown.resend_at),
    )


def methods(shown: Iterable[ShownMethod]) -> list[m.MfaMethod]:
    """Second factors."""
    return [
        m.MfaMethod(
            id=one.id,
            kind=f"MFA_METHOD_KIND_{one.kind}",
            destination=one.destination,
            primary=one.primary,
            verified=one.verified,
        )
        for one in shown
    ]


def kind(value: int) -> str:
    """`SMS`, `EMAIL`, `VOICE`; anything else for what is none of them."""
    return _name(m.MfaMethodKind, value, "MFA_METHOD_KIND_")


def step(name: str) -> str:
    """What a registration waits for."""
    return f"REGISTRATION_STEP_{name.upper()}"


def roles(names: Sequence[str]) -> list[str]:
    """Roles of the installation."""
    return [f"STAFF_ROLE_{name}" for name in names]


def answers(given: Iterable[m.SecurityAnswer]) -> list[tuple[str, str]]:
    """Questions by their stored names, with the answers."""
    found = [(_name(m.SecurityQuestion, one.question, "SECURITY_QUESTION_"), one.answer) for one in given]
    return [("" if question == "UNSPECIFIED" else question, answer) for question, answer in found]


def questions(names: Sequence[str]) -> list[str]:
    """Questions by their values."""
    return [f"SECURITY_QUESTION_{name}" for name in names]


def typed(information: m.PersonalInformation) -> dict[str, str]:
    """What was typed in step 2, by field."""
    own = {one.name: getattr(information, one.name) for one in information.DESCRIPTOR.fields if one.name != HOME[:-1]}
    home = information.home_address
    return own | {f"{HOME}{one.name}": getattr(home, one.name) for one in home.DESCRIPTOR.fields}


def information(person: Mapping[str, str] | None) -> m.PersonalInformation | None:
    """The person, without the SSN."""
    if person is None:
        return None
    own = {name: value for name, value in person.items() if not name.startswith(HOME) and name != "ssn"}
    home = {name.removeprefix(HOME): value for name, value in person.items() if name.startswith(HOME)}
    return m.PersonalInformation(**own, home_address=m.Address(**home))


def judged(found: Judged) -> tuple[list[m.ComplianceRule], list[m.ComplianceRule]]:
    """Both compliance lists."""
    user_id, password = (
        [m.ComplianceRule(rule=one.rule, state=f"COMPLIANCE_STATE_{one.state.name}") for one in rules]
        for rules in (found.user_id, found.password)
    )
    return user_id, password


def refused(found: Judged) -> m.CredentialsRefused:
    """What was wrong with step 1."""
    user_id, password = judged(found)
    errors = [
        receipt_pb2.ErrorDetail(code=one.code, field=one.field, message=one.message or one.code, rule=one.rule)
        for one in found.errors
    ]
    return m.CredentialsRefused(user_id_rules=user_id, password_rules=password, errors=errors)


def session(shown: ShownSession) -> m.Session:
    """A live session."""
    return m.Session(
        account_id=str(shown.account_id),
        user_id=shown.user_id,
        first_name=shown.first_name,
        last_name=shown.last_name,
        roles=roles(shown.roles),
        last_signed_in_at=timestamp(shown.session.last_signed_in_at),
        idle_ends_at=timestamp(shown.idle_ends_at),
        ends_at=timestamp(shown.session.ends_at),
        second_factor_at=timestamp(shown.session.second_factor_at),
        password_days_left=shown.password_days_left,
    )


def registration(shown: Shown) -> m.GetRegistrationResponse:
    """A draft."""
    return m.GetRegistrationResponse(
        step=step(shown.step),
        email=shown.email,
        user_id=shown.user_id,
        questions=questions(shown.questions),
        information=information(shown.person),
        ssn_last_four=shown.ssn_last_four,
        methods=methods(shown.methods),
        code=code(shown.code),
        ends_at=timestamp(shown.ends_at),
    )


def profile(shown: Shown) -> m.GetProfileResponse:
    """A person's own data."""
    return m.GetProfileResponse(
        account_id=str(shown.account_id),
        user_id=shown.user_id,
        information=information(shown.person),
        ssn_last_four=shown.ssn_last_four,
        email=shown.email,
        password_days_left=shown.password_days_left,
        methods=methods(shown.methods),
        roles=roles(shown.roles),
        registered_at=timestamp(shown.registered_at),
    )


def _name(values: object, value: int, prefix: str) -> str:
    try:
        name: str = values.Name(value)  # type: ignore[attr-defined]  # an enum's wrapper
    except ValueError:
        return f"UNKNOWN_{value}"
    return name.removeprefix(prefix)
