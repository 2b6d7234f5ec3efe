"""Step 1, User Security: user id, password, five questions (row 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mandate.common.v1.receipt_pb2 import ErrorDetail
from mandate.identity.v1.service_pb2 import (
    CheckComplianceRequest,
    CheckComplianceResponse,
    ChooseCredentialsRequest,
    ChooseCredentialsResponse,
    SecurityAnswer,
    SecurityQuestion,
)
from starlette.responses import Response

from services.portal.web import compliance
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.register import draft
from services.portal.web.visits import Visit

PREFIX = "SECURITY_QUESTION_"
QUESTIONS = tuple(name.removeprefix(PREFIX) for name in SecurityQuestion.keys()[1:])
NUMBERS = (1, 2, 3, 4, 5)

# IA-USEC-01
USER_ID = Field("user_id", "IA-USEC-01.user_id", longest=64, missing="IA-SIGN-01.user_id_missing")
PASSWORD = Field("password", "IA-USEC-01.password", secret=True, longest=128, missing="IA-SIGN-01.password_missing")
CONFIRM = Field(
    "confirm_password", "IA-USEC-01.confirm", secret=True, longest=128, missing="IA-USEC-01.confirm_missing"
)
# IA-USEC-02: captions and sentences are numbered, so the page and `_pairs` say them
PAIRS = tuple(
    field
    for n in NUMBERS
    for field in (
        Field(f"question_{n}", "IA-USEC-02.select", required=False),
        Field(f"answer_{n}", "IA-USEC-02.select", required=False, longest=100),
    )
)


@dataclass(frozen=True, slots=True)
class Lists:
    """Both compliance lists of the page (2.3)."""

    user_id: Sequence[compliance.Line]
    password: Sequence[compliance.Line]
    special: str


def show(visit: Visit) -> Response:
    """The step, with what is known of it; never the password or an answer."""
    known = draft.get(visit)
    if (elsewhere := draft.too_early(visit, known, draft.SECURITY)) is not None:
        return elsewhere
    values = {"user_id": known.user_id} | {
        f"question_{n}": SecurityQuestion.Name(question).removeprefix(PREFIX)
        for n, question in zip(NUMBERS, known.questions, strict=False)
    }
    form = _form(visit, values)
    return _page(visit, form, _lists(visit, form))


def submit(visit: Visit) -> Response:
    """Keep the choice, or say what is wrong with it."""
    form = _form(visit)
    form.read(visit.data)
    _pairs(form)
    if form.errors:
        lists = _lists(visit, form)
        _fail_rules(form, lists)
        return _page(visit, form, lists, 422)
    request = ChooseCredentialsRequest(
        command_id=visit.command_id(),
        registration_token=draft.token(visit),
        user_id=form["user_id"],
        password=form["password"],
        confirm_password=form["confirm_password"],
        answers=[SecurityAnswer(question=PREFIX + form[f"question_{n}"], answer=form[f"answer_{n}"]) for n in NUMBERS],
    )
    try:
        answer: ChooseCredentialsResponse = visit.ask(visit.portal.clients.identity.ChooseCredentials, request)
    except RefusedError as refused:
        status = form.refuse(refused)
        return _page(visit, form, _lists(visit, form), status)
    if answer.WhichOneof("outcome") == "receipt":
        return draft.next_step(visit)
    lists = Lists(
        compliance.lines(answer.refused.user_id_rules, visit.words),
        compliance.lines(answer.refused.password_rules, visit.words),
        _check(visit, form).special_characters,
    )
    _refuse(form, answer.refused.errors, lists)
    return _page(visit, form, lists, 422)


def check(visit: Visit) -> Response:
    """One list anew, while it is typed; nothing is kept. With too many tries the list stays as it is."""
    form = _form(visit)
    form.read(visit.data)
    try:
        lists = _lists(visit, form)
    except RefusedError:
        return visit.answer(Response(status_code=204))
    return visit.page("register/_rules.html", which=visit.request.path_params["which"], lists=lists)


def _form(visit: Visit, values: dict[str, str] | None = None) -> Form:
    return visit.form(USER_ID, PASSWORD, CONFIRM, *PAIRS, values=values)


def _pairs(form: Form) -> None:
    """Five different questions with different answers (IA-USEC-02, D-34)."""
    questions: dict[str, int] = {}
    answers: dict[str, int] = {}
    for n in NUMBERS:
        question, answer = form[f"question_{n}"], form[f"answer_{n}"].casefold()
        if question not in QUESTIONS:
            form.fail(f"question_{n}", "IA-USEC-02.question_missing", number=n)
        elif (other := questions.setdefault(question, n)) != n:
            form.fail(f"question_{n}", "IA-USEC-02.same", number=n, other=other)
        if not answer:
            form.fail(f"answer_{n}", "IA-USEC-02.answer_missing", number=n)
        elif (other := answers.setdefault(answer, n)) != n:
            form.fail(f"answer_{n}", "IA-USEC-02.same_answer", number=n, other=other)


def _check(visit: Visit, form: Form) -> CheckComplianceResponse:
    request = CheckComplianceRequest(
        registration_token=draft.token(visit),
        user_id=form["user_id"],
        password=form["password"],
        confirm_password=form["confirm_password"],
    )
    answer: CheckComplianceResponse = visit.ask(visit.portal.clients.identity.CheckCompliance, request)
    return answer


def _lists(visit: Visit, form: Form) -> Lists:
    answer = _check(visit, form)
    return Lists(
        compliance.lines(answer.user_id_rules, visit.words),
        compliance.lines(answer.password_rules, visit.words),
        answer.special_characters,
    )


def _fail_rules(form: Form, lists: Lists) -> None:
    broken = [line for line in lists.user_id if line.state == compliance.NOT_MET]
    if broken:
        form.fail("user_id", f"{broken[0].rule}.broken")
    if count := compliance.unmet(lists.password):
        form.fail("password", "IA-USEC-01.password_rules", count=count)


def _refuse(form: Form, errors: Sequence[ErrorDetail], lists: Lists) -> None:
    for detail in errors:
        list_name, _, rest = detail.field.partition(".")
        number, _, part = rest.partition(".")
        if detail.code == "USER_ID_TAKEN":
            form.fail("user_id", "error.USER_ID_TAKEN")
        elif list_name == "answers" and number.isdecimal() and part in {"question", "answer"}:
            key = "IA-USEC-02.repeated" if part == "question" else "IA-USEC-02.repeated_answer"
            form.fail(f"{part}_{int(number) + 1}", key, number=int(number) + 1)
        elif f"error.{detail.code}" in form.words:
            form.fail(detail.field if detail.field in form.fields else "", f"error.{detail.code}")
    _fail_rules(form, lists)
    if not form.errors:
        form.fail("", "error.FIELD_MALFORMED")


def _page(visit: Visit, form: Form, lists: Lists, status: int = 200) -> Response:
    return visit.page("register/security.html", status, form=form, lists=lists, questions=QUESTIONS, numbers=NUMBERS)


PAGES = (
    Page("/register/security", Access.REGISTERING, get=show, post=submit),
    Page("/register/security/rules/{which}", Access.REGISTERING, post=check),
)
