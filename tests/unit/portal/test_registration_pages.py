"""Registration on the pages: the same answer to all, nothing secret comes back, no step before its time."""

from __future__ import annotations

import re

import httpx
import pytest
from mandate.common.v1.receipt_pb2 import ErrorDetail
from mandate.identity.v1 import service_pb2 as m

from services.portal.web.challenge import Challenges
from tests.unit.portal.conftest import DirectStub
from tests.unit.portal.reading import errors, hidden, text

EMAIL = "sam@example.com"
SECURITY = {f"question_{n}": q for n, q in enumerate(("FIRST_SCHOOL", "FIRST_CAR", "FIRST_PET", "FIRST_TRIP"), 1)} | {
    "question_5": "FAVORITE_BOOK",
    **{f"answer_{n}": f"answer {n}" for n in range(1, 6)},
    "user_id": "SamElliot",
    "password": "Ab1-cdef",
    "confirm_password": "Ab1-cdef",
}
INFORMATION = {
    "first_name": "Sam", "middle_name": "", "last_name": "Elliott", "suffix": "", "dob_month": "4", "dob_day": "17",
    "dob_year": "1980", "ssn": "123-45-6789", "business_phone": "585.555.0142 x12", "personal_phone": "(585) 555-0177",
    "fax": "", "line1": "12 Harbor Road", "line2": "", "city": "Rochester", "state": "ny", "postal_code": "14604",
    "country": "us",
}  # fmt: skip


def start(browser: httpx.Client, challenges: Challenges, **fields: str) -> str:
    form = hidden(browser.get("/register").text, "/register")
    answer = challenges.text(form["challenge"])
    assert answer
    data = form | {"email": EMAIL, "confirm_email": EMAIL, "answer": answer} | fields
    response = browser.post("/register", data=data)
    return str(response.headers.get("location", response.text))


def step(browser: httpx.Client, path: str, data: dict[str, str]) -> str:
    form = hidden(browser.get(path).text, path)
    response = browser.post(path, data=form | data)
    return str(response.headers.get("location", response.text))


@pytest.fixture
def proved(browser: httpx.Client, challenges: Challenges) -> httpx.Client:
    assert start(browser, challenges) == "/register/code"
    assert step(browser, "/register/code", {"code": "123 456"}) == "/register/security"
    return browser


def test_all_steps_lead_to_an_account(proved: httpx.Client, identity: DirectStub) -> None:
    assert step(proved, "/register/security", SECURITY) == "/register/info"
    assert proved.get("/register/resume").headers["location"] == "/register/info"
    assert step(proved, "/register/info", INFORMATION) == "/register/mfa"
    information = identity.requests("RecordPersonalInformation")[0].information
    assert information.ssn == "123456789"
    assert information.date_of_birth == "1980-04-17"
    assert information.business_phone == "+15855550142;ext=12"
    assert (information.home_address.state, information.home_address.country) == ("NY", "US")
    assert step(proved, "/register/mfa", {"method": "sms", "mobile": "585 555 0177"}) == "/register/mfa/verify"
    add, send = identity.requests("AddMfaMethod")[0], identity.requests("SendMfaCode")[0]
    assert (add.kind, add.destination) == (m.MFA_METHOD_KIND_SMS, "+15855550177")
    assert add.command_id != send.command_id
    assert add.command_id[:13] == send.command_id[:13], "of the same moment"
    assert step(proved, "/register/mfa/verify", {"code": "123456"}).startswith("/register/review")
    review = proved.get("/register/review").text
    assert "***-**-6789" in review
    for secret in ("123-45-6789", "123456789", "Ab1-cdef", "answer 1"):
        assert secret not in review
    assert step(proved, "/register/review", {}) == "/register/done"
    assert "Congratulations, your account has been successfully created." in text(proved.get("/register/done").text)


def test_a_known_address_gets_the_same_answer(browser: httpx.Client, challenges: Challenges) -> None:
    """A-01: the portal adds nothing that could tell them apart."""

    def answers(email: str) -> tuple[str, str]:
        browser.cookies.clear()
        assert start(browser, challenges, email=email, confirm_email=email) == "/register/code"
        page = browser.get("/register/code").text.replace(email, "ADDRESS")
        masked = re.sub(r'value="[^"]{36,43}"|\d+:\d+(:\d+)?[AP]M|data-countdown="\d+"', "", page)
        return masked, ";".join(sorted(cookie.name for cookie in browser.cookies.jar))

    assert answers("known@example.com") == answers("other@example.com")


def test_a_wrong_challenge_blocks(browser: httpx.Client, identity: DirectStub, challenges: Challenges) -> None:
    """IA-REG-04."""
    form = hidden(browser.get("/register").text, "/register")
    data = form | {"email": EMAIL, "confirm_email": EMAIL, "answer": "x"}
    answer = browser.post("/register", data=data)
    assert answer.status_code == 422
    assert hidden(answer.text, "/register")["challenge"] != form["challenge"]
    right = challenges.text(form["challenge"]) or ""
    assert browser.post("/register", data=data | {"answer": right}).status_code == 422, "one try a picture"
    assert identity.requests("StartRegistration") == []


