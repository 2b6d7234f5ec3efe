"""Records, documents and reports (PE-BEN-01, PE-BEN-03, PE-ENR-01, PE-REA-05 to -09, PE-X-08, D-42)."""

from __future__ import annotations

import io
from functools import partial
from uuid import UUID

import pikepdf
import pytest
from mandate.enrollment.v1 import service_pb2 as pb
from mandate.enrollment.v1.state_pb2 import EnrollmentState
from PIL import Image

from chassis.domain import FaultsError
from services.enrollment.domain.enrollment import Enrollment
from tests.access_office import refused
from tests.integration.enrollment.pecos import (
    DOCTOR,
    GROUP,
    MAC,
    OFFICIAL,
    PRACTICE,
    STAFF,
    STRANGER,
    Pecos,
)


def pdf(**saving: object) -> bytes:
    made = pikepdf.new()
    made.add_blank_page()
    out = io.BytesIO()
    made.save(out, **saving)  # type: ignore[arg-type]
    return out.getvalue()


def image(kind: str, pages: int = 1) -> bytes:
    out = io.BytesIO()
    first, *more = (Image.new("RGB", (20, 20), "red") for _ in range(pages))
    first.save(out, kind, **({"save_all": True, "append_images": more} if more else {}))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(pdf(), "application/pdf"), (image("TIFF"), "image/tiff"), (image("TIFF", pages=3), "image/tiff")],
    ids=["pdf", "tiff", "tiff-of-pages"],
)
def test_a_pdf_or_a_tiff_is_taken_for_what_it_is(pecos: Pecos, content: bytes, media_type: str) -> None:
    application_id = pecos.draft()
    id_ = pecos.upload(STAFF, content, application_id=application_id).receipt.id
    [shown] = pecos.ask("ListDocuments", STAFF, application_id=application_id).documents
    assert (shown.document_id, shown.media_type, shown.file_name) == (id_, media_type, "license.pdf")
    assert pecos.ask("ReadDocument", DOCTOR, document_id=id_).piece == pecos.drawn(content)
    assert refused(partial(pecos.ask, "ReadDocument", STRANGER, document_id=id_)) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "DOCUMENT_EMPTY"),
        (image("JPEG"), "DOCUMENT_KIND"),
        (image("GIF"), "DOCUMENT_KIND"),
        (b"%PDF-1.7 and nothing else", "DOCUMENT_UNREADABLE"),
        (image("TIFF")[:40], "DOCUMENT_UNREADABLE"),
        (pdf(encryption=pikepdf.Encryption(owner="o", user="u")), "DOCUMENT_UNREADABLE"),
        (b"%PDF-" + bytes(10 * 1024 * 1024 - 4), "DOCUMENT_TOO_LARGE"),
    ],
    ids=["empty", "jpeg", "gif", "no-pdf", "cut-tiff", "encrypted", "a-byte-too-large"],
)
def test_what_is_no_document_is_refused_by_its_content(pecos: Pecos, content: bytes, code: str) -> None:
    application_id = pecos.draft(group=False)
    assert refused(partial(pecos.upload, STAFF, content, application_id=application_id)) == code
    assert pecos.ask("ListDocuments", STAFF, application_id=application_id).documents == []


def test_a_document_is_destroyed_in_a_draft_and_end_dated_once_submitted(pecos: Pecos) -> None:
    """PE-X-08."""
    application_id = pecos.draft()
    gone = pecos.upload(STAFF, pdf(), application_id=application_id).receipt.id
    content = pdf()
    kept = pecos.upload(STAFF, content, application_id=application_id).receipt.id
    pecos.ask("DeleteDocument", STAFF, document_id=gone)
    assert refused(partial(pecos.ask, "ReadDocument", STAFF, document_id=gone)) == "NOT_FOUND"
    pecos.submit(application_id)
    assert refused(partial(pecos.ask, "DeleteDocument", STAFF, document_id=kept)) == "STATE_FORBIDS"
    pecos.ask("ReopenApplication", STAFF, application_id=application_id)
    pecos.ask("DeleteDocument", STAFF, document_id=kept)
    [shown] = pecos.ask("ListDocuments", STAFF, application_id=application_id).documents
    assert shown.ended_at.seconds
    assert pecos.ask("ReadDocument", STAFF, document_id=kept).piece == pecos.drawn(content)


def test_a_statement_is_filed_instead_of_a_signature(pecos: Pecos) -> None:
    """PE-BEN-03."""
    application_id = pecos.draft()
    ids = pecos.submit(application_id)
    file = partial(pecos.ask, "FileStatement", STAFF, application_id=application_id)
    statement = pecos.upload(STAFF, pdf(), application_id=application_id, document_type="SIGNED_STATEMENT").receipt.id
    no_statement = partial(file, signature_id=ids["PRACTITIONER"], document_id=application_id)
    assert refused(no_statement) == "NO_STATEMENT"
    for signature_id in ids.values():
        answer = file(signature_id=signature_id, document_id=statement)
    assert answer.status == "SUBMITTED"
    seen = pecos.ask("GetApplication", STAFF, application_id=application_id)
    assert {(one.status, one.method) for one in seen.signatures} == {("SIGNED", "STATEMENT")}


