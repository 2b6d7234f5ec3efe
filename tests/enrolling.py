"""Step 8 of the story: an application that reassigns a provider's benefits to the group, from draft to report (2.11).

And what step 9 does to it. Everything goes through public interfaces, as in `tests/scenario.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import grpc
from mandate.access.v1 import service_pb2 as access
from mandate.common.v1.receipt_pb2 import Receipt
from mandate.enrollment.v1 import service_pb2 as pb

from chassis import nature
from chassis.server import details_of
from chassis.vocabulary import eastern, tracking
from services.registry.adapters.generated_month import CAST
from tests.attested import ATTESTATION, SIGNATURE
from tests.scenario import AO, CP_575, PIECE, Person, Story

PRACTITIONER, OFFICIAL = "PRACTITIONER", "GROUP_OFFICIAL"
CONTRACTOR = "National Government Services"


class Enrolling:
    """The steps that need PECOS."""

    def __init__(self, story: Story) -> None:
        assert story.mac is not None
        self.story, self.mac = story, story.mac
        self.pecos: Any = story.enrollment
        self.other_group = ""
        self.listed = Person(
            "Dora",
            "Listed",
            f"listed{story.telling + 1}",
            f"dora{story.telling + 1}@harbor.example",
            f"87453774{story.telling}",
            date(1972, 4, 9),
        )
        self.later = ""
        """The application that is under way when the provider disconnects."""

    # -- the steps

    def step_8_the_contractor_has_the_group_on_record(self) -> None:
        """A paper record with its official (PE-BEN-01); whose request was decided before stays so (X-11, X-21)."""
        story = self.story
        story.sign_in(self.mac)
        self._import(story.group, story.company.npis[0], story.people["official"], number=1)
        official = story.people["official"]
        card = story.eventually(lambda: self._cards(official, story.group), "the group's enrollment")[-1]
        assert (card.form, card.status, card.origin, card.existing_reassignments) == ("855B", "APPROVED", "PAPER", 0)
        story.say("8", f"the contractor loaded the approved 855B of {story.company.name} from paper")

    def step_8_an_official_on_record_is_approved_at_once(self) -> None:
        """X-11, the record first: no document, nobody's decision."""
        story, listed = self.story, self.listed
        [group] = story.search(npi=CAST.groups[-1 - story.telling].npis[0])
        self.other_group = group.provider_id
        self._import(self.other_group, group.npis[0].npi, listed, number=2)
        story.register(listed)
        request = access.RequestRoleRequest(
            command_id=_id(), employer_id=self.other_group, role=AO, attestation=ATTESTATION
        )
        story.ask(story.access.RequestRole, request, listed, "access")

        def approved() -> bool:
            found = story.ask(story.access.ListMyEmployers, access.ListMyEmployersRequest(), listed, "access")
            return [one.status for one in found.associations] == ["APPROVED"]

        story.eventually(approved, "the role of a listed official")
        story.mail(listed.email, "Your role request was approved")
        story.say("8", f"{listed.user_id}, whom a record lists, is Authorized Official at once")

    def step_8_the_staff_member_prepares_and_submits(self) -> pb.GetApplicationResponse:
        """Topics, a PDF, a signer for each signature (PE-X-04, PE-X-05); what is missing is named."""
        story, staff = self.story, self.story.people["staff"]
        started = self._start(story.practice)
        id_ = started.receipt.id
        submit = pb.SubmitApplicationRequest(command_id=_id(), application_id=id_)
        lacking = story.refused(self.pecos.SubmitApplication, submit, staff, "enrollment")
        assert lacking == ["TOPIC_MISSING"] * 3 + ["SIGNER_MISSING"]
        self._fill_in(id_, story.group)
        self._attach(id_)
        answer = self._submit(id_, story.group, story.people["official"])
        assert answer.status == "PENDING_SIGNATURES"
        seen = self._application(staff, id_, answer.receipt)
        assert seen.application.tracking_id == started.tracking_id
        assert {one.status for one in seen.signatures} == {"REQUESTED"}
        assert not any(one.yours for one in seen.signatures)
        assert [one.media_type for one in seen.documents] == ["application/pdf"]
        own = seen.signatures[0]
        assert self._refuses_to_sign(staff, id_, own.signature_id) == ["WRONG_SIGNER"]
        story.say("8", f"{staff.user_id} submitted {tracking.grouped(started.tracking_id)} for the provider")
        return seen

    def step_8_both_sign(self, seen: pb.GetApplicationResponse) -> None:
        """Each by himself, through the link in M-21; nobody for another; twice is once (PE-X-03)."""
        story, id_ = self.story, seen.application.application_id
        provider, official = story.people["provider"], story.people["official"]
        signatures = {one.capacity: one.signature_id for one in seen.signatures}
        for who, capacity in ((provider, PRACTITIONER), (official, OFFICIAL)):
            mail = story.mail(who.email, "Your signature is needed on a Medicare application")
            assert f"/applications/{seen.application.tracking_id}/sign" in mail.text
            story.sign_in(who)  # S-09: a second factor just now
            other = PRACTITIONER if capacity == OFFICIAL else OFFICIAL
            assert self._refuses_to_sign(who, id_, signatures[other]) == ["WRONG_SIGNER"]
            self._sign(who, id_, signatures[capacity])
            self._sign(who, id_, signatures[capacity])
        seen = self._application(provider, id_)
        assert {one.status for one in seen.signatures} == {"SIGNED"}
        story.eventually(lambda: self._queued(id_), "the application in the contractor's queue")
        story.mail(story.people["staff"].email, "Application received")
        story.say("8", f"{provider.user_id} and {official.user_id} signed; the application is received")

    def step_8_the_contractor_approves(self, seen: pb.GetApplicationResponse) -> None:
        """A Medicare ID, a revalidation date, and a line in the group's report (PE-REA-07, PE-ENR-01)."""
        story, id_ = self.story, seen.application.application_id
        today = eastern.day_of(nature.now())
        before = self._group_card()
        take_up = pb.TakeUpApplicationRequest(command_id=_id(), application_id=id_)
        story.ask(self.pecos.TakeUpApplication, take_up, self.mac, "enrollment")
        approve = pb.ApproveApplicationRequest(
            command_id=_id(), application_id=id_, effective_date=today.isoformat(), ptan=f"ME{story.telling}777"
        )
        answer = story.ask(self.pecos.ApproveApplication, approve, self.mac, "enrollment")
        provider, official = story.people["provider"], story.people["official"]
        [card] = self._cards(provider, story.practice, answer.receipt)
        assert (card.status, card.form, list(card.ptans)) == ("APPROVED", "855I", [f"ME{story.telling}777"])
        group = self._group_card(answer.receipt)
        # an earlier telling may have left applications to this group that wait for signatures
        assert group.existing_reassignments == before.existing_reassignments + 1 == 1
        assert group.pending_reassignment_applications == before.pending_reassignment_applications - 1
        report = pb.ListReassignmentsRequest(enrollment_id=group.enrollment_id, at_least=[answer.receipt])
        found = story.ask(self.pecos.ListReassignments, report, official, "enrollment")
        [line] = found.reassignments
        due = eastern.last_day_of_month(today.replace(year=today.year + 5, day=1))
        assert (found.total, line.relationship, line.provider_id, line.npi) == (
            1,
            "RECEIVING",
            story.practice,
            story.doctor.npi,
        )
        assert (line.enrollment_status, line.ptan, line.effective_date, line.end_date, line.revalidation_due_date) == (
            "APPROVED",
            f"ME{story.telling}777",
            today.isoformat(),
            "",
            due.isoformat(),
        )
        story.mail(provider.email, "Application approved")
        story.mail(official.email, "Reassignment started")
        story.say("8", "the contractor approved: the group receives the provider's benefits, as its report shows")

    def step_8_another_application_is_under_way(self) -> None:
        """To the second group, waiting for its signatures when the provider disconnects the first."""
        story = self.story
        [card] = self._cards(story.people["provider"], story.practice)
        self.later = self._start(story.practice, change=card.enrollment_id).receipt.id
        self._fill_in(self.later, self.other_group)
        self._submit(self.later, self.other_group, self.listed)

    def step_9_nothing_goes_on(self) -> None:
        """D-50: the next command, submitting and signing are refused, with a reason and who could help."""
        story, staff = self.story, self.story.people["staff"]
        # not by trying: a command that came before the news was done, and is answered alike for ever
        story.eventually(lambda: not self._cards(staff, story.practice), "the end of the right to act in PECOS")
        save = pb.ReopenApplicationRequest(command_id=_id(), application_id=self.later)
        why = self._reason(self.pecos.ReopenApplication, save, staff)
        assert "disconnected" in why
        assert "The provider can approve a new request" in why
        submit = pb.SubmitApplicationRequest(command_id=_id(), application_id=self.later)
        assert self._reason(self.pecos.SubmitApplication, submit, staff)
        story.sign_in(self.listed)
        seen = self._application(self.listed, self.later)
        [mine] = [one.signature_id for one in seen.signatures if one.yours]
        assert self._refuses_to_sign(self.listed, self.later, mine) == ["NO_RIGHT_TO_ACT"]
        story.say("9", f"{staff.user_id}'s application to another group is refused at every further step")

    # -- asking

    def _import(self, provider_id: str, npi: str, official: Person, *, number: int) -> Receipt:
        request = pb.ImportEnrollmentRequest(
            command_id=_id(),
            provider_id=provider_id,
            npi=npi,
            form="855B",
            state="ME",
            specialty="Clinic/Group Practice",
            contractor=CONTRACTOR,
            ptans=[f"GR{self.story.telling}{number}00"],
            effective_date="2021-03-01",
            officials=[
                pb.Official(
                    name=f"{official.first_name} {official.last_name}", ssn=official.ssn, capacity="AUTHORIZED_OFFICIAL"
                )
            ],
            practice_location="Harbor Point, ME",
        )
        receipt: Receipt = self.story.ask(self.pecos.ImportEnrollment, request, self.mac, "enrollment").receipt
        return receipt

    def _start(self, provider_id: str, *, change: str = "") -> pb.StartApplicationResponse:
        request = pb.StartApplicationRequest(
            command_id=_id(),
            provider_id=provider_id,
            form="855I",
            purpose="CHANGE" if change else "INITIAL",
            enrollment_id=change,
        )
        staff = self.story.people["staff"]

        def started() -> pb.StartApplicationResponse | None:
            try:
                answer: pb.StartApplicationResponse = self.story.ask(
                    self.pecos.StartApplication, request, staff, "enrollment"
                )
            except grpc.RpcError as error:
                # enrollment may not have heard yet of the right to act
                if {detail.code for detail in details_of(error)} <= {"NO_RIGHT_TO_ACT", "VIEW_STALE"}:
                    return None
                raise
            return answer

        found: pb.StartApplicationResponse = self.story.eventually(started, "the start of an application")
        return found

    def _fill_in(self, application_id: str, group: str) -> None:
        topics = {
            "IDENTIFYING_INFORMATION": {"state": "ME", "specialty": "Family Practice"},
            "PRACTICE_LOCATION": {
                "street": "1 Elm Street",
                "city": "Harbor Point",
                "state": "ME",
                "zip": "03904",
                "phone": "207-555-0142",
                "first_service_date": "2021-03-01",
            },
            "FINAL_ADVERSE_ACTIONS": {"any": "NO"},
            "REASSIGNMENT": {"receiving_provider_id": group},
        }
        for topic, fields in topics.items():
            save = pb.SaveTopicRequest(command_id=_id(), application_id=application_id, topic=topic, fields=fields)
            self.story.ask(self.pecos.SaveTopic, save, self.story.people["staff"], "enrollment")

    def _attach(self, application_id: str) -> None:
        about = pb.UploadDocumentRequest.About(
            command_id=_id(), application_id=application_id, document_type="SUPPORTING", file_name="License.pdf"
        )
        stream = [
            pb.UploadDocumentRequest(about=about),
            *(pb.UploadDocumentRequest(piece=CP_575[at : at + PIECE]) for at in range(0, len(CP_575), PIECE)),
        ]
        self.story.ask(self.pecos.UploadDocument, iter(stream), self.story.people["staff"], "enrollment")

    def _submit(self, application_id: str, group: str, official: Person) -> pb.SubmitApplicationResponse:
        provider = self.story.people["provider"]
        named = ((PRACTITIONER, provider, self.story.practice), (OFFICIAL, official, group))
        request = pb.SubmitApplicationRequest(
            command_id=_id(),
            application_id=application_id,
            signers=[
                pb.NamedSigner(
                    capacity=capacity,
                    name=f"{who.first_name} {who.last_name}",
                    email=who.email,
                    provider_id=provider_id,
                )
                for capacity, who, provider_id in named
            ],
        )
        answer: pb.SubmitApplicationResponse = self.story.ask(
            self.pecos.SubmitApplication, request, self.story.people["staff"], "enrollment"
        )
        return answer

    def _sign(self, who: Person, application_id: str, signature_id: str) -> None:
        request = self._signing(application_id, signature_id)
        self.story.ask(self.pecos.SignApplication, request, who, "enrollment")

    def _refuses_to_sign(self, who: Person, application_id: str, signature_id: str) -> list[str]:
        request = self._signing(application_id, signature_id)
        return self.story.refused(self.pecos.SignApplication, request, who, "enrollment")

    @staticmethod
    def _signing(application_id: str, signature_id: str) -> pb.SignApplicationRequest:
        return pb.SignApplicationRequest(
            command_id=_id(), application_id=application_id, signature_id=signature_id, attestation=SIGNATURE
        )

    def _application(self, who: Person, application_id: str, *at_least: Receipt) -> pb.GetApplicationResponse:
        request = pb.GetApplicationRequest(application_id=application_id, at_least=at_least)
        answer: pb.GetApplicationResponse = self.story.ask(self.pecos.GetApplication, request, who, "enrollment")
        return answer

    def _cards(self, who: Person, provider_id: str, *at_least: Receipt) -> list[pb.Enrollment]:
        request = pb.ListEnrollmentsRequest(provider_id=provider_id, at_least=at_least)
        return list(self.story.ask(self.pecos.ListEnrollments, request, who, "enrollment").enrollments)

    def _group_card(self, *at_least: Receipt) -> pb.Enrollment:
        cards = self._cards(self.story.people["official"], self.story.group, *at_least)
        return next(one for one in cards if list(one.ptans) == [f"GR{self.story.telling}100"])

    def _queued(self, application_id: str) -> bool:
        request = pb.ListContractorQueueRequest(limit=200)
        queue = self.story.ask(self.pecos.ListContractorQueue, request, self.mac, "enrollment").applications
        return application_id in {one.application_id for one in queue}

    def _reason(self, method: Any, request: Any, who: Person) -> str:
        """Why somebody has no right to act; empty where they have (still)."""
        try:
            self.story.ask(method, request, who, "enrollment")
        except grpc.RpcError as error:
            [detail] = details_of(error)
            assert detail.code == "NO_RIGHT_TO_ACT", detail
            return detail.message
        return ""


def _id() -> str:
    return str(nature.new_id())
