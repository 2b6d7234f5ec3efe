"""What enrollment answers in unit tests of its pages: one record, one draft, a long report."""

from __future__ import annotations

from typing import Any

from mandate.enrollment.v1 import service_pb2 as e

from tests.unit.portal.answers import CLINIC, OTHER, OWN, Canned, id_of, receipt, stamp

RECORD, DRAFT = id_of(80), id_of(81)
TRACKING = "T0507202612345670"
PLACE = e.TopicDefinition(
    topic="IDENTIFYING_INFORMATION",
    required=True,
    fields=[
        e.FieldDefinition(name="state", required=True, kind="STATE", longest=2),
        e.FieldDefinition(name="specialty", required=True, kind="TEXT", longest=70),
    ],
)


def record(**more: Any) -> e.Enrollment:
    given: dict[str, Any] = {
        "enrollment_id": RECORD, "provider_id": CLINIC, "npi": "2000000036", "form": "855B", "state": "ME",
        "specialty": "Clinic/Group Practice", "contractor": "Northern Contractor", "status": "APPROVED",
        "ptans": ["ME4402"], "effective_date": "2021-03-01", "existing_reassignments": 3, "origin": "PAPER",
    }  # fmt: skip
    return e.Enrollment(**(given | more))


def application(status: str = "DRAFT", **more: Any) -> e.GetApplicationResponse:
    summary = e.ApplicationSummary(
        application_id=DRAFT, tracking_id=TRACKING, provider_id=OWN, form="855I", purpose="INITIAL", status=status,
        started_at=stamp(), since=stamp(), filing_date="2026-05-07",
    )  # fmt: skip
    return e.GetApplicationResponse(application=summary, **({"yours_to_prepare": True} | more))


def lines(count: int) -> list[e.Reassignment]:
    return [
        e.Reassignment(
            reassignment_id=id_of(1000 + n), relationship="RECEIVING", provider_id=OTHER, npi="2000000044",
            enrollment_status="APPROVED", ptan="=1+1", effective_date="2026-05-07", status="ACTIVE",
        )
        for n in range(count)
    ]  # fmt: skip


class Enrollment(Canned):
    """A stub whose report has as many lines as a test says."""

    def __init__(self, count: int = 3) -> None:
        done = {"receipt": receipt("enrollment", id=DRAFT)}
        super().__init__(
            ListEnrollments=e.ListEnrollmentsResponse(enrollments=[record()]),
            ListApplications=e.ListApplicationsResponse(applications=[application().application]),
            GetEnrollment=e.GetEnrollmentResponse(enrollment=record()),
            GetApplication=application(),
            GetForm=e.GetFormResponse(topics=[PLACE]),
            SaveTopic=e.SaveTopicResponse(**done),
            TakeUpApplication=e.TakeUpApplicationResponse(**done),
            ListContractorQueue=e.ListContractorQueueResponse(applications=[application("SUBMITTED").application]),
            ListReassignments=self._report,
        )
        self.all = lines(count)

    def _report(self, asked: e.ListReassignmentsRequest) -> e.ListReassignmentsResponse:
        shown = [one for one in self.all if asked.reassignment_status in ("", one.status)]
        rest = [one for one in shown if one.reassignment_id > asked.after]
        return e.ListReassignmentsResponse(
            reassignments=rest[: asked.limit], total=len(shown), preceding=len(shown) - len(rest)
        )
