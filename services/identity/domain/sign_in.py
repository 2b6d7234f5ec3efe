"""One attempt to sign in, and the session that comes of it: a stream of its own, so that no account grows by it."""

from __future__ import annotations

from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, event
from services.identity.domain.refusals import SignInEndedError


class SignIn(Aggregate):
    """A right password begins it, a right code makes it a session, once; afterwards it can only end."""

    TOPIC = "identity.SignIn"

    class Started(AggregateCreated):
        """Somebody gave a user id and a password; nobody's, where no account is known by it (S-02)."""

        TOPIC = "identity.SignIn.Started"
        account_id: UUID | None

    class Failed(Aggregate.Event):
        """Nothing comes of this attempt; `reason` is for the audit, never for the person."""

        TOPIC = "identity.SignIn.Failed"
        reason: str

    class CodeAsked(Aggregate.Event):
        """The second factor is this code from now on; the one before it is dead."""

        TOPIC = "identity.SignIn.CodeAsked"
        code_id: UUID

    class Succeeded(Aggregate.Event):
        """The person is signed in."""

        TOPIC = "identity.SignIn.Succeeded"

    class RegistrationResumed(Aggregate.Event):
        """The person goes on with a registration that is not complete."""

        TOPIC = "identity.SignIn.RegistrationResumed"

    class SteppedUp(Aggregate.Event):
        """The person who is signed in has given a second factor again."""

        TOPIC = "identity.SignIn.SteppedUp"

    class Ended(Aggregate.Event):
        """The session is over."""

        TOPIC = "identity.SignIn.Ended"

    @event(Started)
    def __init__(self, id: UUID, account_id: UUID | None) -> None:
        self.account_id = account_id
        self.status = "STARTED"
        self.code_id: UUID | None = None

    def fail(self, *, reason: str) -> None:
        """Let nothing come of it."""
        if self.status in ("STARTED", "CODE_SENT"):
            self._failed(reason=reason)

    def ask_code(self, *, code_id: UUID) -> None:
        """Wait for this code, in place of any before it. The same code twice is once."""
        if self.status not in ("STARTED", "CODE_SENT"):
            raise SignInEndedError
        if self.code_id != code_id:
            self._code_asked(code_id=code_id)

    def succeed(self) -> None:
        """Sign the person in, once."""
        if self.status not in ("STARTED", "CODE_SENT"):
            raise SignInEndedError
        self._succeeded()

    def resume(self) -> None:
        """Let the person go on with a registration, once."""
        if self.status != "CODE_SENT":
            raise SignInEndedError
        self._resumed()

    def step_up(self) -> None:
        """Take note of a second factor in the session; each one counts."""
        if self.status != "LIVE":
            raise SignInEndedError
        self._stepped_up()

    def end(self) -> None:
        """End the session. Twice is the same as once."""
        if self.status == "LIVE":
            self._ended()

    @event(Failed)
    def _failed(self, reason: str) -> None:
        self.status = reason

    @event(CodeAsked)
    def _code_asked(self, code_id: UUID) -> None:
        self.code_id = code_id
        self.status = "CODE_SENT"

    @event(Succeeded)
    def _succeeded(self) -> None:
        self.status = "LIVE"

    @event(RegistrationResumed)
    def _resumed(self) -> None:
        self.status = "RESUMED"

    @event(SteppedUp)
    def _stepped_up(self) -> None:
        pass

    @event(Ended)
    def _ended(self) -> None:
        self.status = "ENDED"
