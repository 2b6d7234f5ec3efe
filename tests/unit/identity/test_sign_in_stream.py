"""A sign-in becomes a session once; a code and a decoy become nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from services.identity.domain.code import Code
from services.identity.domain.decoy import Decoy
from services.identity.domain.refusals import RegistrationEndedError, SignInEndedError
from services.identity.domain.sign_in import SignIn
from tests.given import fact, given

NOW = datetime(2026, 6, 14, 16, tzinfo=UTC)
ACCOUNT, CODE = uuid4(), uuid4()
STARTED = fact(SignIn.Started, account_id=ACCOUNT)
ASKED = fact(SignIn.CodeAsked, code_id=CODE)
SUCCEEDED, RESUMED, ENDED = fact(SignIn.Succeeded), fact(SignIn.RegistrationResumed), fact(SignIn.Ended)
FAILED = fact(SignIn.Failed, reason="WRONG_PASSWORD")

ISSUED = fact(
    Code.Issued,
    account_id=ACCOUNT,
    purpose="sign_in",
    method_id=None,
    kind="EMAIL",
    secret="x1",
    language="en",
    dies_at=NOW,
)
TAKEN = fact(Decoy.AddressTaken, account_id=ACCOUNT, email="v1", expires_at=NOW + timedelta(hours=72))


def ask(sign_in: SignIn) -> None:
    sign_in.ask_code(code_id=CODE)


def fail(sign_in: SignIn) -> None:
    sign_in.fail(reason="WRONG_PASSWORD")


def test_a_code_is_asked_for_once() -> None:
    given(SignIn, STARTED).when(ask).then(ASKED)
    given(SignIn, STARTED, ASKED).when(ask).then()


def test_a_code_makes_it_a_session_once() -> None:
    """S-05: single use."""
    given(SignIn, STARTED, ASKED).when(SignIn.succeed).then(SUCCEEDED)
    for over in (SUCCEEDED, RESUMED, FAILED):
        for action in (SignIn.succeed, SignIn.resume, ask):
            given(SignIn, STARTED, ASKED, over).when(action).then_raises(SignInEndedError)


def test_it_goes_on_with_a_registration_after_a_code_alone() -> None:
    given(SignIn, STARTED, ASKED).when(SignIn.resume).then(RESUMED)
    given(SignIn, STARTED).when(SignIn.resume).then_raises(SignInEndedError)


def test_it_fails_once() -> None:
    given(SignIn, STARTED).when(fail).then(FAILED)
    given(SignIn, STARTED, FAILED).when(fail).then()


def test_a_session_ends_once() -> None:
    given(SignIn, STARTED, SUCCEEDED).when(SignIn.end).then(ENDED)
    given(SignIn, STARTED, SUCCEEDED, ENDED).when(SignIn.end).then()
    given(SignIn, STARTED).when(SignIn.end).then()


def test_a_code_is_proven_or_spent_never_both() -> None:
    """D-24."""
    verified, spent = fact(Code.Verified), fact(Code.Spent)
    given(Code, ISSUED).when(Code.verify).then(verified)
    given(Code, ISSUED).when(Code.spend).then(spent)
    given(Code, ISSUED, verified).when(Code.spend).then()
    given(Code, ISSUED, spent).when(Code.verify).then()


def test_a_decoy_lasts_as_long_as_a_registration() -> None:
    """A-01: to the instant."""
    end = NOW + timedelta(hours=72)

    def ask_at(at: datetime) -> None:
        asked = given(Decoy, TAKEN).when(lambda decoy: decoy.ask_code(code_id=CODE, now=at))
        asked.then(fact(Decoy.CodeAsked, code_id=CODE))

    ask_at(end - timedelta(microseconds=1))
    late = given(Decoy, TAKEN).when(lambda decoy: decoy.ask_code(code_id=CODE, now=end))
    late.then_raises(RegistrationEndedError)
