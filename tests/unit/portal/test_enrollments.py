"""The pages of PECOS (rows 45 to 49, 55 to 57, 61): what they ask, and for whom there are none."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace

import grpc
import httpx
import pytest
from mandate.common.v1.receipt_pb2 import ErrorDetail
from mandate.enrollment.v1 import service_pb2 as e

from services.enrollment.commands import rights
from services.portal.web.app import AREAS, create_app
from services.portal.web.pages import Access, Page
from services.portal.web.settings import PortalSettings
from services.portal.web.words import LANGUAGES, load
from tests.unit.portal.answers import NO_SUCH, World, refusal
from tests.unit.portal.conftest import DirectError, sign_in, visitor
from tests.unit.portal.enrollment_answers import RECORD, TRACKING, Enrollment, application, record
from tests.unit.portal.reading import errors, hidden, text

REPORT = f"/enrollments/{RECORD}/reassignments"
TOPIC = f"/applications/{TRACKING}/identifying-information"
MAC = [page for area in AREAS for page in area if page.access is Access.MAC]


@pytest.fixture
def pecos() -> Enrollment:
    return Enrollment()


@pytest.fixture
def reader(settings: PortalSettings, world: World, pecos: Enrollment) -> Iterator[httpx.Client]:
    """Ana Rivera, in a portal with enrollment."""
    with visitor(create_app(settings, replace(world.clients, enrollment=pecos))) as client:
        yield sign_in(client)


@pytest.fixture
def milo(settings: PortalSettings, world: World, pecos: Enrollment) -> Iterator[httpx.Client]:
    """Milo Acker of the contractor."""
    world.mine = []
    with visitor(create_app(settings, replace(world.clients, enrollment=pecos))) as client:
        yield sign_in(client, "macdesk1")


def test_the_cards_are_asked_for_in_the_reader_s_name(reader: httpx.Client, pecos: Enrollment) -> None:
    page = text(reader.get("/enrollments").text)
    assert "Clinic/Group Practice, Maine" in page
    assert "Continue working on application Rivera, Ana" in page
    assert pecos.metadata("ListEnrollments")["authorization"].startswith("Bearer ")


@pytest.mark.parametrize(("due", "says"), [("2097-05-31", "by 05/31/2097, in "), ("2020-01-31", "since 01/31/2020, ")])
def test_a_revalidation_is_due_before_and_after_its_day(
    reader: httpx.Client, pecos: Enrollment, due: str, says: str
) -> None:
    """PE-ENR-03."""
    card = record(revalidation_due=True, revalidation_due_date=due)
    pecos.answers["ListEnrollments"] = e.ListEnrollmentsResponse(enrollments=[card])
    page = text(reader.get("/enrollments").text)
    assert re.search(rf"Revalidation Due {says}\d+ days", page)


def test_filter_without_a_choice_gets_a_message_and_the_list_stays(reader: httpx.Client) -> None:
    """PE-REA-05."""
    answer = reader.get(f"{REPORT}?reassignment=&enrollment=&relationship=")
    assert answer.status_code == 422
    above, beside = errors(answer.text)
    assert above == beside == ["Choose one or more of the options before you select FILTER"]
    assert text(answer.text).count("Records 1 - 3 of 3") == 2


def test_the_filters_stand_in_the_address_and_reach_the_file(reader: httpx.Client, pecos: Enrollment) -> None:
    page = reader.get(f"{REPORT}?reassignment=ENDED&enrollment=KING").text
    assert "Records 0 - 0 of 0" in text(page)
    assert f'href="{REPORT}.csv?reassignment=ENDED"' in page
    asked = pecos.requests("ListReassignments")[-1]
    assert (asked.reassignment_status, asked.enrollment_status) == ("ENDED", "")


def test_the_report_is_read_page_by_page_and_the_file_whole(reader: httpx.Client, pecos: Enrollment) -> None:
    """PE-REA-09, D-44."""
    pecos.all = Enrollment(450).all
    assert "Records 1 - 25 of 450" in text(reader.get(REPORT).text)
    answer = reader.get(f"{REPORT}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(answer.content.decode("utf-8-sig").splitlines(keepends=True)))
    assert len(rows) == 451
    assert rows[1] == [
        "Receiving Benefits from", "Brightwater Billing Services", "2000000044", "APPROVED", "'=1+1", "05/07/2026",
        "N/A", "N/A",
    ]  # fmt: skip
    assert [one.limit for one in pecos.requests("ListReassignments")[1:]] == [200, 200, 200]


def test_a_form_that_is_sent_twice_is_one_command(reader: httpx.Client, pecos: Enrollment) -> None:
    form = hidden(reader.get(TOPIC).text, TOPIC) | {"state": "ME", "specialty": "Family Practice"}
    for _ in range(2):
        assert reader.post(TOPIC, data=form).headers["location"] == f"/applications/{TRACKING}?done=topic_saved"
    first, second = pecos.requests("SaveTopic")
    assert first == second


def test_what_is_missing_stands_above_and_beside_and_what_was_typed_stays(
    reader: httpx.Client, pecos: Enrollment
) -> None:
    form = hidden(reader.get(TOPIC).text, TOPIC)
    answer = reader.post(TOPIC, data=form | {"state": "", "specialty": "Family Practice"})
    above, beside = errors(answer.text)
    assert (answer.status_code, above, beside) == (422, ["Choose: State"], ["Choose: State"])
    assert 'value="Family Practice"' in answer.text
    assert pecos.requests("SaveTopic") == []


def test_whose_right_has_ended_reads_why_and_who_could_help(reader: httpx.Client, pecos: Enrollment) -> None:
    """D-50: in the reader's language; what we have no words for yet, in enrollment's."""
    form = hidden(reader.get(TOPIC).text, TOPIC) | {"state": "ME", "specialty": "Family Practice"}
    causes = ["CONNECTION.DISCONNECTED", "FUNCTION.HENCEFORTH", "ASK.PROVIDER"]
    detail = ErrorDetail(code="NO_RIGHT_TO_ACT", message="as ever", causes=causes).SerializeToString()
    refused = DirectError(grpc.StatusCode.PERMISSION_DENIED, (("mandate-error-bin", detail),))
    pecos.answers["SaveTopic"] = refused
    answer = reader.post(TOPIC, data=form)
    assert answer.status_code == 403
    assert [text(one) for one in re.findall(r"<li>(.*?)</li>", answer.text.partition('class="usa-list"')[2])][:3] == [
        "Your employer has no approved connection to this provider for PECOS any more: it was disconnected.",
        "Your employer has not given you PECOS.",
        "The provider can approve a new request of your employer.",
    ]
    pecos.answers["GetApplication"] = refused
    spanish = text(reader.get(f"/applications/{TRACKING}?lang=es").text)
    assert "Su empleador ya no tiene una conexión aprobada con este proveedor" in spanish
    unknown = ErrorDetail(code="NO_RIGHT_TO_ACT", message="Something newer.", causes=["NEWER"]).SerializeToString()
    pecos.answers["GetApplication"] = DirectError(grpc.StatusCode.PERMISSION_DENIED, (("mandate-error-bin", unknown),))
    assert "Something newer." in text(reader.get(f"/applications/{TRACKING}").text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_that_enrollment_names_has_words(language: str) -> None:
    words = load(language)
    causes = [
        *rights.MISSING,
        "UNREADABLE",
        "ENDED_JUST_NOW",
        "SUBMITTER",
        *(f"ASK.{who}" for who in rights.SUPPLIED_BY),
    ]
    assert [cause for cause in causes if f"no_right.{cause}" not in words] == []


def test_an_application_of_others_and_none_are_the_same(reader: httpx.Client, pecos: Enrollment) -> None:
    pecos.answers["GetApplication"] = NO_SUCH
    for path in ("", "/sign", "/signatures", "/review", "/documents", "/withdraw"):
        answer = reader.get(f"/applications/{TRACKING}{path}")
        assert answer.status_code == 404
    pecos.answers["GetApplication"] = application(yours_to_prepare=False)
    assert reader.get(f"/applications/{TRACKING}/review").status_code == 404


@pytest.mark.parametrize("page", MAC, ids=lambda page: page.path)
def test_the_contractor_s_desk_is_for_the_contractor_alone(reader: httpx.Client, pecos: Enrollment, page: Page) -> None:
    path = page.path.replace("{tracking}", TRACKING).replace("{decision}", "deny")
    assert reader.get(path).status_code == 404
    form = hidden(reader.get("/home").text, "/signout")
    assert reader.post(path, data=form | {"reason": "x"}).status_code == 404 if page.post else True
    assert "Contractor" not in text(reader.get("/home").text)
    assert {name for name, *_ in pecos.asked} == set()


def test_the_contractor_takes_up_what_waits(milo: httpx.Client, pecos: Enrollment) -> None:
    assert "Rivera, Ana" in text(milo.get("/mac?status=KING&after=x").text)
    pecos.answers["GetApplication"] = application("SUBMITTED", yours_to_prepare=False)
    path = f"/mac/{TRACKING}"
    form = hidden(milo.get(path).text, path)
    assert milo.post(path, data=form).headers["location"] == f"{path}?done=mac_taken_up"
    pecos.answers["TakeUpApplication"] = refusal(grpc.StatusCode.FAILED_PRECONDITION, "STATE_FORBIDS")
    answer = milo.post(path, data=form)
    assert answer.status_code == 422
    assert errors(answer.text)[0][0].startswith("The application has gone on in the meantime")


def test_there_is_no_other_decision(milo: httpx.Client) -> None:
    assert milo.get(f"/mac/{TRACKING}/forgive").status_code == 404
