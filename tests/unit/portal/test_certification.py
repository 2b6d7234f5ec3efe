"""The paper of a role request and its check (IA-CONF-02, IA-CONF-07, portal.md 3.16)."""

from __future__ import annotations

import io
from collections.abc import Iterator

import grpc
import httpx
import pikepdf
import pytest

from services.portal.web import certification
from services.portal.web.app import create_app
from services.portal.web.settings import PortalSettings
from tests.unit.portal.answers import AM, AO, DELIA, ME, World, id_of, late, refusal, role_request
from tests.unit.portal.conftest import HTTPS, sign_in, visitor
from tests.unit.portal.reading import errors, hidden, text


@pytest.fixture
def anybody(settings: PortalSettings, world: World) -> Iterator[httpx.Client]:
    """Somebody who is not signed in."""
    with visitor(create_app(settings, world.clients)) as client:
        yield client


REQUEST = f"/requests/{id_of(60)}"
PAPER = f"{REQUEST}/paper"


@pytest.mark.parametrize(("role", "required"), [(AM, 2), (AO, 1)])
def test_the_paper_is_prefilled_and_tagged(ana: httpx.Client, world: World, role: str, required: int) -> None:
    """PDF/UA-1: marked, a language, a title that is shown, a tree of headings and a table."""
    world.requests = [role_request(60, role, ME, documents_required=required)]
    assert f'href="{PAPER}"' in ana.get(REQUEST).text
    answer = ana.get(PAPER)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert "R8WK-T4C1-GX.pdf" in answer.headers["content-disposition"]
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        with pdf.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert "R8WK-T4C1-GX" in metadata["dc:title"]
        tags = {str(one.S) for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and "/S" in one}
        assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/P"} <= tags
    (asked,) = world.access.requests("CertifyPaper")
    assert asked.role_request_id == id_of(60)


@pytest.mark.parametrize(
    ("role", "says"),
    [
        (AO, "My signature legally and financially binds this employer"),
        (AM, "I am an Authorized Official of this organization. I designate Rivera, Ana as its Access Manager."),
    ],
)
def test_what_stands_on_the_paper(
    ana: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch, role: str, says: str
) -> None:
    """IA-CONF-05, IA-CONF-06: who, for whom, by which number, to be checked where, and where it goes."""
    world.requests = [role_request(60, role, ME, documents_required=1)]
    monkeypatch.setattr(certification, "drawn", lambda page: page.encode())
    paper = text(ana.get(PAPER).text)
    for one in (
        "R8WK-T4C1-GX", "1XQ0-7M3K-9ZTB", "05/07/2026", "Rivera, Ana", "Harbor Point Medical Group", "**-***4576",
        "7500 Security Blvd.", "1-866-484-8049", "https://testserver/verify", says,
    ):  # fmt: skip
        assert one in paper, one


def test_a_paper_is_checked_where_the_installation_says(
    settings: PortalSettings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-10: whoever asks at another host gets no paper that sends its reader there."""
    world.requests = [role_request(60, AO, ME, documents_required=1)]
    monkeypatch.setattr(certification, "drawn", lambda page: page.encode())
    named = settings.model_copy(update={"origins": ("https://portal.example", HTTPS)})
    with visitor(create_app(named, world.clients)) as client:
        paper = text(sign_in(client).get(PAPER).text)
    assert "https://portal.example/verify" in paper
    assert "testserver" not in paper


def test_there_is_a_paper_for_who_may_print_it(ana: httpx.Client, world: World) -> None:
    """A-09; and not where nothing is to be signed any more."""
    world.requests = [role_request(60, AM, DELIA, documents_required=2)]
    assert f'href="{PAPER}"' not in ana.get(REQUEST).text
    world.access.answers["CertifyPaper"] = refusal(grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    assert ana.get(PAPER).status_code == 404
    for code in ("NO_DOCUMENTS_NEEDED", "ALREADY_DECIDED"):
        world.access.answers["CertifyPaper"] = refusal(grpc.StatusCode.FAILED_PRECONDITION, code)
        assert ana.get(PAPER).status_code == 404
    world.requests = [role_request(60, AM, ME, documents_required=2, status="APPROVED")]
    assert f'href="{PAPER}"' not in ana.get(REQUEST).text


def test_nothing_from_elsewhere_is_fetched_for_a_paper() -> None:
    """A-13: no address is opened, whatever stands in a page."""
    page = '<html lang="en"><title>x</title><img alt="x" src="http://127.0.0.1:9/x"><link rel=stylesheet href=http://127.0.0.1:9/>'
    assert certification.drawn(page).startswith(b"%PDF-")


def test_whoever_holds_a_paper_checks_it(anybody: httpx.Client, world: World) -> None:
    """portal.md 3.16: no sign-in; what stands on the paper, and nothing else."""
    form = hidden(anybody.get("/verify").text, "/verify")
    typed = {"tracking_id": "r8wk-t4c1-gx", "check_code": "1xq0-7m3k-9ztb"}
    page = text(anybody.post("/verify", data=form | typed).text)
    assert "This paper was made here for the request R8WK-T4C1-GX on 05/07/2026." in page
    (asked,) = world.access.requests("VerifyPaper")
    assert (asked.tracking_id, asked.check_code) == tuple(typed.values())
    assert "authorization" not in world.access.metadata("VerifyPaper")
    answer = anybody.post("/verify", data=form)
    assert errors(answer.text) == (["Enter the Request Tracking ID", "Enter the check code"],) * 2


@pytest.mark.parametrize(
    ("status", "code", "shown"),
    [
        (grpc.StatusCode.NOT_FOUND, "PAPER_UNKNOWN", 422),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_TRIES", 429),
    ],
)
def test_a_bad_code_and_too_many_of_them_are_said(
    anybody: httpx.Client, world: World, status: grpc.StatusCode, code: str, shown: int
) -> None:
    world.access.answers["VerifyPaper"] = refusal(status, code)
    form = hidden(anybody.get("/verify").text, "/verify")
    answer = anybody.post("/verify", data=form | {"tracking_id": "x", "check_code": "y"})
    assert answer.status_code == shown
    assert len(errors(answer.text)[0]) == 1
    world.access.answers["VerifyPaper"] = late()
    assert anybody.post("/verify", data=form | {"tracking_id": "x", "check_code": "y"}).status_code == 503