def test_a_paper_record_lists_its_officials_for_those_who_may_act(pecos: Pecos) -> None:
    [card] = pecos.ask("ListEnrollments", OFFICIAL, provider_id=str(GROUP)).enrollments
    seen = pecos.ask("GetEnrollment", OFFICIAL, enrollment_id=card.enrollment_id)
    assert [(one.name, one.capacity) for one in seen.officials] == [
        ("Alma Oddsen", "AUTHORIZED_OFFICIAL"),
        ("Alma Oddsen", "DELEGATED_OFFICIAL"),
    ]
    assert seen.enrollment.revalidation_due_date == "2026-03-31"  # five years, the last day of the month (PE-X-13)
    [number] = pecos.ask("ListMedicareIds", OFFICIAL, enrollment_id=card.enrollment_id).medicare_ids
    assert (number.ptan, number.effective_date) == ("GR1000", "2021-03-01")
    assert refused(partial(pecos.ask, "GetEnrollment", STRANGER, enrollment_id=card.enrollment_id)) == "NOT_FOUND"
    assert pecos.ask("ListEnrollments", STRANGER, provider_id=str(GROUP)).enrollments == []


def test_a_record_tells_persons_and_no_names(pecos: Pecos) -> None:
    """X-11, S-18."""
    with pecos.house.bus.session() as session:
        rows = session.run("SELECT value FROM bus.records WHERE topic = 'EnrollmentState'")
    [state] = [EnrollmentState.FromString(bytes(value)) for (value,) in rows]
    assert [one.capacity for one in state.officials] == ["AUTHORIZED_OFFICIAL", "DELEGATED_OFFICIAL"]
    assert len({UUID(one.person_id) for one in state.officials}) == 2


def test_a_record_that_cannot_be_right_is_refused_whole(pecos: Pecos) -> None:
    wrong = {
        "provider_id": str(GROUP),
        "npi": "2000000037",
        "form": "855X",
        "state": "ZZ",
        "specialty": "",
        "contractor": "x" * 71,
        "ptans": ["GR1", "?"],
        "effective_date": "2021-02-30",
        "revalidation_due_date": "never",
        "officials": [pb.Official(name="", ssn="000000000", capacity="BOSS")],
    }
    with pytest.raises(FaultsError) as caught:
        pecos.mac("ImportEnrollment", **wrong)
    assert [(one.code, one.field) for one in caught.value.faults] == [
        ("NPI_INVALID", "npi"),
        ("UNKNOWN_FORM", "form"),
        ("STATE_UNKNOWN", "state"),
        ("FIELD_REQUIRED", "specialty"),
        ("FIELD_TOO_LONG", "contractor"),
        ("PTAN_MALFORMED", "ptans.1"),
        ("DATE_MALFORMED", "effective_date"),
        ("DATE_MALFORMED", "revalidation_due_date"),
        ("FIELD_REQUIRED", "officials.0.name"),
        ("SSN_INVALID", "officials.0.ssn"),
        ("UNKNOWN_CAPACITY", "officials.0.capacity"),
    ]
    assert "000000000" not in str(caught.value)
    assert len(pecos.room.events(Enrollment.Established)) == 1
    assert refused(partial(pecos.load, "GR1000", official=OFFICIAL)) == "PTAN_TAKEN"


def test_the_report_shows_both_sides_what_the_contractor_has_processed(pecos: Pecos) -> None:
    """PE-REA-06 to PE-REA-08."""
    application_id = pecos.filed()
    [group] = pecos.ask("ListEnrollments", OFFICIAL, provider_id=str(GROUP)).enrollments
    report = partial(pecos.ask, "ListReassignments", OFFICIAL, enrollment_id=group.enrollment_id)
    assert (report().total, group.pending_reassignment_applications) == (0, 1)
    [pending] = pecos.ask(
        "ListPendingReassignmentApplications", OFFICIAL, enrollment_id=group.enrollment_id
    ).applications
    assert (pending.provider_id, pending.npi, pending.status) == (str(PRACTICE), "2000000002", "SUBMITTED")
    own = pecos.approved(application_id)
    [line] = report().reassignments
    assert (line.relationship, line.provider_id, line.npi, line.ptan, line.enrollment_status, line.status) == (
        "RECEIVING",
        str(PRACTICE),
        "2000000002",
        "ME7777",
        "APPROVED",
        "ACTIVE",
    )
    [other] = pecos.ask("ListReassignments", DOCTOR, enrollment_id=own).reassignments
    assert (other.relationship, other.provider_id, other.ptan) == ("REASSIGNING", str(GROUP), "GR1000")
    for filters, found in (
        ({"relationship": "RECEIVING"}, 1),
        ({"relationship": "REASSIGNING"}, 0),
        ({"reassignment_status": "ENDED"}, 0),
        ({"enrollment_status": "REVOKED"}, 0),
        ({"enrollment_status": "APPROVED", "reassignment_status": "ACTIVE"}, 1),
    ):
        assert report(**filters).total == found
    assert (report(after=line.reassignment_id).total, report(after=line.reassignment_id).preceding) == (1, 1)


def test_an_application_is_found_by_the_tracking_id_as_people_type_it(pecos: Pecos) -> None:
    """PE-REA-04, D-29."""
    started = pecos.ask("StartApplication", STAFF, provider_id=str(PRACTICE), form="855I", purpose="INITIAL")
    assert started.tracking_id.startswith("T")
    typed = f" {started.tracking_id.lower()[:4]}-{started.tracking_id.lower()[4:]}"
    seen = pecos.ask("GetApplication", STAFF, tracking_id=typed)
    assert seen.application.application_id == started.receipt.id
    assert refused(partial(pecos.ask, "GetApplication", STAFF, tracking_id="T123")) == "NOT_FOUND"
    [unfinished] = pecos.ask("ListApplications", STAFF).applications
    assert unfinished.tracking_id == started.tracking_id
    assert refused(partial(pecos.ask, "GetApplication", MAC, tracking_id=typed)) == "NOT_FOUND"
