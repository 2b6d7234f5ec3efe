"""RPCs of sign-in, session and profile."""

from __future__ import annotations

from uuid import UUID

import grpc
from mandate.identity.v1 import service_pb2 as m

from chassis.messages import timestamp
from chassis.server import Api, Caller, Callers, Detail, RefusedError, Rule
from services.identity.api import translate
from services.identity.api.calls import Calls, command, query, require
from services.identity.api.registration import RegistrationCalls
from services.identity.commands import reading, second_factor, sessions, signing_in, stepping_up


class SignInCalls(Calls):
    """From a password to the end of a session."""

    @command
    def SignIn(self, request: m.SignInRequest, caller: Caller, command_id: UUID) -> m.SignInResponse:
        """First factor."""
        require("IA-SIGN-01", user_id=request.user_id, password=request.password)
        receipt, account, sent, token = signing_in.sign_in(
            self.app,
            self.parts,
            command_id=command_id,
            user_id=request.user_id[: signing_in.LONGEST_USER_ID],
            password=request.password,
            address=caller.client_address,
        )
        return m.SignInResponse(
            sign_in_token=token,
            code=translate.code(reading.code(self.parts, account, sent)),
            methods=translate.methods(reading.sign_in_methods(self.parts, account)),
            receipt=translate.receipt(receipt),
        )

    @command
    def SendSignInCode(
        self,
        request: m.SendSignInCodeRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.SendSignInCodeResponse:
        """Another code."""
        receipt, account, sent = second_factor.send_code(
            self.app,
            self.parts,
            command_id=command_id,
            token=request.sign_in_token,
            method_id=translate.id_of(request.method_id, "method_id"),
        )
        return m.SendSignInCodeResponse(
            code=translate.code(reading.code(self.parts, account, sent)), receipt=translate.receipt(receipt)
        )

    @query
    def GetSignIn(self, request: m.GetSignInRequest, caller: Caller) -> m.GetSignInResponse:  # noqa: ARG002
        """Where a sign-in stands."""
        found = second_factor.waiting(self.app, request.sign_in_token)
        return m.GetSignInResponse(
            code=translate.code(reading.code(self.parts, found.account, found.sent)),
            methods=translate.methods(reading.sign_in_methods(self.parts, found.account)),
        )

    @command
    def VerifySignInCode(
        self,
        request: m.VerifySignInCodeRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.VerifySignInCodeResponse:
        """Second factor."""
        require("IA-MFA-05", code=request.code)
        found = second_factor.verify(
            self.app, self.parts, command_id=command_id, token=request.sign_in_token, typed=request.code
        )
        receipt = translate.receipt(found.receipt)
        if found.session_token:
            return m.VerifySignInCodeResponse(session_token=found.session_token, receipt=receipt)
        resumed = m.ResumedRegistration(registration_token=found.registration_token, step=translate.step(found.step))
        return m.VerifySignInCodeResponse(registration=resumed, receipt=receipt)

    @query
    def CheckSession(self, request: m.CheckSessionRequest, caller: Caller) -> m.CheckSessionResponse:  # noqa: ARG002
        """Is the session alive, and whose is it: with tokens for the services that a page will ask."""
        settings = self.parts.settings
        unknown = [one for one in request.audiences if one not in settings.audiences]
        if unknown or len(request.audiences) > settings.audiences_per_check:
            detail = Detail("AUDIENCE_UNKNOWN", "name at most 8 services that there are", "audiences")
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, detail)
        found, account = sessions.look(self.app, self.parts, request.session_token, activity=request.activity)
        tokens = []
        for audience in dict.fromkeys(request.audiences):
            token, expires_at = self.signer.user_token(
                account.id,
                audience=audience,
                roles=account.roles,
                mfa_at=found.second_factor_at,
                session=sessions.sid(request.session_token),
            )
            tokens.append(m.UserToken(audience=audience, token=token, expires_at=timestamp(expires_at)))
        return m.CheckSessionResponse(
            session=translate.session(reading.session(self.parts, found, account)), tokens=tokens
        )

    @command
    def SendStepUpCode(
        self,
        request: m.SendStepUpCodeRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.SendStepUpCodeResponse:
        """A code inside a session (S-09)."""
        receipt, account, sent = stepping_up.send_code(
            self.app,
            self.parts,
            command_id=command_id,
            token=request.session_token,
            method_id=translate.id_of(request.method_id, "method_id"),
        )
        return m.SendStepUpCodeResponse(
            code=translate.code(reading.code(self.parts, account, sent)), receipt=translate.receipt(receipt)
        )

    @query
    def GetStepUp(self, request: m.GetStepUpRequest, caller: Caller) -> m.GetStepUpResponse:  # noqa: ARG002
        """The last code of a session's step-up, and where another can go."""
        found = stepping_up.standing(self.app, self.parts, request.session_token)
        return m.GetStepUpResponse(
            code=translate.code(reading.code(self.parts, found.account, found.sent)) if found.sent else None,
            methods=translate.methods(reading.sign_in_methods(self.parts, found.account)),
        )

    @command
    def VerifyStepUpCode(
        self,
        request: m.VerifyStepUpCodeRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.VerifyStepUpCodeResponse:
        """The second factor again."""
        require("IA-MFA-05", code=request.code)
        receipt, token = stepping_up.verify(
            self.app, self.parts, command_id=command_id, token=request.session_token, typed=request.code
        )
        return m.VerifyStepUpCodeResponse(session_token=token, receipt=translate.receipt(receipt))

    @command
    def EndSession(
        self,
        request: m.EndSessionRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.EndSessionResponse:
        """Sign out."""
        receipt = sessions.end(self.app, self.parts, command_id=command_id, token=request.session_token)
        return m.EndSessionResponse(receipt=translate.receipt(receipt) if receipt else None)

    @query
    def GetProfile(self, request: m.GetProfileRequest, caller: Caller) -> m.GetProfileResponse:
        """A person's own data."""
        self.wait(request.at_least)
        return translate.profile(reading.profile(self.app, self.parts, caller.account_id))


class IdentityServicer(RegistrationCalls, SignInCalls):
    """mandate.identity.v1.IdentityService."""


_DESCRIPTOR = m.DESCRIPTOR.services_by_name["IdentityService"]
PORTAL = frozenset({"portal"})
"""Who brings the tokens that open these; nobody else holds any (A-11)."""

RULES: dict[str, Callers] = {
    "StartRegistration": PORTAL,
    "ResendRegistrationCode": PORTAL,
    "VerifyRegistrationEmail": PORTAL,
    "CheckCompliance": PORTAL,
    "ChooseCredentials": PORTAL,
    "RecordPersonalInformation": PORTAL,
    "AddMfaMethod": PORTAL,
    "RemoveMfaMethod": PORTAL,
    "SendMfaCode": PORTAL,
    "VerifyMfaCode": PORTAL,
    "GetRegistration": PORTAL,
    "CompleteRegistration": PORTAL,
    "SignIn": PORTAL,
    "SendSignInCode": PORTAL,
    "GetSignIn": PORTAL,
    "VerifySignInCode": PORTAL,
    "CheckSession": PORTAL,
    "SendStepUpCode": PORTAL,
    "GetStepUp": PORTAL,
    "VerifyStepUpCode": PORTAL,
    "EndSession": PORTAL,
    "GetProfile": Rule.USER,
}
"""The portal asks as itself, because nobody is signed in yet; a profile only its owner."""


def identity_api(servicer: IdentityServicer) -> Api:
    """The service, for `chassis.server.serve`."""
    return Api(descriptor=_DESCRIPTOR, servicer=servicer, rules=RULES)
