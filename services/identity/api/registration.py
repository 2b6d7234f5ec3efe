"""RPCs of a registration, in the order of its steps."""

from __future__ import annotations

from uuid import UUID

from mandate.identity.v1 import service_pb2 as m

from chassis.cause import Cause
from chassis.server import Caller
from services.identity.api import translate
from services.identity.api.calls import Calls, command, language_of, query, require
from services.identity.commands import (
    completing,
    credentials,
    information,
    methods,
    reading,
    registering,
    sessions,
)


class RegistrationCalls(Calls):
    """From an address to an active account."""

    @command
    def StartRegistration(
        self, request: m.StartRegistrationRequest, caller: Caller, command_id: UUID
    ) -> m.StartRegistrationResponse:
        """Begin."""
        email = registering.address_of(request.email, request.confirm_email)
        receipt, sent = registering.start(
            self.app,
            self.parts,
            command_id=command_id,
            email=email,
            challenge_id=request.challenge_id,
            language=language_of(caller),
            client=caller.client_address,
            invitation_proof=request.invitation_proof,
        )
        return m.StartRegistrationResponse(
            registration_token=self.parts.token("registration", command_id),
            code=translate.code(reading.code_to_address(sent, request.email.strip())),
            receipt=translate.receipt(receipt),
        )

    @command
    def ResendRegistrationCode(
        self,
        request: m.ResendRegistrationCodeRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.ResendRegistrationCodeResponse:
        """Send the code of the address again."""
        receipt, sent = registering.resend(
            self.app,
            self.parts,
            command_id=command_id,
            token=request.registration_token,
        )
        draft = reading.draft(self.app, self.parts, request.registration_token)
        return m.ResendRegistrationCodeResponse(
            code=translate.code(reading.code_to_address(sent, draft.email)), receipt=translate.receipt(receipt)
        )

    @command
    def VerifyRegistrationEmail(
        self,
        request: m.VerifyRegistrationEmailRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.VerifyRegistrationEmailResponse:
        """Prove the address."""
        require("IA-MFA-05", code=request.code)
        receipt, token = registering.verify_email(
            self.app, self.parts, command_id=command_id, token=request.registration_token, typed=request.code
        )
        return m.VerifyRegistrationEmailResponse(registration_token=token, receipt=translate.receipt(receipt))

    @query
    def CheckCompliance(
        self,
        request: m.CheckComplianceRequest,
        caller: Caller,  # noqa: ARG002
    ) -> m.CheckComplianceResponse:
        """The live lists of step 1."""
        account = reading.registering(self.app, request.registration_token)
        judged = credentials.check_compliance(
            self.app,
            self.parts,
            account,
            user_id=request.user_id,
            password=request.password,
            confirm=request.confirm_password,
        )
        user_id, password = translate.judged(judged)
        return m.CheckComplianceResponse(
            user_id_rules=user_id,
            password_rules=password,
            special_characters=self.parts.profile.special_characters,
        )

    @command
    def ChooseCredentials(
        self,
        request: m.ChooseCredentialsRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.ChooseCredentialsResponse:
        """Step 1."""
        account = reading.registering(self.app, request.registration_token)
        outcome = credentials.choose(
            self.app,
            self.parts,
            account,
            command_id=command_id,
            user_id=request.user_id,
            password=request.password,
            confirm=request.confirm_password,
            answers=translate.answers(request.answers),
        )
        if isinstance(outcome, credentials.Judged):
            return m.ChooseCredentialsResponse(refused=translate.refused(outcome))
        return m.ChooseCredentialsResponse(receipt=translate.receipt(outcome))

    @command
    def RecordPersonalInformation(
        self,
        request: m.RecordPersonalInformationRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.RecordPersonalInformationResponse:
        """Step 2."""
        account = reading.registering(self.app, request.registration_token)
        receipt = information.record(
            self.app, self.parts, account, command_id=command_id, typed=translate.typed(request.information)
        )
        step = reading.registering(self.app, request.registration_token).step
        following = step if step == "proofing" else "mfa"
        return m.RecordPersonalInformationResponse(receipt=translate.receipt(receipt), next=translate.step(following))

    @command
    def AddMfaMethod(
        self,
        request: m.AddMfaMethodRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.AddMfaMethodResponse:
        """Step 3: name a method."""
        account = reading.registering(self.app, request.registration_token)
        receipt = methods.add(
            self.app,
            self.parts,
            account,
            command_id=command_id,
            kind=translate.kind(request.kind),
            destination=request.destination,
            primary=request.primary,
        )
        return m.AddMfaMethodResponse(method_id=str(command_id), receipt=translate.receipt(receipt))

    @command
    def RemoveMfaMethod(
        self,
        request: m.RemoveMfaMethodRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.RemoveMfaMethodResponse:
        """Take a method back."""
        account = reading.registering(self.app, request.registration_token)
        receipt = self.app.execute(
            methods.remove,
            Cause.of(account.id, command_id),
            account_id=account.id,
            method_id=translate.required_id(request.method_id, "method_id"),
        )
        return m.RemoveMfaMethodResponse(receipt=translate.receipt(receipt))

    @command
    def SendMfaCode(
        self,
        request: m.SendMfaCodeRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.SendMfaCodeResponse:
        """Send a code to a method."""
        account = reading.registering(self.app, request.registration_token)
        receipt, sent = methods.send_code(
            self.app,
            self.parts,
            account,
            command_id=command_id,
            method_id=translate.required_id(request.method_id, "method_id"),
        )
        return m.SendMfaCodeResponse(
            code=translate.code(reading.code(self.parts, account, sent)), receipt=translate.receipt(receipt)
        )

    @command
    def VerifyMfaCode(
        self,
        request: m.VerifyMfaCodeRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.VerifyMfaCodeResponse:
        """Prove a method."""
        require("IA-MFA-05", code=request.code)
        account = reading.registering(self.app, request.registration_token)
        receipt = methods.verify(
            self.app,
            self.parts,
            account,
            command_id=command_id,
            method_id=translate.required_id(request.method_id, "method_id"),
            typed=request.code,
        )
        return m.VerifyMfaCodeResponse(receipt=translate.receipt(receipt))

    @query
    def GetRegistration(
        self,
        request: m.GetRegistrationRequest,
        caller: Caller,  # noqa: ARG002
    ) -> m.GetRegistrationResponse:
        """The draft."""
        self.wait(request.at_least)
        return translate.registration(reading.draft(self.app, self.parts, request.registration_token))

    @command
    def CompleteRegistration(
        self,
        request: m.CompleteRegistrationRequest,
        caller: Caller,  # noqa: ARG002
        command_id: UUID,
    ) -> m.CompleteRegistrationResponse:
        """The end: active, and signed in."""
        account = reading.registering(self.app, request.registration_token)
        receipt, token = completing.complete(self.app, self.parts, account, command_id=command_id)
        session = reading.session(self.parts, *sessions.look(self.app, self.parts, token, activity=False))
        return m.CompleteRegistrationResponse(
            session_token=token, session=translate.session(session), receipt=translate.receipt(receipt)
        )