def test_another_picture_keeps_what_was_typed(browser: httpx.Client) -> None:
    form = hidden(browser.get("/register").text, "/register")
    data = form | {"email": EMAIL, "confirm_email": "", "answer": "", "do": "another"}
    answer = browser.post("/register", data=data)
    assert answer.status_code == 200
    assert f'value="{EMAIL}"' in answer.text
    assert errors(answer.text) == ([], [])


def test_picture_and_sound_come_from_us(browser: httpx.Client) -> None:
    token = hidden(browser.get("/register").text, "/register")["challenge"]
    picture = browser.get(f"/register/challenge/{token}.png")
    assert picture.content.startswith(b"\x89PNG")
    sound = browser.get(f"/register/challenge/{token}.wav")
    assert sound.content.startswith(b"RIFF")
    assert browser.get(f"/register/challenge/{token}x.png").status_code == 404


def test_errors_stand_in_the_summary_and_beside_the_field_in_the_same_words(browser: httpx.Client) -> None:
    form = hidden(browser.get("/register").text, "/register")
    answer = browser.post("/register", data=form | {"email": "nobody", "confirm_email": "", "answer": ""})
    assert answer.status_code == 422
    assert "<title>Error: User Registration" in answer.text
    summary, beside = errors(answer.text)
    assert summary == beside
    assert len(summary) == 3
    for target in re.findall(
        r'<a href="#([^"]+)">', answer.text.partition('class="m-errors"')[2].partition("</ul>")[0]
    ):
        assert f'id="{target}"' in answer.text
    assert 'value="nobody"' in answer.text


def test_passwords_never_come_back(proved: httpx.Client) -> None:
    page = step(proved, "/register/security", SECURITY | {"password": "1aaa", "confirm_password": "1aaa"})
    assert "1aaa" not in page
    assert "For your security the boxes are empty again." in page
    assert 'value="SamElliot"' in page
    assert 'value="answer 1"' in page, "what need not be typed again"
    assert "5 of 9 met" in text(page)


def test_the_ssn_never_comes_back(proved: httpx.Client) -> None:
    step(proved, "/register/security", SECURITY)
    page = step(proved, "/register/info", INFORMATION | {"last_name": ""})
    assert "6789" not in page
    step(proved, "/register/info", INFORMATION)
    page = proved.get("/register/info").text
    assert "We have the number ending in 6789" in page
    assert "123-45" not in page


def test_what_identity_refuses_stands_at_its_field(proved: httpx.Client) -> None:
    step(proved, "/register/security", SECURITY)
    page = step(proved, "/register/info", INFORMATION | {"ssn": "000-12-3456"})
    summary, beside = errors(page)
    assert summary == beside == ["Enter the nine digits of your SSN"]
    page = step(proved, "/register/security", SECURITY | {"user_id": "arivera1"})
    assert errors(page)[0][0] == "This User ID is taken. Enter a different one"


def test_five_different_questions_and_answers(proved: httpx.Client, identity: DirectStub) -> None:
    """IA-USEC-02, D-34."""
    page = step(proved, "/register/security", SECURITY | {"question_4": "FIRST_CAR", "answer_5": "ANSWER 1"})
    assert errors(page)[0] == [
        "Question 4 is the same as Question 2. Select a different question",
        "Answer 5 is the same as Answer 1. Enter a different answer",
    ]
    assert identity.requests("ChooseCredentials") == []


def test_no_step_before_its_time(proved: httpx.Client) -> None:
    """S-35, as far as pages go; identity holds it."""
    for path in ("/register/info", "/register/mfa", "/register/review"):
        assert proved.get(path).headers["location"] == "/register/security"
    proved.cookies.clear()
    assert proved.get("/register/mfa").headers["location"] == "/register?notice=start_first"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"method": ""}, "Select an Authentication Method"),
        ({"method": "pigeon"}, "Select an Authentication Method"),
        ({"method": "sms", "mobile": ""}, "Enter the phone number"),
        (
            {"method": "voice", "phone": "+44 20 7946 0958"},
            "Enter a number of the United States. International phone numbers are not supported",
        ),
    ],
)
def test_methods_are_judged(proved: httpx.Client, identity: DirectStub, fields: dict[str, str], said: str) -> None:
    """IA-MFA-01, IA-MFA-03."""
    step(proved, "/register/security", SECURITY)
    step(proved, "/register/info", INFORMATION)
    assert errors(step(proved, "/register/mfa", fields))[0] == [said]
    assert identity.requests("AddMfaMethod") == []


def test_a_third_code_s_refusal_is_told(browser: httpx.Client, challenges: Challenges, identity: DirectStub) -> None:
    start(browser, challenges)

    def refuse(_: object, context: object) -> None:
        detail = ErrorDetail(code="RESEND_TOO_EARLY", retry_after_seconds=17)
        context.set_trailing_metadata([("mandate-error-bin", detail.SerializeToString())])  # type: ignore[attr-defined]
        import grpc

        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "")  # type: ignore[attr-defined]

    identity.answers.ResendRegistrationCode = refuse  # type: ignore[method-assign, assignment]
    form = hidden(browser.get("/register/code").text, "/register/code/send")
    answer = browser.post("/register/code/send", data=form)
    assert errors(answer.text)[0] == ["Wait 17 seconds before you ask for another code"]
